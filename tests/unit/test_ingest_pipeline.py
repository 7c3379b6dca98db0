"""Messages become columns, shelves and counters; wrong ones get a reason, a reply and a dead letter."""

import json

import numpy as np
import pytest
from ingest_samples import (
    BOX,
    BSM_TOPIC,
    HEARTBEAT_TOPIC,
    INFO_TOPIC,
    LAT,
    LON,
    MAP_TOPIC,
    NOON,
    PARKING_TOPIC,
    PLANE,
    RSM_TOPIC,
    SPAT_TOPIC,
    VIR_TOPIC,
    Json,
    bsm,
    map_data,
    new_pipeline,
    parking,
    participant,
    raw,
    rsm,
    spat,
    vir,
)

from ingest.device_registry import DeviceKind, DeviceRegistry
from ingest.errors import RefusalReason
from ingest.messages.decoding import MAX_PAYLOAD
from ingest.messages.parking import ParkingStatus
from ingest.messages.vir import VehIntentionAndRequest
from ingest.observation import Source
from ingest.pipeline import LONGEST_DEAD_LETTER, Pipeline
from ingest.verdicts import Accepted, Refused, refusal_ack
from maps.participants import ParticipantKind

FAR = {"offsetLL": {"position-LatLon": {"lon": LON + 100_000, "lat": LAT}}}
"""About 980 m east."""


def test_a_bsm_becomes_one_row_about_the_vehicle_itself() -> None:
    pipeline = new_pipeline()
    verdict = pipeline.accept(BSM_TOPIC, raw(bsm(NOON)), NOON + 0.02)
    assert isinstance(verdict, Accepted)
    assert verdict.observations == 1
    batch = pipeline.take_observations(NOON + 0.1)
    x, y = PLANE.forward([LON * 1e-7], [LAT * 1e-7])
    assert len(batch) == 1
    assert batch.event_time[0] == pytest.approx(NOON, abs=1e-3)
    assert batch.publish_time[0] == pytest.approx(NOON, abs=1e-3)
    assert batch.receive_time[0] == NOON + 0.02
    assert (batch.x[0], batch.y[0]) == pytest.approx((x[0], y[0]), abs=1e-6)
    assert (batch.vx[0], batch.vy[0]) == pytest.approx((13.88, 0.0), abs=1e-5)
    assert batch.heading[0] == pytest.approx(np.pi / 2)
    assert batch.sigma_position[0] == pytest.approx(1.5)
    assert (batch.length[0], batch.width[0], batch.height[0]) == pytest.approx((12.0, 2.5, 3.0))
    assert (batch.kind[0], batch.source[0], batch.object_id[0]) == (ParticipantKind.BUS, Source.SELF, 0)


def test_taking_empties() -> None:
    pipeline = new_pipeline()
    pipeline.accept(BSM_TOPIC, raw(bsm()), NOON)
    assert len(pipeline.take_observations(NOON)) == 1
    assert len(pipeline.take_observations(NOON)) == 0


def test_a_rsm_becomes_a_row_for_each_participant_but_the_unit_itself() -> None:
    pipeline = new_pipeline()
    relative = {"offsetLL": {"position-LL3": {"lon": 1000, "lat": -2000}}}
    people = (
        participant(ptcType="rsu", ptcId=0),
        participant(ptcId=1, motionCfd={"speedCfd": "prec1ms", "headingCfd": 1}),
        participant(ptcId=2, ptcType="pedestrian", pos=relative, vehicleClass=None, speed=8191, heading=28800),
    )
    del people[2]["vehicleClass"]
    verdict = pipeline.accept(RSM_TOPIC, raw(rsm(*people)), NOON + 0.05)
    assert isinstance(verdict, Accepted)
    assert verdict.partly is None
    batch = pipeline.take_observations(NOON + 0.1)
    assert batch.object_id.tolist() == [1, 2]
    assert batch.kind.tolist() == [ParticipantKind.CAR, ParticipantKind.PEDESTRIAN]
    assert set(batch.source.tolist()) == {Source.ROADSIDE}
    lon, lat = PLANE.inverse(batch.x, batch.y)
    assert lon[1] == pytest.approx((LON + 1000) * 1e-7, abs=1e-9)
    assert lat[1] == pytest.approx((LAT - 2000) * 1e-7, abs=1e-9)
    assert batch.vy[0] == pytest.approx(10.0)
    assert np.isnan([batch.vx[1], batch.heading[1], batch.sigma_velocity[1]]).all()
    assert batch.sigma_position.tolist() == pytest.approx([0.5, 0.5])
    assert batch.sigma_velocity[0] == pytest.approx(10.0 * np.radians(5.0))


