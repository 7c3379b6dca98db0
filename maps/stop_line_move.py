"""Move the ends of lanes to surveyed stop lines; connections start where their lanes end."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from maps.network import Points, RoadNetwork
from maps.polyline import lengths

MAX_ALONG = 25.0
MAX_BESIDE = 4.0
"""m; a stop line further away is no place for the end of this lane."""
_SAME = 0.3
"""A stop line this near to where a lane ends already says nothing new, m."""
_SHORTEST = 1.0
"""Lanes keep at least this length, m."""


def move_lane_ends(network: RoadNetwork, ends: Mapping[int, Points], dropped: Counter[str]) -> RoadNetwork:
    """Network whose lanes (rows) end at the given points (m); ends out of reach are counted and left."""
    shapes = _Shapes(network.points)
    lane_start, lane_count = network.lanes.shape_start.copy(), network.lanes.shape_count.copy()
    moved: dict[int, Points] = {}
    for lane, end in ends.items():
        old = network.shape(lane_start[lane], lane_count[lane])
        if float(np.hypot(*(old[-1] - end))) < _SAME:
            continue
        shape = _ending_at(old, end)
        if shape is None:
            dropped["stop_line_out_of_reach"] += 1
            continue
        lane_start[lane], lane_count[lane] = shapes.add(shape)
        moved[lane] = end
    connections = network.connections
    start, count = connections.shape_start.copy(), connections.shape_count.copy()
    for row in np.flatnonzero(np.isin(connections.from_lane, list(moved))).tolist():
        begin = moved[int(connections.from_lane[row])]
        start[row], count[row] = shapes.add(np.vstack([begin, network.shape(start[row], count[row])[1:]]))
    points = shapes.points()
    length = lengths(points, lane_start, lane_count).astype(np.float32)
    lanes = replace(network.lanes, shape_start=lane_start, shape_count=lane_count, length=length)
    connections = replace(connections, shape_start=start, shape_count=count)
    return replace(network, points=points, lanes=lanes, connections=connections)


class _Shapes:
    """Points of a network with shapes added behind them."""

    def __init__(self, points: Points) -> None:
        self._parts = [points]
        self._count = len(points)

    def add(self, shape: Points) -> tuple[int, int]:
        """Append a shape; return its `(start, count)`."""
        start, self._count = self._count, self._count + len(shape)
        self._parts.append(shape)
        return start, len(shape)

    def points(self) -> Points:
        """Old and added points together."""
        return np.vstack(self._parts)


def _ending_at(shape: Points, end: Points) -> Points | None:
    """Line cut or stretched so that it ends at `end`; None where that is no place for its end."""
    vectors = np.diff(shape, axis=0)
    size = np.hypot(vectors[:, 0], vectors[:, 1])
    along = np.clip(((end - shape[:-1]) * vectors).sum(axis=1) / np.maximum(size, 1e-9) ** 2, 0, 1)
    gap = np.hypot(*(shape[:-1] + vectors * along[:, None] - end).T)
    piece = int(np.argmin(gap))
    run = np.concatenate([[0.0], np.cumsum(size)])
    at = float(run[piece] + along[piece] * size[piece])
    unit = vectors[-1] / max(float(size[-1]), 1e-9)
    beyond = float((end - shape[-1]) @ unit)
    beside = abs(float((end - shape[-1]) @ np.array([-unit[1], unit[0]]))) if beyond > 0 else float(gap[piece])
    if beside > MAX_BESIDE or max(beyond, run[-1] - at) > MAX_ALONG or at < _SHORTEST:
        return None
    keep = run < at - _SHORTEST / 2
    keep[-1] = False
    return np.vstack([shape[keep], end])
