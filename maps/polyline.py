"""Measures of many polylines that lie one after another in one array of points."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.network import Ints, Points


@dataclass(frozen=True)
class Segments:
    """Straight pieces of polylines, (s,), in the order of the polylines."""

    owner: Ints
    """Row of the polyline in the table it came from."""
    x: Points
    y: Points
    """Start, m."""
    dx: Points
    dy: Points
    """From start to end, m."""
    offset: Points
    """Distance of the start from the start of the polyline, m."""
    length: Points

    @classmethod
    def of(cls, points: Points, start: Ints, count: Ints) -> "Segments":
        """Cut polylines `points[start : start + count]` into their straight pieces."""
        pieces = np.maximum(count.astype(np.int64) - 1, 0)
        owner = np.repeat(np.arange(len(start), dtype=np.int32), pieces)
        first = np.cumsum(pieces) - pieces
        index = start.astype(np.int64)[owner] + np.arange(len(owner)) - first[owner]
        begin, vector = points[index], points[index + 1] - points[index]
        length = np.hypot(vector[:, 0], vector[:, 1])
        run = np.concatenate([[0.0], np.cumsum(length)])
        offset = run[:-1] - run[first[owner]]
        return cls(owner, begin[:, 0], begin[:, 1], vector[:, 0], vector[:, 1], offset, length)

    def total(self, polylines: int) -> NDArray[np.float64]:
        """Lengths of all `polylines`, m."""
        return np.bincount(self.owner, self.length, polylines).astype(np.float64)


def lengths(points: Points, start: Ints, count: Ints) -> NDArray[np.float64]:
    """Lengths (n,) of the polylines `points[start : start + count]`, m."""
    return Segments.of(points, start, count).total(len(start))


def point_at(shape: Points, offset: float) -> tuple[float, float]:
    """Point at `offset` m along one polyline (k, 2), held at its ends."""
    run = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(shape, axis=0).T))])
    return float(np.interp(offset, run, shape[:, 0])), float(np.interp(offset, run, shape[:, 1]))
