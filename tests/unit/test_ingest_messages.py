"""Message structs hold the names, bounds and units of the standard."""

import csv
import os
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import msgspec
import pytest
from ingest_samples import LAT, LON, bsm, participant, raw, rsm, spat

import ingest.messages
from ingest.errors import RefusalReason, RefusedError
from ingest.messages.bsm import BasicSafetyMessage
from ingest.messages.common import AccelerationSet4Way, Wire
from ingest.messages.decoding import decode, decoder, encode, find_members
from ingest.messages.enumerations import LightState, ParticipantType, code_of
from ingest.messages.positions import AbsoluteLL, OffsetLL1, Position3D, PositionOffsetLL, absolute_position
from ingest.messages.rsm import ParticipantData, RoadsideSafetyMessage
from ingest.messages.spat import Spat

SHARED = Path(os.environ.get("V2X_SHARED", Path(__file__).parents[2].parent / "shared"))
EXTENSIONS = {"timestamp", "seqNum", "ack", "priority", "destination", "signalControl"}
"""Fields of ours that the standard does not have."""
OTHER_NAMES = {
    "IARData": "IntentionAndRequests",
    "Position-LLmD-64b": "AbsoluteLL",
    "RSITimeDetails": "TimeDetails",
    "Req-ClearTheWay": "ClearTheWayRequest",
    "Req-LaneChange": "LaneChangeRequest",
    "Req-ParkingArea": "ParkingRequest",
    "Req-SensorSharing": "SensorSharingRequest",
    "Req-SignalPriority": "SignalPriorityRequest",
    "ReqInfo": "RequestInfo",
    **{f"Position-LL-{bits}B": f"OffsetLL{row}" for row, bits in enumerate((24, 28, 32, 36, 44, 48), start=1)},
}
"""Structs that are not called as the standard calls them."""
FRAMES = {"MessageFrame", "MessageFrameExt"}
"""Read by the codec, no struct of ours."""


def structs() -> dict[str, type[Wire]]:
    """All structs by name, in small letters without hyphens."""
    modules = [import_module(f"ingest.messages.{found.name}") for found in iter_modules(ingest.messages.__path__)]
    found = [each for module in modules for each in vars(module).values()]
    return {each.__name__.lower(): each for each in found if isinstance(each, type) and issubclass(each, Wire)}


def standard() -> dict[str, dict[str, set[str]]]:
    """By type of V4 and Day II, and by field, the presences that the tables give it."""
    path = SHARED / "standards" / "structures.csv"
    if not path.exists():
        return {}
    found: dict[str, dict[str, set[str]]] = {}
    with path.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if {"v4", "d2"} & set(row["profiles"].split()) and row["type"] not in FRAMES:
                fields = found.setdefault(row["type"], {})
                if row["field"][0] not in ".(":
                    fields.setdefault(row["field"], set()).add(row["presence"])
    return found


LENIENT = {("PositionalAccuracy", "orientation")}
"""Mandatory fields that we do not insist on."""
TABLES, STRUCTS = standard(), structs()


@pytest.mark.skipif(not TABLES, reason="tables of the standard not here")
def test_every_type_of_the_standard_has_a_struct_with_all_its_fields_and_no_other() -> None:
    for name, fields in TABLES.items():
        struct = STRUCTS[OTHER_NAMES.get(name, name).replace("-", "").lower()]
        ours = {field.encode_name: field.required for field in msgspec.structs.fields(struct)}
        assert set(ours) - EXTENSIONS == set(fields) - EXTENSIONS, name
        for field, presences in fields.items():
            if len(presences) == 1 and (name, field) not in LENIENT:
                assert ours[field] is (presences == {"M"}), f"{name}.{field}"


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
