"""Runs with advice against the same vehicles without, seed by seed: what changes for all and for the others."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cloudctl.signals.evaluation.comparison import Estimate, estimate_of
from cloudctl.signals.evaluation.glosa_order import MEASURES, GlosaResult


@dataclass(frozen=True, slots=True)
class GlosaRow:
    """One kind of advice at one share: mean of each measure, and its change in % against no advice, by whom."""

    advice: str
    share: float
    whom: str
    """`all` or `not advised`."""
    mean: dict[str, float]
    change: dict[str, Estimate]


def compare_glosa(
    advice: str, share: float, none: Sequence[GlosaResult], runs: Sequence[GlosaResult]
) -> list[GlosaRow]:
    """Rows for all vehicles and, where there are some, for those that were not advised."""
    rows = [_row(advice, share, "all", none, runs, others=False)]
    if any(not run.trips.advised.all() for run in runs):
        rows.append(_row(advice, share, "not advised", none, runs, others=True))
    return rows


def glosa_table(rows: Sequence[GlosaRow]) -> str:
    """Aligned text, a row of means and changes in %."""
    head = ["advice", "share", "whom", *(part for name in MEASURES for part in (name, "%"))]
    lines = [head]
    for row in rows:
        cells = [
            (f"{row.mean[name]:.2f}", f"{row.change[name].mean:+.1f}±{row.change[name].half_width:.1f}")
            for name in MEASURES
        ]
        lines.append([row.advice, f"{row.share:g}", row.whom, *(part for pair in cells for part in pair)])
    width = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join("  ".join(cell.rjust(size) for cell, size in zip(line, width, strict=True)) for line in lines)


def _row(
    advice: str, share: float, whom: str, none: Sequence[GlosaResult], runs: Sequence[GlosaResult], *, others: bool
) -> GlosaRow:
    pairs = [_same_vehicles(before, after, others=others) for before, after in zip(none, runs, strict=True)]
    means = {name: float(np.mean([after[name] for _, after in pairs])) for name in MEASURES}
    change = {
        name: estimate_of(np.array([100.0 * (after[name] / max(before[name], 1e-9) - 1.0) for before, after in pairs]))
        for name in MEASURES
    }
    return GlosaRow(advice, share, whom, means, change)


def _same_vehicles(
    before: GlosaResult, after: GlosaResult, *, others: bool
) -> tuple[dict[str, float], dict[str, float]]:
    """Means over the vehicles that arrived in both runs."""
    chosen: NDArray[np.bool_] = ~after.trips.advised if others else np.ones(len(after.trips.name), bool)
    _, first, second = np.intersect1d(before.trips.name, after.trips.name[chosen], return_indices=True)
    rows = np.flatnonzero(chosen)[second]
    return (
        {name: float(getattr(before.trips, name)[first].mean()) if len(first) else 0.0 for name in MEASURES},
        {name: float(getattr(after.trips, name)[rows].mean()) if len(first) else 0.0 for name in MEASURES},
    )
