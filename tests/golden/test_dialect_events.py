"""Lights, maps, requests, events and radar counts in the shapes that vendors document, and what becomes of each.

Sources: open-v2x/docs and open-v2x/dandelion (OpenV2X, DAWNLINE, radar), Huawei Cloud DRIS API reference (DRIS).
"""

import json

import pytest
from dialect_kit import DEG_LAT, DEG_LON, DEGREES, E7, MARK, MS, event, take
from ingest_samples import LAT, LON, NOON, Json

from ingest.messages.map_data import MapData
from ingest.messages.radar import RadarCross, RadarEvent, RadarFlow, RadarStatus
from ingest.messages.rsi import RoadSideInformation
from ingest.messages.spat import Spat
from ingest.messages.vir import VehIntentionAndRequest
from ingest.timebase import minute_of_year

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
