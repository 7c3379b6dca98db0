"""What the gateway says of a lot: free places now and at a moment ahead, with the cars that were sent there."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from cloudctl.parking.prediction import Outlook, day_slot, look_ahead, rates_ahead
from cloudctl.parking.register import Profile

STALE = 120.0
"""A status older than this is not believed, s."""


@dataclass(frozen=True)
class LotNow:
    """A lot as the engine told it last."""

    occupied: int
    capacity: int
    updated: float
    """UTC epoch, s."""
    trend: float = 0.0
    """Cars more a second."""
    under_way: int = 0
    """Cars that were sent there."""

    def fresh(self, now: float) -> bool:
        """Whether the status is believed."""
        return now - self.updated <= STALE

    def at(self, moment: float, profile: Profile | None, zone: ZoneInfo) -> Outlook:
        """Occupancy at a UTC epoch s; those under way are not in it, pass them to `Outlook.chance`."""
        ahead = max(moment - self.updated, 0.0)
        rates = rates_ahead(profile, day_slot(self.updated, zone), ahead, self.occupied, self.trend)
        return look_ahead(self.occupied, self.capacity, rates)
