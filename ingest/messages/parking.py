"""Occupancy of a car park: V2X/PARKING/{lot}/STATUS/UP, every 10 s and on change. Our own layout.

| field | meaning |
|---|---|
| lot | id of the car park |
| timestamp | UTC epoch ms |
| seq | rising number |
| capacity, occupied | places |
"""

from typing import Annotated

from msgspec import Meta

from ingest.messages.common import DeviceId, Timestamp, Wire

Places = Annotated[int, Meta(ge=0, le=100_000)]


class ParkingStatus(Wire, frozen=True):
    """Occupancy of a car park."""

    lot: DeviceId
    timestamp: Timestamp
    seq: Annotated[int, Meta(ge=0)]
    capacity: Places
    occupied: Places

    @property
    def free(self) -> int:
        """Free places, never below 0."""
        return max(0, self.capacity - self.occupied)
