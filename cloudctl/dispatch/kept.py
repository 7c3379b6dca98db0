"""What the gateway keeps about buses and publishes retained, so that a restart of the engine forgets none of it.

`V2X/CLOUD/TRANSIT/CONNECTIONS` carries `cloudctl.dispatch.orders.TrunkArrivals`, `V2X/CLOUD/TRANSIT/DWELLS` the dwells
of `StoredDwells`, which follow from the stored visits.
"""

import msgspec

from ingest.streams import BY_NAME

CONNECTIONS_TOPIC = BY_NAME["trunk_arrivals"].topic
DWELLS_TOPIC = BY_NAME["stored_dwells"].topic


class StoredDwell(msgspec.Struct, frozen=True, kw_only=True):
    """Time at a stop by the newest stored visits of a line."""

    stop: str
    line: str
    mean: float
    """s"""
    spread: float
    """Standard deviation, s."""
    visits: int


class StoredDwells(msgspec.Struct, frozen=True, kw_only=True):
    """Dwells of all stops and lines."""

    items: tuple[StoredDwell, ...] = ()
