"""What the gateway asks of the engine about signals: kinds of commands and their content."""

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
