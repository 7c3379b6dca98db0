"""A request for signal priority: who asks for what, why, and how much that weighs against others.

Classes, the most important first: emergency vehicles; buses that are late, full or leave too long a gap; vehicles that
were asked for; buses that merely come near. Within a class the later bus goes first, then the one that arrives first.
"""

from dataclasses import dataclass
from enum import StrEnum

LATE = 60.0
"""s behind the timetable from which a bus has a need of its own"""
VERY_LATE = 180.0
"""s from which a stage may be put in for it"""
FULL = 0.85
"""Share of its places that are taken."""
LONG_GAP = 1.3
"""Headway to the bus ahead over the planned one."""


class Cause(StrEnum):
    """Where a request comes from."""

    VEHICLE = "vehicle"
    """By message (VIR signalPriority)."""
    DISPATCH = "dispatch"
    API = "api"
    CORRIDOR = "corridor"
    """Green corridor of an emergency vehicle."""
    LATE = "late"
    FULL = "full"
    HEADWAY = "headway"
    """By rule: behind its timetable, full, too long after the bus ahead."""
    APPROACH = "approach"
    """By rule: a bus comes near that would just miss its green."""


@dataclass(frozen=True)
class Need:
    """What is known of a bus; None where it is not."""

    lateness: float | None = None
    """s behind the timetable"""
    occupancy: float | None = None
    """Passengers over places."""
    headway: float | None = None
    """Time to the bus ahead over the planned one."""

    @property
    def cause(self) -> Cause:
        """The rule under which a bus gets priority."""
        if (self.lateness or 0.0) >= LATE:
            return Cause.LATE
        if (self.headway or 0.0) >= LONG_GAP:
            return Cause.HEADWAY
        return Cause.FULL if (self.occupancy or 0.0) >= FULL else Cause.APPROACH


@dataclass(frozen=True)
class PriorityRequest:
    """A vehicle asks for its green, by message, by somebody for it, or by rule."""

    vehicle: str
    group: int
    """Row of the signal group it needs."""
    arrival: float
    """UTC epoch at which it expects to be at the stop line, s."""
    received: float
    expires: float
    request_id: str
    lateness: float = 0.0
    """s behind the timetable, 0 where not known."""
    urgent: bool = False
    """An emergency vehicle: before every bus, and not kept waiting by what was granted before."""
    cause: Cause = Cause.VEHICLE
    need: Need | None = None
    queue: float = 0.0
    """s from green until those who stand before it have left."""

    @property
    def rank(self) -> int:
        """Class of the request, 0 the most important."""
        if self.urgent:
            return 0
        if self.lateness >= LATE or (self.need is not None and self.need.cause is not Cause.APPROACH):
            return 1
        return 3 if self.cause is Cause.APPROACH else 2

    @property
    def may_insert(self) -> bool:
        """Whether a stage may be put in for it that the plan does not have next."""
        return self.urgent or self.lateness >= VERY_LATE

    @property
    def order(self) -> tuple[int, float, float, float]:
        """Key by which requests at one signal are sorted, the first to be served first."""
        return self.rank, -self.lateness, self.arrival, self.received
