"""When a bus comes to its stops and leaves them, from its place along the way.

A bus arrives when it is within `AT_STOP` of the stop and slow, or when it has passed it; it leaves when it is beyond
`LEFT` or has picked up speed behind the stop.
"""

from dataclasses import dataclass

from cloudctl.transit.patterns import Pattern
from cloudctl.transit.trip_matching import Run

AT_STOP, LEFT = 25.0, 12.0
"""m before and behind the stop's place."""
SLOW = 2.5
"""m/s"""


@dataclass(frozen=True)
class StopVisit:
    """A bus called at a stop."""

    vehicle: str
    pattern: str
    trip: str
    """Key of the dated trip, empty where none is known."""
    number: int
    """Of the stop in the pattern."""
    stop: str
    arrival: float
    departure: float
    """UTC epoch, s."""
    missed_before: bool = False
    """Whether the stops before it were not seen, so that no leg is known."""


@dataclass
class _Progress:
    pattern: str
    number: int
    """The next stop."""
    arrived: float | None = None
    unseen: bool = True


class VisitLog:
    """Follows all buses from stop to stop."""

    def __init__(self) -> None:
        self._progress: dict[str, _Progress] = {}

    def next_stop(self, run: Run, pattern: Pattern) -> int:
        """Number of the stop that the bus serves or comes to next."""
        progress = self._progress.get(run.vehicle)
        fits = progress is not None and progress.pattern == pattern.id
        return progress.number if fits and progress is not None else pattern.next_stop(run.along)

    def stands_since(self, vehicle: str) -> float | None:
        """When the bus arrived at the stop where it stands, None elsewhere."""
        progress = self._progress.get(vehicle)
        return None if progress is None else progress.arrived

    def follow(self, run: Run, pattern: Pattern) -> list[StopVisit]:
        """Visits that ended with the newest place of a bus."""
        progress = self._progress.get(run.vehicle)
        if progress is None or progress.pattern != pattern.id or self._went_back(progress, run, pattern):
            progress = _Progress(pattern.id, pattern.next_stop(run.along))
            self._progress[run.vehicle] = progress
        ended: list[StopVisit] = []
        while progress.number < len(pattern.stops):
            ahead = float(pattern.stop_at[progress.number]) - run.along
            if progress.arrived is None and (ahead < -LEFT or (ahead <= AT_STOP and run.fix.speed < SLOW)):
                progress.arrived = run.fix.updated
            if progress.arrived is None or not (ahead < -LEFT or (ahead < 0 and run.fix.speed > SLOW)):
                break
            ended.append(self._end(progress, run, pattern))
        return ended

    def forget(self, vehicles: set[str]) -> None:
        """Keep only these buses."""
        self._progress = {vehicle: kept for vehicle, kept in self._progress.items() if vehicle in vehicles}

    @staticmethod
    def _went_back(progress: _Progress, run: Run, pattern: Pattern) -> bool:
        """Whether the bus is far before where it was: it runs the line anew."""
        return progress.number > 0 and run.along < float(pattern.stop_at[progress.number - 1]) - 300.0

    @staticmethod
    def _end(progress: _Progress, run: Run, pattern: Pattern) -> StopVisit:
        arrived = run.fix.updated if progress.arrived is None else progress.arrived
        trip = run.trip.key if run.trip else ""
        number = progress.number
        visit = StopVisit(
            run.vehicle, pattern.id, trip, number, pattern.stops[number], arrived, run.fix.updated, progress.unseen
        )
        progress.number, progress.arrived, progress.unseen = number + 1, None, False
        return visit
