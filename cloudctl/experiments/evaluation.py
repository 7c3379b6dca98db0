"""Computes an experiment from what is stored."""

import math

from cloudctl.experiments.comparison import Comparison, compare, judge
from cloudctl.experiments.plan import BETTER_LOW, UNITS, Experiment, Measure
from cloudctl.experiments.series import Series, link_bins, link_series, movement_bins, movement_series
from cloudctl.row_source import RowSource
from maps.network import RoadNetwork

_OF_MOVEMENTS = frozenset({Measure.DELAY, Measure.STOPS})


async def evaluate(source: RowSource, network: RoadNetwork, experiment: Experiment) -> dict[str, object]:
    """Compare all measures of an experiment; links that the map no longer has are left out and named."""
    rows = [network.link_rows[link] for link in experiment.links if link in network.link_rows]
    gone = [link for link in experiment.links if link not in network.link_rows]
    found = [await _series(source, network, experiment, measure, rows) for measure in experiment.measures]
    judged = judge([compare(before, after, experiment.bin_s) for before, after, _ in found])
    measures = [
        _item(measure, comparison) | {"links_known": known}
        for measure, comparison, (_, _, known) in zip(experiment.measures, judged, found, strict=True)
    ]
    return {"measures": measures, "links": len(rows), "links_gone": gone}


async def _series(
    source: RowSource, network: RoadNetwork, experiment: Experiment, measure: Measure, rows: list[int]
) -> tuple[Series, Series, int]:
    """Values before and after, and of how many links anything is stored."""
    periods, bin_s = (experiment.before, experiment.after), experiment.bin_s
    if measure in _OF_MOVEMENTS:
        moves = [await movement_bins(source, rows, period, bin_s) for period in periods]
        known = len({each.link for part in moves for each in part})
        return *movement_series(rows, measure, moves[0], moves[1]), known
    bins = [await link_bins(source, rows, period, bin_s) for period in periods]
    known = len({each.link for part in bins for each in part})
    return *link_series(network, rows, measure, bins[0], bins[1]), known


def _item(measure: Measure, found: Comparison) -> dict[str, object]:
    better = found.difference < 0 if measure in BETTER_LOW else found.difference > 0
    verdict = "no evidence of a change"
    if found.method == "none":
        verdict = "too little is stored"
    elif found.significant:
        verdict = "changed" if measure is Measure.FLOW else "better" if better else "worse"
    return {
        "measure": measure.value,
        "unit": UNITS[measure],
        "before": _known(found.before),
        "after": _known(found.after),
        "difference": _known(found.difference),
        "relative": _known(found.relative),
        "low": _known(found.low),
        "high": _known(found.high),
        "p_value": _known(found.p_value, 6),
        "significant": found.significant,
        "verdict": verdict,
        "method": found.method,
        "intervals_before": found.intervals_before,
        "intervals_after": found.intervals_after,
        "independent": round(found.independent, 1),
    }


def _known(value: float, digits: int = 4) -> float | None:
    return round(value, digits) if math.isfinite(value) else None
