"""Strategies against each other on the same seeds: means, 95 % confidence intervals, differences seed by seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from cloudctl.signals.evaluation.measures import Measures

LEVEL = 0.95
MEASURES = tuple(field.name for field in fields(Measures))


@dataclass(frozen=True, slots=True)
class Estimate:
    """Mean with the half-width of its confidence interval (Student's t), and the highest value of a seed."""

    mean: float
    half_width: float
    worst: float


@dataclass(frozen=True)
class Comparison:
    """Runs of each strategy, one per seed, in the same order of seeds."""

    runs: Mapping[str, Sequence[Measures]]

    def estimate(self, controller: str, measure: str) -> Estimate:
        """Estimate of one measure of one strategy."""
        return estimate_of(np.array([getattr(run, measure) for run in self.runs[controller]]))

    def against(self, controller: str, other: str, measure: str) -> Estimate:
        """Difference of two strategies, seed by seed (paired, as the seeds share their demand)."""
        first = np.array([getattr(run, measure) for run in self.runs[controller]])
        return estimate_of(first - np.array([getattr(run, measure) for run in self.runs[other]]))

    def as_dict(self) -> dict[str, dict[str, dict[str, float]]]:
        """All estimates by strategy and measure."""
        return {name: {measure: _as_dict(self.estimate(name, measure)) for measure in MEASURES} for name in self.runs}


def table(comparison: Comparison) -> str:
    """Aligned text: a row a strategy; delay, its interval and worst seed, then the means of the others."""
    head = ["controller", "delay_s", "95 %", "worst", *MEASURES[1:]]
    rows = [head]
    for name in comparison.runs:
        delay = comparison.estimate(name, MEASURES[0])
        others = [f"{comparison.estimate(name, measure).mean:.2f}" for measure in MEASURES[1:]]
        rows.append([name, f"{delay.mean:.2f}", f"±{delay.half_width:.2f}", f"{delay.worst:.2f}", *others])
    width = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = [
        "  ".join(
            cell.rjust(size) if at else cell.ljust(size) for at, (cell, size) in enumerate(zip(row, width, strict=True))
        )
        for row in rows
    ]
    return "\n".join(lines)


def estimate_of(values: NDArray[np.float64]) -> Estimate:
    """Mean of values, one a seed, with the half-width of its interval; NaN for a single one."""
    if values.size < 2:
        return Estimate(float(values.mean()), float("nan"), float(values.max()))
    spread = float(values.std(ddof=1)) / np.sqrt(values.size)
    return Estimate(
        float(values.mean()), float(stats.t.ppf((1 + LEVEL) / 2, values.size - 1) * spread), float(values.max())
    )


def _as_dict(estimate: Estimate) -> dict[str, float]:
    return {"mean": estimate.mean, "half_width_95": estimate.half_width, "worst": estimate.worst}
