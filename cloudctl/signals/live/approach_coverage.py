"""How much of the approaches of each signal the roadside sensors see."""

import numpy as np

from cloudctl.signals.layout import Layout, Reals
from fusion.coverage import count_seen
from fusion.sensors import SensorTable
from maps.network import RoadNetwork

REACH = 120.0
"""m before the stop line that have to be seen"""
STEP = 10.0
"""m"""


class ApproachCoverage:
    """Share of the last `REACH` m of all approach lanes of each signal of a layout within reach of a sensor."""

    def __init__(self, network: RoadNetwork, layout: Layout) -> None:
        places, owner = [], []
        for signal in range(layout.signals):
            for lane in layout.lane_road[layout.lane_start[signal] : layout.lane_start[signal + 1]].tolist():
                found = _last_metres(network, lane)
                places.append(found)
                owner += [signal] * len(found)
        points = np.concatenate([np.zeros((0, 2)), *places])
        self._x, self._y = np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1])
        self._owner = np.array(owner, np.int64)
        self._points = np.maximum(np.bincount(self._owner, minlength=layout.signals), 1)
        self._sensors: tuple[bytes, ...] = ()
        self.share: Reals = np.zeros(layout.signals)

    def follow(self, sensors: SensorTable) -> Reals:
        """Share by signal, 0..1; reckoned anew when sensors have changed."""
        key = (sensors.x.tobytes(), sensors.y.tobytes(), sensors.radius.tobytes())
        if key != self._sensors:
            self._sensors = key
            known = np.isfinite(sensors.x) & np.isfinite(sensors.y) & (sensors.radius > 0)
            place = (column[known].astype(np.float64) for column in (sensors.x, sensors.y, sensors.radius))
            seen = count_seen(self._x, self._y, *place)
            self.share = np.bincount(self._owner, seen, minlength=len(self._points)) / self._points
        return self.share


def _last_metres(network: RoadNetwork, lane: int) -> Reals:
    """Points (n, 2) every `STEP` m along the last `REACH` m of a lane."""
    lanes = network.lanes
    shape = network.shape(int(lanes.shape_start[lane]), int(lanes.shape_count[lane]))[::-1]
    if len(shape) < 2:
        return np.zeros((0, 2))
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(shape, axis=0).T))])
    back = np.arange(0.0, min(REACH, float(along[-1])), STEP)
    return np.stack([np.interp(back, along, shape[:, 0]), np.interp(back, along, shape[:, 1])], axis=1)
