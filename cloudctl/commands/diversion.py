"""`cloudctl diversion`: what guiding a share of the vehicles around a closed link is worth, in SUMO."""

import tempfile
from pathlib import Path
from typing import Annotated

import orjson
import typer

app = typer.Typer(no_args_is_help=True)


@app.callback()
def main() -> None:
    """Measure diversion in SUMO."""


@app.command()
def evaluate(
    net: Annotated[Path, typer.Option(help="SUMO network (.net.xml[.gz]).", exists=True, dir_okay=False)],
    trips: Annotated[Path | None, typer.Option(help="SUMO route file: vehicles with routes.", exists=True)] = None,
    demand: Annotated[int, typer.Option(help="Trips to make up where no file is given.", min=1)] = 4000,
    period: Annotated[float, typer.Option(help="Time over which made-up trips set out, s.", min=1)] = 7200.0,
    blocked: Annotated[str, typer.Option(help="Link to close, or auto: the one most routes lead over.")] = "auto",
    closed: Annotated[str, typer.Option(help="From when to when it is closed, s: BEGIN-END.")] = "600-4200",
    shares: Annotated[str, typer.Option(help="Guided shares, comma-separated.")] = "0,0.1,0.3,0.6,1.0",
    seeds: Annotated[str, typer.Option(help="Seeds, comma-separated.")] = "1,2,3",
    end: Annotated[float, typer.Option(help="End of a run, s; who is under way then is charged up to it.")] = 14400.0,
    teleport: Annotated[float, typer.Option(help="SUMO's time to teleport, s; -1 never.")] = 300.0,
    meso: Annotated[bool, typer.Option(help="Mesoscopic: quick and coarse.")] = False,
    jobs: Annotated[int, typer.Option(help="Runs at the same time.", min=1)] = 1,
    also: Annotated[list[Path] | None, typer.Option(help="Count the runs of such a file too.", exists=True)] = None,
    out: Annotated[Path | None, typer.Option(help="JSON file to write as well.")] = None,
) -> None:
    """Close a link; guide a share of the vehicles by the platform, and by SUMO's own rerouting device; print means."""
    fractions = _numbers(shares, "--shares")
    if any(not 0 <= share <= 1 for share in fractions):
        raise typer.BadParameter("a share is 0 .. 1", param_hint="--shares")
    begin, until = _span(closed)
    from cloudctl.compiled_code import use_compiled_code

    use_compiled_code()
    from cloudctl.commands.bench_output import show
    from cloudctl.routing.trial_order import Incident, TrialOrder, Way
    from cloudctl.routing.trial_preparation import prepare
    from cloudctl.routing.trial_runner import as_rows, plan_orders, run_orders, tell
    from cloudctl.routing.trial_summary import COLUMNS, read_runs, summary, table

    with tempfile.TemporaryDirectory(prefix="v2x-diversion-") as folder:
        orders: list[TrialOrder] = []
        for seed in (int(number) for number in _numbers(seeds, "--seeds")):
            routes, link = prepare(net, trips, demand, period, blocked, seed, Path(folder))
            incident = Incident(link, begin, until)
            base = TrialOrder(net.resolve(), routes, seed, Way.NOBODY, 0.0, incident, end, teleport, meso=meso)
            orders += plan_orders(base, fractions)
        links = sorted({order.incident.link for order in orders if order.incident})
        setting: dict[str, object] = {"blocked": links, "closed_s": [begin, until], "meso": meso}
        earlier = [run for file in also or () for run in read_runs(file, setting)]
        results = [*earlier, *run_orders(orders, jobs, tell)]
    means = summary(results)
    level = "mesoscopic" if meso else "microscopic"
    show(f"Closed {', '.join(links)} from {begin:.0f} to {until:.0f} s, {level}, 95 % intervals", COLUMNS, table(means))
    if out is not None:
        text = orjson.dumps(setting | {"means": means, "runs": as_rows(results)}, option=orjson.OPT_INDENT_2)
        out.write_bytes(text + b"\n")


def _numbers(text: str, option: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a list of numbers", param_hint=option) from error


def _span(text: str) -> tuple[float, float]:
    first, _, last = text.partition("-")
    try:
        begin, until = float(first), float(last)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not BEGIN-END", param_hint="--closed") from error
    if not 0 <= begin < until:
        raise typer.BadParameter(f"{text!r} ends before it begins", param_hint="--closed")
    return begin, until
