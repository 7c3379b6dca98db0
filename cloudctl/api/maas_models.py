"""Answers about journeys; times RFC 3339, m and s; what is not known is null."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Mode = Literal["walk", "bus", "shuttle", "car"]


class PlaceItem(BaseModel):
    """A place, deg."""

    model_config = ConfigDict(extra="forbid")

    lon: Annotated[float, Field(ge=-180, le=180)]
    lat: Annotated[float, Field(ge=-90, le=90)]


class JourneyRequest(BaseModel):
    """Where from, where to, when, how."""

    model_config = ConfigDict(extra="forbid")

    start: PlaceItem
    goal: PlaceItem
    depart: AwareDatetime | None = Field(default=None, description="Now where it is left out.")
    arrive: AwareDatetime | None = Field(
        default=None,
        description="To be there by then, setting out as late as possible but not before `depart`.",
    )
    modes: Annotated[list[Mode], Field(min_length=1, max_length=4)] = ["walk", "bus", "shuttle", "car"]
    walk_most: Annotated[float, Field(ge=50, le=3000)] = Field(default=1200.0, description="Longest single walk, m.")
    transfers: Annotated[int, Field(ge=0, le=4)] = 3
    count: Annotated[int, Field(ge=1, le=10)] = 5


class LegItem(BaseModel):
    """One part of a journey; a car leg ends in a lot with a chance of a place."""

    mode: Mode
    start: PlaceItem
    end: PlaceItem
    departure: datetime
    arrival: datetime
    metres: float | None = None
    line: str | None = None
    trip: str | None = None
    from_stop: str | None = None
    to_stop: str | None = None
    live: bool = Field(default=False, description="Times are predicted from the bus itself.")
    lot: str | None = None
    chance: float | None = None


class JourneyItem(BaseModel):
    """A journey from door to door."""

    departure: datetime
    arrival: datetime
    duration_s: float
    transfers: int
    walk_m: float
    legs: list[LegItem]


class JourneysAnswer(BaseModel):
    """Alternatives: none is beaten by another in time, transfers and walk at once.

    Time is the arrival, or the departure where a latest arrival was asked for.
    """

    journeys: list[JourneyItem]
    reason: str | None = Field(default=None, description="Why there is none.")
