"""Requests and answers of buses on demand and shuttles; times RFC 3339, deg, s, m."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from cloudctl.api.maas_models import PlaceItem

NAME_PATTERN = r"^[A-Za-z0-9_.:@-]{1,64}$"
RIDER_PATTERN = r"^[A-Za-z][A-Za-z0-9_-]{15,63}$"
"""A made-up token: it starts with a letter and has no @, so that no telephone number and no mail address fits."""
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
Names = Annotated[list[Name], Field(max_length=100)]


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RideRequest(_Given):
    """A rider asks for seats."""

    rider: Annotated[str, Field(pattern=RIDER_PATTERN, description="Random token of the rider; only a digest is kept.")]
    start: PlaceItem
    goal: PlaceItem
    earliest: AwareDatetime
    latest: AwareDatetime
    seats: Annotated[int, Field(ge=1, le=20)] = 1
    accessible: bool = False


class HaltItem(BaseModel):
    """A stop."""

    id: str
    name: str
    lon: float
    lat: float


class RideItem(BaseModel):
    """A request that was accepted, with what was promised and what is expected now."""

    id: str
    status: str
    seats: int
    accessible: bool
    pickup: HaltItem
    dropoff: HaltItem
    walk_m: float
    walk_to_m: float = Field(description="Walk to the stop where the ride begins, m; `walk_m` is the longer one.")
    promised_pickup: datetime
    promised_dropoff: datetime
    expected_pickup: datetime
    expected_dropoff: datetime
    vehicle: str | None


class VehicleRequest(_Given):
    """A bus that drives on demand, with its shift."""

    seats: Annotated[int, Field(ge=1, le=200)]
    accessible: bool = False
    place: PlaceItem
    since: AwareDatetime
    until: AwareDatetime


class VisitItem(BaseModel):
    """A bus stops for riders of one request."""

    ride: str
    what: str = Field(description="pickup or dropoff")
    halt: HaltItem
    time: datetime
    earliest: datetime
    latest: datetime = Field(description="Promised.")


class VehicleItem(BaseModel):
    """A bus with its route."""

    id: str
    seats: int
    accessible: bool
    lon: float
    lat: float
    since: datetime
    until: datetime
    route: list[VisitItem]


class FleetPlan(BaseModel):
    """Routes of all buses on demand."""

    vehicles: list[VehicleItem]
    open_rides: int


class RideSummary(BaseModel):
    """What became of riders' requests since the gateway started."""

    since: datetime
    requested: int
    accepted: int
    refused: dict[str, int] = Field(description="By reason.")
    open: int = Field(description="Accepted and not over.")
    boarded: int
    served: int
    cancelled: int
    late: int = Field(description="Boarded after the promised time.")
    mean_wait_s: float | None = Field(description="From the earliest time that riders named to their boarding.")


class ReportRequest(_Given):
    """What a driver reports."""

    place: PlaceItem
    boarded: Names = Field(default_factory=list)
    alighted: Names = Field(default_factory=list)


class TrainItem(_Given):
    """A run of the trunk line at the station."""

    trunk: Annotated[str, Field(min_length=1, max_length=64)]
    arrival: AwareDatetime
    riders: Annotated[float, Field(ge=0, le=5000, description="How many change to the shuttle.")] = 1.0


class ScheduleRequest(_Given):
    """Which departures would suit the trains."""

    trains: Annotated[list[TrainItem], Field(min_length=1, max_length=120)]
    departures: Annotated[int, Field(ge=1, le=120)]
    spacing_s: Annotated[float, Field(ge=0, le=7200)] = 0.0


class ScheduleAnswer(BaseModel):
    """Departures, and the mean wait they give."""

    departures: list[datetime]
    mean_wait_s: float


class ProtectionRequest(_Given):
    """Late trains at a stop of a line."""

    stop: Annotated[str, Field(min_length=1, max_length=128)]
    line: Annotated[str, Field(min_length=1, max_length=128)]
    trains: Annotated[list[TrainItem], Field(min_length=1, max_length=50)]
    farther: Annotated[float, Field(ge=0, le=1000, description="Riders who wait farther on.")] = 10.0


class ProtectionItem(BaseModel):
    """What a bus is to do."""

    vehicle: str
    trunk: str
    waits: bool
    wait_s: float
    gained_s: float = Field(description="Rider seconds saved by waiting; below 0 where it would cost.")


class ProtectionAnswer(BaseModel):
    """Decisions by bus, and how many connections dispatch was told of."""

    decisions: list[ProtectionItem]
    told: int
