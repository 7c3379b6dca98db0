"""The shapes that vendors document, with values of our own in them, and what becomes of each.

Sources: open-v2x/docs and open-v2x/dandelion (OpenV2X, DAWNLINE, radar), Huawei Cloud DRIS API reference (DRIS). A new
dialect starts with its shapes here.
"""

import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from ingest_samples import LAT, LON, NOON, Json, mark, new_pipeline, raw

from ingest.device_registry import DeviceKind
from ingest.dialects.catalogue import dialects, list_forms
from ingest.errors import RefusalReason
from ingest.messages.map_data import MapData
from ingest.messages.radar import RadarCross, RadarEvent, RadarFlow, RadarStatus
from ingest.messages.rsi import RoadSideInformation
from ingest.messages.spat import Spat
from ingest.messages.vir import VehIntentionAndRequest
from ingest.observation import ObservationBatch
from ingest.pipeline import Pipeline
from ingest.streams import BY_NAME
from ingest.timebase import minute_of_year
from ingest.verdicts import Accepted, Refused

MS = round(NOON * 1000)
MARK = mark(NOON)
DEG_LON, DEG_LAT = LON * 1e-7, LAT * 1e-7
E7 = {"lat": LAT, "lon": LON, "ele": 520}
DEGREES = {"lat": DEG_LAT, "lon": DEG_LON, "ele": 520}

