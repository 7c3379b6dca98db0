"""Where incidents can be staged: stretches of road that a roadside unit overlooks, away from stops and car parks."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import libsumo

from simulators.sumo_net import NetEdge, SumoNet

OVERLOOKED = 110.0
"""Way from a signal up to which its unit sees well, m."""
FAR = 140.0
"""Up to which it sees, m."""
ENDS = 30.0
"""At the ends of a road junctions rule, m."""
_LEAST_LIMIT = 11.0
"""Limits of roads where walkers have no business, m/s."""
_STEP = 10.0
APART = 150.0
"""Incidents are staged so far from each other, m."""
Point = tuple[float, float]


@dataclass(frozen=True)
class Place:
    """A place on a lane for cars."""

    edge: str
    lane: int
    position: float
    """m from the start of the lane."""

    @property
    def lane_id(self) -> str:
        """Name of the lane."""
        return f"{self.edge}_{self.lane}"

    @property
    def point(self) -> Point:
        """Position in the network's own metres."""
        return point_on(self.edge, self.lane, self.position)


def point_on(edge: str, lane: int, position: float) -> Point:
    """Position of a place on a lane in the network's own metres."""
    x, y = libsumo.simulation.convert2D(edge, position, lane)
    return float(x), float(y)


class Places:
    """Roads of one network on which something can be staged."""

    def __init__(self, net: SumoNet) -> None:
        self._signals = [(j.x, j.y) for j in net.junctions.values() if j.kind.startswith("traffic_light")]
        self._known: dict[tuple[float, bool], list[Place]] = {}
        served = {lane.rpartition("_")[0] for lane in _lanes_of_stops()}
        self.edges: list[NetEdge] = [
            edge
            for edge in net.edges.values()
            if edge.id not in served and edge.speed >= _LEAST_LIMIT and edge.lane_for("passenger") is not None
        ]

    def overlooked(self, point: Point, reach: float = OVERLOOKED) -> bool:
        """Tell whether a signal stands within `reach` m."""
        return any(math.dist(point, signal) < reach for signal in self._signals)

    def quiet(self, run: float, left: bool) -> Iterator[Place]:
        """Places with the `run` m before them overlooked and empty, on the left or the right lane for cars."""
        if (run, left) not in self._known:
            self._known[run, left] = list(self._overlooked_places(run, left))
        return (place for place in self._known[run, left] if _empty(place, run))

    def _overlooked_places(self, run: float, left: bool) -> Iterator[Place]:
        for edge in self.edges:
            lanes = [lane for lane in edge.lanes if lane.admits("passenger")]
            lane = lanes[-1 if left else 0]
            position = lane.length - ENDS
            while position - run >= ENDS:
                place = Place(edge.id, lane.index, position)
                if self._seen(place, run):
                    yield place
                position -= _STEP

    def _seen(self, place: Place, run: float) -> bool:
        first = point_on(place.edge, place.lane, place.position - run)
        return self.overlooked(place.point) and self.overlooked(first, FAR)


def _empty(place: Place, run: float) -> bool:
    """Tell whether nobody is on the stretch or comes up to it."""
    names = libsumo.lane.getLastStepVehicleIDs(place.lane_id)
    spots = [libsumo.vehicle.getLanePosition(name) for name in names]
    return not any(place.position - run - 2 * ENDS < spot < place.position + _STEP for spot in spots)


def _lanes_of_stops() -> list[str]:
    stops, parks = libsumo.busstop, libsumo.parkingarea
    return [stops.getLaneID(n) for n in stops.getIDList()] + [parks.getLaneID(n) for n in parks.getIDList()]
