"""RSI, roadside information: T/CSAE 53-2020 MSG_RSI (profile V4). Events and signs, up and down.

| level | fields |
|---|---|
| RoadSideInformation | msgCnt, moy, id, refPos, rtes 1..8, rtss 1..16; seqNum and ack are OpenV2X's delivery check |
| RTEData | rteId, eventType (GB/T 29100), eventSource, eventPos, eventRadius (0.1 m), description, timeDetails, |
| | priority, referencePaths 1..8, referenceLinks 1..16, eventConfidence (0.5 %) |
| RTSData | rtsId, signType (GB 5768.2), signPos, description, timeDetails, priority, referencePaths, referenceLinks |

`priority` is one octet; its top three bits count. eventType is a number and never an enumeration: vendors send 99xx.
"""

from typing import Annotated

from msgspec import Meta, field

from ingest.messages.common import (
    Byte,
    Code7,
    Code15,
    ConfidencePercent,
    DeviceId,
    MinuteOfTheYear,
    MsgCount,
    Radius,
    ReferenceLink,
    TimeConfidence,
    Timestamp,
    UnsignedShort,
    Wire,
)
from ingest.messages.enumerations import EventSource, SignDirection
from ingest.messages.positions import Position3D, PositionOffsetLLV, ReferencePath

ReferencePaths = Annotated[list[ReferencePath], Meta(min_length=1, max_length=8)]
ReferenceLinks = Annotated[list[ReferenceLink], Meta(min_length=1, max_length=16)]
Text = Annotated[str, Meta(min_length=1, max_length=512)]
SequenceNumber = Annotated[str, Meta(min_length=1, max_length=64)]
Priority = Annotated[str, Meta(min_length=1, max_length=8)] | Byte
"""One octet: a number, or text such as "0xE0", "e0" or eight bits."""


class Description(Wire, frozen=True):
    """CHOICE DF_Description."""

    text_string: Text | None = None
    text_gb2312: Text | None = field(default=None, name="textGB2312")


class TimeDetails(Wire, frozen=True):
    """DF_RSITimeDetails, min of the UTC year."""

    start_time: MinuteOfTheYear | None = None
    end_time: MinuteOfTheYear | None = None
    end_time_confidence: TimeConfidence | None = None


class RTEData(Wire, frozen=True):
    """DF_RTEData: one traffic event."""

    rte_id: Byte
    event_type: UnsignedShort
    event_source: EventSource | Code15
    event_pos: PositionOffsetLLV | None = None
    event_radius: Radius | None = None
    description: Description | None = None
    time_details: TimeDetails | None = None
    priority: Priority | None = None
    reference_paths: ReferencePaths | None = None
    reference_links: ReferenceLinks | None = None
    event_confidence: ConfidencePercent | None = None


class AuxiliarySign(Wire, frozen=True):
    """DF_AuxiliarySign of the second phase: for whom a sign holds and where; bit 0: all but buses."""

    sign_with_vehicle_type: Annotated[str, Meta(pattern="^[01]{5,32}$")] | None = None
    sign_direction: SignDirection | Code7 | None = None


class RTSData(Wire, frozen=True):
    """DF_RTSData: one traffic sign."""

    rts_id: Byte
    sign_type: UnsignedShort
    sign_pos: PositionOffsetLLV | None = None
    description: Description | None = None
    time_details: TimeDetails | None = None
    priority: Priority | None = None
    reference_paths: ReferencePaths | None = None
    reference_links: ReferenceLinks | None = None
    auxiliary_sign: AuxiliarySign | None = None


class RoadSideInformation(Wire, frozen=True):
    """MSG_RSI."""

    msg_cnt: MsgCount
    id: DeviceId
    ref_pos: Position3D
    moy: MinuteOfTheYear | None = None
    rtes: Annotated[list[RTEData], Meta(min_length=1, max_length=8)] | None = None
    rtss: Annotated[list[RTSData], Meta(min_length=1, max_length=16)] | None = None
    timestamp: Timestamp | None = None
    seq_num: SequenceNumber | None = None
    ack: bool | None = None
