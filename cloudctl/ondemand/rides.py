"""Riders' requests and vehicles as they are kept; times UTC epoch s, places in deg. Nothing here names a person."""

import hashlib
import math

import msgspec

from cloudctl.ondemand.plan import Job

ACCEPTED, ABOARD, DONE, CANCELLED = "accepted", "aboard", "done", "cancelled"
OPEN = (ACCEPTED, ABOARD)
HOUR = 3600.0


class Halt(msgspec.Struct, frozen=True, kw_only=True):
    """A stop where riders get in or out."""

    id: str
    name: str
    lon: float
    lat: float


class Ride(msgspec.Struct, frozen=True, kw_only=True):
    """A request that was accepted."""

    id: str
    rider: str
    """Digest of the token of the rider, empty once it is coarse."""
    seats: int
    accessible: bool
    start: tuple[float, float]
    goal: tuple[float, float]
    earliest: float
    latest: float
    pickup: Halt
    dropoff: Halt
    walk_m: float
    """Longer one of the two walks."""
    walk_to_m: float = 0.0
    """To the stop where the ride begins."""
    longest: float
    promised_pickup: float
    promised_dropoff: float
    vehicle: str = ""
    expected_pickup: float = 0.0
    expected_dropoff: float = 0.0
    status: str = ACCEPTED
    boarded: float = 0.0

    @property
    def open(self) -> bool:
        """Whether it is still to be served."""
        return self.status in OPEN

    def job(self, pickup: int, dropoff: int) -> Job:
        """What the solver needs; rows of its two stops in the matrix."""
        return Job(
            id=self.id, seats=self.seats, accessible=self.accessible, pickup=pickup, dropoff=dropoff,
            earliest=self.earliest, latest=self.latest, longest=self.longest, promised_pickup=self.promised_pickup,
            promised_dropoff=self.promised_dropoff, aboard=self.vehicle if self.status == ABOARD else "",
            boarded=self.boarded,
        )  # fmt: skip

    def made_coarse(self) -> "Ride":
        """The same without the rider: hours and places of about a kilometre."""

        def hour(moment: float) -> float:
            return math.floor(moment / HOUR) * HOUR

        def near(place: tuple[float, float]) -> tuple[float, float]:
            return round(place[0], 2), round(place[1], 2)

        halts = [
            Halt(id="", name="", lon=round(halt.lon, 2), lat=round(halt.lat, 2)) for halt in (self.pickup, self.dropoff)
        ]
        return msgspec.structs.replace(
            self, rider="", start=near(self.start), goal=near(self.goal), pickup=halts[0], dropoff=halts[1], walk_m=0.0,
            walk_to_m=0.0,
            **{
                name: hour(getattr(self, name))
                for name in (
                    "earliest", "latest", "promised_pickup", "promised_dropoff", "expected_pickup", "expected_dropoff",
                    "boarded",
                )
            },
        )  # fmt: skip


class RideVehicle(msgspec.Struct, frozen=True, kw_only=True):
    """A bus that drives on demand."""

    id: str
    seats: int
    accessible: bool = False
    lon: float
    lat: float
    since: float
    until: float
    """Its shift."""


def digest(token: str) -> str:
    """What is kept of a rider's token: enough to tell the same rider, nothing to find the person by."""
    return hashlib.sha256(f"v2x ride {token}".encode()).hexdigest()[:32]
