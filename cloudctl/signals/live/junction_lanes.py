"""Ways across junctions as lanes of their own, behind the lanes of the map, and who is on which of them.

Maps draw a line for each way from lane to lane. Whoever waits there for a gap, or for the next of several lights close
to one another, stands on none of the map's lanes; a controller that does not see it calls no light for it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cloudctl.signals.layout import Ints, Reals
from fusion.tracks import TrackTable
from maps.lane_grid import build_grid, search_grid
from maps.lane_index import MAX_CELLS, SIGMA_HEADING
from maps.network import RoadNetwork
from maps.polyline import Segments, lengths

REACH, CELL = 4.0, 20.0
"""m"""
SIGMA = 1.0
"""m, of positions against the map"""
SURE = 0.6
"""Ways part only some metres behind the stop line; before one is this probable nobody is put on it."""


def crossing_rows(network: RoadNetwork) -> NDArray[np.int64]:
    """Rows of the connections that are drawn; the first of them is the road behind the last lane, and so on."""
    table = network.connections
    return np.flatnonzero((table.shape_count >= 2) & (table.from_lane >= 0) & (table.to_lane >= 0))


def crossing_names(network: RoadNetwork) -> dict[int, str]:
    """Name of the road across the junction, by row of its connection."""
    return {row: f":{row}" for row in crossing_rows(network).tolist()}


def crossing_lengths(network: RoadNetwork) -> Reals:
    """Length of each way of `crossing_rows`, m."""
    rows, table = crossing_rows(network), network.connections
    return lengths(network.points, table.shape_start[rows], table.shape_count[rows]).astype(np.float64)


@dataclass(frozen=True)
class Found:
    """Where vehicles are, (n,): road, -1 where on no way; m from the centre to its end; whether it stands out."""

    road: Ints
    rest: Reals
    sure: NDArray[np.bool_]


class JunctionLanes:
    """Finds vehicles on some ways across junctions."""

    def __init__(self, network: RoadNetwork, wanted: NDArray[np.bool_]) -> None:
        """`wanted` (lanes and ways,) tells which roads count; those of lanes are not looked at."""
        lanes, table, rows = len(network.lanes.id), network.connections, crossing_rows(network)
        places = np.flatnonzero(wanted[lanes:])
        rows = rows[places]
        self._road = (lanes + places).astype(np.int32)
        self._length = crossing_lengths(network)[places]
        segments = Segments.of(network.points, table.shape_start[rows], table.shape_count[rows])
        self._allowed = network.lanes.allowed[table.from_lane[rows]].astype(np.uint32)
        self._grid = build_grid(segments, REACH, CELL, MAX_CELLS)

    def find(self, tracks: TrackTable, rows: NDArray[np.int64]) -> Found:
        """Look for the tracks of these rows."""
        query = (
            np.require(tracks.x[rows], np.float64, ["C", "W"]),
            np.require(tracks.y[rows], np.float64, ["C", "W"]),
            np.require(tracks.heading[rows].astype(np.float32), requirements=["C", "W"]),
            np.require(tracks.kind[rows], np.uint8, ["C", "W"]),
            np.full(len(rows), SIGMA, np.float32),
        )
        if not len(self._road):
            return Found(np.full(len(rows), -1, np.int32), np.zeros(len(rows)), np.zeros(len(rows), np.bool_))
        way, offset, _, probability = search_grid(self._grid, self._allowed, query, (REACH, SIGMA_HEADING))
        road = np.where(way >= 0, self._road[np.maximum(way, 0)], -1).astype(np.int32)
        rest = self._length[np.maximum(way, 0)] - offset
        return Found(road, rest, (way >= 0) & (probability >= SURE))
