"""The timetable of the simulated city as a GTFS Schedule zip file, for the hours after a start.

Times between stops are planned as a dispatcher would: the speed limit with a margin, a share of each light's red, and
the usual dwell.
"""

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from maps.network import RoadNetwork
from simulators.errors import SimulatorsError
from simulators.sumo_demand import PlannedService

ZONE = ZoneInfo("Asia/Shanghai")
MARGIN = 1.45
"""Planned time over the time at the speed limit."""
PER_LIGHT = 16.0
"""Planned wait at a light, s."""
DWELL = 20.0
"""Planned dwell, s."""
STOP_LOSS = 6.0
"""Braking and picking up speed, s."""
HOURS = 4.0
"""The timetable covers so much after the start."""
_Rows = Iterable[Sequence[object]]


@dataclass(frozen=True)
class _Leg:
    """A direction of a line with its planned times, s after setting out."""

    service: PlannedService
    arrivals: tuple[float, ...]
    at_edge: Mapping[str, float]
    """When the start of an edge is passed."""


def read_services(path: Path) -> list[PlannedService]:
    """Read the bus lines of a built city.

    Raises:
        SimulatorsError: the file is missing or holds something else.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[PlannedService])
    except (OSError, msgspec.MsgspecError) as error:
        raise SimulatorsError(f"bus lines {path}: {error}") from error


def write_timetable(path: Path, services: Sequence[PlannedService], network: RoadNetwork, origin: float) -> None:
    """Write the timetable.

    Args:
        path: Zip file to write; it appears whole or not at all.
        services: Bus lines.
        network: Road network of the city.
        origin: UTC epoch of second 0 of the run, s.
    """
    day = dt.datetime.fromtimestamp(origin - 3600.0, ZONE).date()
    midnight = dt.datetime.combine(day, dt.time(12), ZONE).timestamp() - 43_200.0
    legs = [_plan(service, network) for service in services if len(service.stops) > 1]
    tables: dict[str, list[Sequence[object]]] = {
        "agency.txt": [
            ("agency_id", "agency_name", "agency_url", "agency_timezone"),
            ("demo", "演示公交 Demo Bus", "http://localhost/", str(ZONE)),
        ],
        "stops.txt": [("stop_id", "stop_name", "stop_lat", "stop_lon"), *_stops(services, network)],
        "routes.txt": [
            ("route_id", "agency_id", "route_short_name", "route_type"),
            *((line, "demo", line, 3) for line in dict.fromkeys(service.line for service in services)),
        ],
        "calendar_dates.txt": [("service_id", "date", "exception_type"), ("demo", f"{day:%Y%m%d}", 1)],
        "shapes.txt": [
            ("shape_id", "shape_pt_sequence", "shape_pt_lon", "shape_pt_lat"),
            *(row for leg in legs for row in _shape(leg.service, network)),
        ],
        "trips.txt": [("route_id", "service_id", "trip_id", "direction_id", "trip_headsign", "shape_id")],
        "stop_times.txt": [("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence")],
    }
    names = {str(stop): str(name) for stop, name in zip(network.stops.id, network.stops.name_zh, strict=True)}
    for leg in legs:
        for trip, start in _departures(leg, origin - midnight):
            direction, last = int(leg.service.id.endswith("b")), leg.service.stops[-1][1]
            sign = names.get(last, last)
            tables["trips.txt"].append((leg.service.line, "demo", trip, direction, sign, leg.service.id))
            tables["stop_times.txt"] += _calls(leg, trip, start)
    _write(path, tables)


def _plan(service: PlannedService, network: RoadNetwork) -> _Leg:
    rows = [network.link_rows[edge] for edge in service.route]
    links, lights = network.links, network.nodes.signal[network.links.to_node]
    seconds = [
        float(links.length[row] / links.speed[row]) * MARGIN + (PER_LIGHT if lights[row] >= 0 else 0.0) for row in rows
    ]
    begins = np.concatenate(([0.0], np.cumsum(seconds)[:-1])).tolist()
    offsets = dict(zip((str(stop) for stop in network.stops.id), network.stops.offset.tolist(), strict=True))
    numbers = {edge: number for number, edge in enumerate(service.route)}
    arrivals, stood = list[float](), 0.0
    for edge, stop in service.stops:
        number = numbers[edge]
        drive = offsets.get(stop, 0.0) / float(links.speed[rows[number]]) * MARGIN
        arrivals.append(begins[number] + drive + stood + STOP_LOSS)
        stood += DWELL + STOP_LOSS
    calls = [(numbers[edge], 0.0) for edge, _ in service.stops]
    before = [sum(1 for number, _ in calls if number < here) * (DWELL + STOP_LOSS) for here in range(len(rows))]
    at_edge = {edge: begins[number] + before[number] for number, edge in enumerate(service.route)}
    return _Leg(service, tuple(arrivals), at_edge)


def _departures(leg: _Leg, shift: float) -> Iterator[tuple[str, float]]:
    """Trip ids and when they set out at the start of the route, seconds of the service day."""
    service = leg.service
    for number, (edge, moment) in enumerate(service.early):
        start = shift + moment - leg.at_edge[edge]
        if start + leg.arrivals[0] >= 0:
            yield f"{service.id}e.{number}", start
    count = int((HOURS * 3600.0) // service.headway)
    for number in range(count):
        yield f"{service.id}.{number}", shift + service.first + number * service.headway


def _calls(leg: _Leg, trip: str, start: float) -> _Rows:
    times = [round(start + arrival) for arrival in leg.arrivals]
    ordered = [times[0], *(max(late, early + 1) for early, late in pairwise(times))]
    for number, ((_, stop), arrival) in enumerate(zip(leg.service.stops, ordered, strict=True)):
        yield trip, _clock(arrival), _clock(arrival + round(DWELL)), stop, number


def _shape(service: PlannedService, network: RoadNetwork) -> Iterator[Sequence[object]]:
    """Points of a route in order."""
    links, rows = network.links, [network.link_rows[edge] for edge in service.route]
    points = [network.shape(int(links.shape_start[row]), int(links.shape_count[row])) for row in rows]
    lon, lat = network.plane.inverse(*np.concatenate(points).T)
    for number, (east, north) in enumerate(zip(lon.tolist(), lat.tolist(), strict=True)):
        yield service.id, number, f"{east:.7f}", f"{north:.7f}"


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _stops(services: Sequence[PlannedService], network: RoadNetwork) -> _Rows:
    used = dict.fromkeys(stop for service in services for _, stop in service.stops)
    rows = {str(name): row for row, name in enumerate(network.stops.id)}
    for stop in used:
        row = rows[stop]
        lane = int(network.stops.lane[row])
        shape = network.shape(int(network.lanes.shape_start[lane]), int(network.lanes.shape_count[lane]))
        along = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(shape, axis=0).T))))
        offset = float(network.stops.offset[row])
        x, y = np.interp(offset, along, shape[:, 0]), np.interp(offset, along, shape[:, 1])
        lon, lat = network.plane.inverse(np.array([x]), np.array([y]))
        yield stop, str(network.stops.name_zh[row]), f"{float(lat[0]):.7f}", f"{float(lon[0]):.7f}"


def _write(path: Path, tables: Mapping[str, _Rows]) -> None:
    fresh = path.with_suffix(".part")
    with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in tables.items():
            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerows(rows)
            archive.writestr(name, text.getvalue())
    fresh.replace(path)
