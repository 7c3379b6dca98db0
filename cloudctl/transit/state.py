"""The bus network at one moment, as it is published, stored and served; times in UTC epoch s, places in deg."""

import msgspec


class StopPrediction(msgspec.Struct, frozen=True, kw_only=True):
    """A bus is expected at a stop; 9 of 10 arrivals lie between `earliest` and `latest`."""

    stop: str
    number: int
    """Position in the pattern, from 0."""
    sequence: int
    """stop_sequence of the timetable."""
    expected: float
    earliest: float
    latest: float
    scheduled: float | None = None


class BusState(msgspec.Struct, frozen=True, kw_only=True):
    """One bus on a line."""

    vehicle: str
    line: str
    direction: int
    pattern: str
    trip: str | None
    """Key of the dated trip: trip id @ service day."""
    trip_id: str | None
    service_day: str | None
    """YYYYMMDD"""
    start_time: str | None
    """HH:MM:SS of a trip that runs by frequency, else None."""
    exact: bool = True
    """False for a trip by frequency that leaves at no exact time."""
    lon: float
    lat: float
    bearing: float
    """deg clockwise from true north"""
    speed: float
    """m/s"""
    updated: float
    along: float
    """m from the start of the pattern's first link"""
    next_stop: int
    at_stop: bool
    lateness: float | None
    """s behind the timetable, negative ahead of it"""
    headway_ahead: float | None
    headway_behind: float | None
    headway_planned: float | None
    vehicle_ahead: str | None
    vehicle_behind: str | None
    passengers: int | None = None
    capacity: int | None = None
    level_of_service: int = 0
    """`fusion.picture.LevelOfService` of the link it is on"""
    astray: bool = False
    arrivals: tuple[StopPrediction, ...] = ()


class LineFindingState(msgspec.Struct, frozen=True, kw_only=True):
    """Something wrong on a line, see `cloudctl.transit.findings`."""

    kind: str
    line: str
    vehicle: str
    trip: str
    figure: float
    reason: str
    since: float


class AccuracyState(msgspec.Struct, frozen=True, kw_only=True):
    """How good predictions of arrivals five minutes ahead were, see `cloudctl.transit.accuracy`."""

    judged: int
    median_error_s: float | None
    within_band: float | None
    band_width_s: float | None
    """Median width of the 90 % band."""
    timetable_median_error_s: float | None


class TransitState(msgspec.Struct, frozen=True, kw_only=True):
    """All buses of the city."""

    time: float
    timetable: str
    """Version of the timetable."""
    buses: tuple[BusState, ...]
    findings: tuple[LineFindingState, ...]
    accuracy: AccuracyState

    @classmethod
    def empty(cls, now: float) -> "TransitState":
        """Make the state of a city without a timetable."""
        accuracy = AccuracyState(
            judged=0, median_error_s=None, within_band=None, band_width_s=None, timetable_median_error_s=None
        )
        return cls(time=now, timetable="", buses=(), findings=(), accuracy=accuracy)
