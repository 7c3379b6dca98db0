"""Answers of the HTTP API: SI units, WGS-84, RFC 3339 UTC times; what is not known is null, never zero."""

import math
from datetime import UTC, datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, Field

T = TypeVar("T")


def as_time(epoch: float | None) -> datetime | None:
    """Turn a UTC epoch (s) into a time; None and NaN stay unknown."""
    if epoch is None or not math.isfinite(epoch):
        return None
    return datetime.fromtimestamp(epoch, UTC)


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    next: str | None = Field(default=None, description="Cursor of the next page; null on the last page.")
    time: datetime | None = Field(default=None, description="Time of the content; null before the first picture.")


class Problem(BaseModel):
    """Problem details (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str | None = None


class Track(BaseModel):
    """A road user."""

    id: int
    kind: str
    lon: float
    lat: float
    speed: float = Field(description="m/s")
    heading: float = Field(description="deg, clockwise from true north")
    age: float = Field(description="s since the newest report of it")
    length: float = Field(description="m")
    width: float = Field(description="m")
    has_terminal: bool = Field(description="Carries an OBU.")
    coasting: bool = Field(description="Extrapolated: nobody reports it at the moment.")


class TrailItem(BaseModel):
    """A stored point of a trajectory."""

    time: datetime
    lon: float
    lat: float
    speed: float = Field(description="m/s")


class TrackDetail(Track):
    """A road user with its lane, accuracy, source and stored trail."""

    lane: str | None = None
    link: str | None = None
    road_zh: str | None = None
    road_en: str | None = None
    sigma: float | None = Field(default=None, description="1-sigma of the position, m")
    device: str | None = Field(default=None, description="Device that reported it last.")
    trail: list[TrailItem] = Field(default_factory=list, description="Oldest first.")
    trail_complete: bool = Field(default=True, description="False where the store could not be asked.")


class Link(BaseModel):
    """A directed stretch of road and its traffic."""

    row: int
    id: str
    name_zh: str
    name_en: str
    road_class: str
    length: float = Field(description="m")
    speed_limit: float = Field(description="m/s")
    lanes: int
    lon: float
    lat: float
    level: str = Field(default="unknown", description="Level of service, free to severe, or unknown.")
    speed: float | None = Field(default=None, description="m/s")
    queue: float | None = Field(default=None, description="m")
    flow: float | None = Field(default=None, description="Vehicles an hour.")
    confidence: float = Field(default=0.0, ge=0, le=1)


class SignalGroup(BaseModel):
    """A signal group and its light."""

    phase_id: int
    pedestrian: bool
    state: str = Field(default="unavailable", description="LightState of T/CSAE 53-2020.")
    confidence: float = Field(default=0.0, ge=0, le=1)
    likely_end: datetime | None = None
    min_end: datetime | None = None
    max_end: datetime | None = None
    next_green: datetime | None = None
    age: float | None = Field(default=None, description="s since the report")


class Signal(BaseModel):
    """A signalised intersection."""

    row: int
    id: str
    region: int
    node_id: int
    lon: float
    lat: float
    name_zh: str
    name_en: str
    groups: list[SignalGroup]


class IncidentItem(BaseModel):
    """An incident."""

    id: str
    kind: str
    started: datetime | None
    updated: datetime | None
    ended: datetime | None
    lon: float
    lat: float
    link: str | None
    lane: int | None = Field(default=None, description="Row of the lane in the map.")
    tracks: list[int]
    confidence: float
    evidence: str
    figures: dict[str, float] = Field(
        default={}, description="What led to it, by name with the unit, such as `speed_mps`; history keeps none."
    )


class AdvisoryItem(BaseModel):
    """An advisory that was sent."""

    id: str
    kind: str
    target: str
    created: datetime | None
    valid_until: datetime | None
    reason: str
    reason_code: str
    lon: float
    lat: float
    content: dict[str, object] = Field(
        description="By kind. diversion: `links` and `points` of the way around, `avoid`, `saves_s`, `incident`, "
        "vehicles `told` and `followed`, `effect` (`before` and `now` with `link_s` and `queue_m`, `seconds`, "
        "`saved_s`), `ended`."
    )
    replaces: str | None


class Lot(BaseModel):
    """A car park."""

    id: str
    name_zh: str
    name_en: str
    lon: float
    lat: float
    capacity: int | None
    occupied: int | None
    free: int | None
    updated: datetime | None


class Device(BaseModel):
    """A roadside unit or a vehicle terminal."""

    id: str
    kind: str
    lon: float | None
    lat: float | None
    online: bool
    last_seen: datetime | None
    rates: dict[str, float] = Field(description="Message name to messages a second.")
    refused: dict[str, int] = Field(description="Reason to messages refused since the start.")
    clock_offset: float | None = Field(description="s, device ahead is positive")
    latency: float | None = Field(description="Median from device to platform, s")


class Check(BaseModel):
    """One check of readiness."""

    ok: bool
    detail: str


class Readiness(BaseModel):
    """Whether the gateway can serve a live picture."""

    ready: bool
    checks: dict[str, Check]
