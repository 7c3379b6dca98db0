"""How much of each link the roadside sensors see; computed when sensors change, not every cycle."""

import numpy as np
from numpy.typing import NDArray

from fusion.sensors import SensorTable
from maps.compiled import compiled
from maps.network import RoadNetwork
from maps.polyline import Segments

STEP = 10.0
"""Distance between the points of a link that are tried, m."""


@compiled
def count_seen(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    sensor_x: NDArray[np.float64],
    sensor_y: NDArray[np.float64],
    radius: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Tell which points (n,) lie within the radius of any sensor (m,)."""
    seen = np.zeros(len(x), np.bool_)
    for point in range(len(x)):
        for sensor in range(len(radius)):
            east, north = x[point] - sensor_x[sensor], y[point] - sensor_y[sensor]
            if east * east + north * north <= radius[sensor] * radius[sensor]:
                seen[point] = True
                break
    return seen


class Coverage:
    """Keeps the share of each link that is under observation."""

    def __init__(self, network: RoadNetwork) -> None:
        links = network.links
        segments = Segments.of(network.points, links.shape_start, links.shape_count)
        pieces = np.maximum(np.ceil(segments.length / STEP).astype(np.int64), 1)
        row = np.repeat(np.arange(len(pieces)), pieces)
        first = np.cumsum(pieces) - pieces
        share = (np.arange(len(row)) - first[row] + 0.5) / pieces[row]
        self._x = segments.x[row] + share * segments.dx[row]
        self._y = segments.y[row] + share * segments.dy[row]
        self._link = segments.owner[row]
        self._points = np.bincount(self._link, minlength=len(links.id))
        self._first = np.cumsum(self._points) - self._points
        self._seen = np.zeros(len(self._link), np.bool_)
        self._sensors: tuple[bytes, ...] = ()
        self.share: NDArray[np.float32] = np.zeros(len(links.id), np.float32)
        """Share of each link within the radius of a sensor, 0..1."""

    def follow(self, sensors: SensorTable) -> NDArray[np.float32]:
        """Return the share of each link that the sensors see."""
        key = (sensors.x.tobytes(), sensors.y.tobytes(), sensors.radius.tobytes())
        if key != self._sensors:
            self._sensors = key
            known = np.isfinite(sensors.x) & np.isfinite(sensors.y) & (sensors.radius > 0)
            place = (column[known].astype(np.float64) for column in (sensors.x, sensors.y, sensors.radius))
            self._seen = count_seen(self._x, self._y, *place)
            counts = np.bincount(self._link, self._seen, minlength=len(self._points))
            self.share = (counts / np.maximum(self._points, 1)).astype(np.float32)
        return self.share

    def sees(self, link: NDArray[np.int32], share: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell whether places are under observation: links (n,) and the share of each that lies behind, 0..1."""
        points = self._points[link]
        step = np.clip((share * points).astype(np.int64), 0, np.maximum(points - 1, 0))
        seen: NDArray[np.bool_] = self._seen[self._first[link] + step]
        return seen
