"""Where vehicles inside the junctions of a running SUMO scenario are on the map, which has no lanes there."""

import libsumo
import numpy as np

from cloudctl.signals.layout import Reals
from maps.network import RoadNetwork
from maps.polyline import point_at


class InsideLanes:
    """SUMO's lanes inside junctions, each on the line that the map draws for the way which it belongs to."""

    def __init__(self, network: RoadNetwork) -> None:
        table, lanes = network.connections, network.lanes.id
        drawn = np.flatnonzero((table.shape_count >= 2) & (table.from_lane >= 0) & (table.to_lane >= 0))
        ways = {(str(lanes[table.from_lane[row]]), str(lanes[table.to_lane[row]])): int(row) for row in drawn}
        self._shapes: dict[str, Reals] = {}
        self._begin: dict[str, float] = {}
        for lane in {start for start, _ in ways}:
            for way in libsumo.lane.getLinks(lane):
                row = ways.get((lane, way[0]), -1)
                if row >= 0:
                    self._add(way[4], network.shape(int(table.shape_start[row]), int(table.shape_count[row])))

    def __contains__(self, lane: str) -> bool:
        """Whether a lane lies inside a junction of the map."""
        return lane in self._shapes

    def place(self, lane: str, along: float) -> tuple[float, float, float]:
        """Place, m, and heading, rad clockwise from north, `along` m from the start of a lane (before it: negative)."""
        shape, at = self._shapes[lane], max(self._begin[lane] + along, 0.0)
        (x, y), (dx, dy) = point_at(shape, at), np.subtract(point_at(shape, at + 0.5), point_at(shape, at - 0.5))
        return x, y, float(np.arctan2(dx, dy))

    def _add(self, lane: str, shape: Reals) -> None:
        """Take a way's lanes in turn: where vehicles wait for a gap half-way, SUMO has two."""
        begin = 0.0
        while lane.startswith(":") and lane not in self._shapes:
            self._shapes[lane], self._begin[lane] = shape, begin
            begin += float(libsumo.lane.getLength(lane))
            ahead = libsumo.lane.getLinks(lane)
            lane = ahead[0][4] if ahead else ""
