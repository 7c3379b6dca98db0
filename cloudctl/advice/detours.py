"""Routes around a closed or jammed link, priced with the load of those already sent along them so that none jams.

Each new vehicle takes the way that is best for all under the load of those before (`cloudctl.routing.split`): an
incremental assignment, which leads to several routes, each with a share by its capacity (Ortuzar and Willumsen,
Modelling Transport, 10.5). Who was told counts by the part of drivers that have followed so far.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cloudctl.advice.live_routes import LiveRoutes
from cloudctl.advice.scene import Scene
from cloudctl.routing.capacity import link_capacities
from cloudctl.routing.split import priced_times

MEMORY = 600.0
"""Vehicles advised count as load for this long, s."""
LANE_CAPACITY = 600.0
"""Vehicles an hour and lane in a street with signals."""
BLOCKED_SECONDS = 3600.0
"""Time that a closed link is given."""


@dataclass(frozen=True)
class Detour:
    """A way around."""

    links: tuple[int, ...]
    saves: float
    """s against going on through the link."""


class Detours:
    """Finds detours and remembers their load."""

    def __init__(self, routes: LiveRoutes) -> None:
        self._routes = routes
        self._sent: deque[tuple[float, tuple[int, ...]]] = deque()
        self._capacity: NDArray[np.float64] | None = None

    def find(
        self, scene: Scene, start: int, avoid: int, beyond: int, avoid_seconds: float, followed: float = 1.0
    ) -> Detour | None:
        """Route from link `start` to link `beyond` around link `avoid`, which takes `avoid_seconds`; None if none.

        `followed` is the part of the drivers, 0..1, that do what they are told.
        """
        seconds = np.asarray(scene.picture.links.travel_time, np.float64)
        loaded, priced = self._loaded(scene, seconds, followed)
        around = self._routes.find(start, beyond, priced, (avoid,))
        through = np.where(np.arange(len(seconds)) == avoid, avoid_seconds, seconds)
        there, onward = self._routes.find(start, avoid, through), self._routes.find(avoid, beyond, through)
        if around is None or there is None or onward is None:
            return None
        straight_on = there.travel_time + onward.travel_time - avoid_seconds
        taken = around.travel_time - float((priced - loaded)[around.links].sum())
        return Detour(tuple(around.links.tolist()), straight_on - taken)

    def send(self, now: float, detour: Detour) -> None:
        """Count one more vehicle on a detour."""
        self._sent.append((now, detour.links))

    def _loaded(
        self, scene: Scene, seconds: NDArray[np.float64], followed: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        while self._sent and scene.now - self._sent[0][0] > MEMORY:
            self._sent.popleft()
        if self._capacity is None:
            self._capacity = link_capacities(scene.topology.network)
        flow = np.nan_to_num(np.asarray(scene.picture.links.flow, np.float64), nan=0.0)
        used = [row for _, links in self._sent for row in links[1:]]
        counts = np.bincount(np.array(used, np.int64), minlength=len(flow)).astype(np.float64)
        told: NDArray[np.float64] = counts * (followed * 3600.0 / MEMORY)
        return priced_times(seconds, flow, told, self._capacity)
