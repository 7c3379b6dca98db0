"""What is asked of signals: by the gateway, as a command and its content, and within the engine, by signal row."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import msgspec

REQUEST_PRIORITY = "request_priority"


class PriorityWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Priority for one vehicle at one signal, as a signal request message (SRM, SAE J2735) asks for it."""

    id: str
    signal: str
    phase_id: int
    vehicle: str
    arrival: float
    """UTC epoch, s."""
    lateness: float = 0.0
    """s behind the timetable"""
    urgent: bool = False
    """An emergency vehicle."""


@dataclass(frozen=True, slots=True)
class Coming:
    """A vehicle with priority on its way to a light."""

    track: int
    """Id of its track."""
    group: int
    """Row of the signal group that it needs."""
    worth: float
    """How many vehicles' delay its delay counts as."""
    hold: float = 0.0
    """s that it will stand at stops before the light"""


@dataclass
class Orders:
    """What binds the recommendations from outside, by signal row."""

    held: Mapping[int, float] = field(default_factory=dict)
    """Under manual hold, and until when (UTC epoch s)."""
    forced: Mapping[int, int] = field(default_factory=dict)
    """Stage that a vehicle with priority needs."""
    executed: Collection[int] = ()
    """Signals that follow the platform's commands."""
    coming: Collection[Coming] = ()
    """Vehicles whose delay counts more than others'."""
