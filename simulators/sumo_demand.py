"""Demand as SUMO files: vehicle types, flows over drawn routes, bus lines, car parks, cyclists and walkers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import quoteattr

import msgspec
import numpy as np

from simulators.sumo_routes import Route

END = 172_800
"""Last second for which demand is made."""

FILLED = 560.0
"""Second at which the car parks hold what they hold at the start, and all traffic begins."""
_FILL_GAP = 4.6
"""Seconds between two cars that are put into a car park; SUMO takes one after the other."""
WALK_END = 28_800
"""Last second at which a walker sets out."""

VEHICLE_TYPES = """
<vTypeDistribution id="motor">
  <vType id="car" vClass="passenger" length="4.7" width="1.8" height="1.5" minGap="2.2" probability="0.84"/>
  <vType id="van" vClass="delivery" length="5.6" width="2.0" height="2.2" minGap="2.2" probability="0.10"/>
  <vType id="truck" vClass="truck" length="8.5" width="2.4" height="3.1" accel="1.4" minGap="2.5" probability="0.06"/>
</vTypeDistribution>
<vType id="parker" vClass="passenger" length="4.7" width="1.8" height="1.5" minGap="2.2" speedDev="0.08"/>
<vType id="bus" vClass="bus" length="12.0" width="2.5" height="3.2" accel="1.2" minGap="2.5"/>
<vType id="cycle" vClass="bicycle" length="1.8" width="0.65" height="1.7" maxSpeed="5.5" speedDev="0.12"/>
<vType id="walker" vClass="pedestrian" length="0.4" width="0.5" height="1.7" speedDev="0.12"/>
"""


@dataclass(frozen=True)
class BusService:
    """One direction of a bus line."""

    id: str
    line: str
    headway: float
    route: Route
    stops: tuple[tuple[str, str], ...]
    """(edge, stop id) along the route."""


@dataclass(frozen=True)
class ParkingSite:
    """A car park beside a lane."""

    id: str
    name: str
    edge: str
    lane: str
    span: tuple[float, float]
    capacity: int
    share: float
    filled: float


@dataclass(frozen=True)
class BusStop:
    """A stop on a lane."""

    id: str
    name: str
    lane: str
    span: tuple[float, float]


@dataclass(frozen=True)
class Demand:
    """Everything that moves through a network."""

    trips: Sequence[Route]
    rides: Sequence[Route]
    walks: Sequence[tuple[str, str]]
    services: Sequence[BusService]
    stops: Sequence[BusStop]
    sites: Sequence[ParkingSite]
    to_park: dict[str, list[tuple[Route, Route]]] = field(default_factory=dict)
    """Car park to (way there, way on)."""
    present: int = 1000
    """Cars that are put on the road at second `FILLED`."""
    ramp: tuple[tuple[float, float], ...] = ((0.0, 3.0),)
    """(seconds after `FILLED`, cars a second): the shape of the peak."""
    cyclists: int = 120
    cyclist_rate: float = 0.35
    walker_rate: float = 1.0
    parker_rate: float = 0.2


def write_additional(path: Path, demand: Demand) -> None:
    """Write stops, car parks and what drivers do who find one full."""
    lines = [
        f'<busStop id="{s.id}" lane="{s.lane}" startPos="{s.span[0]:.1f}" endPos="{s.span[1]:.1f}" '
        f'name={quoteattr(s.name)} lines={quoteattr(_lines_at(demand, s.id))} friendlyPos="true"/>'
        for s in demand.stops
    ]
    lines += [
        f'<parkingArea id="{site.id}" lane="{site.lane}" startPos="{site.span[0]:.1f}" endPos="{site.span[1]:.1f}"'
        f' roadsideCapacity="{site.capacity}" angle="90" name={quoteattr(site.name)} friendlyPos="true"/>'
        for site in demand.sites
    ]
    if len(demand.sites) > 1:
        choices = "".join(f'<parkingAreaReroute id="{site.id}"/>' for site in demand.sites)
        edges = " ".join(site.edge for site in demand.sites)
        lines.append(
            f'<rerouter id="full" edges="{edges}"><interval begin="0" end="{END}">{choices}</interval></rerouter>'
        )
    _write(path, "additional", lines)


def _lines_at(demand: Demand, stop: str) -> str:
    named = dict.fromkeys(s.line for s in demand.services if any(stop == other for _, other in s.stops))
    return " ".join(named)


_Part = tuple[float, str]
"""(second from which it counts, XML); definitions come before all traffic."""
_DEFINITION = -1.0


def write_routes(path: Path, demand: Demand, seed: int) -> None:
    """Write all traffic."""
    rng = np.random.default_rng(seed)
    parts = [*_cars(demand), *_cycles(demand), *_buses(demand), *_parked(demand, rng), *_parkers(demand, rng)]
    parts += _walkers(demand, rng)
    # SUMO reads a route file in order of departure and drops what comes late.
    _write(path, "routes", [VEHICLE_TYPES, *(text for _, text in sorted(parts, key=lambda part: part[0]))])


def _write(path: Path, root: str, lines: list[str]) -> None:
    path.write_text(f"<{root}>\n" + "\n".join(lines) + f"\n</{root}>\n", encoding="utf-8")


def _distribution(name: str, routes: Sequence[str]) -> _Part:
    return _DEFINITION, "\n".join([f'<routeDistribution id="{name}">', *routes, "</routeDistribution>"])


def _plain_routes(name: str, routes: Sequence[Route]) -> list[str]:
    return [f'<route id="{name}.{i}" edges="{" ".join(route)}" probability="1"/>' for i, route in enumerate(routes)]


def _flow(name: str, kind: str, route: str, span: tuple[float, float], rate: float) -> _Part:
    return span[0], (
        f'<flow id="{name}" type="{kind}" route="{route}" begin="{span[0]:.0f}" end="{span[1]:.0f}" '
        f'period="exp({rate:.4f})" departLane="best" departSpeed="max" departPos="base"/>'
    )


def _prefill(name: str, kind: str, route: str, number: int) -> _Part:
    return FILLED, (
        f'<flow id="{name}" type="{kind}" route="{route}" begin="{FILLED:.0f}" end="{FILLED + 1:.0f}" '
        f'number="{number}" departLane="best" '
        f'departEdge="random" departPos="random_free" departSpeed="0"/>'
    )


def _cars(demand: Demand) -> Iterator[_Part]:
    yield _distribution("trips", _plain_routes("trips", demand.trips))
    yield _prefill("early", "motor", "trips", demand.present)
    ends = [begin for begin, _ in demand.ramp[1:]] + [END]
    for number, ((begin, rate), end) in enumerate(zip(demand.ramp, ends, strict=True)):
        yield _flow(f"car{number}", "motor", "trips", (FILLED + begin, min(FILLED + end, END)), rate)


def _cycles(demand: Demand) -> Iterator[_Part]:
    if demand.rides:
        yield _distribution("rides", _plain_routes("rides", demand.rides))
        yield _prefill("rider", "cycle", "rides", demand.cyclists)
        yield _flow("cycle", "cycle", "rides", (FILLED, END), demand.cyclist_rate)


def _buses(demand: Demand) -> Iterator[_Part]:
    for number, service in enumerate(demand.services):
        count = _early_count(service)
        for early in range(count):
            yield from _early_bus(service, early, early / count)
        first = _first_departure(number, service)
        route = f'<route id="{service.id}" edges="{" ".join(service.route)}">{_stops(service.stops)}</route>'
        yield _DEFINITION, route
        yield (
            first,
            (
                f'<flow id="{service.id}" type="bus" line={quoteattr(service.line)} route="{service.id}" '
                f'begin="{first:.0f}" end="{END}" period="{service.headway:.0f}" departLane="best"/>'
            ),
        )


def _early_count(service: BusService) -> int:
    """Buses that are under way already when all traffic begins."""
    return max(1, round(len(service.stops) * 75 / service.headway))


def _first_departure(number: int, service: BusService) -> float:
    return FILLED + (number * 37) % service.headway


class PlannedService(msgspec.Struct, frozen=True):
    """A direction of a bus line and when its buses set out, as it is noted beside the city."""

    id: str
    line: str
    headway: float
    """s"""
    route: Route
    """Edges in order."""
    stops: tuple[tuple[str, str], ...]
    """(edge, stop id) along the route."""
    first: float
    """Second of the run at which the first bus sets out at the start of the route; the others follow every headway."""
    early: tuple[tuple[str, float], ...]
    """(edge, second of the run) at which the buses set out that begin on the way."""


def write_services(path: Path, demand: Demand) -> None:
    """Note the bus lines and their departures as JSON."""
    planned = []
    for number, service in enumerate(demand.services):
        count = _early_count(service)
        starts = [service.route[int(early / count * len(service.route))] for early in range(count)]
        early = tuple((edge, FILLED) for edge in starts)
        first = _first_departure(number, service)
        planned.append(
            PlannedService(service.id, service.line, service.headway, service.route, service.stops, first, early)
        )
    path.write_bytes(msgspec.json.format(msgspec.json.encode(planned)))


def _early_bus(service: BusService, number: int, fraction: float) -> Iterator[_Part]:
    start = int(fraction * len(service.route))
    rest = service.route[start:]
    calls = tuple(call for call in service.stops if call[0] in rest[1:])
    yield (
        FILLED,
        (
            f'<vehicle id="{service.id}e.{number}" type="bus" line={quoteattr(service.line)} '
            f'depart="{FILLED:.0f}" departLane="best">'
            f'<route edges="{" ".join(rest)}"/>{_stops(calls)}</vehicle>'
        ),
    )


def _stops(calls: Sequence[tuple[str, str]]) -> str:
    return "".join(f'<stop busStop="{stop}" duration="18"/>' for _, stop in calls)


def _parked(demand: Demand, rng: np.random.Generator) -> Iterator[_Part]:
    for site in demand.sites:
        ways = demand.to_park.get(site.id, [])
        for number in range(round(site.capacity * site.filled) if ways else 0):
            onward = ways[int(rng.integers(len(ways)))][1]
            depart = number * _FILL_GAP
            stay = FILLED - depart + (rng.uniform(200, 2700) if site.filled < 1 else rng.uniform(600, 3600))
            yield (
                depart,
                (
                    f'<vehicle id="stay{site.id}.{number}" type="parker" depart="{depart:.1f}" '
                    f'departPos="stop" departLane="best">'
                    f'<route edges="{" ".join(onward)}"/>'
                    f'<stop parkingArea="{site.id}" duration="{stay:.0f}"/></vehicle>'
                ),
            )


def _parkers(demand: Demand, rng: np.random.Generator) -> Iterator[_Part]:
    for site in demand.sites:
        ways = demand.to_park.get(site.id, [])
        if not ways:
            continue
        routes = [
            f'<route id="to{site.id}.{number}" edges="{" ".join(way + onward[1:])}" probability="1">'
            f'<stop parkingArea="{site.id}" duration="{rng.uniform(900, 2400):.0f}"/></route>'
            for number, (way, onward) in enumerate(ways)
        ]
        yield _distribution(f"to{site.id}", routes)
        yield _flow(f"park{site.id}", "parker", f"to{site.id}", (FILLED, END), demand.parker_rate * site.share)


def _walkers(demand: Demand, rng: np.random.Generator) -> Iterator[_Part]:
    """Single walkers: SUMO would make all people of a flow at once, before the first step."""
    if not demand.walks:
        return
    departures = FILLED + np.cumsum(rng.exponential(1 / demand.walker_rate, int(WALK_END * demand.walker_rate)))
    for number, depart in enumerate(departures.tolist()):
        start, end = demand.walks[int(rng.integers(len(demand.walks)))]
        yield (
            depart,
            (
                f'<person id="w{number}" type="walker" depart="{depart:.1f}" departPos="random">'
                f'<walk from="{start}" to="{end}" arrivalPos="random"/></person>'
            ),
        )
