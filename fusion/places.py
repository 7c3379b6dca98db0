"""Places where standing is usual: bus stops, car parks, crossings; and which lights rule which lane."""

import numpy as np
from numpy.typing import NDArray

from maps.compiled import compiled
from maps.network import RoadNetwork
from maps.polyline import Segments


class Places:
    """Look-ups by lane and by position in one network."""

    def __init__(self, network: RoadNetwork) -> None:
        self._lanes = len(network.lanes.id)
        ruled = np.flatnonzero((network.connections.group >= 0) & (network.connections.from_lane >= 0))
        ruled = ruled[np.argsort(network.connections.from_lane[ruled], kind="stable")]
        self._group_of_light = network.connections.group[ruled]
        self._lit_lane, self._first_light = np.unique(network.connections.from_lane[ruled], return_index=True)
        self.signalised: NDArray[np.bool_] = np.zeros(self._lanes, np.bool_)
        """By lane: whether a light stands at its end."""
        self.signalised[self._lit_lane] = True
        links = network.lanes.link
        stop_lane, park_lane = network.stops.lane, network.car_parks.lane
        stopped, parked = stop_lane >= 0, park_lane >= 0
        self._stop_link, self._stop_offset = links[stop_lane[stopped]], network.stops.offset[stopped]
        self._park_link, self._park_offset = links[park_lane[parked]], network.car_parks.offset[parked]
        crossings = network.crossings
        segments = Segments.of(network.points, crossings.shape_start, crossings.shape_count)
        self._pieces = np.column_stack((segments.x, segments.y, segments.dx, segments.dy))

    def green_for(self, green: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn time of green by group (0 where not green) into the least of each lane's lights, NaN without light."""
        by_lane = np.full(self._lanes, np.nan)
        if len(self._lit_lane):
            by_lane[self._lit_lane] = np.minimum.reduceat(green[self._group_of_light], self._first_light)
        return by_lane

    def near_stop(self, link: int, offset: float, reach: float) -> bool:
        """Tell whether a place on a link lies up to `reach` m before a bus stop's end."""
        behind = self._stop_offset[self._stop_link == link] - offset
        return bool(np.any((behind > -8.0) & (behind < reach)))

    def near_car_park(self, link: int, offset: float, reach: float) -> bool:
        """Tell whether a place on a link lies within `reach` m of a car park's entrance."""
        return bool(np.any(np.abs(self._park_offset[self._park_link == link] - offset) < reach))

    def crossing_distance(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the distance (n,) of positions (n,) from the nearest crossing's centre line, m."""
        return nearest_piece(x, y, self._pieces)


@compiled
def nearest_piece(x: NDArray[np.float64], y: NDArray[np.float64], pieces: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance of positions (n,) from the nearest straight piece (m, 4) x, y, dx, dy; inf without any."""
    least = np.full(len(x), np.inf)
    for at in range(len(x)):
        for piece in pieces:
            east, north = x[at] - piece[0], y[at] - piece[1]
            square = piece[2] * piece[2] + piece[3] * piece[3]
            share = min(max((east * piece[2] + north * piece[3]) / max(square, 1e-9), 0.0), 1.0)
            distance = np.hypot(east - share * piece[2], north - share * piece[3])
            least[at] = min(least[at], distance)
    return least
