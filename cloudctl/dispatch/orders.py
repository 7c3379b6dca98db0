"""What the gateway tells the engine about dispatch: kinds of commands and their content."""

import msgspec

FEEDBACK, PRIORITY, CONNECTIONS = "transit_feedback", "transit_priority", "transit_connections"


class Feedback(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Dispatch says what became of an advice."""

    advice: str
    status: str
    """accepted, rejected or done"""


class PriorityOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Dispatch asks for a green."""

    id: str
    vehicle: str
    signal: str = ""
    """Empty for the next light on its way."""


class TrunkArrival(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A trunk line arrives at a place where people change to buses."""

    stop: str
    arrival: float
    """UTC epoch, s."""
    trunk: str
    line: str = ""
    """Bus line that waits; empty for all."""


class TrunkArrivals(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The arrivals that are expected; they take the place of those told before."""

    items: tuple[TrunkArrival, ...] = ()
