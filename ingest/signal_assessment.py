"""From single events to something a person should look at: one assessment a day, and a notification from ten events on.

Days are those of the local clock (UTC+8). A notification is given once a day for an intersection and kind of fault,
as soon as there were ten events; one that comes on several days says on how many in a row.
"""

from dataclasses import dataclass, field
from math import floor

from ingest.signal_checks import SignalEvent, SignalFault

DAY = 86_400.0
LOCAL_OFFSET = 28_800.0
"""s; Changsha is at UTC+8 all the year."""
EVENTS_FOR_NOTIFICATION = 10

_Key = tuple[int, tuple[int, int] | None, SignalFault]


@dataclass(frozen=True, slots=True)
class Assessment:
    """What one day was like for one kind of fault at one intersection."""

    day: int
    """Local days since 1 January 1970."""
    device: int
    intersection: tuple[int, int] | None
    fault: SignalFault
    events: int
    first: float
    """UTC epoch s."""
    last: float
    example: str
    phases: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Notification:
    """Somebody should look at this."""

    time: float
    assessment: Assessment
    days_in_a_row: int


@dataclass(slots=True)
class _Count:
    events: int = 0
    first: float = 0.0
    last: float = 0.0
    example: str = ""
    phases: set[int] = field(default_factory=set)
    notified: bool = False


class SignalAssessor:
    """Counts events by day."""

    def __init__(self, least: int = EVENTS_FOR_NOTIFICATION) -> None:
        """Notify from `least` events a day on."""
        self._least = least
        self._day: int | None = None
        self._counts: dict[_Key, _Count] = {}
        self._streaks: dict[_Key, int] = {}

    def note(self, event: SignalEvent) -> Notification | None:
        """Count an event; gives the notification that it completes. Call `close` first where a day has ended."""
        if self._day is None:
            self._day = local_day(event.time)
        key = (event.device, event.intersection, event.fault)
        count = self._counts.setdefault(key, _Count(first=event.time, example=event.detail))
        count.events += 1
        count.last = event.time
        if event.phase is not None:
            count.phases.add(event.phase)
        if count.events < self._least or count.notified:
            return None
        count.notified = True
        return Notification(event.time, self._assessment(key, count), self._streaks.get(key, 0) + 1)

    def close(self, now: float) -> list[Assessment]:
        """Give the assessments of the day that ended before `now` (UTC epoch s), none while it lasts."""
        today = local_day(now)
        if self._day is None or today <= self._day:
            return []
        assessments = [self._assessment(key, count) for key, count in self._counts.items()]
        in_a_row = today == self._day + 1
        self._streaks = {
            key: self._streaks.get(key, 0) + 1 for key, count in self._counts.items() if count.notified and in_a_row
        }
        self._counts.clear()
        self._day = today
        return sorted(assessments, key=lambda one: -one.events)

    def _assessment(self, key: _Key, count: _Count) -> Assessment:
        device, intersection, fault = key
        return Assessment(
            day=self._day or 0,
            device=device,
            intersection=intersection,
            fault=fault,
            events=count.events,
            first=count.first,
            last=count.last,
            example=count.example,
            phases=tuple(sorted(count.phases)),
        )


def local_day(time: float) -> int:
    """Give the local day of a UTC epoch time (s), in days since 1 January 1970."""
    return floor((time + LOCAL_OFFSET) / DAY)
