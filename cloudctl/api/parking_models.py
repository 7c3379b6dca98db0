"""Answers and requests about parking; times RFC 3339; what is not known is null."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from cloudctl.api.models import Lot

LOT_PATTERN = r"^[^/+#\x00-\x1f\x7f]{1,64}$"
Places = Annotated[int, Field(ge=0, le=100_000)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$", description="HH:MM, local")]


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EntranceItem(_Given):
    """Where cars drive in."""

    lon: Longitude
    lat: Latitude
    name: Annotated[str, Field(max_length=100)] = ""


class PriceItem(_Given):
    """What parking costs."""

    per_hour: Annotated[float, Field(ge=0, le=10_000)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "CNY"
    free_minutes: Annotated[int, Field(ge=0, le=1440)] = 0
    day_most: Annotated[float, Field(ge=0, le=100_000)] | None = None


class HoursItem(_Given):
    """Opening hours on some weekdays."""

    days: Annotated[list[Annotated[int, Field(ge=0, le=6)]], Field(min_length=1, max_length=7)] = Field(
        default=[0, 1, 2, 3, 4, 5, 6], description="0 is Monday."
    )
    since: Clock = "00:00"
    until: Clock = "24:00"


class LotRequest(_Given):
    """A car park or kerb section to enter."""

    lon: Longitude
    lat: Latitude
    capacity: Annotated[int, Field(ge=1, le=100_000)]
    kind: Literal["car_park", "kerb"] = "car_park"
    name_zh: Annotated[str, Field(max_length=100)] = ""
    name_en: Annotated[str, Field(max_length=100)] = ""
    entrances: Annotated[list[EntranceItem], Field(max_length=20)] = []
    price: PriceItem | None = None
    opening: Annotated[list[HoursItem], Field(max_length=50)] = Field(default=[], description="Empty: always open.")
    accessible: Places = 0
    charging: Places = 0
    height_m: Annotated[float, Field(gt=0, le=20)] | None = None


class ParkingItem(Lot):
    """A lot with what is known of it now."""

    kind: str = "car_park"
    open: bool = True
    price: PriceItem | None = None
    under_way: int = Field(default=0, description="Cars that were sent there and are not there yet.")
    trend: float = Field(default=0.0, description="Cars more an hour.")


class OutlookItem(BaseModel):
    """A lot at a moment ahead."""

    time: datetime
    probability: float = Field(description="Chance of a free place on arrival.")
    free: float = Field(description="Mean of the free places.")
    free_low: int
    free_high: int = Field(description="9 of 10 times the free places lie between the two.")


class ParkingDetail(ParkingItem):
    """A lot with its register entry and outlook."""

    entrances: list[EntranceItem] = Field(default_factory=list)
    opening: list[HoursItem] = Field(default_factory=list)
    accessible: int = 0
    charging: int = 0
    height_m: float | None = None
    reachable: bool = Field(default=True, description="Whether a road leads to an entrance.")
    outlook: list[OutlookItem] = Field(default_factory=list)


class ParkingSummary(BaseModel):
    """All lots of the city together."""

    lots: int
    known: int = Field(description="Lots with a fresh status.")
    full: int
    places: int
    occupied: int
    free: int
    under_way: int
    outlook: list[OutlookItem] = Field(description="Free places of all known lots; the chance is that of the best one.")


class HistoryItem(BaseModel):
    """A lot over one step."""

    time: datetime
    occupied: float
    least: int
    most: int
    capacity: int
    arrived: int
    departed: int


class ParkingHistory(BaseModel):
    """Occupancy of a lot over time."""

    lot: str
    step_s: int
    items: list[HistoryItem]


class OccupancyRequest(_Given):
    """How full a lot is."""

    occupied: Places
    capacity: Annotated[int, Field(ge=1, le=100_000)] | None = None
    time: AwareDatetime | None = None


class OccupancyTaken(BaseModel):
    """What was taken over."""

    lot: str
    occupied: int
    capacity: int


class GuidanceItem(BaseModel):
    """A lot that a driver may go to."""

    lot: str
    name_zh: str
    name_en: str
    lon: float
    lat: float
    probability: float = Field(description="Chance of a free place on arrival, with those under way counted.")
    free: int | None
    under_way: int
    drive_s: float
    walk_m: float
    price: float | None = Field(description="Of the stay that was asked for.")
    arrival: datetime
    cost: float = Field(description="What the lots are ordered by, s.")
    links: list[str] = Field(description="Route there, links by id.")
    line: list[tuple[float, float]] = Field(description="Route there, [lon, lat].")


class GuidanceAnswer(BaseModel):
    """Lots for one destination, the best first."""

    items: list[GuidanceItem]
