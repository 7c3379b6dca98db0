"""What the gateway tells the engine about parking: kinds of commands and their content."""

import msgspec

OCCUPANCY = "parking_occupancy"


class OccupancyOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A lot reports over HTTP."""

    lot: str
    occupied: int
    capacity: int = 0
    """0 where it is as known."""
    time: float = 0.0
    """UTC epoch s, 0 for now."""
