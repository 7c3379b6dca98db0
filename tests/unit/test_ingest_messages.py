"""Message structs hold the names, bounds and units of the standard."""

import csv
import os
from pathlib import Path

import msgspec
import pytest
from ingest_samples import LAT, LON, bsm, participant, raw, rsm, spat

from ingest.errors import RefusalReason, RefusedError
from ingest.messages.bsm import BasicSafetyMessage
from ingest.messages.common import (
    AbsoluteLL,
    AccelerationSet4Way,
    OffsetLL1,
    Position3D,
    PositionOffsetLL,
    Wire,
    absolute_position,
)
from ingest.messages.decoding import decode, decoder, encode, find_members
from ingest.messages.enumerations import LightState, ParticipantType, code_of
from ingest.messages.map_data import Connection, Lane, Link, MapData, Node
from ingest.messages.rsi import RoadSideInformation, RTEData
from ingest.messages.rsm import ParticipantData, RoadsideSafetyMessage
from ingest.messages.spat import IntersectionState, Spat, TimeCountingDown, UTCTiming

SHARED = Path(os.environ.get("V2X_SHARED", Path(__file__).parents[2].parent / "shared"))
EXTENSIONS = {"timestamp", "seqNum", "ack"}
STRUCTS: dict[str, type[Wire]] = {
    "BasicSafetyMessage": BasicSafetyMessage,
    "RoadsideSafetyMessage": RoadsideSafetyMessage,
    "ParticipantData": ParticipantData,
    "SPAT": Spat,
    "IntersectionState": IntersectionState,
    "TimeCountingDown": TimeCountingDown,
    "UTCTiming": UTCTiming,
    "MapData": MapData,
    "Node": Node,
    "Link": Link,
    "Lane": Lane,
    "Connection": Connection,
    "RoadSideInformation": RoadSideInformation,
    "RTEData": RTEData,
}


def fields_of_standard(name: str) -> dict[str, bool]:
    """Field names of profile V4 and whether each is mandatory."""
    with (SHARED / "standards" / "structures.csv").open(encoding="utf-8") as lines:
        return {
            row["field"]: row["presence"] == "M"
            for row in csv.DictReader(lines)
            if row["type"] == name and "v4" in row["profiles"].split() and row["presence"] in {"M", "O"}
        }


@pytest.mark.skipif(not (SHARED / "standards" / "structures.csv").exists(), reason="tables of the standard not here")
@pytest.mark.parametrize("name", STRUCTS)
def test_fields_and_their_presence_are_those_of_profile_v4(name: str) -> None:
    ours = {field.encode_name: field.required for field in msgspec.structs.fields(STRUCTS[name])}
    assert {field: ours[field] for field in ours if field not in EXTENSIONS} == fields_of_standard(name)


def test_units_are_si_and_sentinels_are_none() -> None:
    message = decode(BasicSafetyMessage, raw(bsm()))
    assert message.speed_mps == pytest.approx(13.88)
    assert message.heading_deg == pytest.approx(90.0)
    assert message.pos.latitude == pytest.approx(LAT * 1e-7)
    assert message.pos.longitude == pytest.approx(LON * 1e-7)
    assert message.pos.height == pytest.approx(52.0)
    unknown = Position3D(lat=900_000_001, long=1_800_000_001, elevation=-4096)
    assert (unknown.latitude, unknown.longitude, unknown.height) == (None, None, None)
    silent = decode(ParticipantData, raw(participant(speed=8191, heading=28800)))
    assert (silent.speed_mps, silent.heading_deg) == (None, None)
    assert AccelerationSet4Way(long=2001, lat=0, vert=0, yaw=0).longitudinal is None
    assert AccelerationSet4Way(long=-150, lat=0, vert=0, yaw=0).longitudinal == pytest.approx(-1.5)