def test_a_standing_vehicle_without_heading_stands() -> None:
    pipeline = new_pipeline()
    pipeline.accept(BSM_TOPIC, raw(bsm(speed=0, heading=28800)), NOON)
    batch = pipeline.take_observations(NOON)
    assert (batch.vx[0], batch.vy[0]) == (0.0, 0.0)
    assert np.isnan(batch.heading[0])


def test_a_reversing_vehicle_moves_against_its_heading() -> None:
    pipeline = new_pipeline()
    pipeline.accept(BSM_TOPIC, raw(bsm(transmission="reverseGears")), NOON)
    assert pipeline.take_observations(NOON).vx[0] == pytest.approx(-13.88)


def test_an_empty_road_is_taken() -> None:
    pipeline = new_pipeline()
    assert isinstance(pipeline.accept(RSM_TOPIC, raw(rsm()), NOON), Accepted)


@pytest.mark.parametrize(
    ("topic", "message", "reason"),
    [
        (BSM_TOPIC, bsm(pos={"lat": LON, "long": LAT}), RefusalReason.OUT_OF_RANGE),
        (BSM_TOPIC, bsm(pos={"lat": 399_000_000, "long": 1_163_000_000}), RefusalReason.POSITION_OUTSIDE),
        (BSM_TOPIC, bsm(pos={"lat": 900_000_001, "long": LON}), RefusalReason.POSITION_UNAVAILABLE),
        (BSM_TOPIC, bsm(speed=4000), RefusalReason.SPEED_IMPLAUSIBLE),
        (RSM_TOPIC, rsm(refPos={"lat": 0, "long": 0}), RefusalReason.POSITION_OUTSIDE),
        (RSM_TOPIC, rsm(participant(pos=FAR)), RefusalReason.PARTICIPANT_FAR),
        (RSM_TOPIC, rsm(participant(speed=1000, ptcType="pedestrian")), RefusalReason.SPEED_IMPLAUSIBLE),
        (RSM_TOPIC, rsm(participant(pos={"offsetLL": {}})), RefusalReason.INVALID_CHOICE),
        (RSM_TOPIC, rsm(participant(ptcType="ghost")), RefusalReason.UNKNOWN_VALUE),
        (MAP_TOPIC, map_data(nodes=[]), RefusalReason.OUT_OF_RANGE),
        (VIR_TOPIC, vir(refPos={"lat": 0, "long": 0}), RefusalReason.POSITION_OUTSIDE),
        (PARKING_TOPIC, parking(capacity=-1), RefusalReason.OUT_OF_RANGE),
        ("V2X/RSU/RSU00007/GOSSIP/UP", {}, RefusalReason.UNKNOWN_TOPIC),
        ("V2X/RSU//RSM/UP", {}, RefusalReason.UNKNOWN_DEVICE),
    ],
)
def test_each_fault_has_its_reason_and_its_dead_letter(topic: str, message: Json, reason: RefusalReason) -> None:
    pipeline = new_pipeline()
    payload = raw(message)
    verdict = pipeline.accept(topic, payload, NOON)
    assert isinstance(verdict, Refused)
    assert verdict.reason is reason
    assert pipeline.counters.refused == {reason.value: 1}
    (letter,) = pipeline.take_dead_letters()
    assert (letter.topic, letter.payload, letter.reason) == (topic, payload, reason.value)
    assert len(pipeline.take_observations(NOON)) == 0


