"""Questions and answers about events that operators publish and signals that they hold; times are RFC 3339 UTC."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from cloudctl.api.incident_models import Line, Text
from cloudctl.api.models import as_time
from cloudctl.incidents.work_store import Work

Longitude = Annotated[float, Field(ge=-180, le=180)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Links = Annotated[list[Annotated[str, Field(min_length=1, max_length=128)]], Field(max_length=16)]


class EventRequest(BaseModel):
    """An event for the devices of an area."""

    event_type: Annotated[int, Field(ge=1, le=65535, description="GB/T 29100 code, or a vendor's 99xx.")]
    lon: Longitude
    lat: Latitude
    radius_m: Annotated[float, Field(ge=10, le=6500)] = 500.0
    links: Links = []
    text: Annotated[Text, Field(max_length=500)]
    minutes: Annotated[float, Field(gt=0, le=7 * 24 * 60)]


class EventTypeItem(BaseModel):
    """One code with its names."""

    code: int
    name_zh: str
    name_en: str


class HoldRequest(BaseModel):
    """Signals of which the platform is to request nothing for a while: one, several, or all of an open corridor."""

    signal: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    signals: Annotated[list[Annotated[str, Field(min_length=1, max_length=128)]], Field(max_length=100)] = []
    corridor: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """Id of a green corridor that is open."""
    minutes: Annotated[float, Field(gt=0, le=120)]
    reason: Line
    advisory: Annotated[str, Field(max_length=128)] | None = None
    """Advisory or recommendation that gave rise to it."""


class WorkItem(BaseModel):
    """What an operator asked for, and what the engine says of it."""

    id: str
    kind: str
    status: str = Field(description="proposed, active, ended or refused")
    revision: int
    content: dict[str, object]
    result: dict[str, object]
    created: datetime | None
    created_by: str
    created_name: str
    until: datetime | None
    ended: datetime | None
    ended_by: str | None
    engine: str = Field(default="", description="told, or waiting while the engine does not answer")

    @classmethod
    def of(cls, work: Work, *, told: bool | None = None) -> "WorkItem":
        """Make the answer about one."""
        times = {name: as_time(getattr(work, name)) for name in ("created", "until", "ended")}
        engine = "" if told is None else "told" if told else "waiting"
        return cls.model_validate({**work._asdict(), **times, "engine": engine})
