"""UPER on its own topics and in the gateway envelope goes the same way as JSON."""

import json
from typing import Any

import numpy as np
import pytest
from ingest_samples import (
    BSM_TOPIC,
    LAT,
    LON,
    MAP_TOPIC,
    NOON,
    RSM_TOPIC,
    SPAT_TOPIC,
    VIR_TOPIC,
    Json,
    bsm,
    map_data,
    mark,
    new_pipeline,
    participant,
    raw,
    rsm,
    spat,
    vir,
)

from ingest.device_registry import DeviceKind
from ingest.envelope import Envelope, open_envelope, seal_envelope
from ingest.errors import RefusalReason, RefusedError
from ingest.messages.bsm import BasicSafetyMessage
from ingest.messages.common import Wire
from ingest.messages.decoding import decode
from ingest.messages.map_data import MapData
from ingest.messages.rsm import RoadsideSafetyMessage
from ingest.messages.spat import Spat
from ingest.messages.uper_form import to_frame
from ingest.messages.vir import VehIntentionAndRequest
from ingest.pipeline import Pipeline
from ingest.uper.codec import codec_for
from ingest.uper.schema import Profile
from ingest.verdicts import Accepted, Refused, refusal_ack

OFFSETS = {
    "position-LL1": 2000,
    "position-LL2": 8000,
    "position-LL3": 30_000,
    "position-LL4": -40_000,
    "position-LL5": 40_000,
    "position-LL6": -40_000,
}
"""1e-7 deg, within the bits of each alternative and within 500 m."""


def uper(kind: type[Wire], message: Json, profile: Profile = Profile.V4) -> bytes:
    return codec_for(profile).encode(to_frame(decode(kind, raw(message))))


def columns(pipeline: Pipeline) -> dict[str, list[Any]]:
    batch = pipeline.take_observations(NOON + 1)
    return {name: np.nan_to_num(column).tolist() for name, column in vars(batch).items() if name != "publish_time"}


@pytest.mark.parametrize(
    ("topic", "kind", "message"),
    [
        (BSM_TOPIC, BasicSafetyMessage, bsm(timestamp=None)),
        (RSM_TOPIC, RoadsideSafetyMessage, rsm(participant(), participant(ptcId=8), timestamp=None)),
    ],
)
def test_observations_of_uper_are_those_of_json(topic: str, kind: type[Wire], message: Json) -> None:
    plain, binary = new_pipeline(), new_pipeline()
    one = plain.accept(topic, raw(message), NOON + 0.02)
    other = binary.accept(f"{topic}/UPER", uper(kind, message), NOON + 0.02)
    assert isinstance(other, Accepted)
    assert one == other
    assert columns(plain) == columns(binary)
    assert plain.counters.accepted == binary.counters.accepted


def test_signals_maps_and_requests_come_in_uper_too() -> None:
    pipeline = new_pipeline()
    row = pipeline.registry.row_of(DeviceKind.OBU, "BUS00012")
    pipeline.registry.set_profile(row, Profile.D2)
    sent: list[tuple[str, type[Wire], Json, Profile]] = [
        (SPAT_TOPIC, Spat, spat(timestamp=None), Profile.V4),
        (MAP_TOPIC, MapData, map_data(timestamp=None), Profile.V4),
        (VIR_TOPIC, VehIntentionAndRequest, vir(timestamp=None), Profile.D2),
    ]
    for topic, kind, message, profile in sent:
        assert isinstance(pipeline.accept(f"{topic}/UPER", uper(kind, message, profile), NOON), Accepted)
    assert pipeline.take_spats()[0].message == decode(Spat, raw(spat(timestamp=None)))
    assert pipeline.take_maps()[0].message == decode(MapData, raw(map_data(timestamp=None)))
    assert pipeline.take_events()[0].message == decode(VehIntentionAndRequest, raw(vir(timestamp=None)))


def test_a_repeat_in_another_writing_is_a_repeat() -> None:
    pipeline = new_pipeline()
    message = bsm(timestamp=None)
    assert isinstance(pipeline.accept(BSM_TOPIC, raw(message), NOON), Accepted)
    again = pipeline.accept(f"{BSM_TOPIC}/UPER", uper(BasicSafetyMessage, message), NOON)
    assert isinstance(again, Refused)
    assert again.reason is RefusalReason.DUPLICATE


