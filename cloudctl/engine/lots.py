"""Occupancy of the car parks, with its trend."""

from cloudctl.advice.scene import Lot
from ingest.messages.parking import ParkingStatus
from maps.network import RoadNetwork

MEMORY = 300.0
"""The trend forgets what is older than about this, s."""


class Lots:
    """Newest state of every car park of the map."""

    def __init__(self, network: RoadNetwork) -> None:
        self._rows = {str(name): row for row, name in enumerate(network.car_parks.id)}
        self.now: dict[int, Lot] = {}
        """By row."""
        self.changed = False
        """Whether something is new since the flag was lowered."""
        self.unknown = 0
        """Statuses of lots that the map does not have."""

    def take(self, status: ParkingStatus, time: float) -> None:
        """Take one status, `time` in UTC epoch s; an older one than the last is left out."""
        row = self._rows.get(status.lot)
        if row is None:
            self.unknown += 1
            return
        before = self.now.get(row)
        if before is not None and time <= before.updated:
            return
        trend = 0.0
        if before is not None:
            span = time - before.updated
            weight = min(span / MEMORY, 1.0)
            trend = before.trend + weight * ((status.occupied - before.occupied) / span - before.trend)
        self.now[row] = Lot(status.occupied, status.capacity, time, trend)
        self.changed = True
