"""Lines on the plan: smooth streets through given points, pieces of a line, bearings."""

import numpy as np
from numpy.typing import NDArray

Line = NDArray[np.float64]
"""Points (n, 2), m."""


def smooth(points: Line, pieces: int = 8) -> tuple[Line, NDArray[np.int64]]:
    """Curve through all points (centripetal Catmull-Rom), and the row of each given point on it."""
    if len(points) == 2:
        return points, np.arange(2)
    padded = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    spans = [_span(padded[i : i + 4], pieces) for i in range(len(points) - 1)]
    return np.vstack([*spans, points[-1:]]), np.arange(len(points)) * pieces


def _span(corners: Line, pieces: int) -> Line:
    p0, p1, p2, p3 = corners
    knots = np.cumsum([0.0, *(np.sqrt(np.linalg.norm(b - a)) for a, b in ((p0, p1), (p1, p2), (p2, p3)))])
    t0, t1, t2, t3 = knots
    t = np.linspace(t1, t2, pieces, endpoint=False)[:, None]
    a1 = ((t1 - t) * p0 + (t - t0) * p1) / (t1 - t0)
    a2 = ((t2 - t) * p1 + (t - t1) * p2) / (t2 - t1)
    a3 = ((t3 - t) * p2 + (t - t2) * p3) / (t3 - t2)
    b1 = ((t2 - t) * a1 + (t - t0) * a2) / (t2 - t0)
    b2 = ((t3 - t) * a2 + (t - t1) * a3) / (t3 - t1)
    curve: Line = ((t2 - t) * b1 + (t - t1) * b2) / (t2 - t1)
    return curve


def length(line: Line) -> float:
    """Length of a line, m."""
    return float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum())


def cut(line: Line, at: float) -> tuple[Line, Line]:
    """Cut a line in two at a distance from its start, m."""
    stations = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    point = np.array([np.interp(at, stations, line[:, 0]), np.interp(at, stations, line[:, 1])])
    before = line[stations < at - 0.5]
    after = line[stations > at + 0.5]
    return np.vstack([before, point]), np.vstack([point, after])


def bearing(start: Line, end: Line) -> float:
    """Angle of the way from one point to another, rad counter-clockwise from east."""
    return float(np.arctan2(end[1] - start[1], end[0] - start[0]))


def turn_angle(heading_in: float, heading_out: float) -> float:
    """Change of heading, rad in (-pi, pi], left turns positive."""
    return float(np.pi - (np.pi - heading_out + heading_in) % (2 * np.pi))


def band(axis: Line, width: float) -> Line:
    """Closed outline of a strip of this width about an axis."""
    line, _ = smooth(axis)
    along = np.gradient(line, axis=0)
    normal = np.column_stack([-along[:, 1], along[:, 0]]) / np.linalg.norm(along, axis=1)[:, None]
    left, right = line + normal * width / 2, line - normal * width / 2
    return np.vstack([left, right[::-1], left[:1]])
