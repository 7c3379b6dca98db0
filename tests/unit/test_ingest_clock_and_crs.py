"""Devices whose clock is minutes off stay out of the live picture; positions in GCJ-02 are turned at the border."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np
import pytest
from ingest_samples import (
    BSM_TOPIC,
    INFO_TOPIC,
    MAP_TOPIC,
    NOON,
    PLANE,
    RSM_TOPIC,
    SPAT_TOPIC,
    VIR_TOPIC,
    Json,
    bsm,
    map_data,
    new_pipeline,
    participant,
    raw,
    rsm,
    spat,
    vir,
)

from ingest.asyncapi_examples import EXAMPLES
from ingest.crs_shift import shift_message
from ingest.device_kinds import DeviceKind
from ingest.errors import RefusalReason
from ingest.messages.common import LATITUDE_UNAVAILABLE, LONGITUDE_UNAVAILABLE
from ingest.messages.map_data import MapData
from ingest.messages.psm import PersonalSafetyMessage
from ingest.messages.rsi import RoadSideInformation
from ingest.messages.spat import Spat
from ingest.messages.vir import VehIntentionAndRequest
from ingest.pipeline import Pipeline
from ingest.timebase import full_time_of_year, minute_of_year
from ingest.verdicts import Accepted
from maps.coordinates import Crs

HOURS = 8 * 3600.0
CHANGSHA_GCJ, CHANGSHA_WGS = (112.9440436, 28.2246532), (112.9385943, 28.2281611)
"""A point of the river bank in both systems, deg; from the public formula."""


def wrong(message: Json) -> Json:
    return message | {"timestamp": round((NOON + HOURS) * 1000)}


@pytest.mark.parametrize(
    ("topic", "message"),
    [
        (BSM_TOPIC, bsm()),
        (RSM_TOPIC, rsm(participant())),
        (SPAT_TOPIC, spat()),
        ("V2X/OBU/WALK0001/PSM/UP", EXAMPLES["psm"]),
        ("V2X/RSU/R1/SSM/UP", EXAMPLES["ssm"]),
    ],
)
def test_what_comes_with_a_wrong_clock_is_taken_with_a_verdict_stored_and_kept_out(topic: str, message: Json) -> None:
    pipeline = new_pipeline()
    payload = raw(wrong(message))
    verdict = pipeline.accept(topic, payload, NOON)
    assert isinstance(verdict, Accepted)
    assert verdict.warning is RefusalReason.CLOCK_WRONG
    assert verdict.partly is not None
    assert "more than 5 minutes off" in verdict.partly.detail
    assert len(pipeline.take_observations(NOON)) == 0
    assert pipeline.take_spats() == []
    (letter,) = pipeline.take_dead_letters()
    assert (letter.reason, letter.payload) == ("clock_wrong", payload)
    assert pipeline.counters.flagged["clock_wrong"] == 1
    assert pipeline.counters.refused.total() == 0


def test_of_a_stream_of_flagged_messages_one_a_second_is_stored_and_all_are_counted() -> None:
    pipeline = new_pipeline()
    for tick in range(30):
        now = NOON + 0.1 * tick
        message = bsm(now, msgCnt=tick, timestamp=round((now + HOURS) * 1000))
        pipeline.accept(BSM_TOPIC, raw(message), now)
    assert len(pipeline.take_dead_letters()) == 3
    assert pipeline.counters.flagged["clock_wrong"] == 30


def test_a_device_that_sets_its_clock_is_in_the_picture_again() -> None:
    pipeline = new_pipeline()
    pipeline.accept(BSM_TOPIC, raw(wrong(bsm())), NOON)
    pipeline.accept(BSM_TOPIC, raw(bsm(NOON + 0.1, msgCnt=4)), NOON + 0.1)
    assert len(pipeline.take_observations(NOON + 0.1)) == 1
    assert not pipeline.report_devices(NOON)[0].clock_wrong


def test_five_minutes_are_still_believed() -> None:
    pipeline = new_pipeline()
    pipeline.accept(BSM_TOPIC, raw(bsm(timestamp=round((NOON - 299) * 1000))), NOON)
    assert len(pipeline.take_observations(NOON)) == 1


def test_a_spat_that_names_a_minute_hours_away_tells_of_a_wrong_clock_too() -> None:
    pipeline = new_pipeline()
    moy, mark = minute_of_year(NOON + HOURS)
    message = {key: value for key, value in spat(moy=moy, timeStamp=mark).items() if key != "timestamp"}
    pipeline.accept(SPAT_TOPIC, raw(message), NOON)
    assert pipeline.take_spats() == []
    later = {key: value for key, value in rsm(participant()).items() if key != "timestamp"}
    pipeline.accept(RSM_TOPIC, raw(later), NOON)
    assert len(pipeline.take_observations(NOON)) == 0


def test_an_event_of_a_wrong_clock_counts_from_its_arrival() -> None:
    pipeline = new_pipeline()
    verdict = pipeline.accept(VIR_TOPIC, raw(wrong(vir())), NOON)
    assert isinstance(verdict, Accepted)
    assert verdict.warning is RefusalReason.CLOCK_WRONG
    (report,) = pipeline.take_events()
    assert report.event_time == NOON


@pytest.mark.parametrize(
    ("moment", "received"),
    [
        ((2025, 12, 31, 23, 59, 59, 900_000), (2026, 1, 1, 0, 0, 0, 50_000)),
        ((2026, 1, 1, 0, 0, 0, 20_000), (2025, 12, 31, 23, 59, 59, 990_000)),
        ((2025, 11, 22, 12, 59, 59, 990_000), (2025, 11, 22, 13, 0, 0, 40_000)),
        ((2025, 11, 22, 13, 0, 59, 990_000), (2025, 11, 22, 13, 1, 0, 40_000)),
        ((2024, 2, 29, 12, 0, 0, 0), (2024, 2, 29, 12, 0, 0, 30_000)),
    ],
)
def test_spat_times_survive_the_end_of_the_minute_the_hour_and_the_year(
    moment: tuple[int, ...], received: tuple[int, ...]
) -> None:
    said, now = (datetime(*when, tzinfo=UTC).timestamp() for when in (moment, received))  # type: ignore[arg-type,misc]  # 7 parts
    moy, mark = minute_of_year(said)
    assert full_time_of_year(moy, mark, now) == pytest.approx(said, abs=1e-3)
    pipeline = new_pipeline()
    message = {key: value for key, value in spat(moy=moy, timeStamp=mark).items() if key != "timestamp"}
    pipeline.accept(SPAT_TOPIC, raw(message), now)
    (report,) = pipeline.take_spats()
    assert report.event_time == pytest.approx(said, abs=0.2)


def gcj_pipeline(kind: DeviceKind, device: str) -> Pipeline:
    pipeline = new_pipeline()
    pipeline.registry.set_crs(pipeline.registry.row_of(kind, device), Crs.GCJ02)
    return pipeline


GCJ = {"lat": round(CHANGSHA_GCJ[1] * 1e7), "long": round(CHANGSHA_GCJ[0] * 1e7)}


@pytest.mark.parametrize(
    ("wgs", "gcj"),
    [
        ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
        ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
        ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
        (CHANGSHA_WGS, CHANGSHA_GCJ),
    ],
)
def test_a_position_in_gcj02_comes_back_to_wgs84(wgs: tuple[float, float], gcj: tuple[float, float]) -> None:
    message = EXAMPLES["rsi"] | {"refPos": {"lat": round(gcj[1] * 1e7), "long": round(gcj[0] * 1e7)}}
    turned = shift_message(msgspec.convert(message, RoadSideInformation), Crs.GCJ02, Crs.WGS84)
    assert turned.ref_pos.long * 1e-7 == pytest.approx(wgs[0], abs=2e-7)
    assert turned.ref_pos.lat * 1e-7 == pytest.approx(wgs[1], abs=2e-7)


def place_of(pipeline: Pipeline) -> tuple[float, float]:
    batch = pipeline.take_observations(NOON)
    lon, lat = PLANE.inverse(batch.x, batch.y)
    return float(lon[-1]), float(lat[-1])


def test_the_bsm_of_a_gcj02_terminal_is_turned_and_its_neighbours_are_not() -> None:
    pipeline = gcj_pipeline(DeviceKind.OBU, "BUS00012")
    pipeline.accept("V2X/OBU/OTHER001/BSM/UP", raw(bsm(id="OTHER001")), NOON)
    pipeline.accept(BSM_TOPIC, raw(bsm(pos=GCJ)), NOON)
    batch = pipeline.take_observations(NOON)
    lon, lat = PLANE.inverse(batch.x, batch.y)
    assert np.allclose(lon, CHANGSHA_WGS[0], atol=3e-7)
    assert np.allclose(lat, CHANGSHA_WGS[1], atol=3e-7)


@pytest.mark.parametrize(
    "offset", [{"position-LatLon": {"lon": GCJ["long"], "lat": GCJ["lat"]}}, {"position-LL1": {"lon": 0, "lat": 0}}]
)
def test_the_rsm_of_a_gcj02_unit_is_turned_and_its_place_in_the_registry_too(offset: Json) -> None:  # fmt: skip
    pipeline = gcj_pipeline(DeviceKind.RSU, "RSU00007")
    pipeline.accept(RSM_TOPIC, raw(rsm(participant(pos={"offsetLL": offset}), refPos=GCJ)), NOON)
    assert place_of(pipeline) == pytest.approx(CHANGSHA_WGS, abs=3e-7)
    device = pipeline.registry.find(DeviceKind.RSU, "RSU00007")
    assert device is not None
    assert (device.lon, device.lat) == pytest.approx(CHANGSHA_WGS, abs=3e-7)


TRACK: Json = EXAMPLES["track"] | {
    "timeStamp": str(round(NOON * 1000)),
    "targets": [EXAMPLES["track"]["targets"][0] | {"latitude": CHANGSHA_GCJ[1], "longitude": CHANGSHA_GCJ[0]}],
}
DRIS_PLACE = {"lat": GCJ["lat"], "lon": GCJ["long"]}
DRIS_PERSON = {"ptcType": "1", "ptcId": 3, "source": 7, "secMark": 0, "pos": DRIS_PLACE, "speed": 1, "heading": 0}
DRIS_RSM: Json = {"rsms": [{"refPos": DRIS_PLACE, "participants": [DRIS_PERSON]}]}
SEEN = EXAMPLES["rsm"]["participants"][0] | {"pos": {"offsetLL": {"position-LL1": {"lon": 0, "lat": 0}}}}
SSM: Json = EXAMPLES["ssm"] | {
    "sensorPos": GCJ,
    "participants": [{"ptc": SEEN, "detectedPTCType": "car", "typeConfidence": 180}],
}


@pytest.mark.parametrize(
    ("kind", "device", "topic", "message"),
    [
        (DeviceKind.RADAR, "d1", "V2X/RADAR/d1/TRACK/UP", TRACK),
        (DeviceKind.RSU, "R1", "v2x/v1/rsu/R1/rsm/up", DRIS_RSM),
        (DeviceKind.OBU, "WALK0001", "V2X/OBU/WALK0001/PSM/UP", EXAMPLES["psm"] | {"pos": GCJ}),
        (DeviceKind.RSU, "R1", "V2X/RSU/R1/SSM/UP", SSM),
    ],
)
def test_every_writing_of_road_users_is_turned(kind: DeviceKind, device: str, topic: str, message: Any) -> None:
    pipeline = gcj_pipeline(kind, device)
    verdict = pipeline.accept(topic, raw(message), NOON)
    assert isinstance(verdict, Accepted), verdict
    assert place_of(pipeline) == pytest.approx(CHANGSHA_WGS, abs=3e-7)


def test_map_vir_rsi_and_info_of_gcj02_devices_are_turned() -> None:
    pipeline = gcj_pipeline(DeviceKind.RSU, "RSU00007")
    pipeline.registry.set_crs(pipeline.registry.row_of(DeviceKind.OBU, "BUS00012"), Crs.GCJ02)
    node = map_data()["nodes"][0] | {"refPos": GCJ}
    pipeline.accept(MAP_TOPIC, raw(map_data(nodes=[node])), NOON)
    pipeline.accept(VIR_TOPIC, raw(vir(refPos=GCJ)), NOON)
    point = {"offsetLL": {"position-LatLon": {"lon": GCJ["long"], "lat": GCJ["lat"]}}}
    event = EXAMPLES["rsi"]["rtes"][0] | {"eventPos": point}
    pipeline.accept("V2X/RSU/RSU00007/RSI/UP", raw(EXAMPLES["rsi"] | {"refPos": GCJ, "rtes": [event]}), NOON)
    info = EXAMPLES["info"] | {"location": {"lon": CHANGSHA_GCJ[0], "lat": CHANGSHA_GCJ[1]}}
    pipeline.accept(INFO_TOPIC, raw(info), NOON)
    expected = pytest.approx((round(CHANGSHA_WGS[0] * 1e7), round(CHANGSHA_WGS[1] * 1e7)), abs=3)
    (told,) = pipeline.take_maps()
    assert isinstance(told.message, MapData)
    assert (told.message.nodes[0].ref_pos.long, told.message.nodes[0].ref_pos.lat) == expected
    events = {type(report.message): report.message for report in pipeline.take_events()}
    request, alert = events[VehIntentionAndRequest], events[RoadSideInformation]
    assert isinstance(request, VehIntentionAndRequest)
    assert isinstance(alert, RoadSideInformation)
    assert (request.ref_pos.long, request.ref_pos.lat) == expected
    assert alert.rtes is not None
    assert alert.rtes[0].event_pos is not None
    assert alert.rtes[0].event_pos.offset_ll.resolve_e7(alert.ref_pos) == expected
    device = pipeline.registry.find(DeviceKind.RSU, "RSU00007")
    assert device is not None
    assert (device.lon, device.lat) == pytest.approx(CHANGSHA_WGS, abs=3e-7)


def test_accelerations_are_no_positions() -> None:
    acceleration = {"accelSet": {"long": 5, "lat": 6, "vert": 0, "yaw": 0}}
    message = msgspec.convert(EXAMPLES["psm"] | acceleration, PersonalSafetyMessage)
    turned = shift_message(message, Crs.GCJ02, Crs.WGS84)
    assert turned.accel_set == message.accel_set
    assert turned.pos != message.pos


def test_an_unavailable_position_stays_unavailable() -> None:
    nowhere = {"pos": {"lat": LATITUDE_UNAVAILABLE, "long": LONGITUDE_UNAVAILABLE}}
    message = msgspec.convert(EXAMPLES["psm"] | nowhere, PersonalSafetyMessage)
    assert shift_message(message, Crs.BD09, Crs.WGS84).pos == message.pos


def test_a_person_with_a_terminal_and_copies_through_several_units_are_one_observation() -> None:
    pipeline = new_pipeline()
    for topic in ("V2X/OBU/WALK0001/PSM/UP", "V2X/RSU/R1/PSM/UP", "V2X/RSU/R2/PSM/UP"):
        pipeline.accept(topic, raw(EXAMPLES["psm"]), NOON)
    batch = pipeline.take_observations(NOON)
    assert len(batch) == 1
    assert batch.sigma_position[0] == pytest.approx(2.0)
    assert pipeline.counters.refused["duplicate"] == 2


def test_copies_of_a_bsm_through_several_units_are_one_observation() -> None:
    pipeline = new_pipeline()
    for topic in ("V2X/RSU/R1/BSM/UP", "V2X/RSU/R2/BSM/UP", BSM_TOPIC):
        pipeline.accept(topic, raw(bsm()), NOON)
    assert len(pipeline.take_observations(NOON)) == 1
    assert pipeline.counters.refused["duplicate"] == 2


def test_copies_of_an_rsm_through_several_units_are_one_observation_and_two_units_seeing_one_car_are_two() -> None:
    pipeline = new_pipeline()
    message = rsm(participant(), msgCnt=9)
    pipeline.accept("V2X/RSU/R1/RSM/UP", raw(message), NOON)
    pipeline.accept("V2X/RSU/R2/RSM/UP", raw(message), NOON + 0.02)
    assert len(pipeline.take_observations(NOON)) == 1
    assert pipeline.counters.refused["duplicate"] == 1
    pipeline.accept("V2X/RSU/R3/RSM/UP", raw(rsm(participant(), msgCnt=9, id="RSU00002")), NOON + 0.03)
    assert len(pipeline.take_observations(NOON)) == 1


def test_a_spat_in_wgs84_stays_as_it_is() -> None:
    pipeline = new_pipeline()
    pipeline.accept(SPAT_TOPIC, raw(spat()), NOON)
    (report,) = pipeline.take_spats()
    assert report.message == msgspec.convert(spat(), Spat)
