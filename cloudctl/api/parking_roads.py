"""Driving times in the gateway: the newest travel times of the links, in a router that the questions share."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cloudctl.api.live_state import LiveState, Part
from maps.errors import NoRouteError, OffMapError
from maps.network import RoadNetwork
from maps.routing import Route, Router

UNKNOWN_TENTHS = 65535
LEAST = 0.1
"""No link takes less, s."""


@dataclass
class LiveRoads:
    """A router that follows the live picture; searches may run in threads."""

    network: RoadNetwork
    state: LiveState
    router: Router = field(init=False)
    _frame: float = -1.0

    def __post_init__(self) -> None:
        """Start on free roads."""
        self.router = Router(self.network)

    def warm_up(self) -> None:
        """Search once, so that no question waits for the search to be compiled."""
        if len(self.network.links.id):
            self.times_from(0)

    def refresh(self) -> None:
        """Take over the newest travel times where there are newer ones than last time."""
        live = self.state.find_frame(Part.LINKS)
        if live is None or live.frame.time == self._frame:
            return
        self._frame = live.frame.time
        columns = live.frame.columns
        if "travel" not in columns:
            return
        times = np.full(len(self.network.links.id), np.nan)
        rows, tenths = columns["link"].astype(np.int64), columns["travel"].astype(np.float64)
        known = (rows < len(times)) & (tenths < UNKNOWN_TENTHS)
        times[rows[known]] = np.maximum(tenths[known] / 10.0, LEAST)
        self.router.set_travel_times(times)

    def find_link(self, lon: float, lat: float, most: float = 500.0) -> int | None:
        """Row of the nearest link for cars, None where there is none near."""
        try:
            return self.router.nearest_link(lon, lat, max_distance=most)
        except OffMapError:
            return None

    def times_from(self, link: int) -> NDArray[np.float64]:
        """Driving times (n,) from a link to every other, s; inf where no way leads."""
        return self.router.reach(link)

    def find_route(self, source: int, target: int) -> Route | None:
        """Quickest way now, None where there is none."""
        try:
            return self.router.route(source, target)
        except NoRouteError:
            return None
