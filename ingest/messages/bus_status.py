"""What a bus terminal says of its duty: V2X/OBU/{vid}/BUS/UP, every 10 s and on change. Our own layout.

Nouns as in GB/T 28787-2012 (bus terminal and dispatch centre): line, direction, trip, passengers. Every member but
the time and the count may be missing; a bus that names neither line nor trip is matched by where it runs.

| field | meaning |
|---|---|
| timestamp | UTC epoch ms |
| seq | rising number |
| line | line id or the name on the bus |
| direction | 0 or 1 as in the timetable |
| trip, block | trip id or block id of the timetable |
| passengers, capacity | people on board, people it takes |
| doorsOpen | whether a door is open |
"""

from typing import Annotated

from msgspec import Meta

from ingest.messages.common import DeviceId, Timestamp, Wire

People = Annotated[int, Meta(ge=0, le=1000)]


class BusStatus(Wire, frozen=True):
    """Duty of a bus."""

    timestamp: Timestamp
    seq: Annotated[int, Meta(ge=0)]
    line: DeviceId | None = None
    direction: Annotated[int, Meta(ge=0, le=1)] | None = None
    trip: DeviceId | None = None
    block: DeviceId | None = None
    passengers: People | None = None
    capacity: People | None = None
    doors_open: bool | None = None
