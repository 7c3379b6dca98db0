"""OpenV2X's JSON for RSM on the same topic (open-v2x/docs, "v2x-algorithm"): turned into the standard's messages.

`{"name", "id", "content": {"rsms": [{"refPos": {lat, lon, ele}, "participants": [...]}]}}`

| part | standard | OpenV2X |
|---|---|---|
| position | CHOICE offsetLL | pos {lat, lon, ele}, integers 1e-7 deg |
| ptcType | name | name, number or number as text |
| posConfidence, vehicleClass, source | as in V4 | may be left out |
| msgCnt | 0..127 | may be left out, then 0 |
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from ingest.messages.common import (
    DeviceId,
    DSecond,
    Elevation,
    Heading,
    Latitude,
    Longitude,
    MotionConfidenceSet,
    MsgCount,
    Position3D,
    PositionConfidenceSet,
    Speed,
    Timestamp,
    UnsignedShort,
    VehicleClassification,
    VehicleSize,
    absolute_position,
)
from ingest.messages.enumerations import ParticipantType, SourceType
from ingest.messages.rsm import MAX_PARTICIPANTS, ParticipantData, RoadsideSafetyMessage

_TYPES = {member.value: member for member in ParticipantType} | {str(member.code): member for member in ParticipantType}
_SOURCES = range(8)
_UNKNOWN_SIZE = VehicleSize(width=0, length=0)
_NO_CONFIDENCE = PositionConfidenceSet(pos=0)
_LONGEST_LIST = 512


class _Place(Struct, frozen=True, gc=False):
    lat: Latitude
    lon: Longitude
    ele: Elevation | None = None


class _Participant(Struct, frozen=True, gc=False, rename="camel"):
    ptc_type: str | int
    ptc_id: UnsignedShort
    pos: _Place
    speed: Speed
    heading: Heading
    sec_mark: DSecond = 65535
    source: int = SourceType.UNKNOWN.code
    size: VehicleSize = _UNKNOWN_SIZE
    pos_confidence: PositionConfidenceSet = _NO_CONFIDENCE
    motion_cfd: MotionConfidenceSet | None = None
    vehicle_class: VehicleClassification | None = None


class _Rsm(Struct, frozen=True, gc=False, rename="camel"):
    ref_pos: _Place
    participants: Annotated[list[_Participant], Meta(max_length=_LONGEST_LIST)]


class _Content(Struct, frozen=True, gc=False):
    rsms: Annotated[list[_Rsm], Meta(min_length=1, max_length=64)]


class _Envelope(Struct, frozen=True, gc=False, rename="camel"):
    id: DeviceId
    content: _Content
    msg_cnt: MsgCount = 0
    timestamp: Timestamp | None = None


_DECODER = msgspec.json.Decoder(_Envelope)


def find_rsms(payload: bytes) -> list[RoadsideSafetyMessage] | None:
    """Find the RSMs of an OpenV2X message, 16 participants each at most; None where the payload is not one."""
    try:
        envelope = _DECODER.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not all(str(one.ptc_type) in _TYPES for rsm in envelope.content.rsms for one in rsm.participants):
        return None
    return [
        RoadsideSafetyMessage(
            msg_cnt=envelope.msg_cnt,
            id=envelope.id,
            ref_pos=Position3D(lat=rsm.ref_pos.lat, long=rsm.ref_pos.lon, elevation=rsm.ref_pos.ele),
            participants=[_standard(one) for one in rsm.participants[first : first + MAX_PARTICIPANTS]],
            timestamp=envelope.timestamp,
        )
        for rsm in envelope.content.rsms
        for first in range(0, max(len(rsm.participants), 1), MAX_PARTICIPANTS)
    ]


def _standard(one: _Participant) -> ParticipantData:
    return ParticipantData(
        ptc_type=_TYPES[str(one.ptc_type)],
        ptc_id=one.ptc_id,
        source=one.source if one.source in _SOURCES else SourceType.UNKNOWN,
        sec_mark=one.sec_mark,
        pos=absolute_position(one.pos.lon, one.pos.lat),
        pos_confidence=one.pos_confidence,
        speed=one.speed,
        heading=one.heading,
        size=one.size,
        vehicle_class=one.vehicle_class,
        motion_cfd=one.motion_cfd,
    )