OPENV2X_PERSON: Json = {
    "ptcType": "motor",
    "ptcId": 3,
    "global_track_id": "ab8756de",
    "source": 1,
    "secMark": MARK,
    "pos": E7,
    "speed": 500,
    "heading": 7200,
    "lane": 14,
    "size": {"width": 200, "length": 500, "height": 40},
}
OPENV2X_RSM: Json = {"name": "n", "id": "12", "content": {"rsms": [{"refPos": E7, "participants": [OPENV2X_PERSON]}]}}
DAWNLINE_RSM: list[Json] = [
    {
        "dev_pos": {"lat": DEG_LAT, "lon": DEG_LON},
        "content": [
            {
                "ptcType": "motor",
                "ptcId": 3,
                "global_track_id": "ad6de",
                "timeStamp": MS,
                "secMark": MARK,
                "pos_lat": DEG_LAT,
                "pos_lon": DEG_LON,
                "heading": 90.0,
                "source": 3,
                "width": 2.0,
                "length": 5,
                "height": 2.0,
                "speed": 10.0,
                "lane": "eastin_4",
            }
        ],
    }
]
RADAR_TRACK: Json = {
    "timeStamp": str(MS),
    "number": 1,
    "deviceId": "d",
    "targets": [
        {
            "targetId": 3,
            "targetType": 3,
            "laneNo": 2,
            "latitude": DEG_LAT,
            "longitude": DEG_LON,
            "height": 0,
            "speed": -10.0,
            "acceleration": -0.16,
            "headingAngle": 90.0,
            "rcs": 1.0,
            "confidenceLevel": 100,
            "targetLength": 5.0,
            "targetWidth": 2.0,
            "targetHeight": 2.0,
        }
    ],
}
DRIS_RSM: Json = {
    "rsms": [
        {
            "refPos": E7,
            "participants": [
                {
                    "ptcType": "1",
                    "ptcId": 3,
                    "global_track_id": 123,
                    "source": 7,
                    "secMark": MARK,
                    "pos": E7,
                    "speed": 500,
                    "heading": 7200,
                    "size": {"width": 200, "length": 500, "height": 40},
                }
            ],
        }
    ]
}
DRIS_RSU_BSM: Json = {
    "bsmDatas": [
        {
            "vehicleId": "CSBUS001",
            "plateNo": "TEST01",
            "timeStamp": MS,
            "timeConfidence": 5,
            "pos": E7,
            "posAccuracy": {"semiMajor": 20, "semiMinor": 15, "orientation": 16384},
            "posConfidence": {"positionConfidence": 10, "eleConfidence": 9},
            "transmission": 2,
            "speed": 36,
            "heading": 7200,
            "angle": 0,
            "motionConfidence": {"speedConfidence": 5, "headingConfidence": 5, "steerConfidence": 1},
            "accelSet": {"longAccel": 0, "latAccel": 0, "vertAccel": 0, "yawRate": 0},
            "brakes": {
                "brakePadelStatus": 1,
                "wheelBrakesStatus": {},
                "tractionStatus": 1,
                "absStatus": 1,
                "scsStatus": 1,
                "brakeBoostStatus": 1,
                "auxBrakesStatus": 1,
            },
            "vehicleClass": {"basicVehicleClass": 54, "fuelType": 4},
            "size": {"width": 200, "length": 500, "height": 40},
        }
    ]
}
DRIS_OBU_BSM: Json = {
    "vehicle_id": "CSBUS001",
    "time_stamp": datetime.fromtimestamp(NOON, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    "speed": 500,
    "heading": 7200,
    "transmission": 2,
    "pos": DEGREES,
    "brakes": {"abs": 1, "scs": 1, "brake_boost": 1, "brake_pedal": 1, "traction": 1, "wheel_brakes": [0] * 5},
    "vehicle_class": {"classification": 54, "fuel_type": 4},
    "accel_set": {"long": 0, "lat": 0, "vert": 0, "yaw": 0},
    "size": {"width": 200, "length": 500, "height": 40},
    "motion_cfd": {"speed_cfd": 5, "heading_cfd": 5},
    "pos_confidence": 10,
}


def take(topic: str, message: Any) -> tuple[Pipeline, Accepted]:
    pipeline = new_pipeline()
    verdict = pipeline.accept(topic, raw(message), NOON + 0.05)
    assert isinstance(verdict, Accepted), verdict
    assert verdict.partly is None, verdict.partly
    return pipeline, verdict


def event(topic: str, message: Any) -> Any:
    return take(topic, message)[0].take_events()[0].message


@pytest.mark.parametrize(
    ("topic", "message", "kind", "device", "object_id"),
    [
        ("V2X/RSU/R1/RSM/UP", OPENV2X_RSM, DeviceKind.RSU, "R1", 3),
        ("V2X/RSU/R1/RSM/UP/DAWNLINE", DAWNLINE_RSM, DeviceKind.RSU, "R1", 3),
        ("V2X/RADAR/R1/TRACK/UP", RADAR_TRACK, DeviceKind.RADAR, "R1", 3),
        ("v2x/v1/rsu/R1/rsm/up", DRIS_RSM, DeviceKind.RSU, "R1", 3),
        ("v2x/v1/rsu/R1/bsm/up", DRIS_RSU_BSM, DeviceKind.OBU, "CSBUS001", 0),
        ("oc/devices/CSBUS001/user/obu/bsm/up", DRIS_OBU_BSM, DeviceKind.OBU, "CSBUS001", 0),
    ],
)
def test_one_body_two_metres_wide_drives_east_at_ten(
    topic: str, message: Any, kind: DeviceKind, device: str, object_id: int
) -> None:
    pipeline, _ = take(topic, message)
    batch: ObservationBatch = pipeline.take_observations(NOON + 0.1)
    assert len(batch) == 1
    found = pipeline.registry.get(int(batch.device[0]))
    assert (found.kind, found.id) == (kind, device)
    lon, lat = pipeline._plane.inverse(batch.x, batch.y)
    assert (lon[0], lat[0]) == pytest.approx((DEG_LON, DEG_LAT), abs=1e-7)
    assert batch.event_time[0] == pytest.approx(NOON, abs=1e-3)
    assert (batch.vx[0], batch.vy[0]) == pytest.approx((10.0, 0.0), abs=1e-4)
    assert batch.heading[0] == pytest.approx(np.pi / 2)
    assert (batch.length[0], batch.width[0], batch.height[0]) == pytest.approx((5.0, 2.0, 2.0))
    assert batch.object_id[0] == object_id


OPENV2X_SPAT: Json = {
    "name": "x",
    "intersections": [
        {
            "intersectionId": "1",
            "status": True,
            "phases": [{"phaseId": "2", "phaseStates": {"light": "green", "timing": "2025-11-22 20:00:08"}}],
        }
    ],
}
DRIS_SPAT: Json = {
    "name": "spat",
    "intersections": [
        {
            "intersectionId": {"region": 4301, "id": 1024},
            "status": 1024,
            "timeStamp": MARK,
            "timeConfidence": 5,
            "phases": [
                {
                    "phaseId": 1,
                    "phaseStates": [
                        {
                            "light": "3",
                            "timing": {"counting": {"startTime": {"timeMark": 0}, "likelyEndTime": {"timeMark": 250}}},
                        }
                    ],
                }
            ],
        }
    ],
}


def spat(topic: str, message: Json) -> Spat:
    return take(topic, message)[0].take_spats()[0].message


def test_a_wall_clock_second_in_changsha_becomes_a_countdown() -> None:
    (intersection,) = spat("V2X/RSU/R1/SPAT/UP", OPENV2X_SPAT).intersections
    (phase,) = intersection.phases
    (state,) = phase.phase_states
    assert intersection.intersection_id.key == (0, 1)
    assert intersection.has_status(7)
    assert (phase.id, state.light) == (2, "protected-green")
    assert state.timing is not None
    assert state.timing.counting is not None
    assert state.timing.counting.likely_end_time == 80  # 8 s after NOON, less the 0.05 s on the way


@pytest.mark.parametrize("topic", ["v2x/v1/rsu/R1/spat/up", "v2x/v1/signalcontroller/C1/spat/up"])
def test_a_status_read_as_a_number_has_its_greatest_bit_first(topic: str) -> None:
    (intersection,) = spat(topic, DRIS_SPAT).intersections
    assert intersection.intersection_id.key == (4301, 1024)
    assert intersection.status == "0000010000000000"
    (state,) = intersection.phases[0].phase_states
    assert state.light_code == 3
    assert state.timing is not None
    assert state.timing.counting is not None
    assert (state.timing.counting.start_time, state.timing.counting.likely_end_time) == (0, 250)


def openv2x_map(ref_pos: Json) -> Json:
    place = {"lon": str(LON + 100), "lat": str(LAT)}
    points = {"RoadPoint": [{"posOffset": {"offsetLL": {"position-LatLon": place}}}] * 2}
    lane = {
        "laneID": "14",
        "laneWidth": "200",
        "laneAttributes": {"shareWith": "0000000000", "laneType": {"vehicle": "00000000"}},
        "maneuvers": "100000000000",
        "points": points,
    }
    limit = {"type": {"vehicleMaxSpeed": None}, "speed": "833"}
    link = {
        "name": "19-17",
        "upstreamNodeId": {"region": "10", "id": "19"},
        "speedLimits": {"RegulatorySpeedLimit": [limit]},
        "linkWidth": "1000",
        "lanes": {"Lane": [lane]},
    }
    node = {"name": "17", "id": {"region": "10", "id": "17"}, "refPos": ref_pos, "inLinks": {"Link": [link]}}
    return {"msgCnt": "1", "nodes": {"Node": [node]}}


@pytest.mark.parametrize(
    "ref_pos",
    [
        {"lat": str(LAT), "long": str(LON), "elevation": "0"},
        {"lat": str(DEG_LAT), "lon": str(DEG_LON), "ele": "0"},
        {"lat": DEG_LAT, "lon": DEG_LON, "ele": 0},
    ],
)
def test_a_map_with_numbers_as_text_is_read(ref_pos: Json) -> None:
    message: MapData = take("V2X/RSU/R1/MAP/UP", openv2x_map(ref_pos))[0].take_maps()[0].message
    (node,) = message.nodes
    assert node.id.key == (10, 17)
    assert (node.ref_pos.lat, node.ref_pos.long, node.ref_pos.elevation) == (LAT, LON, 0)
    assert node.in_links is not None
    (link,) = node.in_links
    assert link.speed_limits is not None
    assert (link.speed_limits[0].type, link.speed_limits[0].speed) == ("vehicleMaxSpeed", 833)
    (lane,) = link.lanes
    assert (lane.lane_id, lane.lane_width, lane.maneuvers) == (14, 200, "100000000000")
    assert lane.points is not None
    assert lane.points[0].pos_offset.offset_ll.resolve_e7(node.ref_pos) == (LON + 100, LAT)


def test_a_request_with_one_object_for_a_list_is_read() -> None:
    wanted = {"laneChange": {"upstreamNode": {"region": 1, "id": 2}, "downstreamNode": "3", "targetLane": 4}}
    request = {"reqID": 2, "status": 2, "targetRSU": "R1", "info": wanted, "lifeTime": 500}
    message = {
        "msgCnt": "2",
        "id": "39",
        "refPos": {"lon": LON, "lat": LAT, "ele": 100},
        "secMark": MARK,
        "timeStamp": MS,
        "intAndReq": {"currentBehavior": 2, "reqs": request},
    }
    found: VehIntentionAndRequest = event("V2X/RSU/R1/VIR/UP", message)
    assert (found.id, found.timestamp) == ("39", MS)
    assert found.int_and_req.reqs is not None
    (one,) = found.int_and_req.reqs
    assert (one.req_id, one.status, one.target_rsu, one.life_time) == (2, 2, "R1", 500)
    assert one.info is not None
    assert one.info.lane_change is not None
    assert one.info.lane_change.downstream_node.id == 3


def test_a_request_that_the_standard_has_no_place_for_is_kept_without_it() -> None:
    request = {"reqID": 2, "status": 2, "info": {"retrograde": {}}, "lifeTime": 500}
    message = {
        "msgCnt": "2",
        "id": "39",
        "refPos": E7,
        "secMark": MARK,
        "timeStamp": MS,
        "intAndReq": {"reqs": request},
    }
    reqs = event("V2X/RSU/R1/VIR/UP", message).int_and_req.reqs
    assert reqs[0].info is None


OPENV2X_RSI: Json = {
    "rsiSourceType": "integrated",
    "rsiSourceId": "c1",
    "rsiDatas": [
        {
            "alertID": "1",
            "duration": 0,
            "eventStatus": True,
            "timeStamp": "2025-11-22T12:00:00Z",
            "eventClass": "AbnormalTraffic",
            "eventType": 707,
            "eventSource": "detection",
            "eventPosition": {"lat": LAT, "lon": LON},
            "eventRadius": 500,
            "eventDescription": "拥堵",
        }
    ],
}
DAWNLINE_RSI: Json = {
    "dev_id": "c1",
    "dev_type": "integrated",
    "dev_pos": {"latitude": LAT, "longitude": LON},
    "event_content": [
        {
            "event_type": 707,
            "event_id": "1",
            "event_source": "detection",
            "timeStamp": MS,
            "secMark": MARK,
            "latitude": LAT,
            "longitude": LON,
        }
    ],
}
DRIS_EVENT: Json = {
    "rteId": 1,
    "eventType": 707,
    "eventSource": "detection",
    "eventPosition": DEGREES,
    "eventRadius": 500,
    "eventDescription": "",
    "eventPriority": 5,
    "referencePaths": [{"activePath": [DEGREES, DEGREES], "pathRadius": 100}],
    "eventConfidence": 180,
    "duration": 60,
}
DRIS_RSI: Json = {
    "rsiSourceId": "cloud",
    "ack": True,
    "seqNum": "1",
    "rsiDatas": [
        {"id": "c1", "timeStamp": minute_of_year(NOON)[0], "refPos": DEGREES, "rtss": [], "rtes": [DRIS_EVENT]}
    ],
}
DRIS_RSI["rsiDatas"][0].pop("rtss")


@pytest.mark.parametrize(
    ("topic", "message"),
    [
        ("V2X/RSU/R1/RSI/UP", OPENV2X_RSI),
        ("V2X/DEVICE/R1/RSI/UP", OPENV2X_RSI),
        ("V2X/RSU/R1/RSI/UP/DAWNLINE", DAWNLINE_RSI),
        ("v2x/v1/rsu/R1/rsi/up", DRIS_RSI),
        ("v2x/v1/rsu/R1/rsi/up", {"name": "rsi", "content": json.dumps(DRIS_RSI)}),
    ],
)
def test_a_jam_is_a_jam_in_every_dialect(topic: str, message: Json) -> None:
    found: RoadSideInformation = event(topic, message)
    assert found.id == "c1"
    assert (found.ref_pos.lat, found.ref_pos.long) == (LAT, LON)
    assert found.rtes is not None
    (jam,) = found.rtes
    assert (jam.rte_id, jam.event_type, jam.event_source) == (1, 707, "detection")
    assert jam.event_pos is not None
    assert jam.event_pos.offset_ll.resolve_e7(found.ref_pos) == (LON, LAT)


def test_words_levels_and_paths_of_an_event_are_kept() -> None:
    jam = event("V2X/RSU/R1/RSI/UP", OPENV2X_RSI).rtes[0]
    assert jam.description.text_gb2312 == "拥堵"
    assert jam.time_details.start_time == minute_of_year(NOON)[0]
    jam = event("v2x/v1/rsu/R1/rsi/up", DRIS_RSI).rtes[0]
    assert (jam.priority, jam.event_confidence) == (0b101_00000, 180)
    assert jam.description is None
    assert len(jam.reference_paths[0].active_path) == 2


@pytest.mark.parametrize(
    ("name", "body", "kind"),
    [
        ("CROSS", {"passingImformations": [{"aisleId": "1", "distanceToStopLine": "3.5", "speed": 4}]}, RadarCross),
        (
            "STATUS",
            {"trafficStatusInformations": [{"aisleId": 1, "queueLength": 30, "queueVehicleNumber": "4"}]},
            RadarStatus,
        ),
        ("FLOW", {"trafficFlows": [{"aisleId": 1, "averageSpeed": 30.5, "totalFlowA": 4}]}, RadarFlow),
        ("EVENT", {"eventType": 3, "lane": 1, "latitude": DEG_LAT, "longitude": DEG_LON, "scope": "10"}, RadarEvent),
    ],
)
def test_a_radar_says_what_it_counts(name: str, body: Json, kind: type) -> None:
    found = event(f"V2X/RADAR/R1/{name}/UP", {"timeStamp": str(MS), "deviceId": "d", **body})
    assert isinstance(found, kind)
    assert found.time_stamp == MS  # type: ignore[attr-defined]  # every radar message has it


def test_the_documented_numbers_of_a_radar_are_kept() -> None:
    body = {"trafficStatusInformations": [{"aisleId": 1, "queueLength": 30, "queueVehicleNumber": "4"}]}
    (queue,) = event("V2X/RADAR/R1/STATUS/UP", {"timeStamp": str(MS), **body}).queues
    assert (queue.queue_length, queue.queue_vehicle_number) == (30.0, 4)


@pytest.mark.parametrize(
    ("topic", "message", "reason", "field"),
    [
        (
            "V2X/RSU/R1/RSM/UP/DAWNLINE",
            [{"dev_pos": {"lat": 28.2}, "content": []}],
            RefusalReason.WRONG_TYPE,
            "[0].dev_pos",
        ),
        (
            "V2X/RSU/R1/RSM/UP/DAWNLINE",
            [{**DAWNLINE_RSM[0], "content": [{**DAWNLINE_RSM[0]["content"][0], "speed": "fast"}]}],
            RefusalReason.WRONG_TYPE,
            "[0].content[0].speed",
        ),
        (
            "V2X/RSU/R1/RSM/UP/DAWNLINE",
            [{**DAWNLINE_RSM[0], "content": [{**DAWNLINE_RSM[0]["content"][0], "width": 90}]}],
            RefusalReason.OUT_OF_RANGE,
            "[0].content[0].width",
        ),
        ("v2x/v1/rsu/R1/rsm/up", {"rsms": [{"participants": []}]}, RefusalReason.MISSING_FIELD, "rsms[0].refPos"),
        ("v2x/v1/rsu/R1/rsm/up", {"rsm": []}, RefusalReason.MISSING_FIELD, "rsms"),
        ("v2x/v1/rsu/R1/rsi/up", {"content": "{"}, RefusalReason.WRONG_TYPE, ""),
        ("v2x/v1/rsu/R1/rsi/up", b"{", RefusalReason.NOT_JSON, ""),
        (
            "v2x/v1/rsu/R1/bsm/up",
            {"bsmDatas": [{**DRIS_RSU_BSM["bsmDatas"][0], "heading": 30_000}]},
            RefusalReason.OUT_OF_RANGE,
            "bsmDatas[0].heading",
        ),
    ],
)
def test_a_fault_is_told_in_the_names_of_the_vendor(
    topic: str, message: Any, reason: RefusalReason, field: str
) -> None:
    payload = message if isinstance(message, bytes) else raw(message)
    verdict = new_pipeline().accept(topic, payload, NOON)
    assert isinstance(verdict, Refused)
    assert (verdict.reason, verdict.field) == (reason, field)


def test_equal_bytes_within_a_minute_are_a_repeat_in_dialects_without_a_count() -> None:
    pipeline = new_pipeline()
    topic, payload = "V2X/RSU/R1/RSM/UP/DAWNLINE", raw(DAWNLINE_RSM)  # type: ignore[arg-type]  # a list is JSON too
    assert isinstance(pipeline.accept(topic, payload, NOON), Accepted)
    verdict = pipeline.accept(topic, payload, NOON + 1)
    assert isinstance(verdict, Refused)
    assert verdict.reason is RefusalReason.DUPLICATE


def test_more_objects_than_one_message_holds_are_all_taken() -> None:
    people = [{**DAWNLINE_RSM[0]["content"][0], "ptcId": number} for number in range(1, 41)]
    pipeline, verdict = take("V2X/RSU/R1/RSM/UP/DAWNLINE", [{**DAWNLINE_RSM[0], "content": people}])
    assert verdict.observations == 40
    assert pipeline.take_observations(NOON).object_id.tolist() == list(range(1, 41))


def test_a_message_that_only_looks_like_no_dialect_is_told_in_the_words_of_the_standard() -> None:
    verdict = new_pipeline().accept("V2X/RSU/R1/RSM/UP", raw({"msgCnt": 1, "id": "R1"}), NOON)
    assert isinstance(verdict, Refused)
    assert verdict.field == "refPos"


def test_every_form_belongs_to_a_stream_and_every_dialect_says_where_it_is_from() -> None:
    assert {"openv2x", "dawnline", "radar", "dris"} <= {one.name for one in dialects()}
    assert all(one.source for one in dialects())
    for form in list_forms():
        assert form.stream in BY_NAME
        assert form.marks or form.topic != BY_NAME[form.stream].topic
