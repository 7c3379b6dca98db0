"""What dispatch wants to hear of at once: bunching, gaps, buses off their route, late departures, breakdowns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cloudctl.transit.headways import Headway
from cloudctl.transit.patterns import Pattern
from cloudctl.transit.timetable import DatedTrip
from cloudctl.transit.trip_matching import Run

BUNCHED, GAP = 0.25, 1.8
"""Share of the planned headway below which buses are bunched, above which there is a gap."""
LATE_DEPARTURE = 120.0
"""A trip that nobody runs this long after its departure is late, s."""
GIVEN_UP = 900.0
"""and after this long it is not looked for any more, s."""
BROKEN_DOWN = 300.0
"""A bus that stands this long away from stops has broken down, s."""
STANDS = 0.5
"""m/s"""
NEAR_STOP = 60.0
"""m"""


class FindingKind(StrEnum):
    """What is wrong on a line."""

    BUNCHING = "bunching"
    """Two buses run close together (串车)."""
    GAP = "gap"
    """The next bus is far behind (大间隔)."""
    OFF_ROUTE = "off_route"
    """A bus has left its way (偏离线路)."""
    LATE_DEPARTURE = "late_departure"
    """A trip has not left its first stop (晚发)."""
    BREAKDOWN = "breakdown"
    """A bus stands where none should (抛锚)."""


@dataclass(frozen=True)
class LineFinding:
    """One thing that is wrong; `figure` in s, off route in m."""

    kind: FindingKind
    line: str
    vehicle: str
    """Empty where no bus is known."""
    trip: str
    figure: float
    reason: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Equal for the same thing seen again."""
        return self.kind, self.vehicle, self.trip if not self.vehicle else ""


def headway_findings(runs: Sequence[Run], headways: Mapping[str, Headway], line: str) -> list[LineFinding]:
    """Bunching and gaps of one pattern."""
    found: list[LineFinding] = []
    for run in runs:
        headway = headways.get(run.vehicle)
        if headway is None or headway.ahead is None or headway.planned is None:
            continue
        trip = run.trip.key if run.trip else ""
        if headway.ahead < BUNCHED * headway.planned:
            reason = f"{headway.ahead:.0f} s behind {headway.vehicle_ahead}, {headway.planned:.0f} s planned"
            found.append(LineFinding(FindingKind.BUNCHING, line, run.vehicle, trip, headway.ahead, reason))
        elif headway.ahead > GAP * headway.planned:
            reason = f"{headway.ahead:.0f} s behind {headway.vehicle_ahead}, {headway.planned:.0f} s planned"
            found.append(LineFinding(FindingKind.GAP, line, run.vehicle, trip, headway.ahead, reason))
    return found


def astray(run: Run, pattern: Pattern) -> LineFinding | None:
    """A bus off its route."""
    if not run.astray or run.along >= float(pattern.stop_at[-1]):  # behind its last stop it may go where it likes
        return None
    trip = run.trip.key if run.trip else ""
    reason = f"{run.off:.0f} m beside the way of line {pattern.line}"
    return LineFinding(FindingKind.OFF_ROUTE, pattern.line, run.vehicle, trip, run.off, reason)


def late_departures(
    trips: Sequence[DatedTrip], running: set[str], departed: set[str], line: str, now: float
) -> list[LineFinding]:
    """Trips of a line that should be under way and that no bus runs; trips that a bus ran are in `departed`."""
    found = []
    for trip in trips:
        late = now - trip.start
        if LATE_DEPARTURE <= late <= GIVEN_UP and trip.key not in running and trip.key not in departed:
            reason = f"trip {trip.trip.id} was due to leave {late:.0f} s ago"
            found.append(LineFinding(FindingKind.LATE_DEPARTURE, line, "", trip.key, late, reason))
    return found


class StandingBuses:
    """Notes since when buses stand away from stops."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def follow(self, run: Run, pattern: Pattern, now: float) -> LineFinding | None:
        """A breakdown, once the bus has stood long enough."""
        near = any(-NEAR_STOP < stop - run.along < NEAR_STOP for stop in pattern.stop_at.tolist())
        if run.fix.speed > STANDS or near:
            self._since.pop(run.vehicle, None)
            return None
        stood = now - self._since.setdefault(run.vehicle, now)
        if stood < BROKEN_DOWN:
            return None
        trip = run.trip.key if run.trip else ""
        return LineFinding(
            FindingKind.BREAKDOWN, pattern.line, run.vehicle, trip, stood, f"stands for {stood:.0f} s away from stops"
        )

    def forget(self, vehicles: set[str]) -> None:
        """Keep only these buses."""
        self._since = {vehicle: since for vehicle, since in self._since.items() if vehicle in vehicles}
