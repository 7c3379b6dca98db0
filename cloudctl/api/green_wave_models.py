"""Questions for green-wave plans and the plans: offsets, greens, bands and what they are expected to change."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

SignalName = Annotated[str, Field(min_length=1, max_length=200)]


class GreenWaveRequest(BaseModel):
    """A corridor, and which traffic its plan is for."""

    signals: Annotated[list[SignalName], Field(min_length=2, max_length=20)] = Field(
        description="Ids of neighbouring signals in the order of the corridor."
    )
    cycle: Annotated[int, Field(ge=30, le=240)] | None = Field(
        default=None, description="Common cycle, s; by default the longest of the signals."
    )
    speed: Annotated[float, Field(ge=2, le=35)] | None = Field(
        default=None, description="Speed of the wave where the limit is not lower, m/s; by default the limits."
    )
    start: AwareDatetime | None = Field(
        default=None, description="Plan for the stored flows of this time on; by default for those of now."
    )
    end: AwareDatetime | None = None


class StageItem(BaseModel):
    """A green stage of a plan."""

    phases: list[int] = Field(description="PhaseIDs that are green in it.")
    begin: float = Field(description="s after the cycle begins")
    duration: float = Field(description="s")


class PassageItem(BaseModel):
    """How one direction of the corridor passes a signal."""

    phase_id: int
    link: str = Field(description="Link before the stop line.")
    lanes: int
    green_begin: float = Field(description="s after the cycle begins")
    green: float = Field(description="s")
    flow: float | None = Field(
        description="Vehicles an hour that the plan reckons with; null at the first signal, where none is needed."
    )
    saturation: float | None = Field(description="Flow over what the green discharges.")


class PlannedSignalItem(BaseModel):
    """One signal of the plan."""

    signal: str
    name_zh: str
    name_en: str
    offset: float = Field(description="Its cycle begins where UTC epoch seconds modulo the cycle are this, s.")
    offset_today: float | None = Field(description="Read off its lights; null where they do not show it.")
    stages: list[StageItem]
    out: PassageItem
    back: PassageItem | None


class LegItem(BaseModel):
    """The way between two neighbours."""

    links: list[str]
    length: float = Field(description="m")
    speed: float = Field(description="m/s")
    seconds: float


class DirectionItem(BaseModel):
    """What the plan is expected to do to one direction; all but the band a vehicle and signal."""

    legs: list[LegItem]
    band: float = Field(description="Time in each cycle in which one passes all signals without a stop, s.")
    delay_before: float | None = Field(description="s; null where nobody drives")
    delay: float | None
    stops_before: float | None
    stops: float | None


class GreenWavePlanItem(BaseModel):
    """Offsets of least delay and stops for both directions together."""

    time: datetime = Field(description="Of the flows: of the picture, or end of the stored period.")
    flows: Literal["live", "stored"]
    cycle: int
    before: Literal["lights", "uncoordinated"] = Field(
        description="What the effect is compared with: today's offsets as the lights show them, or the mean of all."
    )
    cost_before: float = Field(description="Delay and 5 s for each stop, vehicle s an hour.")
    cost: float
    signals: list[PlannedSignalItem]
    out: DirectionItem
    back: DirectionItem | None = Field(description="Null where no way leads back over the same signals.")
