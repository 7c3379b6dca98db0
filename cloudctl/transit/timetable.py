"""A bus timetable as it was published: stops, lines, trips and the days on which they run (GTFS Schedule reference).

Times of calls are seconds after noon minus 12 h of the service day, as GTFS counts them, and may exceed 86,400.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class BusStop:
    """A stop (公交站): where people get on and off."""

    id: str
    name: str
    lon: float
    lat: float


def clock_text(seconds: float) -> str:
    """Seconds of the service day as HH:MM:SS, as GTFS writes them."""
    whole = round(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


@dataclass(frozen=True)
class BusLine:
    """A line (公交线路), GTFS route."""

    id: str
    name: str
    """What stands on the bus."""
    long_name: str = ""
    kind: str = "3"
    """route_type; 711 is a shuttle."""


@dataclass(frozen=True)
class Call:
    """A trip calls at a stop."""

    stop: str
    arrival: float
    departure: float
    """Seconds of the service day."""
    sequence: int = 0
    """stop_sequence of the timetable."""


@dataclass(frozen=True)
class Trip:
    """One run of a bus along a line (班次)."""

    id: str
    line: str
    direction: int
    """0 or 1."""
    service: str
    calls: tuple[Call, ...]
    headsign: str = ""
    block: str = ""
    """Trips of one vehicle share it."""
    shape: str = ""
    template: str = ""
    """Trip that this one repeats by frequency, empty where it stands for itself."""
    exact: bool = True
    """Whether it leaves at its time; False for a trip by frequency without exact_times."""

    @property
    def published_id(self) -> str:
        """Id under which the timetable knows the trip."""
        return self.template or self.id

    @property
    def start_time(self) -> str:
        """HH:MM:SS at which a trip by frequency starts, empty for others."""
        return clock_text(self.calls[0].departure) if self.template else ""

    @property
    def stops(self) -> tuple[str, ...]:
        """Ids of the stops in order."""
        return tuple(call.stop for call in self.calls)


@dataclass(frozen=True)
class ServiceDays:
    """The days on which a service runs (calendar and calendar_dates)."""

    weekdays: frozenset[int] = frozenset()
    """0 is Monday."""
    start: dt.date = dt.date.max
    end: dt.date = dt.date.min
    added: frozenset[dt.date] = frozenset()
    removed: frozenset[dt.date] = frozenset()

    def runs_on(self, day: dt.date) -> bool:
        """Whether the service runs on a day."""
        if day in self.removed:
            return False
        return day in self.added or (self.start <= day <= self.end and day.weekday() in self.weekdays)


@dataclass(frozen=True)
class DatedTrip:
    """A trip on one day."""

    trip: Trip
    day: dt.date
    midnight: float
    """UTC epoch of second 0 of the service day, s."""

    @cached_property
    def key(self) -> str:
        """Name that is unique over days."""
        return f"{self.trip.id}@{self.day:%Y%m%d}"

    @cached_property
    def start(self) -> float:
        """Departure from the first stop, UTC epoch s."""
        return self.midnight + self.trip.calls[0].departure

    @cached_property
    def end(self) -> float:
        """Arrival at the last stop, UTC epoch s."""
        return self.midnight + self.trip.calls[-1].arrival


@dataclass(frozen=True)
class Timetable:
    """All lines of a city."""

    zone: ZoneInfo
    stops: Mapping[str, BusStop]
    lines: Mapping[str, BusLine]
    trips: Mapping[str, Trip]
    services: Mapping[str, ServiceDays]
    shapes: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    """(lon, lat) by shape id, in order."""
    version: str = ""

    def midnight(self, day: dt.date) -> float:
        """UTC epoch (s) of noon minus 12 h on a day, from which GTFS counts."""
        return dt.datetime.combine(day, dt.time(12), self.zone).timestamp() - 43_200.0

    def day_of(self, moment: float) -> dt.date:
        """Calendar day in the city at a UTC epoch, s."""
        return dt.datetime.fromtimestamp(moment, self.zone).date()

    def between(self, start: float, end: float) -> Iterator[DatedTrip]:
        """Trips that are under way at some moment from `start` to `end` (UTC epoch, s)."""
        first = self.day_of(start) - dt.timedelta(days=self.longest_day)
        last = self.day_of(end)
        for number in range((last - first).days + 1):
            day = first + dt.timedelta(days=number)
            midnight = self.midnight(day)
            for trip in self.trips.values():
                dated = DatedTrip(trip, day, midnight)
                if dated.start <= end and dated.end >= start and self.services[trip.service].runs_on(day):
                    yield dated

    @cached_property
    def longest_day(self) -> int:
        """Days after its service day on which a trip may still be under way."""
        latest = max((trip.calls[-1].arrival for trip in self.trips.values()), default=0.0)
        return int(latest // 86_400) + 1
