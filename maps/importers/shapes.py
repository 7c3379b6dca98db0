"""Collects the shapes of a network under construction in one array of points."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from maps.network import Ints, Points

Position = tuple[float, float]


@dataclass
class ShapePool:
    """Points of all shapes, one shape after another, still in the source's own coordinates."""

    xs: list[float] = field(default_factory=list)
    ys: list[float] = field(default_factory=list)

    def add(self, shape: Sequence[Position]) -> tuple[int, int]:
        """Append a shape; return its `(start, count)`."""
        start = len(self.xs)
        self.xs.extend(x for x, _ in shape)
        self.ys.extend(y for _, y in shape)
        return start, len(shape)

    def get(self, span: tuple[int, int]) -> list[Position]:
        """Shape of one `(start, count)`."""
        start, count = span
        return list(zip(self.xs[start : start + count], self.ys[start : start + count], strict=True))

    def points(self) -> Points:
        """All points (p, 2)."""
        return np.column_stack([np.asarray(self.xs, float), np.asarray(self.ys, float)])


def span_columns(spans: Sequence[tuple[int, int]]) -> tuple[Ints, Ints]:
    """Turn `(start, count)` pairs into the two columns of a table."""
    columns = np.asarray(spans, np.int32).reshape(-1, 2)
    return columns[:, 0].copy(), columns[:, 1].copy()


def middle_line(right: Sequence[Position], left: Sequence[Position]) -> list[Position]:
    """Line half way between the outermost lanes; the right one where the two do not run point by point."""
    if len(right) != len(left):
        return list(right)
    return [((a + c) / 2, (b + d) / 2) for (a, b), (c, d) in zip(right, left, strict=True)]


def without_repeats(shape: Sequence[Position]) -> list[Position]:
    """Shape without points that repeat the one before."""
    return [point for row, point in enumerate(shape) if row == 0 or point != shape[row - 1]]
