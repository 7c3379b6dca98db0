"""Questions and answers of desk work about incidents; times are RFC 3339 UTC."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints, model_validator

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=r"^[^\x00]+$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=r"^[^\x00]+$")]


class Assignment(BaseModel):
    """Who sees to an incident; null gives it back."""

    assignee: Line | None


class Note(BaseModel):
    """Something to be written down."""

    text: Text


class ActItem(BaseModel):
    """One thing that was done about an incident."""

    time: datetime | None
    actor: str
    name: str
    act: str = Field(description="acknowledge, assign or note")
    text: str


class DeskItem(BaseModel):
    """One open incident as the desk sees it."""

    incident_id: str
    priority: int = Field(description="1 critical, 2 high, 3 medium, 4 low")
    group: str = Field(description="Id of the incident that leads its group.")
    mute: int | None = Field(description="Number of the mute that silences it.")
    acknowledged_by: str | None = None
    acknowledged_name: str | None = None
    acknowledged: datetime | None = None
    assignee: str | None = None
    notes: int = 0
    last_note: str | None = None


class NewMuteRequest(BaseModel):
    """Silence incidents of a kind, in a circle, or of a kind in a circle, for a while."""

    kind: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z_]+$")] | None = None
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    radius_m: Annotated[float, Field(gt=0, le=50_000)] | None = None
    minutes: Annotated[float, Field(gt=0, le=24 * 60)]
    reason: Line

    @model_validator(mode="after")
    def _says_what(self) -> "NewMuteRequest":
        place = (self.lon, self.lat, self.radius_m)
        if any(part is None for part in place) and any(part is not None for part in place):
            raise ValueError("lon, lat and radius_m come together")
        if self.kind is None and self.lon is None:
            raise ValueError("name a kind or an area")
        return self


class MuteItem(BaseModel):
    """A mute in force."""

    id: int
    kind: str | None
    lon: float | None
    lat: float | None
    radius_m: float | None
    reason: str
    created: datetime | None
    created_by: str
    created_name: str
    expires: datetime | None
