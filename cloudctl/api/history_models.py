"""Answers about the past: SI units, WGS-84, RFC 3339 UTC times; what is not known is null."""

from datetime import datetime

from pydantic import BaseModel, Field

from cloudctl.api.models import AdvisoryItem


class TrackPoints(BaseModel):
    """Points of one track; lists of equal length."""

    session: int
    id: int
    kind: str
    time: list[datetime]
    lon: list[float]
    lat: list[float]
    speed: list[float] = Field(description="m/s")
    heading: list[float] = Field(description="deg, clockwise from true north")


class TripLink(BaseModel):
    """A link that a trip went over."""

    link: str
    name_zh: str
    name_en: str
    entered: datetime
    left: datetime


class Trip(BaseModel):
    """A track from end to end."""

    session: int
    id: int
    kind: str
    start: datetime
    end: datetime
    distance: float = Field(description="m, along the positions")
    mean_speed: float = Field(description="m/s, distance over time")
    standing: float = Field(description="s slower than 0.5 m/s")
    links: list[TripLink]
    points: TrackPoints


class DeviceTrackItem(BaseModel):
    """A track that a device saw, or is itself."""

    session: int
    id: int
    first: datetime
    last: datetime


class StayItem(BaseModel):
    """A stretch of one track on one link, cut every ten seconds."""

    session: int
    id: int
    entered: datetime
    left: datetime
    distance: float = Field(description="m")
    entry_speed: float = Field(description="m/s")


class TravelTimeItem(BaseModel):
    """Travel times of the vehicles that set out in one step of time, s; nothing where they are fewer than ten."""

    time: datetime
    vehicles: int = Field(description="-1 where fewer than ten")
    mean: float | None
    p15: float | None
    median: float | None
    p85: float | None
    p95: float | None


class TravelTimes(BaseModel):
    """Travel times between two places."""

    origin: list[str] = Field(description="Links at the origin.")
    destination: list[str] = Field(description="Links at the destination.")
    items: list[TravelTimeItem]


class DiagramPoint(BaseModel):
    """One point of the fundamental diagram, by Edie's definitions; nothing where vehicles are fewer than ten."""

    time: datetime
    flow: float | None = Field(description="Vehicles an hour, all lanes.")
    density: float | None = Field(description="Vehicles a km, all lanes.")
    speed: float | None = Field(description="m/s: flow over density")
    vehicles: int = Field(description="-1 where fewer than ten")


class Diagram(BaseModel):
    """Flow, density and speed of a link."""

    link: str
    length: float = Field(description="m")
    lanes: int
    items: list[DiagramPoint]


class LinkSumItem(BaseModel):
    """A link over one step of time."""

    time: datetime
    samples: int
    speed: float | None = Field(description="m/s")
    speed_min: float | None
    flow: float | None = Field(description="Vehicles an hour.")
    queue_max: int | None = Field(description="m")
    level_max: str


class ProfileItem(BaseModel):
    """Usual travel time of a link in a quarter of an hour of the week."""

    slot: int = Field(description="96 * day of the week (Monday 0) + quarter of the day, UTC")
    samples: int
    speed: float = Field(description="m/s")
    travel_time: float = Field(description="s, at the usual speed")
    slow_travel_time: float = Field(description="s, at the 15th percentile of the speed")


class MovementItem(BaseModel):
    """Vehicles from one link to another in an hour."""

    time: datetime
    to_link: str
    vehicles: int = Field(description="-1 where fewer than ten")


class GroupItem(BaseModel):
    """A signal group at a moment."""

    phase_id: int
    pedestrian: bool
    state: str
    confidence: float | None
    since: datetime | None
    next_state: str | None
    until: datetime | None


class ApproachItem(BaseModel):
    """A link towards the intersection at a moment."""

    link: str
    vehicles: int
    level: str
    speed: float | None = Field(description="m/s")
    queue: float | None = Field(description="m")


class IntersectionAt(BaseModel):
    """An intersection at a moment."""

    id: str
    time: datetime
    groups: list[GroupItem]
    approaches: list[ApproachItem]


class TransitionItem(BaseModel):
    """A change of a light."""

    time: datetime
    phase_id: int
    state: str
    previous: str | None
    confidence: float


class RedPassageItem(BaseModel):
    """A vehicle that left an approach on red."""

    time: datetime
    session: int
    id: int
    phase_id: int
    from_link: str
    to_link: str
    turn: str
    red_for: float = Field(description="s since the light had become red")
    speed: float = Field(description="m/s, behind the stop line")
    confidence: float


class StoredAdvisoryItem(AdvisoryItem):
    """An advisory with its answer and what came of it."""

    answer: str | None
    answered: datetime | None
    outcome: str = Field(description="Last answer once its time is over, `none`, or `pending`.")
    speed_before: float | None
    speed_after: float | None
    followed: bool | None


class DeviceHealthItem(BaseModel):
    """What the platform saw of a device at a moment."""

    time: datetime
    online: bool
    rates: dict[str, float]
    refused: dict[str, int]
    missing: int
    shed: int
    clock_offset: float | None
    latency: float | None


class ObservationItem(BaseModel):
    """A raw report of a device."""

    time: datetime
    received: datetime
    stream: str
    payload_b64: str


class GapItem(BaseModel):
    """A stretch of time from which frames are missing."""

    start: datetime
    end: datetime
    missed: int | None
    reason: str


class SwitchRequest(BaseModel):
    """Keep raw observations of a device, or of all devices in an area."""

    device: str | None = Field(default=None, min_length=1, max_length=64, pattern=r"^[^+#/\s]+$")
    box: tuple[float, float, float, float] | None = Field(default=None, description="west, south, east, north; deg")
    seconds: int = Field(ge=1, le=604_800, description="For how long.")
    purpose: str = Field(min_length=1, max_length=200)


class SwitchItem(BaseModel):
    """A switch that is on."""

    id: int
    device: str | None
    box: tuple[float, float, float, float] | None
    made: datetime
    expires: datetime
    made_by: str
    purpose: str