@pytest.mark.parametrize("writing", ["json", "uper"])
@pytest.mark.parametrize(("name", "offset"), [*OFFSETS.items(), ("position-LatLon", 0)])
def test_every_alternative_of_an_offset_is_understood(name: str, offset: int, writing: str) -> None:
    pipeline = new_pipeline()
    lon, lat = (LON, LAT) if name == "position-LatLon" else (offset, offset // 2)
    message = rsm(participant(pos={"offsetLL": {name: {"lon": lon, "lat": lat}}}), timestamp=None)
    payload = raw(message) if writing == "json" else uper(RoadsideSafetyMessage, message)
    verdict = pipeline.accept(RSM_TOPIC + ("/UPER" if writing == "uper" else ""), payload, NOON)
    assert isinstance(verdict, Accepted)
    assert verdict.partly is None
    assert pipeline.counters.observations == 1
    batch = pipeline.take_observations(NOON)
    x, y = pipeline._plane.forward([(LON + offset) * 1e-7], [(LAT + (offset and offset // 2)) * 1e-7])
    assert (batch.x[0], batch.y[0]) == pytest.approx((x[0], y[0]), abs=1e-3)


def test_an_envelope_names_its_unit_and_its_time() -> None:
    pipeline = new_pipeline()
    frame = uper(RoadsideSafetyMessage, rsm(participant()))
    payload = seal_envelope(Envelope("RSU00007", round(NOON * 1000), (frame,)), bundle=False)
    verdict = pipeline.accept("V2X.RSU.RSM.UP", payload, NOON + 0.05)
    assert isinstance(verdict, Accepted)
    device = pipeline.registry.get(verdict.device)
    assert (device.kind, device.id) == (DeviceKind.RSU, "RSU00007")
    assert pipeline.take_observations(NOON).publish_time[0] == pytest.approx(NOON)
    assert pipeline.report_devices(NOON + 0.1)[0].online


def test_a_bundle_of_bsms_is_one_message_and_a_row_for_each_vehicle() -> None:
    pipeline = new_pipeline()
    frames = tuple(uper(BasicSafetyMessage, bsm(id=name)) for name in ("CAR00001", "CAR00002"))
    payload = seal_envelope(Envelope("RSU00007", round(NOON * 1000), frames), bundle=True)
    verdict = pipeline.accept("V2X.RSU.BSM.UP", payload, NOON + 0.05)
    assert isinstance(verdict, Accepted)
    assert verdict.observations == 2
    assert pipeline.counters.received == {"rsu_bsm": 1}
    batch = pipeline.take_observations(NOON)
    assert [pipeline.registry.get(row).id for row in batch.device] == ["CAR00001", "CAR00002"]


def test_copies_of_a_bsm_through_several_units_are_one() -> None:
    pipeline = new_pipeline()
    message = raw(bsm(timestamp=None))
    assert isinstance(pipeline.accept("V2X/RSU/RSU00001/BSM/UP", message, NOON), Accepted)
    for topic in ("V2X/RSU/RSU00002/BSM/UP", BSM_TOPIC):
        verdict = pipeline.accept(topic, message, NOON + 0.1)
        assert isinstance(verdict, Refused)
        assert verdict.reason is RefusalReason.DUPLICATE
    assert len(pipeline.take_observations(NOON)) == 1


def test_vehicles_that_hide_their_id_are_told_apart_by_unit() -> None:
    pipeline = new_pipeline()
    for unit in ("RSU00001", "RSU00002"):
        pipeline.accept(f"V2X/RSU/{unit}/BSM/UP", raw(bsm(id="0" * 16)), NOON)
    assert len(set(pipeline.take_observations(NOON).device.tolist())) == 2


GOOD = seal_envelope(Envelope("RSU00007", 1, (b"\x01\x02",)), bundle=False)


@pytest.mark.parametrize(
    ("payload", "bundle", "offset"),
    [
        (b"", False, "byte 0"),
        (GOOD[:15], False, "byte 15"),
        (GOOD[:17], False, "byte 16"),
        (GOOD[:-1], False, "byte 16"),
        (GOOD + b"x", False, "byte 20"),
        (b"\xff" * 8 + GOOD[8:], False, "byte 0"),
        (GOOD[:8] + b"\xff" * 8 + GOOD[16:], False, "byte 8"),
        (GOOD[:16] + b"\x02" + GOOD[16:], True, "byte 21"),
    ],
)
def test_a_broken_envelope_is_refused_at_its_byte(payload: bytes, bundle: bool, offset: str) -> None:
    with pytest.raises(RefusedError) as caught:
        open_envelope(payload, bundle=bundle)
    assert caught.value.reason is RefusalReason.NOT_ENVELOPE
    assert caught.value.field == offset


def test_an_empty_bundle_is_refused() -> None:
    verdict = new_pipeline().accept("V2X.RSU.BSM.UP", seal_envelope(Envelope("R", 1, ()), bundle=True), NOON)
    assert isinstance(verdict, Refused)
    assert verdict.reason is RefusalReason.NOT_ENVELOPE


def test_opening_is_the_inverse_of_sealing() -> None:
    envelope = Envelope("12345", 1_778_205_821_907, (b"\x01" * 300, b"", b"\x02"))
    assert open_envelope(seal_envelope(envelope, bundle=True), bundle=True) == envelope


def test_a_frame_of_another_message_is_refused() -> None:
    pipeline = new_pipeline()
    verdict = pipeline.accept(f"{SPAT_TOPIC}/UPER", uper(BasicSafetyMessage, bsm()), NOON)
    assert isinstance(verdict, Refused)
    assert verdict.reason is RefusalReason.WRONG_MESSAGE
    assert "bsm" in verdict.detail


def test_noise_on_a_uper_topic_is_refused_and_answered_in_json() -> None:
    pipeline = new_pipeline()
    verdict = pipeline.accept(f"{BSM_TOPIC}/UPER", b"\x00\x01noise", NOON)
    assert isinstance(verdict, Refused)
    assert verdict.reason is RefusalReason.NOT_UPER
    reply = refusal_ack(verdict.topic, verdict)
    assert reply is not None
    assert reply[0] == f"{BSM_TOPIC}/UPER/ACK"
    assert json.loads(reply[1])["errorCode"] == RefusalReason.NOT_UPER.code
    assert pipeline.take_dead_letters()[0].payload == b"\x00\x01noise"


def test_status_messages_come_on_dotted_topics_too() -> None:
    pipeline = new_pipeline()
    verdict = pipeline.accept("V2X.RSU.HB.UP", raw({"rsuEsn": "R1", "seqNum": "1"}), NOON)
    assert isinstance(verdict, Accepted)
    assert verdict.stream == "rsu_heartbeat"


def test_an_ssm_becomes_rows_and_its_obstacles_an_event() -> None:
    pipeline = new_pipeline()
    obstacle = {
        "obsType": "rockfall",
        "obsId": 1,
        "source": "lidar",
        "secMark": mark(NOON),
        "pos": {"offsetLL": {"position-LL1": {"lon": 1, "lat": 1}}},
        "posConfidence": {"pos": "a1m"},
        "speed": 0,
        "heading": 0,
        "size": {"width": 10, "length": 10},
    }
    message = {
        "msgCnt": 1,
        "id": "RSU00007",
        "equipmentType": "rsu",
        "secMark": mark(NOON),
        "sensorPos": {"lat": LAT, "long": LON},
        "participants": [{"ptc": participant(ptcId=number)} for number in range(1, 21)],
        "obstacles": [obstacle],
    }
    verdict = pipeline.accept("V2X/RSU/RSU00007/SSM/UP", raw(message), NOON)
    assert isinstance(verdict, Accepted)
    assert verdict.observations == 20
    assert len(pipeline.take_observations(NOON)) == 20
    assert len(pipeline.take_events()) == 1
    again = pipeline.accept("V2X/RSU/RSU00007/SSM/UP", raw(message), NOON)
    assert isinstance(again, Refused)
    assert again.reason is RefusalReason.DUPLICATE
