"""Stop lines: where lanes end, which way they point there, and what lies behind."""

import numpy as np
from numpy.typing import NDArray

from maps.network import RoadNetwork


class LaneEnds:
    """Ends of all lanes, (lanes,), and the lanes that follow."""

    def __init__(self, network: RoadNetwork) -> None:
        lanes = network.lanes
        last = lanes.shape_start.astype(np.int64) + lanes.shape_count - 1
        before = np.maximum(last - 1, lanes.shape_start)
        end, step = network.points[last], network.points[last] - network.points[before]
        length = np.maximum(np.hypot(step[:, 0], step[:, 1]), 1e-9)
        self.x: NDArray[np.float64] = end[:, 0]
        self.y: NDArray[np.float64] = end[:, 1]
        self.east: NDArray[np.float64] = step[:, 0] / length
        self.north: NDArray[np.float64] = step[:, 1] / length
        table = network.connections
        known = np.flatnonzero((table.from_lane >= 0) & (table.to_lane >= 0))
        order = known[np.argsort(table.from_lane[known], kind="stable")]
        self._to = table.to_lane[order]
        self._start = np.searchsorted(table.from_lane[order], np.arange(len(lanes.id) + 1))

    def beyond(self, lane: NDArray[np.int32], x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how far positions (n,) are beyond the ends of lanes (n,), along them, m; negative before."""
        east, north = x - self.x[lane], y - self.y[lane]
        past: NDArray[np.float64] = east * self.east[lane] + north * self.north[lane]
        return past

    def exits(self, lane: int) -> NDArray[np.int32]:
        """Return the lanes that one leads to."""
        return self._to[self._start[lane] : self._start[lane + 1]]
