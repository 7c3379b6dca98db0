"""Traffic of the demo city: who drives, rides and walks where, and at which stops the buses call."""

from itertools import pairwise

import numpy as np

from simulators import city_plan as plan
from simulators.city_plan_xml import Approach, approaches
from simulators.errors import CityBuildError
from simulators.sumo_demand import BusService, BusStop, Demand, ParkingSite
from simulators.sumo_net import SumoNet
from simulators.sumo_routes import Route, RouteGraph, TripDraw, random_routes, route_graph

WARM_UP = 240
"""Seconds that traffic runs before the demo starts."""
CAP = 1500
"""Motor vehicles on the road in the peak."""
_WESTERN_GATES = ("GW1", "GW2", "GN1", "GS1", "P1w", "P1e", "P2w", "P2e")
_RAMP = ((0.0, 2.4), (WARM_UP, 2.5), (WARM_UP + 600.0, 2.0))


def city_demand(net: SumoNet, seed: int) -> Demand:
    """Draw the demand of the city."""
    rng = np.random.default_rng(seed)
    cars = route_graph(net, "passenger")
    services = _services()
    sites = _sites(net)
    return Demand(
        trips=random_routes(cars, _draw(cars), 1400, rng),
        rides=random_routes(route_graph(net, "bicycle"), _ride_draw(net), 400, rng),
        walks=_walks(net, rng),
        services=services,
        stops=_stops(net, services),
        sites=sites,
        to_park={site.id: _ways_to(cars, site, rng) for site in sites},
        present=1000,
        ramp=_RAMP,
    )


def _draw(graph: RouteGraph) -> TripDraw:
    """Four trips in ten begin or end outside of the city; none begins on a bridge or before a light."""
    ends = np.array([edge.split("_")[:2] for edge in graph.ids])
    gate_in, gate_out = np.char.startswith(ends[:, 0], "G"), np.char.startswith(ends[:, 1], "G")
    bay = np.char.endswith(np.array(graph.ids), "_b")
    bridge = np.char.startswith(ends[:, 0], "W") & np.char.startswith(ends[:, 1], "E")
    bridge |= np.char.startswith(ends[:, 0], "E") & np.char.startswith(ends[:, 1], "W")
    inside = ~(gate_in | gate_out | bay | bridge)
    gate_in &= ~bay
    doors_in, doors_out = gate_in * graph.lanes, gate_out * graph.lanes
    return TripDraw(
        origins=0.6 * inside / inside.sum() + 0.4 * doors_in / doors_in.sum(),
        goals=0.6 * inside / inside.sum() + 0.4 * doors_out / doors_out.sum(),
        per_origin=4,
        shortest=1000.0,
        longest=6000.0,
        zones=np.where(np.char.startswith(ends[:, 0], "W") | np.isin(ends[:, 0], _WESTERN_GATES), 0, 1),
        leaving=0.35,
    )


def _ride_draw(net: SumoNet) -> TripDraw:
    graph = route_graph(net, "bicycle")
    weights = np.array([1.0 if not edge.endswith("_b") else 0.0 for edge in graph.ids])
    return TripDraw(weights, weights, per_origin=6, shortest=600.0, longest=3000.0, spread=0.1)


def _chain(ways: dict[tuple[str, str], Approach], start: str, end: str) -> list[Approach]:
    """Approaches from a crossing to the next, through the mouth of a side street if one lies between."""
    if (start, end) in ways:
        return [ways[start, end]]
    for (a, b), way in ways.items():
        if a == start and (b, end) in ways and b[0] == "P":
            return [way, ways[b, end]]
    raise CityBuildError("a bus line leaves the streets", f"{start} to {end}")


def _services() -> list[BusService]:
    ways = {(a.way.start, a.way.end): a for a in approaches()}
    found = []
    for number, line in enumerate(plan.LINES, start=1):
        for direction, way in (("a", line.way), ("b", line.way[::-1])):
            chain = [step for pair in pairwise(way) for step in _chain(ways, *pair)]
            route: Route = tuple(dict.fromkeys(edge for step in chain for edge in (step.main, step.last)))
            calls = tuple((a.main, f"S.{a.main}") for a in chain[:-1] if _has_stop(a))
            found.append(BusService(f"bus{number:02d}{direction}", line.name, line.headway, route, calls))
    return found


def _has_stop(approach: Approach) -> bool:
    return approach.way.start[0] != "G" and approach.way.kind != "local" and "Bridge" not in approach.way.name


def _stops(net: SumoNet, services: list[BusService]) -> list[BusStop]:
    by_main = {a.main: a for a in approaches()}
    streets: dict[str, list[str]] = {}
    for approach in by_main.values():
        streets.setdefault(approach.way.start, []).append(approach.way.name)
    found = {}
    for edge, stop in (call for service in services for call in service.stops):
        lane = net.edges[edge].lane_for("bus")
        if lane is None:
            raise CityBuildError("no lane for buses", edge)
        start = min(45.0, lane.length * 0.3)
        found[stop] = BusStop(stop, _stop_name(by_main[edge], streets), lane.id, (start, start + 26.0))
    return list(found.values())


def _stop_name(approach: Approach, streets: dict[str, list[str]]) -> str:
    """Named after the street and the one that crosses it behind the bus."""
    own = approach.way.name
    cross = next((name for name in streets[approach.way.start] if name != own), own)
    (zh, en), (zh_cross, en_cross) = own.split("|"), cross.split("|")
    return f"{zh}{zh_cross}口|{en} at {en_cross}"


def _sites(net: SumoNet) -> list[ParkingSite]:
    found = []
    for side in plan.SIDE_STREETS:
        edge = net.edges[f"{side.car_park}w_{side.car_park}e"]
        lane = edge.lane_for("passenger")
        if lane is None:
            raise CityBuildError("no lane for cars", edge.id)
        middle, half = lane.length / 2, min(lane.length / 2 - 40.0, side.capacity * 1.3)
        found.append(
            ParkingSite(side.car_park, side.car_park_name, edge.id, lane.id, (middle - half, middle + half),
                        side.capacity, side.share, side.filled)
        )  # fmt: skip
    return found


def _ways_to(graph: RouteGraph, site: ParkingSite, rng: np.random.Generator) -> list[tuple[Route, Route]]:
    """Ways to a car park and on out of the city."""
    gates_out = [edge for edge in graph.ids if edge.split("_")[1].startswith("G")]
    onward = [route for route in graph.routes_from(site.edge, gates_out) if route]
    starts = [edge for edge in graph.ids if not edge.endswith("_b") and not edge.split("_")[1].startswith("G")]
    drawn = (graph.routes_from(start, [site.edge])[0] for start in rng.permutation(starts)[:60])
    ways = [way for way in drawn if way and graph.distance(way) > 700]
    return [(way, onward[int(rng.integers(len(onward)))]) for way in ways]


def _walks(net: SumoNet, rng: np.random.Generator) -> list[tuple[str, str]]:
    """Walks of a few hundred metres, most of them over a crossing with lights."""
    edges = [e for e in net.edges.values() if e.lane_for("pedestrian") and e.length > 40]
    found = list[tuple[str, str]]()
    while len(found) < 90:
        a = edges[int(rng.integers(len(edges)))]
        near = [e for e in edges if e.id != a.id and {e.start, e.end} & {a.start, a.end} and len(e.start) == 3]
        if near:
            found.append((a.id, near[int(rng.integers(len(near)))].id))
    return found
