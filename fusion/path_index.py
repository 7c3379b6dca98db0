"""Nearest way for a position and a heading among all lanes and the connections across nodes.

Whoever drives along one of them drives as the road wants, however many other lanes lie beneath.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.lane_grid import build_grid, search_grid
from maps.lane_index import MAX_CELLS
from maps.network import RoadNetwork
from maps.polyline import Segments

REACH, CELL = 10.0, 20.0
"""m"""
SIGMA_HEADING = 0.35
"""rad"""
_FARTHEST = 1e6
"""Longer than any way, m."""


@dataclass(frozen=True)
class PathMatch:
    """Best way of each position, arrays of the length of the query."""

    found: NDArray[np.bool_]
    crossing: NDArray[np.bool_]
    """Whether it is a connection across a node."""
    lateral: NDArray[np.float64]
    """Distance from it, m."""
    turn: NDArray[np.float64]
    """Angle between the heading asked for and the way, 0..pi rad."""


class PathIndex:
    """Finds the ways of one network."""

    def __init__(self, network: RoadNetwork) -> None:
        lanes, table = network.lanes, network.connections
        drawn = np.flatnonzero((table.shape_count >= 2) & (table.from_lane >= 0))
        start = np.concatenate((lanes.shape_start, table.shape_start[drawn]))
        count = np.concatenate((lanes.shape_count, table.shape_count[drawn]))
        segments = Segments.of(network.points, start, count)
        self._lanes = len(lanes.id)
        self._allowed = np.concatenate((lanes.allowed, lanes.allowed[table.from_lane[drawn]])).astype(np.uint32)
        self._grid = build_grid(segments, REACH, CELL, MAX_CELLS)
        self._first = np.searchsorted(segments.owner, np.arange(len(start)))
        self._direction = np.arctan2(segments.dx, segments.dy)
        self._place = segments.owner.astype(np.float64) * _FARTHEST + segments.offset

    def match(
        self,
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        heading: NDArray[np.float64],
        kind: NDArray[np.uint8],
        sigma: float,
    ) -> PathMatch:
        """Find the way that fits each position (n,), m, and heading (n,), rad, best; `sigma` m of all positions."""
        query = (
            np.require(x, np.float64, ["C", "W"]),
            np.require(y, np.float64, ["C", "W"]),
            np.require(heading.astype(np.float32), requirements=["C", "W"]),
            np.require(kind, np.uint8, ["C", "W"]),
            np.full(len(x), sigma, np.float32),
        )
        way, offset, lateral, _ = search_grid(self._grid, self._allowed, query, (REACH, SIGMA_HEADING))
        found = way >= 0
        direction = self._direction_at(np.where(found, way, 0), offset)
        turn = np.abs((heading - direction + np.pi) % (2 * np.pi) - np.pi)
        return PathMatch(found, way >= self._lanes, np.abs(lateral).astype(np.float64), turn)

    def _direction_at(self, way: NDArray[np.int32], offset: NDArray[np.float32]) -> NDArray[np.float64]:
        if not len(self._place):
            return np.zeros(len(way))
        piece = np.searchsorted(self._place, way * _FARTHEST + offset.astype(np.float64) + 1e-3) - 1
        direction: NDArray[np.float64] = self._direction[np.maximum(piece, self._first[way])]
        return direction
