"""Import a bus timetable from GTFS Schedule; rows that are wrong are left out and named, the rest is kept.

Frequencies (frequencies.txt) become trips of their own, one a departure. Calls without times between two timed ones
are interpolated evenly, as the GTFS reference allows.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from cloudctl.transit.errors import TimetableError
from cloudctl.transit.gtfs_tables import Finding, Row, Tables
from cloudctl.transit.timetable import BusLine, BusStop, Call, ServiceDays, Timetable, Trip

T = TypeVar("T")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_BUS_TYPES = {"3", "11", "700", "701", "702", "704", "705", "711", "712", "715", "800"}
_TIMED = tuple[int, str, float | None, float | None]
"""(stop_sequence, stop id, arrival, departure)"""


@dataclass
class Import:
    """A timetable and what was wrong with its source."""

    timetable: Timetable
    findings: list[Finding] = field(default_factory=list)
    missing_stops: dict[str, str] = field(default_factory=dict)
    """Stops that trips call at and stops.txt does not have, each with the first such trip."""


class _Notes:
    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.missing_stops: dict[str, str] = {}

    def each(self, rows: Iterable[Row], make: Callable[[Row], T]) -> list[T]:
        """Make something of every row; a row that is wrong becomes a finding."""
        made: list[T] = []
        for row in rows:
            try:
                made.append(make(row))
            except ValueError as fault:
                self.add(row.file, row.line, str(fault))
        return made

    def add(self, file: str, line: int, detail: str) -> None:
        self.findings.append(Finding(file, line, detail))


def import_gtfs(source: Path) -> Import:
    """Read a GTFS zip file or folder.

    Raises:
        TimetableError: a required table is missing, or nothing usable is left.
    """
    tables, notes = Tables(source), _Notes()
    try:
        stops = {stop.id: stop for stop in notes.each(tables.rows("stops.txt"), _stop)}
        lines = {line.id: line for line in notes.each(tables.rows("routes.txt"), _line)}
        services = _services(tables, notes)
        timed = _calls(tables, notes, stops)
        trips = _trips(tables, notes, (lines, services, timed))
        trips = _repeated(tables, notes, trips)
        zone = _zone(tables, source)
        shapes = _shapes(tables, notes)
    finally:
        tables.close()
    if not trips:
        raise TimetableError(source, "no trip can be used: " + (notes.findings[0].detail if notes.findings else "none"))
    version = hashlib.sha256(repr((sorted(trips), sorted(stops))).encode()).hexdigest()[:12]
    return Import(Timetable(zone, stops, lines, trips, services, shapes, version), notes.findings, notes.missing_stops)


def _stop(row: Row) -> BusStop:
    return BusStop(
        row.text("stop_id"),
        row.text("stop_name", ""),
        row.number("stop_lon", -180, 180),
        row.number("stop_lat", -90, 90),
    )


def _line(row: Row) -> BusLine:
    kind = row.text("route_type")
    if kind not in _BUS_TYPES:
        raise ValueError(f"route_type {kind} of route {row.text('route_id')!r} is no bus")
    short, long = row.text("route_short_name", ""), row.text("route_long_name", "")
    return BusLine(row.text("route_id"), short or long or row.text("route_id"), long, kind)


def _zone(tables: Tables, source: Path) -> ZoneInfo:
    row = next(iter(tables.rows("agency.txt")), None)
    name = row.text("agency_timezone", "") if row else ""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # KeyError: no such zone
        raise TimetableError(source, f"agency.txt: agency_timezone {name!r} is unknown") from error


def _date(text: str, name: str) -> dt.date:
    try:
        return dt.datetime.strptime(text, "%Y%m%d").replace(tzinfo=dt.UTC).date()
    except ValueError:
        raise ValueError(f"{name} {text!r} is no date YYYYMMDD") from None


def _services(tables: Tables, notes: _Notes) -> dict[str, ServiceDays]:
    found: dict[str, ServiceDays] = {}

    def weekly(row: Row) -> None:
        days = frozenset(number for number, name in enumerate(_DAYS) if row.integer(name))
        start, end = _date(row.text("start_date"), "start_date"), _date(row.text("end_date"), "end_date")
        found[row.text("service_id")] = ServiceDays(days, start, end)

    def exception(row: Row) -> None:
        day, service = _date(row.text("date"), "date"), row.text("service_id")
        known, kind = found.get(service, ServiceDays()), row.text("exception_type")
        if kind == "1":
            found[service] = replace(known, added=known.added | {day}, removed=known.removed - {day})
        elif kind == "2":
            found[service] = replace(known, removed=known.removed | {day}, added=known.added - {day})
        else:
            raise ValueError(f"exception_type {kind!r} is neither 1 nor 2")

    notes.each(tables.rows("calendar.txt", required="calendar_dates.txt" not in tables), weekly)
    notes.each(tables.rows("calendar_dates.txt", required=False), exception)
    return found


def _calls(tables: Tables, notes: _Notes, stops: dict[str, BusStop]) -> dict[str, list[_TIMED] | None]:
    """Timed calls by trip; None for a trip that a wrong row makes unusable."""
    found: dict[str, list[_TIMED] | None] = {}
    for row in tables.rows("stop_times.txt"):
        trip = row.cells.get("trip_id", "")
        try:
            stop = row.text("stop_id")
            if stop not in stops:
                notes.missing_stops.setdefault(stop, trip)
                raise ValueError(f"stop_id {stop!r} of trip {trip!r} is not in stops.txt")  # noqa: TRY301  # one way out
            arrival, departure = row.seconds("arrival_time"), row.seconds("departure_time")
            call = (row.integer("stop_sequence"), stop, arrival if arrival is not None else departure, departure)
        except ValueError as fault:
            notes.add(row.file, row.line, str(fault))
            found[trip] = None
            continue
        calls = found.setdefault(trip, [])
        if calls is not None:
            calls.append(call)
    return found


def _trips(
    tables: Tables,
    notes: _Notes,
    known: tuple[dict[str, BusLine], dict[str, ServiceDays], dict[str, list[_TIMED] | None]],
) -> dict[str, Trip]:
    lines, services, timed = known

    def make(row: Row) -> Trip:
        name, line, service = row.text("trip_id"), row.text("route_id"), row.text("service_id")
        if line not in lines:
            raise ValueError(f"route_id {line!r} of trip {name!r} is no bus line of routes.txt")
        if service not in services:
            raise ValueError(f"service_id {service!r} of trip {name!r} is in no calendar")
        calls = timed.get(name, [])
        if calls is None or len(calls) < 2:
            raise ValueError(f"trip {name!r} has fewer than two calls that can be used")
        direction = row.integer("direction_id", 0)
        return Trip(
            name, line, direction, service, _in_order(name, calls), row.text("trip_headsign", ""),
            row.text("block_id", ""), row.text("shape_id", ""),
        )  # fmt: skip

    return {trip.id: trip for trip in notes.each(tables.rows("trips.txt"), make)}


def _in_order(trip: str, calls: list[_TIMED]) -> tuple[Call, ...]:
    ordered = sorted(calls)
    if ordered[0][2] is None or ordered[-1][2] is None:
        raise ValueError(f"trip {trip!r} has no time at its first or last stop")
    timed = [(number, call) for number, call in enumerate(ordered) if call[2] is not None]
    made: list[Call] = []
    for (first, start), (last, end) in pairwise(timed):
        leave, arrive = start[3] if start[3] is not None else start[2], end[2]
        if leave is None or arrive is None or arrive < leave:
            raise ValueError(f"trip {trip!r} arrives at stop {end[1]!r} before it leaves stop {start[1]!r}")
        made.append(Call(start[1], float(start[2] or 0.0), leave, start[0]))
        for between in range(first + 1, last):
            moment = leave + (arrive - leave) * (between - first) / (last - first)
            made.append(Call(ordered[between][1], moment, moment, ordered[between][0]))
    final = ordered[-1]
    arrival = float(final[2] or 0.0)
    made.append(Call(final[1], arrival, arrival if final[3] is None else final[3], final[0]))
    return tuple(made)


def _repeated(tables: Tables, notes: _Notes, trips: dict[str, Trip]) -> dict[str, Trip]:
    """Replace trips that run by frequency by one trip a departure."""
    made = dict(trips)

    def repeat(row: Row) -> None:
        name = row.text("trip_id")
        if name not in trips:
            raise ValueError(f"trip_id {name!r} is not a trip that can be used")
        start, end, headway = row.seconds("start_time"), row.seconds("end_time"), row.number("headway_secs", 1, 86_400)
        if start is None or end is None:
            raise ValueError(f"trip {name!r} has no start_time or end_time")
        trip, exact = trips[name], row.text("exact_times", "0") == "1"
        made.pop(name, None)
        moment = start
        while moment < end:
            shift = moment - trip.calls[0].departure
            calls = tuple(
                replace(call, arrival=call.arrival + shift, departure=call.departure + shift) for call in trip.calls
            )
            copy = f"{name}#{int(moment)}"
            made[copy] = replace(trip, id=copy, calls=calls, template=name, exact=exact)
            moment += headway

    notes.each(tables.rows("frequencies.txt", required=False), repeat)
    return made


def _shapes(tables: Tables, notes: _Notes) -> dict[str, tuple[tuple[float, float], ...]]:
    found: dict[str, list[tuple[int, float, float]]] = {}

    def point(row: Row) -> None:
        lon, lat = row.number("shape_pt_lon", -180, 180), row.number("shape_pt_lat", -90, 90)
        found.setdefault(row.text("shape_id"), []).append((row.integer("shape_pt_sequence"), lon, lat))

    notes.each(tables.rows("shapes.txt", required=False), point)
    return {name: tuple((lon, lat) for _, lon, lat in sorted(points)) for name, points in found.items()}
