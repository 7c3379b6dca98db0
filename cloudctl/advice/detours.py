"""Routes around a closed or jammed link, loaded with those already sent along them so that the detour does not jam.

A link's time under load is `t (1 + u^2)`, u the share of its spare capacity that the vehicles advised in the last ten
minutes take. Each new vehicle takes the best route under the load of those before: an incremental assignment, which
leads to several routes, each with a share by its capacity (Ortuzar and Willumsen, Modelling Transport, 10.5).
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cloudctl.advice.live_routes import LiveRoutes
from cloudctl.advice.scene import Scene

MEMORY = 600.0
"""Vehicles advised count as load for this long, s."""
LANE_CAPACITY = 600.0
"""Vehicles an hour and lane in a street with signals."""
LEAST_SPARE = 0.1
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

    def find(self, scene: Scene, start: int, avoid: int, beyond: int, avoid_seconds: float) -> Detour | None:
        """Route from link `start` to link `beyond` around link `avoid`, which takes `avoid_seconds`; None if none."""
        seconds = np.asarray(scene.picture.links.travel_time, np.float64)
        loaded = seconds * (1 + self._utilisation(scene) ** 2)
        around = self._routes.find(start, beyond, loaded, (avoid,))
        through = np.where(np.arange(len(seconds)) == avoid, avoid_seconds, seconds)
        there, onward = self._routes.find(start, avoid, through), self._routes.find(avoid, beyond, through)
        if around is None or there is None or onward is None:
            return None
        straight_on = there.travel_time + onward.travel_time - avoid_seconds
        return Detour(tuple(around.links.tolist()), straight_on - around.travel_time)

    def send(self, now: float, detour: Detour) -> None:
        """Count one more vehicle on a detour."""
        self._sent.append((now, detour.links))

    def _utilisation(self, scene: Scene) -> NDArray[np.float64]:
        while self._sent and scene.now - self._sent[0][0] > MEMORY:
            self._sent.popleft()
        network, flow = scene.topology.network, np.nan_to_num(scene.picture.links.flow, nan=0.0)
        used = [row for _, links in self._sent for row in links[1:]]
        advised = np.bincount(np.array(used, np.int64), minlength=len(flow)) * (3600.0 / MEMORY)
        capacity = LANE_CAPACITY * np.maximum(network.links.lane_count, 1)
        return np.asarray(advised / np.maximum(capacity - flow, LEAST_SPARE * capacity), np.float64)
