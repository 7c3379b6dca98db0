"""Draws a comparison: a bar a strategy with its confidence interval, a dot a seed."""

from pathlib import Path

from cloudctl.signals.errors import SignalsError
from cloudctl.signals.evaluation.comparison import MEASURES, Comparison


class PlotError(SignalsError):
    """The picture cannot be drawn."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"plot {path}: {reason}")
        self.path = path


def draw(comparison: Comparison, measure: str, path: Path) -> None:
    """Write a picture of one measure; the ending of `path` tells the format.

    Raises:
        PlotError: the measure is not known, matplotlib is missing or knows no such format.
    """
    if measure not in MEASURES:
        raise PlotError(path, f"measure {measure!r} is not one of {', '.join(MEASURES)}")
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415  # only pictures need it
    except ImportError as error:
        raise PlotError(path, "matplotlib is not installed; `pip install v2x-cloudctl[demo]` brings it") from error
    figure = Figure(figsize=(1.5 + 1.3 * len(comparison.runs), 4), layout="constrained")
    axes = figure.subplots()
    for place, (name, runs) in enumerate(comparison.runs.items()):
        found = comparison.estimate(name, measure)
        axes.bar(place, found.mean, yerr=found.half_width if len(runs) > 1 else None, color="#4c78a8", capsize=4)
        axes.plot([place] * len(runs), [getattr(run, measure) for run in runs], "o", color="#222222", markersize=3)
    axes.set_xticks(range(len(comparison.runs)), list(comparison.runs))
    axes.set_ylabel(measure)
    try:
        figure.savefig(path)
    except (ValueError, OSError) as error:
        raise PlotError(path, str(error)) from error
