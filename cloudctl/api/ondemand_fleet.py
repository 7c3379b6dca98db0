"""Where buses on demand stop and how long they drive, from the gateway's roads and timetable."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray

from cloudctl.api.parking_roads import LiveRoads
from cloudctl.maas.desk import JourneyDesk
from cloudctl.ondemand.desk import OnDemandDesk
from cloudctl.ondemand.rides import Halt
from cloudctl.ondemand.store import RideStore

Place = tuple[float, float]


def make_rides(url: str, journeys: JourneyDesk, roads: Callable[[], LiveRoads]) -> OnDemandDesk:
    """Make the desk of a gateway; a process of its own solves, started with the first plan."""
    fleet = FleetRoads(journeys, roads)
    executor = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    return OnDemandDesk(RideStore(url), fleet.halts, fleet.times, executor)


class FleetRoads:
    """Stops of the timetable, and driving times of now."""

    def __init__(self, journeys: JourneyDesk, roads: Callable[[], LiveRoads]) -> None:
        self._journeys, self._roads = journeys, roads

    def halts(self, place: Place, most: float) -> list[tuple[Halt, float]]:
        """Stops within `most` m on foot, with the way."""
        stops = self._journeys.stops
        if not stops:
            return []
        walk = self._journeys.walk
        spots = walk.spots([stop.lon for stop in stops], [stop.lat for stop in stops])
        metres = walk.metres(walk.spots([place[0]], [place[1]]), spots, most)
        return [
            (Halt(id=stops[row].id, name=stops[row].name, lon=stops[row].lon, lat=stops[row].lat), float(metres[row]))
            for row in np.flatnonzero(np.isfinite(metres)).tolist()
        ]

    def times(self, places: Sequence[Place]) -> NDArray[np.float64]:
        """Driving times between places, inf where no way leads, (n, n)."""
        roads = self._roads()
        roads.refresh()
        links = [roads.find_link(*place) for place in places]
        found = np.full((len(places), len(places)), np.inf)
        for row, link in enumerate(links):
            if link is not None:
                times = roads.times_from(link)
                found[row] = [np.inf if other is None else 0.0 if other == link else times[other] for other in links]
        np.fill_diagonal(found, 0.0)
        return found
