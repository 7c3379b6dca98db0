"""Routes on the travel times that advice reckons with at the moment; no way is an answer here, not an error."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maps.errors import NoRouteError
from maps.network import RoadNetwork
from maps.routing import Route, Router


class LiveRoutes:
    """A router of its own for the advisors, whose travel times are passed with every question (s, one a link)."""

    def __init__(self, network: RoadNetwork) -> None:
        self.network = network
        self._router = Router(network)

    def find(self, source: int, target: int, seconds: ArrayLike, avoid: Sequence[int] = ()) -> Route | None:
        """Find the quickest way from the start of link `source` to the end of `target`, None where there is none."""
        self._router.set_travel_times(seconds)
        try:
            return self._router.route(source, target, avoid=avoid)
        except NoRouteError:
            return None

    def times_from(self, source: int, seconds: ArrayLike) -> NDArray[np.float64]:
        """Give the time from the start of link `source` to the end of every link, s, inf where there is no way."""
        self._router.set_travel_times(seconds)
        return self._router.reach(source)
