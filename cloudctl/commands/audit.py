"""`cloudctl audit`: check the audit log."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)
Config = Annotated[
    Path, typer.Option(help="Settings (TOML), or `running.json` in the data folder of a running platform.")
]


@app.callback()
def audit() -> None:
    """Check the audit log."""


@app.command("verify")
def verify(config: Config = Path("var/running.json")) -> None:
    """Walk the whole chain and compare it with its anchors; exit code 2 names the first bad entry."""
    from cloudctl.privacy.anchors import AnchorFile
    from cloudctl.privacy.audit_check import verify_audit
    from cloudctl.privacy.keys import KeyRing
    from cloudctl.settings import read_settings

    settings = read_settings(config)
    anchors = AnchorFile(settings.data_dir / "audit", KeyRing(settings.data_dir / "keys"))
    verdict = verify_audit(settings.database.url, anchors)
    if verdict.finding is not None:
        found = verdict.finding
        print(f"BROKEN at entry {found.seq}: {found.fault}: {found.detail}")
        raise typer.Exit(2)
    anchored = len(anchors.read().digests)
    print(f"whole: {verdict.entries} entries, {anchored} anchors, head {verdict.head.digest.hex()}")
