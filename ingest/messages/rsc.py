"""RSC, roadside coordination: T/CSAE 157-2020 MSG_RSC. The answer to a priority request, sent down to a roadside unit.

| field | type |
|---|---|
| msgCnt, id, secMark, refPos | as in BSM |
| coordinates | 1..16 DF_VehicleCoordination: vehId, info (DE_CoordinationInfo, bit 7 signalPriority) |
| priority | our extension: requestId, signal, phaseId, arrival (UTC epoch s), strategy, maxSeconds |
| seqNum, ack | delivery check as in RSI |
"""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from ingest.messages.common import (
    DeviceId,
    DSecond,
    MsgCount,
    NodeReferenceID,
    PhaseID,
    Position3D,
    Timestamp,
    Wire,
)
from ingest.messages.rsi import SequenceNumber

CoordinationBits = Annotated[str, Meta(pattern="^[01]{8,32}$")]
SIGNAL_PRIORITY = "00000001"


class PriorityStrategy(StrEnum):
    """How the signal lets a vehicle pass."""

    EXTENSION = "extension"
    EARLY_GREEN = "early_green"


class VehicleCoordination(Wire, frozen=True):
    """DF_VehicleCoordination."""

    veh_id: DeviceId
    info: CoordinationBits | None = None


class SignalPriority(Wire, frozen=True):
    """What the signal is asked to do."""

    request_id: str
    signal: NodeReferenceID
    phase_id: PhaseID
    arrival: float
    strategy: PriorityStrategy
    max_seconds: Annotated[float, Meta(ge=0, le=120)]


class RoadsideCoordination(Wire, frozen=True):
    """MSG_RSC."""

    msg_cnt: MsgCount
    id: DeviceId
    sec_mark: DSecond
    ref_pos: Position3D
    coordinates: Annotated[list[VehicleCoordination], Meta(min_length=1, max_length=16)] | None = None
    priority: SignalPriority | None = None
    timestamp: Timestamp | None = None
    seq_num: SequenceNumber | None = None
    ack: bool | None = None