def test_enumerations_are_names_with_numbers_and_numbers_are_read_too() -> None:
    assert decode(ParticipantData, raw(participant(ptcType="non-motor"))).ptc_type is ParticipantType.NON_MOTOR
    assert code_of(decode(ParticipantData, raw(participant(ptcType=3))).ptc_type) == 3
    assert LightState.of_code(6) is LightState.PROTECTED_GREEN
    with pytest.raises(ValueError, match="no value 9"):
        LightState.of_code(9)


def test_every_offset_alternative_is_relative_and_latlon_is_absolute() -> None:
    reference = Position3D(lat=LAT, long=LON)
    assert absolute_position(1, 2).offset_ll.resolve_e7(reference) == (1, 2)
    for alternative in ("LL1", "LL2", "LL3", "LL4", "LL5", "LL6"):
        payload = raw({f"position-{alternative}": {"lon": -5, "lat": 7}})
        assert decode(PositionOffsetLL, payload).resolve_e7(reference) == (LON - 5, LAT + 7)
    assert PositionOffsetLL().resolve_e7(reference) is None
    assert PositionOffsetLL(position_lat_lon=AbsoluteLL(1, 2), position_ll1=OffsetLL1(3, 4)).resolve_e7(reference) == (
        1,
        2,
    )


def test_absent_optionals_are_left_out() -> None:
    assert encode(Position3D(lat=1, long=2)) == b'{"lat":1,"long":2}'


def test_status_bits_count_from_the_left() -> None:
    state = decode(Spat, raw(spat())).intersections[0]
    assert state.has_status(5)
    assert not state.has_status(4)


@pytest.mark.parametrize(
    ("payload", "reason", "field"),
    [
        (raw(bsm(speed=9000)), RefusalReason.OUT_OF_RANGE, "speed"),
        (raw(bsm(msgCnt=-1)), RefusalReason.OUT_OF_RANGE, "msgCnt"),
        (raw(bsm(speed="fast")), RefusalReason.WRONG_TYPE, "speed"),
        (raw(bsm(transmission="sideways")), RefusalReason.UNKNOWN_VALUE, "transmission"),
        (raw(bsm(pos={"lat": 1})), RefusalReason.MISSING_FIELD, "pos.long"),
        (b'{"msgCnt":1}', RefusalReason.MISSING_FIELD, "id"),
        (b"[1]", RefusalReason.WRONG_TYPE, ""),
        (b"{", RefusalReason.NOT_JSON, ""),
        (b"", RefusalReason.NOT_JSON, ""),
        (b'{"id":"\xff"}', RefusalReason.NOT_JSON, ""),
    ],
)
def test_a_refusal_names_reason_and_field(payload: bytes, reason: RefusalReason, field: str) -> None:
    with pytest.raises(RefusedError) as caught:
        decode(BasicSafetyMessage, payload)
    assert (caught.value.reason, caught.value.field) == (reason, field)


def test_a_refusal_names_the_value_deep_inside() -> None:
    with pytest.raises(RefusedError, match="9000") as caught:
        decode(RoadsideSafetyMessage, raw(rsm(participant(), participant(speed=9000))))
    assert caught.value.field == "participants[1].speed"
    assert caught.value.value == 9000


def test_seventeen_participants_are_one_too_many() -> None:
    decode(RoadsideSafetyMessage, raw(rsm(*[participant()] * 16)))
    with pytest.raises(RefusedError, match="length <= 16"):
        decode(RoadsideSafetyMessage, raw(rsm(*[participant()] * 17)))


def test_there_is_one_decoder_a_type() -> None:
    assert decoder(Spat) is decoder(Spat)


def test_members_are_found_in_messages_that_are_wrong_otherwise() -> None:
    assert find_members(b'{"msgCnt":7,"x":[]}', "msgCnt", "seqNum") == (7, None)
    assert find_members(b"[]", "msgCnt") == (None,)
    assert find_members(b"{", "msgCnt") == (None,)
