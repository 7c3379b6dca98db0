"""`cloudctl signals`: run SUMO scenarios with the controllers of the product and compare what they reach."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

app = typer.Typer(no_args_is_help=True)

_Scenario = Annotated[
    Path, typer.Option("--sumocfg", help="SUMO configuration of the scenario.", exists=True, dir_okay=False)
]
_Seeds = Annotated[str, typer.Option(help="Seeds of SUMO, comma-separated, or A-B.")]
_Share = Annotated[float, typer.Option(help="Share of the vehicles that is seen.", min=0.0, max=1.0)]
_End = Annotated[float | None, typer.Option(help="End, s on the scenario's clock; else the scenario's own.")]
_Since = Annotated[
    float, typer.Option(help="Only vehicles that set off then or later count, s on the scenario's clock.")
]
_Jobs = Annotated[int, typer.Option(help="Runs at the same time.", min=1)]


@app.command()
def evaluate(
    sumocfg: _Scenario,
    controller: Annotated[
        str, typer.Option(help="fixed, actuated, max-pressure, greedy, rolling-horizon; default is the last.")
    ] = "default",
    seeds: _Seeds = "1",
    share: _Share = 1.0,
    end: _End = None,
    jobs: _Jobs = 1,
    out: Annotated[Path | None, typer.Option(help="File to write as well.")] = None,
) -> None:
    """Drive every signal of a scenario with one controller; print the measures, their mean and each seed."""
    from cloudctl.signals.catalogue import strategy_named
    from cloudctl.signals.evaluation.measures import mean, rounded
    from cloudctl.signals.evaluation.run_order import RunOrder
    from cloudctl.signals.evaluation.runner import run_all

    strategy_named(controller)
    orders = [RunOrder(sumocfg.resolve(), controller, seed, share, end) for seed in _seeds(seeds)]
    results = run_all(orders, jobs)
    printed = {
        "mean": mean(result.measures for result in results),
        "seeds": [{"seed": result.seed, **rounded(result.measures)} for result in results],
    }
    _write(orjson.dumps(printed, option=orjson.OPT_INDENT_2).decode(), out)


@app.command()
def compare(
    sumocfg: _Scenario,
    controllers: Annotated[
        str, typer.Option(help="Controllers, comma-separated.")
    ] = "fixed,actuated,max-pressure,greedy,default",
    seeds: _Seeds = "1-10",
    share: _Share = 1.0,
    end: _End = None,
    jobs: _Jobs = 1,
    measure: Annotated[str, typer.Option(help="Measure to plot.")] = "delay_s",
    plot: Annotated[Path | None, typer.Option(help="Picture to write (.png, .svg).")] = None,
    out: Annotated[Path | None, typer.Option(help="JSON file to write as well.")] = None,
) -> None:
    """Run controllers against each other on the same seeds; print means with 95 % confidence intervals."""
    from cloudctl.signals.catalogue import strategy_named
    from cloudctl.signals.evaluation.comparison import Comparison, table
    from cloudctl.signals.evaluation.run_order import RunOrder
    from cloudctl.signals.evaluation.runner import chunks, run_all

    names = [name.strip() for name in controllers.split(",") if name.strip()]
    for name in names:
        strategy_named(name)
    numbers = _seeds(seeds)
    orders = [RunOrder(sumocfg.resolve(), name, seed, share, end) for name in names for seed in numbers]
    runs = [[result.measures for result in group] for group in chunks(run_all(orders, jobs), len(numbers))]
    comparison = Comparison(dict(zip(names, runs, strict=True)))
    print(table(comparison))
    if out is not None:
        out.write_bytes(orjson.dumps(comparison.as_dict(), option=orjson.OPT_INDENT_2))
    if plot is not None:
        from cloudctl.signals.evaluation.plot import draw

        draw(comparison, measure, plot)


@app.command()
def glosa(
    sumocfg: _Scenario,
    penetration: Annotated[
        str, typer.Option(help="Shares of vehicles with a terminal, comma-separated.")
    ] = "0.1,0.3,1.0",
    seeds: _Seeds = "1-3",
    end: _End = None,
    jobs: _Jobs = 1,
    device: Annotated[bool, typer.Option(help="Compare with SUMO's own glosa device as well.")] = True,
    out: Annotated[Path | None, typer.Option(help="JSON file to write as well.")] = None,
) -> None:
    """Let equipped drivers follow green-wave advice; print what changes for all vehicles and for the not advised."""
    from dataclasses import asdict

    from cloudctl.signals.evaluation.glosa_comparison import compare_glosa, glosa_table
    from cloudctl.signals.evaluation.glosa_order import Advice, GlosaOrder
    from cloudctl.signals.evaluation.runner import chunks, run_each
    from cloudctl.signals.evaluation.work import work_glosa

    numbers, scenario = _seeds(seeds), sumocfg.resolve()
    kinds = (Advice.OURS, Advice.DEVICE) if device else (Advice.OURS,)
    cases = [(Advice.NONE, 0.0), *((kind, share) for kind in kinds for share in _shares(penetration))]
    orders = [GlosaOrder(scenario, kind, seed, share, end) for kind, share in cases for seed in numbers]
    groups = list(chunks(run_each(work_glosa, orders, jobs, lambda order, _: f"{order}"), len(numbers)))
    rows = [row for case, runs in zip(cases, groups, strict=True) for row in compare_glosa(*case, groups[0], runs)]
    print(glosa_table(rows))
    if out is not None:
        out.write_bytes(orjson.dumps([asdict(row) for row in rows], option=orjson.OPT_INDENT_2))


@app.command()
def priority(
    sumocfg: _Scenario,
    controller: Annotated[str, typer.Option(help="Strategy that takes priority into account.")] = "default",
    seeds: _Seeds = "1-3",
    end: _End = None,
    since: _Since = 0.0,
    jobs: _Jobs = 1,
    out: Annotated[Path | None, typer.Option(help="JSON file to write as well.")] = None,
) -> None:
    """Give buses priority by lateness and load, to all of them, and to none; print what they and the others lose."""
    from dataclasses import asdict

    from cloudctl.signals.catalogue import strategy_named
    from cloudctl.signals.evaluation.priority_order import Grant, PriorityOrder
    from cloudctl.signals.evaluation.priority_table import priority_table
    from cloudctl.signals.evaluation.runner import chunks, run_each
    from cloudctl.signals.evaluation.work import work_priority

    strategy_named(controller)
    numbers, scenario = _seeds(seeds), sumocfg.resolve()
    cases = [("fixed", Grant.NONE), *((controller, grant) for grant in Grant)]
    orders = [PriorityOrder(scenario, name, grant, seed, end, since) for name, grant in cases for seed in numbers]
    groups = chunks(run_each(work_priority, orders, jobs, lambda order, found: f"{order}: {found}"), len(numbers))
    runs = {f"{name}, {grant}": group for (name, grant), group in zip(cases, groups, strict=True)}
    print(priority_table(runs, f"{controller}, {Grant.NONE}"))
    if out is not None:
        printed = {name: [asdict(run) for run in group] for name, group in runs.items()}
        out.write_bytes(orjson.dumps(printed, option=orjson.OPT_INDENT_2))


@app.command()
def live(
    sumocfg: _Scenario,
    following: Annotated[
        float, typer.Option(help="Share of the signals whose controllers follow the platform.", min=0.01, max=1.0)
    ] = 1.0,
    seeds: _Seeds = "1-3",
    end: _End = None,
    since: _Since = 0.0,
    jobs: _Jobs = 1,
    out: Annotated[Path | None, typer.Option(help="JSON file to write as well.")] = None,
) -> None:
    """Let controllers follow the live recommendations; print what buses and all others lose against the fixed plans."""
    from dataclasses import asdict

    from cloudctl.signals.evaluation.live_order import LiveOrder
    from cloudctl.signals.evaluation.priority_table import priority_table
    from cloudctl.signals.evaluation.runner import chunks, run_each
    from cloudctl.signals.evaluation.work import work_live

    numbers, scenario = _seeds(seeds), sumocfg.resolve()
    cases = {"fixed": (0.0, False), "live": (following, False), "live, buses weighed": (following, True)}
    orders = [
        LiveOrder(scenario, seed, share, weighs, end, since) for share, weighs in cases.values() for seed in numbers
    ]
    groups = chunks(run_each(work_live, orders, jobs, lambda order, found: f"{order}: {found}"), len(numbers))
    runs = dict(zip(cases, groups, strict=True))
    print(priority_table({name: [run.delays for run in group] for name, group in runs.items()}, "fixed"))
    for name, group in runs.items():
        share = sum(run.followed for run in group) / len(group)
        print(f"{name}: a stage was recommended in {share:.0%} of the signal seconds")
    if out is not None:
        printed = {name: [asdict(run) for run in group] for name, group in runs.items()}
        out.write_bytes(orjson.dumps(printed, option=orjson.OPT_INDENT_2))


def _shares(text: str) -> list[float]:
    """Shares of `0.1,0.3,1.0`."""
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = [-1.0]
    if not all(0.0 < share <= 1.0 for share in found):
        raise typer.BadParameter(f"{text!r} is not a list of shares such as 0.1,0.3,1.0", param_hint="--penetration")
    return found


def _seeds(text: str) -> list[int]:
    """Numbers of `1,2,5` or `1-10`."""
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if not first.isdecimal() or (last and not last.isdecimal()):
            raise typer.BadParameter(
                f"{text!r} is not a list of whole numbers such as 1,2,3 or 1-10", param_hint="--seeds"
            )
        found.extend(range(int(first), int(last or first) + 1))
    return found


def _write(text: str, out: Path | None) -> None:
    print(text)
    if out is not None:
        out.write_text(text + "\n", encoding="utf-8")
