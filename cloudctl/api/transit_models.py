"""Answers and requests about buses; times RFC 3339, s and m/s; what is not known is null."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from cloudctl.advice.advisory import AdvisoryKind
from cloudctl.dispatch.advice import AdviceStatus
from cloudctl.dispatch.priority import PriorityStatus

NAME_PATTERN = r"^[^\x00-\x1f\x7f]{1,128}$"
Name = Annotated[str, Field(pattern=NAME_PATTERN)]


class StopItem(BaseModel):
    """A bus stop."""

    id: str
    name: str
    lon: float
    lat: float
    lines: list[str]


class LineItem(BaseModel):
    """A bus line."""

    id: str
    name: str
    long_name: str
    buses: int = Field(description="Buses on it now.")
    headway_variation: float | None = Field(description="Coefficient of variation of the headways now.")
    findings: int


class PatternStop(BaseModel):
    """A stop on a way."""

    id: str
    name: str
    at: float = Field(description="m from the start of the way")


class BusItem(BaseModel):
    """A bus on a line."""

    vehicle: str
    line: str
    direction: int
    trip: str | None
    lon: float
    lat: float
    bearing: float = Field(description="deg clockwise from true north")
    speed: float
    along: float = Field(description="m from the start of the way")
    next_stop: str | None
    at_stop: bool
    lateness: float | None = Field(description="s behind the timetable, negative ahead of it")
    headway_ahead: float | None
    headway_behind: float | None
    headway_planned: float | None
    vehicle_ahead: str | None
    vehicle_behind: str | None
    passengers: int | None
    capacity: int | None
    off_route: bool
    updated: datetime | None


class PatternItem(BaseModel):
    """One way of a line with its buses, the foremost first."""

    id: str
    direction: int
    length: float
    stops: list[PatternStop]
    points: list[tuple[float, float]] = Field(description="lon, lat")
    trips: int
    buses: list[BusItem]


class LineDetail(LineItem):
    """A line with its ways."""

    patterns: list[PatternItem]


class ArrivalItem(BaseModel):
    """A bus is expected at a stop; 9 of 10 arrivals lie between earliest and latest."""

    vehicle: str
    line: str
    direction: int
    trip: str | None
    stop: str
    expected: datetime | None
    earliest: datetime | None
    latest: datetime | None
    scheduled: datetime | None


class ExpectedItem(BaseModel):
    """What following an advice is expected to change, s."""

    headway_ahead_now: float | None
    headway_ahead_then: float | None
    headway_behind_now: float | None
    headway_behind_then: float | None
    delay: float


class AdviceItem(BaseModel):
    """Advice about one bus."""

    id: str
    kind: AdvisoryKind
    vehicle: str
    line: str
    direction: int
    trip: str
    stop: str
    seconds: float
    until: datetime | None
    speed: float | None
    other: str
    reason: str
    reason_code: str
    expected: ExpectedItem
    created: datetime | None
    valid_until: datetime | None
    status: AdviceStatus
    said_by: str


class BusDetail(BusItem):
    """A bus with what is expected of it and advised to it."""

    arrivals: list[ArrivalItem]
    advice: list[AdviceItem]


class FindingItem(BaseModel):
    """Something wrong on a line."""

    kind: str
    line: str
    vehicle: str
    trip: str
    figure: float
    reason: str
    since: datetime | None


class PriorityItem(BaseModel):
    """A request for signal priority."""

    id: str
    vehicle: str
    line: str
    trip: str = Field(description="Journey number: trip id @ service day.")
    signal: str
    phase_id: int
    requested: datetime | None
    updated: datetime | None
    arrival: datetime | None = Field(description="Expected at the stop line.")
    status: PriorityStatus
    strategy: str
    seconds: float = Field(description="s by which the green is changed at most")
    gained: float | None = Field(description="s by which the bus made up its lateness meanwhile")
    reason: str


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FeedbackRequest(_Request):
    """What dispatch says of an advice."""

    status: Literal["accepted", "rejected", "done"]


class PriorityOrderRequest(_Request):
    """Dispatch asks for a green."""

    vehicle: Name
    signal: Name | None = Field(default=None, description="Null for the next light on its way.")


class TrunkArrivalItem(_Request):
    """A metro or trunk line arrives where people change to a bus."""

    stop: Name
    arrival: datetime
    trunk: Name = Field(description="What stands on the train.")
    line: Name | None = Field(default=None, description="Bus line that waits; null for all of the stop.")


class TrunkArrivalsRequest(_Request):
    """The arrivals that are expected; they take the place of those told before."""

    items: Annotated[list[TrunkArrivalItem], Field(max_length=5000)]


class Taken(BaseModel):
    """How many were taken."""

    taken: int


class RowFinding(BaseModel):
    """A row of a timetable that was left out; line 0 means the whole file."""

    file: str
    line: int
    detail: str


class TimetableSummary(BaseModel):
    """A timetable and what was wrong with its source."""

    version: str
    zone: str
    trips: int
    lines: int
    stops: int
    findings: list[RowFinding]
    finding_count: int
    refused: str = Field(default="", description="Why the newest source is not used; empty where it is.")


class LineResult(BaseModel):
    """One line on one day."""

    line: str
    visits: int
    headway_variation: float | None
    mean_wait: float | None = Field(description="s, of passengers who come at random")
    mean_dwell: float | None
    advice: dict[str, int] = Field(description="Count by kind and status, as kind.status.")
    priority: dict[str, int] = Field(description="Count by status.")


class DayResults(BaseModel):
    """All lines of one day."""

    day: date
    lines: list[LineResult]


class AccuracyItem(BaseModel):
    """How good predictions five minutes ahead were."""

    judged: int
    median_error_s: float | None
    within_band: float | None
    band_width_s: float | None
    timetable_median_error_s: float | None
