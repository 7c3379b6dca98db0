"""`cloudctl bench`: what the platform reaches on the machine at hand."""

from pathlib import Path
from typing import Annotated

import typer

from cloudctl.errors import CloudctlError

app = typer.Typer(no_args_is_help=True)

Out = Annotated[Path | None, typer.Option(help="Also write the figures to this JSON file.")]


class ObjectCountError(CloudctlError):
    """A number of road users is no positive whole number."""

    def __init__(self, text: str) -> None:
        super().__init__(f"--objects {text!r}: expected whole numbers above 0, such as 1000,10000")
        self.text = text


@app.command()
def fusion(
    out: Out = None,
    objects: Annotated[str, typer.Option(metavar="N,N,...", help="Sizes of the scenes.")] = "1000,10000,100000",
) -> None:
    """Cycle time of the tracker, its accuracy, and both beside a textbook tracker."""
    sizes = _sizes(objects)
    _use_compiled_code()
    from cloudctl.commands.bench_fusion import bench_fusion

    bench_fusion(out, sizes)


Database = Annotated[
    str | None,
    typer.Option("--database", "--url", help="PostgreSQL or TimescaleDB (URL); default: an embedded PostgreSQL."),
]


@app.command()
def store(
    out: Out = None,
    database: Database = None,
    tracks: Annotated[int, typer.Option(min=1, help="Road users of the burst.")] = 10_000,
    seconds: Annotated[float, typer.Option(min=1, help="Length of the traffic; of the burst at most 60.")] = 60.0,
    rate: Annotated[float, typer.Option(min=0, help="Points a second of the sustained run; 0: none.")] = 120_000.0,
) -> None:
    """Points a second from the spool into the database, at once and sustained, beside COPY, and bytes a point."""
    from cloudctl.commands.bench_store import bench_store

    bench_store(out, database, tracks, seconds, rate)


@app.command()
def audit(
    out: Out = None,
    database: Database = None,
    seconds: Annotated[float, typer.Option(min=0.2, help="How long each number of looks at once goes on.")] = 5.0,
) -> None:
    """Entries a second into the audit log, how long a look waits for its own, and the check of the chain."""
    from cloudctl.commands.bench_audit import bench_audit

    bench_audit(out, database, seconds)


@app.command()
def queries(
    out: Out = None,
    database: Database = None,
    points: Annotated[int, typer.Option(min=1000, help="Points in the database.")] = 100_000_000,
    repeats: Annotated[int, typer.Option(min=1, help="How often each question is asked.")] = 40,
) -> None:
    """Times of every question about the past, on a database with many points; they are removed afterwards."""
    from cloudctl.commands.bench_store import bench_queries

    bench_queries(out, database, points, repeats)


@app.command()
def pipeline(
    out: Out = None,
    objects: Annotated[int, typer.Option(min=1, help="Road users at the full rate, each reported at 10 Hz.")] = 10_000,
    units: Annotated[int, typer.Option(min=1, help="Roadside units that report them.")] = 500,
    map_file: Annotated[Path | None, typer.Option("--map", help="Road network; default: a grid city.")] = None,
    cycle_hz: Annotated[
        float | None, typer.Option(min=1, max=50, help="Cycles of the engine a second; default: its usual rate.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=2, help="How long each rate is watched.")] = 5.0,
    steps: Annotated[int, typer.Option(min=1, help="Most rates tried.")] = 5,
    budget: Annotated[float, typer.Option(min=1, help="No rate is tried that would end later, s.")] = 110.0,
) -> None:
    """Highest rate of reports through Mosquitto into the picture, and where the time goes."""
    _use_compiled_code()
    from cloudctl.commands.bench_pipeline import bench_pipeline

    bench_pipeline(out, objects, units, map_file, cycle_hz, seconds, steps, budget)


@app.command()
def codec(out: Out = None) -> None:
    """UPER messages encoded and decoded a second on a core."""
    from cloudctl.commands.bench_codec import bench_codec

    bench_codec(out)


@app.command()
def ingest(out: Out = None) -> None:
    """Messages a second from bytes to columns, and from the broker to columns."""
    _use_compiled_code()
    from cloudctl.commands.bench_ingest import bench_ingest

    bench_ingest(out)


@app.command()
def routing(out: Out = None) -> None:
    """Shortest paths with live travel times beside other engines."""
    _use_compiled_code()
    from cloudctl.commands.bench_maps import bench_routing

    bench_routing(out)


@app.command()
def matching(
    out: Out = None,
    net: Annotated[Path | None, typer.Option(help="SUMO network (.net.xml[.gz]); default: a made-up city.")] = None,
) -> None:
    """Traces matched to the lanes that SUMO drove."""
    _use_compiled_code()
    from cloudctl.commands.bench_maps import bench_matching

    bench_matching(out, net=net)


@app.command()
def transit(
    out: Out = None,
    buses: Annotated[int, typer.Option(min=1, help="Buses on the road; the demo city has about 70.")] = 70,
    lines: Annotated[int, typer.Option(min=1, help="Lines.")] = 12,
    movers: Annotated[int, typer.Option(min=0, help="Road users in the live picture.")] = 1500,
    repeats: Annotated[int, typer.Option(min=1, help="Times each question is asked.")] = 500,
    demo: Annotated[
        float | None, typer.Option(min=1, help="Ask the gateway of a demo for so long instead, s.", metavar="SECONDS")
    ] = None,
    gateway: Annotated[str | None, typer.Option(help="Ask a demo that runs already, by its address.")] = None,
    data_dir: Annotated[Path, typer.Option(help="Folder of the demo that is started.")] = Path("var"),
) -> None:
    """Times of the questions of dispatch, drivers and passengers at a real gateway."""
    if demo is not None or gateway is not None:
        from cloudctl.commands.bench_live import bench_live

        bench_live(out, gateway, demo or 60.0, data_dir)
        return
    from cloudctl.commands.bench_transit import bench_transit

    bench_transit(out, buses, lines, movers, repeats)


@app.command()
def maas(
    out: Out = None,
    lines: Annotated[int, typer.Option(min=1, help="Lines.")] = 150,
    map_file: Annotated[Path | None, typer.Option("--map", help="Road network; default: a grid city.")] = None,
) -> None:
    """Times of journeys from door to door."""
    _use_compiled_code()
    from tempfile import TemporaryDirectory

    from cloudctl.commands.bench_city import make_grid_map
    from cloudctl.commands.bench_maas import bench_maas
    from maps.network_file import open_network

    with TemporaryDirectory() as folder:
        bench_maas(out, lines, open_network(map_file or make_grid_map(Path(folder))))


def _sizes(text: str) -> list[int]:
    try:
        sizes = [int(part) for part in text.split(",")]
    except ValueError as error:
        raise ObjectCountError(text) from error
    if min(sizes) < 1:
        raise ObjectCountError(text)
    return sizes


def _use_compiled_code() -> None:
    from cloudctl.compiled_code import use_compiled_code

    use_compiled_code()