def test_swapped_coordinates_near_the_equator_of_ranges_are_told_apart() -> None:
    pipeline = new_pipeline()
    swapped = {"offsetLL": {"position-LatLon": {"lon": LAT, "lat": LON}}}
    verdict = pipeline.accept(RSM_TOPIC, raw(rsm(participant(pos=swapped))), NOON)
    assert isinstance(verdict, Refused)
    assert verdict.reason is RefusalReason.OUT_OF_RANGE
    assert verdict.field == "participants[0].pos.offsetLL.position-LatLon.lat"


def test_one_wrong_participant_does_not_cost_the_others() -> None:
    pipeline = new_pipeline()
    verdict = pipeline.accept(RSM_TOPIC, raw(rsm(participant(ptcId=1), participant(ptcId=2, pos=FAR))), NOON)
    assert isinstance(verdict, Accepted)
    assert verdict.observations == 1
    assert verdict.partly is not None
    assert verdict.partly.field == "participants[1]"
    assert pipeline.counters.participants_refused == {"participant_far": 1}
    assert pipeline.take_observations(NOON).object_id.tolist() == [1]


def test_a_unit_that_says_it_sees_far_is_believed() -> None:
    pipeline = new_pipeline()
    assert isinstance(pipeline.accept(RSM_TOPIC, raw(rsm(participant(pos=FAR))), NOON), Refused)
    pipeline.accept(INFO_TOPIC, raw({"rsuEsn": "RSU00007", "coverageRadius": 1500, "config": {}}), NOON)
    later = rsm(participant(pos=FAR), time=NOON + 1, msgCnt=6)
    assert isinstance(pipeline.accept(RSM_TOPIC, raw(later), NOON + 1), Accepted)


def test_the_reply_names_the_field_and_the_value() -> None:
    pipeline = new_pipeline()
    verdict = pipeline.accept(BSM_TOPIC, raw(bsm(speed=9000)), NOON)
    assert isinstance(verdict, Refused)
    reply = refusal_ack(BSM_TOPIC, verdict)
    assert reply is not None
    topic, payload = reply
    body = json.loads(payload)
    assert topic == f"{BSM_TOPIC}/ACK"
    assert (body["errorCode"], body["reason"], body["msgCnt"]) == (7, "out_of_range", 3)
    assert "speed" in body["errorDesc"]
    assert "9000" in body["errorDesc"]


def test_repeats_unknown_topics_and_replies_are_not_answered() -> None:
    pipeline = new_pipeline()
    for topic, payload in ((BSM_TOPIC, raw(bsm())), ("x", b""), ("V2X/RSU/A/RSI/DOWN/ACK", b"{")):
        pipeline.accept(BSM_TOPIC, raw(bsm()), NOON)
        verdict = pipeline.accept(topic, payload, NOON)
        assert isinstance(verdict, Refused)
        assert refusal_ack(topic, verdict) is None


@pytest.mark.parametrize(
    ("topic", "message"),
    [
        (BSM_TOPIC, bsm()),
        (RSM_TOPIC, rsm(participant())),
        (SPAT_TOPIC, spat()),
        (MAP_TOPIC, map_data()),
        (VIR_TOPIC, vir()),
        (PARKING_TOPIC, parking()),
        ("V2X/OBU/BUS00012/ADVICE/DOWN/ACK", {"id": "a1", "status": "accepted"}),
        ("V2X/RSU/RSU00007/RSI/DOWN/ACK", {"seqNum": "9", "errorCode": 0}),
    ],
)
def test_a_message_uploaded_again_counts_once(topic: str, message: Json) -> None:
    pipeline = new_pipeline()
    assert isinstance(pipeline.accept(topic, raw(message), NOON + 0.1), Accepted)
    verdict = pipeline.accept(topic, raw(message), NOON + 7.0)
    assert isinstance(verdict, Refused)
    assert verdict.reason is RefusalReason.DUPLICATE
    assert pipeline.take_dead_letters() == []


