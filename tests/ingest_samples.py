"""Messages of devices in one place, as the JSON they send."""

import json
from typing import Any

from ingest.device_registry import DeviceRegistry
from ingest.pipeline import Pipeline
from ingest.plausibility import BoxE7
from maps.geodesy import LocalPlane

NOON = 1_763_812_800.0
"""2025-11-22 12:00:00 UTC."""
LON, LAT = 1_129_385_943, 282_281_611
BOX = BoxE7.of_degrees(112.7, 28.0, 113.2, 28.5)
PLANE = LocalPlane(112.93, 28.2)

Json = dict[str, Any]
BSM_TOPIC = "V2X/OBU/BUS00012/BSM/UP"
RSM_TOPIC = "V2X/RSU/RSU00007/RSM/UP"
SPAT_TOPIC = "V2X/RSU/RSU00007/SPAT/UP"
MAP_TOPIC = "V2X/RSU/RSU00007/MAP/UP"
VIR_TOPIC = "V2X/OBU/BUS00012/VIR/UP"
PARKING_TOPIC = "V2X/PARKING/P1/STATUS/UP"
HEARTBEAT_TOPIC = "V2X/RSU/HB/UP"
INFO_TOPIC = "V2X/RSU/INFO/UP"


def mark(time: float) -> int:
    """DSecond of a time."""
    return round(time * 1000) % 60_000


def bsm(time: float = NOON, **changes: Any) -> Json:
    """A bus that drives east at 13.88 m/s."""
    return {
        "msgCnt": 3,
        "id": "BUS00012",
        "secMark": mark(time),
        "timestamp": round(time * 1000),
        "pos": {"lat": LAT, "long": LON, "elevation": 520},
        "posAccuracy": {"semiMajor": 30, "semiMinor": 20, "orientation": 0},
        "transmission": "forwardGears",
        "speed": 694,
        "heading": 7200,
        "accelSet": {"long": 35, "lat": 0, "vert": 0, "yaw": 0},
        "brakes": {},
        "size": {"width": 250, "length": 1200, "height": 60},
        "vehicleClass": {"classification": 54},
    } | changes


def participant(time: float = NOON, **changes: Any) -> Json:
    """A car that drives north."""
    return {
        "ptcType": "motor",
        "ptcId": 7,
        "source": "integrated",
        "secMark": mark(time),
        "pos": {"offsetLL": {"position-LatLon": {"lon": LON, "lat": LAT}}},
        "posConfidence": {"pos": "a1m"},
        "speed": 500,
        "heading": 0,
        "size": {"width": 180, "length": 480, "height": 30},
        "vehicleClass": {"classification": 10},
    } | changes


def rsm(*participants: Json, time: float = NOON, **changes: Any) -> Json:
    """What a roadside unit sees."""
    return {
        "msgCnt": 5,
        "id": "RSU00007",
        "timestamp": round(time * 1000),
        "refPos": {"lat": LAT, "long": LON},
        "participants": list(participants),
    } | changes


def spat(time: float = NOON, **changes: Any) -> Json:
    """One intersection, one phase: red now, green in 10 s."""
    states = [
        {"light": "red", "timing": {"counting": {"startTime": 0, "likelyEndTime": 100, "timeConfidence": 200}}},
        {"light": "protected-green", "timing": {"counting": {"startTime": 100, "likelyEndTime": 400}}},
    ]
    intersection = {
        "intersectionId": {"region": 1, "id": 2},
        "status": "0000010000000000",
        "phases": [{"id": 1, "phaseStates": states}],
    }
    return {
        "msgCnt": 9,
        "timeStamp": mark(time),
        "timestamp": round(time * 1000),
        "intersections": [intersection],
    } | changes


def map_data(time: float = NOON, **changes: Any) -> Json:
    """One node without links."""
    node = {"id": {"region": 1, "id": 2}, "refPos": {"lat": LAT, "long": LON}}
    return {"msgCnt": 1, "timestamp": round(time * 1000), "nodes": [node]} | changes


def vir(time: float = NOON, **changes: Any) -> Json:
    """A bus asks for green."""
    priority = {
        "intersectionId": {"region": 1, "id": 2},
        "requiredMov": {"remoteIntersection": {"region": 1, "id": 3}, "phaseId": 1},
        "estimatedArrivalTime": 900,
        "distance2Intersection": 1200,
    }
    request = {"reqID": 1, "status": "request", "info": {"signalPriority": priority}}
    return {
        "msgCnt": 4,
        "id": "BUS00012",
        "secMark": mark(time),
        "timestamp": round(time * 1000),
        "refPos": {"lat": LAT, "long": LON},
        "intAndReq": {"reqs": [request]},
    } | changes


def parking(time: float = NOON, **changes: Any) -> Json:
    """A car park with ten free places."""
    return {"lot": "P1", "timestamp": round(time * 1000), "seq": 1, "capacity": 100, "occupied": 90} | changes


def raw(message: Json) -> bytes:
    """JSON bytes."""
    return json.dumps(message).encode()


def new_pipeline() -> Pipeline:
    """A pipeline that heard nothing yet."""
    return Pipeline(PLANE, BOX, DeviceRegistry())
