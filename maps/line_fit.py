"""Polylines of few points that stay near one of many: the fit of least greatest deviation.

A linear spline along the line's own length; its points lie where they fit best, not on the line. The greatest
deviation is made small by Lawson's reweighting (1961), the places of the points along the line by evening out the
deviation of the pieces.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from maps.network import Points

NEAR = 0.25
"""m; within this a choice of the line's own points is good enough."""
_TOLERANCES = tuple(0.05 * 1.1**step for step in range(70))
"""m; the first that leaves few enough points is used."""
_SAMPLES = 20
"""Samples of the line for each piece of the fit."""
_REWEIGHTINGS = 20
_SHIFTS = 30

_Column = NDArray[np.float64]


def thinned(shape: Points, most: int) -> Points:
    """Line (n, 2) as 2..`most` points, m; both ends stay exact.

    Its own points where those are enough to stay within `NEAR`, else points that need not lie on it.
    """
    line = shapely.LineString(shape)
    points = _own_points(line, shape, most)
    gap = float(shapely.hausdorff_distance(line, shapely.LineString(points)))
    if gap <= NEAR:
        return points
    for fit in _fits(line, shape, points):
        found = float(shapely.hausdorff_distance(line, shapely.LineString(fit)))
        if found < gap:
            gap, points = found, fit
    return points


def _own_points(line: shapely.LineString, shape: Points, most: int) -> Points:
    for tolerance in _TOLERANCES:
        points: Points = shapely.get_coordinates(line.simplify(tolerance)).astype(np.float64)
        if len(points) <= most:
            return points
    rows = np.linspace(0, len(shape) - 1, most).round().astype(np.int64)
    return np.asarray(shape[rows], np.float64)


def _fits(line: shapely.LineString, shape: Points, points: Points) -> list[Points]:
    """Fits of as many points as `points`, whose places along the line the first of them has."""
    samples = _Samples.of(shape, _SAMPLES * len(points))
    knots = np.unique([line.project(shapely.Point(point)) for point in points[1:-1]])
    knots = np.concatenate([[0.0], knots[(knots > 0.0) & (knots < samples.run[-1])], samples.run[-1:]])
    found = []
    for _ in range(_SHIFTS):
        fit, gaps = samples.fit(knots)
        found.append(fit)
        knots = 0.5 * (knots + samples.evened(knots, gaps))
    return found


@dataclass(frozen=True)
class _Samples:
    """Points (n, 2) of a line, dense, and their distance (n,) from its start."""

    run: _Column
    points: Points

    @classmethod
    def of(cls, shape: Points, count: int) -> "_Samples":
        own = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(shape, axis=0).T))])
        run = np.unique(np.concatenate([np.linspace(0.0, own[-1], count), own]))
        return cls(run, np.column_stack([np.interp(run, own, shape[:, axis]) for axis in (0, 1)]))

    def pieces(self, knots: _Column) -> NDArray[np.int64]:
        return np.clip(np.searchsorted(knots, self.run, "right") - 1, 0, len(knots) - 2)

    def fit(self, knots: _Column) -> tuple[Points, _Column]:
        """Fit with points at `knots` along the line, and how far it is from each sample, m."""
        rows, piece = np.arange(len(self.run)), self.pieces(knots)
        share = (self.run - knots[piece]) / np.diff(knots)[piece]
        hats = np.zeros((len(rows), len(knots)))
        hats[rows, piece] = 1.0 - share
        hats[rows, piece + 1] += share
        ends = self.points[[0, -1]]
        wanted, inner = self.points - hats[:, [0, -1]] @ ends, hats[:, 1:-1]
        weights = np.ones(len(rows))
        best: tuple[float, Points, _Column] = np.inf, ends, weights
        for _ in range(_REWEIGHTINGS):
            pulled = inner.T * weights
            found = np.linalg.lstsq(pulled @ inner, pulled @ wanted, rcond=None)[0]
            gaps = np.hypot(*(wanted - inner @ found).T)
            worst = float(gaps.max())
            if worst < best[0]:
                best = worst, np.vstack([ends[:1], found, ends[1:]]), gaps
            weights = weights * (gaps + 1e-4 * worst + 1e-12)
            weights /= weights.mean()
        return best[1], best[2]

    def evened(self, knots: _Column, gaps: _Column) -> _Column:
        """Places that give pieces with large gaps less length."""
        worst = np.zeros(len(knots) - 1)
        np.maximum.at(worst, self.pieces(knots), gaps)
        share = np.concatenate([[0.0], np.cumsum(np.sqrt(worst + 0.05 * worst.max() + 1e-12))])
        return np.interp(np.linspace(0.0, share[-1], len(knots)), share, knots)
