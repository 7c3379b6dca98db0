"""`cloudctl bench routing` and `cloudctl bench matching`: what the maps measure on the machine at hand."""

from pathlib import Path
from typing import Any

from cloudctl.commands.bench_output import show, write

Figures = dict[str, Any]
RIVAL_TRACES = 8
"""Traces put to the slower matcher."""
LANE_INDEX_GOAL = 500_000
"""Points/s on one core."""


def bench_routing(out: Path | None = None, *, side: int = 112, queries: int = 400) -> Figures:
    """Measure routes on a made-up city of `4 * side * (side - 1)` links beside other engines."""
    from cloudctl.routing_bench import measure_routing

    figures = measure_routing(side, queries)
    title = (
        f"Routing, {figures['links']} links, {figures['turns']} turns; ms a query, of processor time and by the clock"
    )
    names = ("engine", "times", "queries", "p50_ms", "p99_ms", "wall_p50_ms", "wall_p99_ms", "update_ms", "equal")
    columns = ("engine", "travel times", "queries", "p50", "p99", "clock p50", "clock p99", "cost update", "same cost")
    show(title, columns, [[row[name] for name in names] for row in figures["engines"]])
    _finish(figures, out)
    return figures


def bench_matching(
    out: Path | None = None, *, net: Path | None = None, vehicles: int = 120, seconds: int = 420
) -> Figures:
    """Measure map matching against lanes that SUMO drove, on the SUMO network `net` or in a made-up city."""
    from cloudctl.matching_bench import measure_matching

    figures = measure_matching(net, vehicles=vehicles, seconds=seconds, rival_traces=RIVAL_TRACES)
    title = f"Map matching, {figures['network']}, {figures['links']} links, {figures['vehicles']} vehicles"
    names = ("matcher", "noise_m", "every_s", "points", "links", "lanes", "us")
    columns = ("matcher", "noise m", "every s", "points", "right links", "right lanes", "us a point")
    show(title, columns, [[row[name] for name in names] for row in figures["matchers"]])
    print(
        f"lane index: {figures['lane_index_points_per_s']:,.0f} points/s of processor time (goal {LANE_INDEX_GOAL:,})"
    )
    _finish(figures, out)
    return figures


def _finish(figures: Figures, out: Path | None) -> None:
    for note in figures["notes"]:
        print(note)
    write(figures, out)
