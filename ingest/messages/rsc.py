"""RSC, roadside coordination: T/CSAE 157-2020 MSG_RSC. The answer to a priority request, sent down to a roadside unit.

| field | type |
|---|---|
| msgCnt, id, secMark, refPos | as in BSM |
| coordinates | 1..16 DF_VehicleCoordination: vehId, driveSuggestion, pathGuidance, info (bit 7 signalPriority) |
| laneCoordinates | 1..8 DF_LaneCoordination: targetLane, relatedPath, tBegin, tEnd, recommendedSpeed, ... |
| priority | our extension: requestId, signal, phaseId, arrival (UTC epoch s), strategy, maxSeconds |
| signalControl | our extension: signal, phaseIds that are to be green next, validFor (s) |
| seqNum, ack | delivery check as in RSI |
"""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from ingest.messages.bsm import DDateTime
from ingest.messages.common import (
    DeviceId,
    DSecond,
    MsgCount,
    NodeReferenceID,
    PhaseID,
    ReferenceLink,
    Speed,
    TimeOffset,
    Timestamp,
    Wire,
)
from ingest.messages.day_two import DriveBehavior, PathPlanningPoint
from ingest.messages.positions import Position3D, ReferencePath
from ingest.messages.rsi import Description, SequenceNumber

CoordinationBits = Annotated[str, Meta(pattern="^[01]{8,32}$")]
SIGNAL_PRIORITY = "00000001"


class PriorityStrategy(StrEnum):
    """How the signal lets a vehicle pass."""

    EXTENSION = "extension"
    EARLY_GREEN = "early_green"
    PHASE_INSERTION = "phase_insertion"


class DriveSuggestion(Wire, frozen=True):
    """DF_DriveSuggestion: DE_DriveBehavior bits for `lifeTime` (10 ms) on a link or along a path."""

    suggestion: DriveBehavior
    life_time: TimeOffset | None = None
    related_link: ReferenceLink | None = None
    related_path: ReferencePath | None = None


class VehicleCoordination(Wire, frozen=True):
    """DF_VehicleCoordination."""

    veh_id: DeviceId
    info: CoordinationBits | None = None
    drive_suggestion: DriveSuggestion | None = None
    path_guidance: Annotated[list[PathPlanningPoint], Meta(min_length=1, max_length=100)] | None = None


class LaneCoordination(Wire, frozen=True):
    """DF_LaneCoordination."""

    target_lane: ReferenceLink
    related_path: ReferencePath | None = None
    t_begin: DDateTime | None = None
    t_end: DDateTime | None = None
    recommended_speed: Speed | None = None
    recommended_behavior: DriveBehavior | None = None
    info: CoordinationBits | None = None
    description: Description | None = None


class SignalPriority(Wire, frozen=True):
    """What the signal is asked to do."""

    request_id: str
    signal: NodeReferenceID
    phase_id: PhaseID
    arrival: float
    strategy: PriorityStrategy
    max_seconds: Annotated[float, Meta(ge=0, le=120)]


class SignalControl(Wire, frozen=True):
    """Stage that a controller is asked to go to, in its own time; without another it returns to its plan."""

    signal: NodeReferenceID
    phase_ids: Annotated[list[PhaseID], Meta(min_length=1, max_length=64)]
    valid_for: Annotated[float, Meta(gt=0, le=60)]


class RoadsideCoordination(Wire, frozen=True):
    """MSG_RSC."""

    msg_cnt: MsgCount
    id: DeviceId
    sec_mark: DSecond
    ref_pos: Position3D
    coordinates: Annotated[list[VehicleCoordination], Meta(min_length=1, max_length=16)] | None = None
    priority: SignalPriority | None = None
    signal_control: SignalControl | None = None
    timestamp: Timestamp | None = None
    seq_num: SequenceNumber | None = None
    ack: bool | None = None
    lane_coordinates: Annotated[list[LaneCoordination], Meta(min_length=1, max_length=8)] | None = None
