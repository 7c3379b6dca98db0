"""The command `cloudctl`."""

import sys

import typer

from cloudctl.commands import (
    asyncapi,
    audit,
    bench,
    codec,
    conformance,
    demo,
    export,
    fuse,
    privacy,
    record,
    replay,
    serve,
)
from cloudctl.commands.diversion import app as diversion_app
from cloudctl.commands.map import app as map_app
from cloudctl.commands.signals import app as signals_app
from cloudctl.errors import CloudctlError
from fusion.errors import FusionError
from ingest.errors import IngestError
from ingest.uper.errors import UperError
from maps.errors import MapsError

app = typer.Typer(
    name="cloudctl",
    help="V2X Cloud Control (智能网联云控平台): one traffic picture of a city from what RSUs and OBUs report.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.command("record")(record.record)
app.command("replay")(replay.replay)
app.command("export")(export.export)
app.command("fuse")(fuse.fuse)
app.command("conformance")(conformance.conformance)
app.command("asyncapi")(asyncapi.asyncapi)
app.command("decode")(codec.decode)
app.command("encode")(codec.encode)
app.add_typer(map_app, name="map", help="Import road networks and find routes.")
app.add_typer(audit.app, name="audit", help="Check the audit log.")
app.add_typer(privacy.app, name="privacy", help="Check receipts of withdrawals, erase recordings.")
app.add_typer(signals_app, name="signals", help="Evaluate signal control in SUMO.")
app.add_typer(diversion_app, name="diversion", help="Evaluate diversion in SUMO.")
app.add_typer(bench.app, name="bench", help="Measure what the platform reaches on this machine.")


def main() -> None:
    """Run the command line; an error that a user can act on ends with one line and exit code 1."""
    try:
        app()
    except (CloudctlError, FusionError, MapsError, IngestError, UperError) as error:
        print(f"cloudctl: {error}", file=sys.stderr)  # noqa: T201  # a command speaks on the terminal
        sys.exit(1)
