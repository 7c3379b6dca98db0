"""A bus line on one straight road, for tests of the bus network: stops every 500 m, a light after each third."""

import math
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from advice_city import build_network

from cloudctl.transit.arrivals import RoadNow
from cloudctl.transit.desk import TransitDesk
from cloudctl.transit.gtfs_import import import_gtfs
from cloudctl.transit.patterns import Pattern, PatternMaker
from cloudctl.transit.reports import BusFix
from cloudctl.transit.timetable import Timetable
from fusion.signal_cycles import SignalCycles
from ingest.messages.bus_status import BusStatus
from maps.network import RoadNetwork
from maps.routing import Router

BLOCK, BLOCKS = 500.0, 12
EAST, WEST = math.pi / 2, -math.pi / 2
HEADWAY = 300.0
LEG = 80.0
"""Planned time from stop to stop, s."""
DAY = "20261123"
SIX = 1_795_384_800.0
"""2026-11-23 06:00 in Shanghai, UTC epoch s: the first departure."""
SEQUENCES = tuple(10 * (number + 1) for number in range(BLOCKS))
"""stop_sequence of the calls: neither from 0 nor without gaps."""


@cache
def network() -> RoadNetwork:
    """A road from west to east and back, with lights at P3, P6 and P9."""
    places = {f"P{number}": (BLOCK * number, 0.0) for number in range(BLOCKS + 1)}
    roads = [(f"E{number}", f"P{number}", f"P{number + 1}", 1) for number in range(BLOCKS)]
    roads += [(f"W{number}", f"P{number + 1}", f"P{number}", 1) for number in reversed(range(BLOCKS))]
    return build_network(places, roads, ["P3", "P6", "P9"])


def stop_x(number: int) -> float:
    """Where a stop lies: 300 m into its block."""
    return BLOCK * number + 300.0


def write_gtfs(path: Path, trips: int = 24, **changed: str) -> Path:
    """Write the timetable of line 1 (to the east and back) and line 2 (to the east, its first half)."""
    lon, lat = network().plane.inverse(np.array([stop_x(n) for n in range(BLOCKS)]), np.zeros(BLOCKS))
    stops = "".join(f"S{n},站{n},{lat[n]:.7f},{lon[n]:.7f}\n" for n in range(BLOCKS))
    runs = [("1", 0, f"e{k}", list(range(BLOCKS)), HEADWAY * k) for k in range(trips)]
    runs += [("2", 0, f"h{k}", list(range(BLOCKS // 2)), HEADWAY * k + 150.0) for k in range(trips)]
    tables = {
        "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\na,Bus,http://x/,Asia/Shanghai\n",
        "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\n" + stops,
        "routes.txt": "route_id,route_short_name,route_type\n1,1路,3\n2,2路,3\n",
        "calendar_dates.txt": f"service_id,date,exception_type\nd,{DAY},1\n",
        "trips.txt": "route_id,service_id,trip_id,direction_id,block_id\n"
        + "".join(f"{line},d,{trip},{way},b{trip}\n" for line, way, trip, _, _ in runs),
        "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        + "".join(_calls(trip, calls, start) for _, _, trip, calls, start in runs),
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**tables, **{f"{key}.txt": value for key, value in changed.items()}}.items():
            archive.writestr(name, text)
    return path


def _calls(trip: str, calls: Sequence[int], start: float) -> str:
    rows = []
    for order, stop in enumerate(calls):
        arrival = round(6 * 3600 + start + LEG * order)
        rows.append(f"{trip},{_clock(arrival)},{_clock(arrival + 20)},S{stop},{SEQUENCES[order]}\n")
    return "".join(rows)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


@cache
def city() -> tuple[Timetable, dict[str, Pattern], dict[str, str]]:
    """Timetable, patterns, and pattern of each trip."""
    with TemporaryDirectory() as folder:
        timetable = import_gtfs(write_gtfs(Path(folder) / "gtfs.zip")).timetable
    patterns, of_trip, bad = PatternMaker(network(), Router(network())).all_of(timetable)
    assert not bad
    return timetable, patterns, of_trip


def pattern(line: str = "1") -> Pattern:
    """Way of a line to the east."""
    return next(each for each in city()[1].values() if each.line == line)


def desk() -> TransitDesk:
    """Give a desk that has seen nothing yet."""
    timetable, patterns, of_trip = city()
    return TransitDesk(network(), timetable, patterns, of_trip)


def quiet_road() -> RoadNow:
    """No queues, and lights of which nothing is known."""
    nothing = np.zeros(len(network().lanes.length))
    return RoadNow(SignalCycles(network()).table(), nothing, nothing)


def fix(vehicle: str, x: float, now: float, speed: float = 10.0, y: float = 0.0, heading: float = EAST) -> BusFix:
    """A bus on the road, or beside it."""
    link = min(max(int(x // BLOCK), 0), BLOCKS - 1)
    name = f"E{link}" if heading == EAST else f"W{link}"
    row = network().link_rows[name] if abs(y) < 10 else -1
    return BusFix(vehicle, x, y, heading, speed, row, 0, now)


def status(line: str | None = "1路", trip: str | None = None, passengers: int | None = None) -> BusStatus:
    """What a bus says."""
    return BusStatus(
        timestamp=0, seq=0, line=line, direction=0 if line else None, trip=trip, passengers=passengers, capacity=80
    )


@dataclass
class Bus:
    """A bus that drives at a steady speed and stands at each stop."""

    name: str
    x: float
    speed: float = 10.0
    dwell: float = 20.0
    stands: float = 0.0
    """Seconds left at the stop."""
    served: set[int] = field(default_factory=set)

    def second(self) -> float:
        """Move on by a second; gives the speed."""
        if self.stands > 0:
            self.stands -= 1
            return 0.0
        following = next((n for n in range(BLOCKS) if n not in self.served and stop_x(n) >= self.x - 1e-9), None)
        self.x += self.speed
        if following is not None and self.x >= stop_x(following):
            self.x, self.stands = stop_x(following), self.dwell
            self.served.add(following)
            return 0.0
        return self.speed


def drive(
    transit: TransitDesk,
    buses: Sequence[Bus],
    seconds: int,
    now: float,
    statuses: Mapping[str, BusStatus] | None = None,
) -> float:
    """Let buses drive and the desk look on, a turn a second; gives the time afterwards."""
    said = {bus.name: status() for bus in buses} if statuses is None else statuses
    for _ in range(seconds):
        now += 1.0
        fixes = [fix(bus.name, bus.x, now, bus.second()) for bus in buses]
        fixes = [fix(bus.name, bus.x, now, each.speed) for bus, each in zip(buses, fixes, strict=True)]
        transit.turn(fixes, said, quiet_road(), now)
    return now