def test_spats_maps_and_events_come_out_with_device_and_times() -> None:
    pipeline = new_pipeline()
    for topic, message in (
        (SPAT_TOPIC, spat()),
        (MAP_TOPIC, map_data()),
        (VIR_TOPIC, vir()),
        (PARKING_TOPIC, parking()),
    ):
        pipeline.accept(topic, raw(message), NOON + 0.1)
    (lights,), (roads,) = pipeline.take_spats(), pipeline.take_maps()
    request, lot = pipeline.take_events()
    assert lights.event_time == pytest.approx(NOON)
    assert pipeline.registry.get(roads.device).id == "RSU00007"
    assert isinstance(request.message, VehIntentionAndRequest)
    assert isinstance(lot.message, ParkingStatus)
    assert lot.message.free == 10
    assert pipeline.registry.get(lot.device).kind is DeviceKind.LOT
    assert pipeline.take_spats() == []


def test_the_minute_of_the_year_dates_a_spat_without_timestamp() -> None:
    pipeline = new_pipeline()
    message = spat(moy=468_720, timeStamp=500)  # 22 November 12:00 UTC
    del message["timestamp"]
    pipeline.accept(SPAT_TOPIC, raw(message), NOON + 0.6)
    assert pipeline.take_spats()[0].event_time == pytest.approx(NOON + 0.5)


def test_status_messages_belong_to_the_device_they_name() -> None:
    pipeline = new_pipeline()
    info = {"rsuEsn": "RSU1", "rsuName": "west", "location": {"lon": 112.9, "lat": 28.2}, "region": 1, "nodeId": 4}
    pipeline.accept(INFO_TOPIC, raw(info), NOON)
    pipeline.accept(HEARTBEAT_TOPIC, raw({"rsuEsn": "RSU2", "seqNum": "1"}), NOON)
    pipeline.accept("V2X/RSU/RunningInfo/UP", raw({"rsuEsn": "RSU1", "runningInfo": {"cpu": {"load": 0.3}}}), NOON)
    device = pipeline.registry.find(DeviceKind.RSU, "RSU1")
    assert device is not None
    assert (device.name, device.lon, device.node_id) == ("west", 112.9, 4)
    online = {report.device.id: (report.online, report.heartbeat) for report in pipeline.report_devices(NOON + 1)}
    assert online == {"RSU1": (True, None), "RSU2": (True, True)}
    assert len(pipeline.take_events()) == 2


def test_a_clock_that_is_seconds_off_is_corrected() -> None:
    pipeline = new_pipeline()
    for step in range(5):
        time = NOON + step * 0.1
        for number in range(9):
            off = 30.0 if number == 8 else 0.0
            message = bsm(time + off, msgCnt=step)
            pipeline.accept(f"V2X/OBU/CAR{number}/BSM/UP", raw(message), time + 0.015)
    batch = pipeline.take_observations(NOON + 0.5)
    assert np.abs(batch.event_time - (batch.receive_time - 0.015)).max() < 2e-3
    report = pipeline.report_devices(NOON)[8]
    assert report.clock_offset_ms == pytest.approx(-30_000, abs=5)
    assert not report.clock_wrong


def test_a_clock_that_is_hours_off_is_flagged_and_its_message_kept_out_of_the_columns() -> None:
    pipeline = new_pipeline()
    message = bsm(NOON, timestamp=round((NOON + 8 * 3600) * 1000))
    verdict = pipeline.accept(BSM_TOPIC, raw(message), NOON + 0.05)
    assert isinstance(verdict, Accepted)
    assert len(pipeline.take_observations(NOON + 0.1)) == 0
    assert pipeline.report_devices(NOON)[0].clock_wrong


def test_health_knows_loss_refusals_and_shedding_of_each_device() -> None:
    pipeline = new_pipeline()
    for step, count in enumerate((1, 2, 5)):
        pipeline.accept(BSM_TOPIC, raw(bsm(NOON + step * 0.1, msgCnt=count)), NOON + step * 0.1)
    pipeline.accept(BSM_TOPIC, b"{", NOON)
    pipeline.note_shed(BSM_TOPIC, 4)
    pipeline.note_shed("V2X/OBU/NOBODY/BSM/UP", 4)
    (report,) = pipeline.report_devices(NOON)
    assert (report.missing, report.refused, report.shed) == (2, {"not_json": 1}, 4)


