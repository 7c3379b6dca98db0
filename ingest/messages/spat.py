"""SPAT, signal phase and timing: T/CSAE 53-2020 MSG_SPAT (profile V4). What the lights show and when they change.

| field | type |
|---|---|
| msgCnt, moy, timeStamp, name | 0..127, min of the UTC year, ms in the minute, text (all but msgCnt optional) |
| intersections | 1..32: intersectionId, status (16 bits), moy, timeStamp, timeConfidence, phases 1..16 |
| phase | id 0..255, phaseStates 1..16: light, timing = CHOICE counting, utcTiming |
| timestamp | our extension, UTC epoch ms |

`counting` is 0.1 s from now, `utcTiming` 0.1 s of the UTC hour; 36001 unknown, 36000 more than an hour.
"""

from typing import Annotated

from msgspec import Meta, field

from ingest.messages.common import (
    Bits16,
    ConfidencePercent,
    DescriptiveName,
    DSecond,
    MinuteOfTheYear,
    MsgCount,
    NodeReferenceID,
    PhaseID,
    TimeConfidence,
    Timestamp,
    Wire,
)
from ingest.messages.enumerations import LightState, code_of

TimeMark = Annotated[int, Meta(ge=0, le=36001)]
"""0.1 s; 36001 unknown, 36000 more than an hour ahead, 35991..35999 leap second."""

TIME_MARK_UNKNOWN = 36001
LightCode = Annotated[int, Meta(ge=0, le=8)]

FIXED_TIME_BIT = 5
PREEMPT_BIT = 3
PRIORITY_BIT = 4


class TimeCountingDown(Wire, frozen=True):
    """DF_TimeCountingDown, 0.1 s from now."""

    start_time: TimeMark
    likely_end_time: TimeMark
    min_end_time: TimeMark | None = None
    max_end_time: TimeMark | None = None
    time_confidence: ConfidencePercent | None = None
    next_start_time: TimeMark | None = None
    next_duration: TimeMark | None = None


class UTCTiming(Wire, frozen=True):
    """DF_UTCTiming, 0.1 s of the UTC hour; a mark before now means the next hour."""

    start_utc_time: TimeMark = field(name="startUTCTime")
    likely_end_utc_time: TimeMark = field(name="likelyEndUTCTime")
    min_end_utc_time: TimeMark | None = field(default=None, name="minEndUTCTime")
    max_end_utc_time: TimeMark | None = field(default=None, name="maxEndUTCTime")
    time_confidence: ConfidencePercent | None = None
    next_start_utc_time: TimeMark | None = field(default=None, name="nextStartUTCTime")
    next_end_utc_time: TimeMark | None = field(default=None, name="nextEndUTCTime")


class TimeChangeDetails(Wire, frozen=True):
    """CHOICE DF_TimeChangeDetails."""

    counting: TimeCountingDown | None = None
    utc_timing: UTCTiming | None = None


class PhaseState(Wire, frozen=True):
    """DF_PhaseState."""

    light: LightState | LightCode
    timing: TimeChangeDetails | None = None

    @property
    def light_code(self) -> int:
        """Number of the light in DE_LightState."""
        return code_of(self.light)


class Phase(Wire, frozen=True):
    """DF_Phase: one signal group, its lights in the order they come."""

    id: PhaseID
    phase_states: Annotated[list[PhaseState], Meta(min_length=1, max_length=16)]


class IntersectionState(Wire, frozen=True):
    """DF_IntersectionState."""

    intersection_id: NodeReferenceID
    status: Bits16
    phases: Annotated[list[Phase], Meta(min_length=1, max_length=16)]
    moy: MinuteOfTheYear | None = None
    time_stamp: DSecond | None = None
    time_confidence: TimeConfidence | None = None

    def has_status(self, bit: int) -> bool:
        """Whether a bit of DE_IntersectionStatusObject is set."""
        return self.status[bit] == "1"


class Spat(Wire, frozen=True):
    """MSG_SPAT."""

    msg_cnt: MsgCount
    intersections: Annotated[list[IntersectionState], Meta(min_length=1, max_length=32)]
    moy: MinuteOfTheYear | None = None
    time_stamp: DSecond | None = None
    name: DescriptiveName | None = None
    timestamp: Timestamp | None = None
