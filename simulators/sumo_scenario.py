"""Traffic for any SUMO network: trips about its busiest part, some bus lines, car parks and a breakdown."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simulators.city_build import write_scenario
from simulators.city_files import CityFiles, Incident
from simulators.errors import CityBuildError
from simulators.sumo_demand import FILLED, BusService, BusStop, Demand, ParkingSite
from simulators.sumo_net import NetEdge, SumoNet, read_net
from simulators.sumo_routes import Route, RouteGraph, TripDraw, random_routes, route_graph

CAP = 1200
"""Vehicles on the road."""
WARM_UP = 150.0
REACH = 2500.0
"""Metres about the busiest part within which most trips begin and end."""
LINES = 6
CAR_PARKS = 4
_STOP_GAP = 450.0
_CAR = "passenger"


def build_demand_for(net_file: Path, directory: Path, seed: int = 1) -> CityFiles:
    """Make traffic for a network, or do nothing where it is up to date.

    Raises:
        CityBuildError: The file is no SUMO network, or too small to carry traffic.
    """
    files = _files(net_file, directory)
    net = read_net(net_file)
    made = _Scenario.draw(net, seed)
    files = replace(files, incident=made.incident())
    wanted = _fingerprint(net_file, seed)
    mark = directory / "fingerprint"
    if mark.exists() and mark.read_text() == wanted and files.state.exists():
        return files
    directory.mkdir(parents=True, exist_ok=True)
    mark.unlink(missing_ok=True)
    write_scenario(files, made.demand(), seed, CAP)
    mark.write_text(wanted)
    return files


def _files(net_file: Path, directory: Path) -> CityFiles:
    return CityFiles(
        net=net_file.resolve(),
        additional=directory / "city.add.xml",
        routes=directory / "city.rou.xml",
        services=directory / "services.json",
        sumocfg=directory / "city.sumocfg",
        background_geojson=None,
        state=directory / "warm.xml.gz",
        begin=FILLED + WARM_UP,
        incident=Incident("", 0.0, 0.5, 420.0),
    )


def _fingerprint(net_file: Path, seed: int) -> str:
    digest = hashlib.sha256(f"{seed}".encode() + net_file.read_bytes())
    for source in sorted(Path(__file__).parent.glob("sumo_*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class _Scenario:
    """Draws the parts of a demand from one stream of random numbers."""

    net: SumoNet
    graph: RouteGraph
    weights: NDArray[np.float64]
    """Of each edge of the graph, by its distance from the busiest part."""
    trips: list[Route]
    rng: np.random.Generator

    @staticmethod
    def draw(net: SumoNet, seed: int) -> "_Scenario":
        """Draw the trips."""
        rng = np.random.default_rng(seed)
        graph = route_graph(net, _CAR)
        if len(graph.ids) < 2 or not len(graph.cost):
            raise CityBuildError("the network has no streets for cars")
        weights = _weights(net, graph)
        span = max(net.bounds[2] - net.bounds[0], net.bounds[3] - net.bounds[1])
        shortest = min(800.0, 0.2 * span)
        trips = random_routes(graph, TripDraw(weights, weights, 12, shortest, 6000.0), 1200, rng)
        if len(trips) < 20:
            raise CityBuildError("the network has too few routes to carry traffic", f"{len(trips)} found")
        return _Scenario(net, graph, weights, trips, rng)

    def demand(self) -> Demand:
        """All traffic."""
        stops: dict[str, BusStop] = {}
        services = [service for number in range(LINES) for service in self._line(number, stops)]
        sites = self._sites()
        share = float(np.mean([self.graph.distance(trip) for trip in self.trips]))
        rate = 0.8 * CAP / (share / 6.0)
        size = min(1.0, len(self.graph.ids) / 400)
        return Demand(
            trips=self.trips,
            rides=(),
            walks=(),
            services=services,
            stops=list(stops.values()),
            sites=sites,
            to_park={site.id: self._ways_to(site) for site in sites},
            present=round(950 * size),
            ramp=((0.0, rate * size), (WARM_UP + 600.0, 0.9 * rate * size)),
        )

    def incident(self) -> Incident:
        """A breakdown on the lane that most trips pass, among streets with a second lane."""
        used: dict[str, int] = {}
        for trip in self.trips:
            for edge in trip[1:-1]:
                used[edge] = used.get(edge, 0) + 1
        wide = [e for e in used if self._cars(e) > 1 and self.net.edges[e].length > 120] or list(used)
        busiest = self.net.edges[max(wide, key=lambda e: (used[e], e))]
        lane = busiest.lane_for(_CAR) or busiest.lanes[0]
        return Incident(lane.id, max(1.0, lane.length - 40.0), 0.5, 420.0)

    def _cars(self, edge: str) -> int:
        return sum(lane.admits(_CAR) for lane in self.net.edges[edge].lanes)

    def _line(self, number: int, stops: dict[str, BusStop]) -> list[BusService]:
        graph = route_graph(self.net, "bus")
        long = [t for t in self.trips if graph.distance(t) > 0 and all(e in graph.rows for e in t)]
        way = sorted(long, key=len)[-1 - number * 7 % len(long)]
        back = graph.routes_from(way[-1], [way[0]])[0]
        found = []
        for direction, route in (("a", way), ("b", back)):
            calls = self._calls(route, f"{101 + number}", stops) if route else ()
            if calls:
                found.append(BusService(f"bus{number + 1:02d}{direction}", f"{101 + number}", 300.0, route, calls))
        return found

    def _calls(self, route: Route, line: str, stops: dict[str, BusStop]) -> tuple[tuple[str, str], ...]:
        calls, since = [], 0.0
        for edge in (self.net.edges[e] for e in route[1:-1]):
            since += edge.length
            lane = edge.lane_for("bus")
            if lane is None or since < _STOP_GAP or lane.length < 60.0:
                continue
            since = 0.0
            stop = f"S.{edge.id}"
            stops[stop] = BusStop(
                stop, _two_names(edge.name) or f"{line}路站|Stop of line {line}", lane.id, (15.0, 41.0)
            )
            calls.append((edge.id, stop))
        return tuple(calls)

    def _sites(self) -> list[ParkingSite]:
        quiet = [
            row for row, e in enumerate(self.graph.ids) if self._suits(self.net.edges[e]) and self.weights[row] > 0.1
        ]
        chosen = self.rng.permutation(quiet)[:40].tolist()
        sites: list[ParkingSite] = []
        for row in chosen:
            edge = self.net.edges[self.graph.ids[row]]
            lane = edge.lane_for(_CAR)
            number = len(sites) + 1
            site = ParkingSite(
                f"P{number}", f"{number}号停车场|Car Park {number}", edge.id, lane.id if lane else "",
                (10.0, edge.length - 10.0), 60 + 30 * len(sites), 0.25, (1.0, 0.6, 0.5, 0.4)[len(sites)],
            )  # fmt: skip
            if len(self._ways_to(site)) >= 5:
                sites.append(site)
            if len(sites) == CAR_PARKS:
                break
        return sites

    def _suits(self, edge: NetEdge) -> bool:
        return edge.length > 90 and self._cars(edge.id) <= 2 and edge.speed < 17

    def _ways_to(self, site: ParkingSite) -> list[tuple[Route, Route]]:
        """Ways to a car park and on to where another trip ends."""
        rng = np.random.default_rng(len(site.edge))
        ends = sorted({trip[-1] for trip in self.trips})
        onward = self.graph.routes_from(site.edge, [ends[i] for i in rng.permutation(len(ends))[:30]])
        onward = [route for route in onward if len(route) > 3]
        starts = sorted({trip[0] for trip in self.trips})
        there = (self.graph.routes_from(starts[i], [site.edge])[0] for i in rng.permutation(len(starts))[:25])
        ways = [way for way in there if len(way) > 3]
        return [(way, onward[i % len(onward)]) for i, way in enumerate(ways)] if onward else []


def _weights(net: SumoNet, graph: RouteGraph) -> NDArray[np.float64]:
    """Weight of each edge by its distance from where the lights stand closest together."""
    middles = np.array([_middle(net, edge) for edge in graph.ids])
    signals = [net.junctions[s] for s in net.programs if s in net.junctions]
    posts = np.array([[s.x, s.y] for s in signals]) if signals else middles
    near = (np.linalg.norm(posts[:, None] - posts[None], axis=2) < REACH).sum(axis=1)
    away = np.linalg.norm(middles - posts[int(near.argmax())], axis=1)
    return np.asarray(np.exp(-((away / REACH) ** 2)) * np.sqrt(graph.length * graph.lanes))


def _middle(net: SumoNet, edge: str) -> tuple[float, float]:
    start, end = net.junctions[net.edges[edge].start], net.junctions[net.edges[edge].end]
    return (start.x + end.x) / 2, (start.y + end.y) / 2


def _two_names(name: str) -> str:
    if not name:
        return ""
    return name if "|" in name else f"{name}站|{name}"