def test_a_unit_that_speaks_openv2x_is_understood() -> None:
    pipeline = new_pipeline()
    place = {"lat": LAT, "lon": LON, "ele": 10}
    people = [
        {"ptcType": kind, "ptcId": index, "pos": place, "speed": 100, "heading": 0, "secMark": 100}
        for index, kind in enumerate(["motor", "2", 3] * 6, start=1)
    ]
    message = {"name": "unit", "id": "RSU00007", "content": {"rsms": [{"refPos": place, "participants": people}]}}
    verdict = pipeline.accept(RSM_TOPIC, raw(message), NOON + 0.1)
    assert isinstance(verdict, Accepted)
    batch = pipeline.take_observations(NOON + 0.2)
    assert batch.object_id.tolist() == list(range(1, 19))
    assert batch.kind[:3].tolist() == [ParticipantKind.CAR, ParticipantKind.CYCLIST, ParticipantKind.PEDESTRIAN]
    message["content"]["rsms"].append({"refPos": {"lat": 0, "lon": 0}, "participants": []})  # type: ignore[index]  # JSON
    verdict = pipeline.accept(RSM_TOPIC, raw(message), NOON + 0.3)
    assert isinstance(verdict, Accepted)
    assert verdict.partly is not None
    assert verdict.partly.reason is RefusalReason.POSITION_OUTSIDE
    assert len(pipeline.take_observations(NOON + 0.4)) == len(people)
    message["content"]["rsms"][0]["participants"][0]["ptcType"] = "ghost"  # type: ignore[index]  # JSON
    assert isinstance(pipeline.accept(RSM_TOPIC, raw(message), NOON + 0.3), Refused)


def test_the_buffer_grows_beyond_its_first_size() -> None:
    pipeline = new_pipeline()
    people = [participant(ptcId=number) for number in range(1, 17)]
    for step in range(1100):
        pipeline.accept(RSM_TOPIC, raw(rsm(*people, time=NOON + step * 0.1, msgCnt=step % 128)), NOON + step * 0.1)
    assert len(pipeline.take_observations(NOON)) == 17_600


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b" " * (MAX_PAYLOAD + 1), RefusalReason.TOO_LARGE),
        (b"[" * 200_000, RefusalReason.WRONG_TYPE),
        (b'{"x":' * 40_000, RefusalReason.NOT_JSON),
        (b'{"msgCnt":' + b"9" * 5000 + b"}", RefusalReason.OUT_OF_RANGE),
    ],
)
def test_payloads_made_to_hurt_are_refused(payload: bytes, reason: RefusalReason) -> None:
    pipeline = new_pipeline()
    verdict = pipeline.accept(RSM_TOPIC, payload, NOON)
    assert isinstance(verdict, Refused)
    assert verdict.reason is reason
    assert len(pipeline.take_dead_letters()[0].payload) <= LONGEST_DEAD_LETTER


def test_a_minute_of_the_year_in_local_time_is_not_believed() -> None:
    pipeline = new_pipeline()
    message = spat(moy=468_720 + 480, timeStamp=500)
    pipeline.accept(SPAT_TOPIC, raw(message), NOON + 0.6)
    assert pipeline.take_spats()[0].event_time == pytest.approx(NOON + 0.5)


def test_a_device_that_floods_new_topics_ends_at_the_registry() -> None:
    pipeline = Pipeline(PLANE, BOX, DeviceRegistry(capacity=3))
    verdicts = [pipeline.accept(f"V2X/OBU/X{number}/BSM/UP", raw(bsm()), NOON) for number in range(5)]
    assert [isinstance(verdict, Refused) for verdict in verdicts] == [False, False, False, True, True]
    assert pipeline.counters.refused == {"too_many_devices": 2}
