"""Answers about travel times and ways."""

from datetime import datetime

from pydantic import BaseModel, Field


class LinkTimes(BaseModel):
    """Travel time of a link, now and later."""

    row: int
    id: str
    free: float = Field(description="At the speed limit, s.")
    seconds: list[float] = Field(description="Expected for entering the link at each of `times`, s.")
    low: list[float] = Field(description="80 % of vehicles need between `low` and `high`, s.")
    high: list[float]


class TurnTime(BaseModel):
    """What a turn takes beyond its link now."""

    from_link: str
    to_link: str
    seconds: float = Field(description="From the start of `from_link` to the start of `to_link`, s.")


class TravelTimes(BaseModel):
    """Travel times of links."""

    items: list[LinkTimes]
    turns: list[TurnTime] = Field(description="Turns at the ends of the listed links, where they were asked for.")
    times: list[datetime] = Field(description="Times of entering: now, and every five minutes of the next hour.")
    next: str | None = Field(description="Cursor of the next page; null on the last page.")
    time: datetime | None = Field(description="Time of the picture; null before the first, then times are usual ones.")


class RouteStep(BaseModel):
    """One link of a way."""

    link: str
    name_zh: str
    name_en: str
    length: float = Field(description="m")
    entered: float = Field(description="s after departure")


class RouteItem(BaseModel):
    """One way."""

    travel_time: float = Field(description="Expected, s.")
    low: float = Field(description="80 % of trips take between `low` and `high`, s.")
    high: float
    arrival: datetime
    length: float = Field(description="m")
    steps: list[RouteStep]
    points: list[list[float]] = Field(description="[[lon, lat], ...], deg.")


class Routes(BaseModel):
    """Ways of one vehicle, the quickest first."""

    items: list[RouteItem]
    vehicle_class: str
    departure: datetime
    closed_links: int = Field(description="Links that the class may not use at that hour, by size, zone or rule.")
    corridor: bool = Field(description="A green corridor may be opened for this class (POST /api/v1/corridors).")
    time: datetime | None = Field(description="Time of the picture behind it.")


class VehicleClassItem(BaseModel):
    """A class of vehicles and its rules."""

    name: str
    kind: str
    height: float = Field(description="m")
    weight: float = Field(description="t")
    closed_zones: list[str]
    closed_hours: list[list[float]] = Field(description="Local hours of the day, from and before.")
    corridor: bool
