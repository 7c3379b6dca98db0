"""Answers about signals: lights with their source and the time until they change, recommendations, priority."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

from cloudctl.api.models import Signal, SignalGroup


class ChangeTimeItem(BaseModel):
    """When the present light ends, as a distribution learned from how long it lasted before."""

    p10: datetime
    p50: datetime
    p90: datetime
    samples: int = Field(description="Durations behind it.")


class CycleItem(BaseModel):
    """How a group repeats."""

    seconds: float = Field(description="From green to green, s.")
    spread: float | None = Field(description="Mean absolute difference of cycles, s; small where the time is fixed.")


class GroupDetail(SignalGroup):
    """A signal group, its light, and where that is known from."""

    source: Literal["spat", "controller", "estimated", "none"] = Field(
        description="controller: it shows stages that the platform commands; estimated: from who crosses the stop line."
    )
    learned: ChangeTimeItem | None = None
    cycle: CycleItem | None = None


class FaultItem(BaseModel):
    """Something wrong with what the signal reported."""

    time: datetime | None
    device: str
    fault: str
    detail: str
    phase_id: int | None


class RecommendationItem(BaseModel):
    """What is recommended to a signal."""

    signal: str
    time: datetime | None
    mode: Literal["recommended", "plan", "held"]
    reason: str
    detail: str
    stage: int | None = Field(description="Green stage of the program, from 0; null where the plan stays.")
    phases: list[int] = Field(description="PhaseIDs that are green in it.")
    shown: int | None
    since: datetime | None
    until: datetime | None = Field(description="Not to be relied on after that; renewed every second.")
    saving_s: float = Field(description="Delay saved over the next minute against the plan, vehicle seconds.")
    confidence: float
    coverage: float


class ControlItem(BaseModel):
    """A controller that takes stages from the platform."""

    signal: str
    unit: str
    status: str = Field(description="offered, waiting, executing, refused, silent, held or plan")
    since: datetime | None
    stage: int | None
    phases: list[int]
    answered: datetime | None
    detail: str


class SignalDetail(Signal):
    """A signalised intersection with all that is known of its lights."""

    groups: list[GroupDetail]  # type: ignore[assignment]  # each group says more
    recommendation: RecommendationItem | None = None
    control: ControlItem | None = None
    faults: list[FaultItem] = Field(description="Of the last ten minutes: conflicting greens, frozen countdowns, ...")


class SignalPriorityItem(BaseModel):
    """A request for priority at a signal."""

    id: str
    vehicle: str = Field(description="Empty where the vehicle may not be named.")
    signal: str
    phase_id: int
    cause: str = Field(description="vehicle, dispatch, api, corridor, late, full, headway or approach")
    urgent: bool
    requested: datetime | None
    updated: datetime | None
    arrival: datetime | None
    lateness: float
    status: Literal["requested", "granted", "served", "refused"]
    strategy: str = Field(description="extension, early_green, phase_insertion, none, or empty while undecided")
    seconds: float
    reason: str


class PriorityWishRequest(BaseModel):
    """Ask for priority, as a signal request message does."""

    vehicle: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^/+#\s]+$")]
    phase_id: Annotated[int, Field(ge=1, le=254)]
    arrival: AwareDatetime = Field(description="When it expects to be at the stop line, within ten minutes.")
    lateness: Annotated[float, Field(ge=-3600, le=7200)] = 0.0
    role: Literal["bus", "emergency"] = "bus"


class PriorityAccepted(BaseModel):
    """The request is with the engine; its state follows under its id."""

    id: str
    status: Literal["requested"] = "requested"
