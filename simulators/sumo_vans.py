"""Buses on demand in the running simulation: they wait beside the road at a stop and drive from stop to stop."""

from dataclasses import dataclass, field

import libsumo

from simulators.errors import UnknownObjectError
from simulators.sumo_net import SumoNet
from simulators.sumo_routes import Route, RouteGraph, route_graph

VAN = "van on demand"
_CLASS = "taxi"
_WAITS = 86_400.0
"""A van stays where it was sent until it is sent elsewhere, s."""
_PARKED = 1
"""Flag of a stop: beside the road, out of the way of others."""
_BRAKE_WAY = 40.0
"""A stop on the van's own link that is nearer than this is driven to around the block, m."""


@dataclass
class Vans:
    """Carries orders to buses on demand out; UnknownObjectError: no such van or stop."""

    net: SumoNet
    _graph: RouteGraph | None = None
    _waiting: dict[str, str] = field(default_factory=dict)
    """Stop for which each van sets out once it has left the junction where it was told."""

    def enter(self, van: str, stop: str) -> str:
        """Put a van at a stop as soon as the road has room; returns why not, empty when it is or will be there."""
        edge = _edge_of(stop)
        if van in libsumo.vehicle.getLoadedIDList():
            return ""
        if VAN not in libsumo.vehicletype.getIDList():
            _make_type()
        way = f"{van} at {stop}"
        if way not in libsumo.route.getIDList():
            libsumo.route.add(way, [edge])
        try:
            libsumo.vehicle.add(van, way, VAN, departLane="best", departPos="base", departSpeed="0")
            libsumo.vehicle.setBusStop(van, stop, _WAITS, flags=_PARKED)
        except libsumo.TraCIException as error:
            return str(error)
        return ""

    def drive(self, van: str, stop: str) -> str:
        """Send a van to a stop instead of where it was going; returns why not, empty when it goes."""
        edge, driver = _edge_of(stop), libsumo.vehicle
        if van not in driver.getIDList():
            raise UnknownObjectError("van", van)
        self._waiting.pop(van, None)
        if driver.getRoadID(van).startswith(":"):
            self._waiting[van] = stop
            return ""
        route = self._way(van, edge, float(libsumo.busstop.getEndPos(stop)))
        if not route:
            return f"no way leads to stop {stop!r}"
        try:
            if driver.isStopped(van):
                driver.resume(van)
            else:
                for _ in driver.getStops(van):
                    driver.replaceStop(van, 0, "")
            driver.setRoute(van, route)
            driver.setBusStop(van, stop, _WAITS, flags=_PARKED)
        except libsumo.TraCIException as error:
            return str(error)
        return ""

    def follow(self) -> None:
        """After each step: vans that have left their junction set out for where they were told."""
        for van, stop in list(self._waiting.items()):
            if van not in libsumo.vehicle.getIDList():
                del self._waiting[van]
            else:
                self.drive(van, stop)

    def _way(self, van: str, edge: str, place: float) -> Route:
        driver, graph = libsumo.vehicle, self._graph or route_graph(self.net, _CLASS)
        self._graph = graph
        here = driver.getRoute(van)[driver.getRouteIndex(van)]
        inside = driver.getRoadID(van) == here
        if here != edge:
            return graph.routes_from(here, [edge])[0]
        if not inside or driver.getLanePosition(van) + _BRAKE_WAY < place:
            return (edge,)
        onward = [graph.ids[end] for end in graph.end[graph.start == graph.rows[here]].tolist()]
        loops = [route for first in onward if (route := graph.routes_from(first, [edge])[0])]
        return (here, *min(loops, key=graph.distance)) if loops else ()


def _edge_of(stop: str) -> str:
    if stop not in libsumo.busstop.getIDList():
        raise UnknownObjectError("stop", stop)
    return str(libsumo.busstop.getLaneID(stop)).rpartition("_")[0]


def _make_type() -> None:
    kind = libsumo.vehicletype
    kind.copy("DEFAULT_VEHTYPE", VAN)
    kind.setVehicleClass(VAN, _CLASS)
    kind.setLength(VAN, 6.0)
    kind.setWidth(VAN, 2.1)
    kind.setHeight(VAN, 2.7)
    kind.setMaxSpeed(VAN, 22.0)
    kind.setMinGap(VAN, 2.5)
