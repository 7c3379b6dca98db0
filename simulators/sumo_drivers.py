"""Orders to single vehicles of the running simulation: speed, route, car park, breakdown."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import libsumo

from simulators.commands import BlockLane
from simulators.errors import UnknownObjectError
from simulators.sumo_net import SumoNet
from simulators.sumo_routes import Route, RouteGraph, route_graph

PARKING_TIME = 1200.0
"""Seconds that a guided driver stays."""
LONGEST_HOLD = 300.0
"""A driver holds no longer than this, s."""
COMFORT = 1.5
"""Drivers slow down to an advised speed with so much, m/s2; ISO 15622 allows 2.0 where people stand."""
_SLOWEST = 1.0
_CRAWL = 1.0
"""Speed at which drivers pass a breakdown, m/s."""
_BRAKE_WAY = 45.0
"""Metres ahead of a breakdown from which a vehicle can still stop there."""


def _known(vehicle: str) -> None:
    if vehicle not in libsumo.vehicle.getIDList():
        raise UnknownObjectError("vehicle", vehicle)


@dataclass
class Drivers:
    """Carries orders out; every method raises UnknownObjectError for a vehicle that is not there."""

    net: SumoNet
    _graphs: dict[str, RouteGraph] = field(default_factory=dict)
    _own_speed: dict[str, float] = field(default_factory=dict)
    _slowing: dict[str, float] = field(default_factory=dict)
    """Advised speed of those who are still faster, m/s."""

    def set_speed(self, vehicle: str, mps: float | None) -> bool:
        """Cap the speed a driver wants, or end that; the limit and safe driving stay above it."""
        _known(vehicle)
        own = self._own_speed.setdefault(vehicle, libsumo.vehicle.getMaxSpeed(vehicle))
        if mps is None:
            del self._own_speed[vehicle]
            self._slowing.pop(vehicle, None)
            libsumo.vehicle.setMaxSpeed(vehicle, own)
            return True
        limit = libsumo.vehicle.getAllowedSpeed(vehicle)
        self._slow(vehicle, min(max(mps, _SLOWEST), own, limit))
        return True

    def follow(self) -> None:
        """Slow down further who was advised to, after each step; drop what is kept of vehicles that left."""
        present = set(libsumo.vehicle.getIDList()) if self._own_speed else set[str]()
        self._own_speed = {name: own for name, own in self._own_speed.items() if name in present}
        self._slowing = {name: wanted for name, wanted in self._slowing.items() if name in present}
        for vehicle, wanted in self._slowing.copy().items():
            self._slow(vehicle, wanted)

    def _slow(self, vehicle: str, wanted: float) -> None:
        """Cap the speed a step of comfort below what it is; a cap at once far below would be an emergency braking."""
        cap = max(wanted, libsumo.vehicle.getSpeed(vehicle) - COMFORT * libsumo.simulation.getDeltaT())
        libsumo.vehicle.setMaxSpeed(vehicle, cap)
        if cap > wanted:
            self._slowing[vehicle] = wanted
        else:
            self._slowing.pop(vehicle, None)

    def hold(self, vehicle: str, until: float) -> str:
        """Keep a bus at its stop until a simulation time, s; returns why not."""
        _known(vehicle)
        driver = libsumo.vehicle
        stops = driver.getStops(vehicle, 1)
        if driver.getVehicleClass(vehicle) != "bus" or not stops or not stops[0].stoppingPlaceID:
            return "no stop lies ahead of the vehicle"
        wait = until - libsumo.simulation.getTime()
        if wait > LONGEST_HOLD:
            return f"a hold of {wait:.0f} s is too long"
        try:
            if driver.isAtBusStop(vehicle):
                driver.setBusStop(vehicle, stops[0].stoppingPlaceID, max(wait, 0.0))
            else:
                driver.setStopParameter(vehicle, 0, "until", str(round(until, 1)))
        except libsumo.TraCIException as error:
            return str(error)
        return ""

    def set_route(self, vehicle: str, links: Sequence[str]) -> str:
        """Send a vehicle along these links, then on to its goal; returns why not, empty when it goes.

        The first link is the vehicle's present one, one before it, or the one after it.
        """
        _known(vehicle)
        driver = libsumo.vehicle
        if not links:
            return "the route has no links"
        if driver.getVehicleClass(vehicle) == "bus":
            return "a bus keeps to its line"
        graph = self._graph(driver.getVehicleClass(vehicle))
        old, index = driver.getRoute(vehicle), driver.getRouteIndex(vehicle)
        links = _from_here(links, old[index])
        wanted = tuple(links) if links[0] == old[index] else (old[index], *links)
        if unknown := [link for link in wanted if link not in graph.rows]:
            return f"link {unknown[0]!r} is not open to the vehicle"
        if broken := graph.first_gap(wanted):
            return f"no turn leads from {broken[0]!r} to {broken[1]!r}"
        route = self._to_goal(graph, wanted, old[index:])
        if not route:
            return f"the goal {old[-1]!r} cannot be reached from {wanted[-1]!r}"
        stops = {str(stop.lane).rpartition("_")[0] for stop in driver.getStops(vehicle)}
        if stops - set(route):
            return "the route misses a stop of the vehicle"
        try:
            driver.setRoute(vehicle, route)
        except libsumo.TraCIException as error:
            return str(error)
        return ""

    def _to_goal(self, graph: RouteGraph, wanted: Route, old: Sequence[str]) -> Route:
        if wanted[-1] in old:
            return wanted + tuple(old[len(old) - 1 - old[::-1].index(wanted[-1]) + 1 :])
        rest = graph.routes_from(wanted[-1], [old[-1]])[0]
        return wanted + rest[1:] if rest else ()

    def _graph(self, vehicle_class: str) -> RouteGraph:
        if vehicle_class not in self._graphs:
            self._graphs[vehicle_class] = route_graph(self.net, vehicle_class)
        return self._graphs[vehicle_class]

    def park_at(self, vehicle: str, car_park: str) -> str:
        """Send a vehicle to a car park; returns why not, empty when it goes."""
        _known(vehicle)
        if car_park not in libsumo.parkingarea.getIDList():
            raise UnknownObjectError("car park", car_park)
        driver = libsumo.vehicle
        if driver.getVehicleClass(vehicle) not in {"passenger", "taxi", "delivery"}:
            return "only cars and vans use the car parks"
        if driver.isStoppedParking(vehicle):
            return "the vehicle is parked"
        stops = driver.getStops(vehicle, 1)
        try:
            if stops and stops[0].stoppingPlaceID in libsumo.parkingarea.getIDList():
                driver.rerouteParkingArea(vehicle, car_park)
            else:
                driver.changeTarget(vehicle, libsumo.parkingarea.getLaneID(car_park).rpartition("_")[0])
                driver.setParkingAreaStop(vehicle, car_park, PARKING_TIME)
        except libsumo.TraCIException as error:
            return str(error)
        return ""


def _from_here(links: Sequence[str], here: str) -> Sequence[str]:
    """What is left of a route for a vehicle that has driven on since it was worked out."""
    return links[list(links).index(here) :] if here in links else links


@dataclass
class Breakdowns:
    """Lanes that are, or are to be, blocked by a vehicle that broke down."""

    net: SumoNet
    _wanted: dict[str, tuple[BlockLane, float]] = field(default_factory=dict)
    """Lane to its order and the simulation time at which it ends."""
    blockers: dict[str, str] = field(default_factory=dict)
    """Lane to the vehicle that blocks it."""
    _crawling: set[str] = field(default_factory=set)
    """Lanes whose breakdown slows the passing traffic."""

    def block(self, order: BlockLane) -> str:
        """Let the next vehicle that fits break down on the lane; returns why not."""
        lane = next((x for e in self.net.edges.values() for x in e.lanes if x.id == order.lane), None)
        if lane is None:
            raise UnknownObjectError("lane", order.lane)
        if not 0 < order.position < lane.length:
            return f"the lane is {lane.length:.0f} m long"
        self._wanted[order.lane] = (order, libsumo.simulation.getTime() + order.duration)
        return ""

    def clear(self, lane: str) -> str:
        """End a breakdown; returns why not."""
        if lane not in self._wanted:
            return "the lane is not blocked"
        self._wanted.pop(lane)
        blocker = self.blockers.pop(lane, "")
        self._speed_up(lane)
        if blocker in libsumo.vehicle.getIDList() and libsumo.vehicle.isStopped(blocker):
            libsumo.vehicle.resume(blocker)
        return ""

    def _watch(self, lane: str) -> None:
        """Wait until the chosen vehicle stands; choose again when it has left the city before."""
        if self.blockers[lane] not in libsumo.vehicle.getIDList():
            del self.blockers[lane]
        elif libsumo.vehicle.isStopped(self.blockers[lane]):
            self._slow_down(lane)

    def _slow_down(self, lane: str) -> None:
        """Those who pass a wreck crawl by."""
        self._crawling.add(lane)
        edge = lane.rpartition("_")[0]
        for other in self.net.edges[edge].lanes:
            if other.admits("passenger"):
                libsumo.lane.setMaxSpeed(other.id, _CRAWL)

    def _speed_up(self, lane: str) -> None:
        self._crawling.discard(lane)
        edge = lane.rpartition("_")[0]
        for other in self.net.edges[edge].lanes:
            libsumo.lane.setMaxSpeed(other.id, other.speed)

    def follow(self) -> None:
        """After each step: find vehicles for the lanes that still wait for one, end what is over."""
        now = libsumo.simulation.getTime()
        for lane, (order, end) in list(self._wanted.items()):
            if now >= end:
                self.clear(lane)
            elif lane not in self.blockers:
                self._stop_one(order, end - now)
            elif lane not in self._crawling:
                self._watch(lane)

    def _stop_one(self, order: BlockLane, duration: float) -> None:
        edge, _, index = order.lane.rpartition("_")
        for vehicle in self._candidates(order, edge):
            try:
                libsumo.vehicle.setStop(vehicle, edge, order.position, int(index), duration)
            except libsumo.TraCIException:  # too close to stop, or its route turns off before
                continue
            self.blockers[order.lane] = vehicle
            return

    def _candidates(self, order: BlockLane, edge: str) -> list[str]:
        """Vehicles that come by and can still stop there, the nearest first."""
        before = [link.start for link in self.net.connections if link.end == edge and link.start in self.net.edges]
        found = list(libsumo.lane.getLastStepVehicleIDs(order.lane))
        found += [v for e in dict.fromkeys(before) for v in libsumo.edge.getLastStepVehicleIDs(e)]
        ways = [(self._way_to(vehicle, order, edge), vehicle) for vehicle in found]
        return [vehicle for way, vehicle in sorted(ways) if _BRAKE_WAY <= way < math.inf]

    def _way_to(self, vehicle: str, order: BlockLane, edge: str) -> float:
        """Way of a vehicle to the place, m; inf for those that do not come by or have other stops to make."""
        driver = libsumo.vehicle
        if driver.getVehicleClass(vehicle) in {"bus", "bicycle"} or driver.getStops(vehicle, 1):
            return math.inf
        place, here = driver.getLanePosition(vehicle), driver.getRoadID(vehicle)
        if here == edge:
            return float(order.position - place)
        ahead = driver.getRoute(vehicle)[driver.getRouteIndex(vehicle) + 1 :]
        if not ahead or ahead[0] != edge:
            return math.inf
        return float(libsumo.lane.getLength(driver.getLaneID(vehicle)) - place + order.position)
