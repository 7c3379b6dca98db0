"""One example of every JSON message that devices send or hear; each of them passes the checks of its stream."""

from collections.abc import Mapping
from typing import Any

LON, LAT = 1_129_385_943, 282_281_611
"""1e-7 deg, west of the Xiangjiang."""
TIME_MS = 1_763_812_800_000
"""2025-11-22 12:00:00 UTC."""

_HERE = {"lat": LAT, "long": LON, "elevation": 520}
_POINT = {"offsetLL": {"position-LatLon": {"lon": LON, "lat": LAT}}}
_OFFSET = {"offsetLL": {"position-LL1": {"lon": 1200, "lat": -800}}}
_SIGNAL = {"region": 4301, "id": 264}
_NEXT = {"region": 4301, "id": 265}
_TIMES = {"secMark": 0, "timestamp": TIME_MS}
_BUS = {"classification": 54, "fuelType": 4}
_RSU = "RSU00007"

PARTICIPANT: dict[str, Any] = {
    "ptcType": "motor",
    "ptcId": 7,
    "source": "integrated",
    "secMark": 0,
    "pos": _OFFSET,
    "posConfidence": {"pos": "a50cm"},
    "speed": 500,
    "heading": 7200,
    "size": {"width": 180, "length": 480, "height": 30},
    "vehicleClass": {"classification": 10},
}
_EVENT: dict[str, Any] = {
    "rteId": 1,
    "eventType": 707,
    "eventSource": "detection",
    "eventPos": _POINT,
    "eventRadius": 500,
    "description": {"textGB2312": "拥堵"},
    "timeDetails": {"startTime": 468_720, "endTime": 468_735},
    "priority": 96,
    "eventConfidence": 180,
}
_LANE = {
    "laneID": 1,
    "laneWidth": 350,
    "maneuvers": "100000000000",
    "connectsTo": [{"remoteIntersection": _NEXT, "connectingLane": {"lane": 1}, "phaseId": 1}],
    "points": [{"posOffset": _POINT}, {"posOffset": _OFFSET}],
}

EXAMPLES: Mapping[str, dict[str, Any]] = {
    "bsm": {
        "msgCnt": 3,
        "id": "BUS00012",
        **_TIMES,
        "pos": _HERE,
        "posAccuracy": {"semiMajor": 30, "semiMinor": 20, "orientation": 0},
        "transmission": "forwardGears",
        "speed": 694,
        "heading": 7200,
        "accelSet": {"long": 35, "lat": 0, "vert": 0, "yaw": 0},
        "brakes": {},
        "size": {"width": 250, "length": 1200, "height": 60},
        "vehicleClass": _BUS,
    },
    "rsm": {"msgCnt": 5, "id": _RSU, "timestamp": TIME_MS, "refPos": _HERE, "participants": [PARTICIPANT]},
    "spat": {
        "msgCnt": 9,
        "moy": 468_720,
        "timeStamp": 0,
        "timestamp": TIME_MS,
        "intersections": [
            {
                "intersectionId": _SIGNAL,
                "status": "0000010000000000",
                "phases": [
                    {
                        "id": 1,
                        "phaseStates": [
                            {"light": "red", "timing": {"counting": {"startTime": 0, "likelyEndTime": 100}}},
                            {
                                "light": "protected-green",
                                "timing": {"counting": {"startTime": 100, "likelyEndTime": 400}},
                            },
                        ],
                    }
                ],
            }
        ],
    },
    "map": {
        "msgCnt": 1,
        "timeStamp": 468_720,
        "timestamp": TIME_MS,
        "nodes": [
            {
                "name": "Wuyi",
                "id": _SIGNAL,
                "refPos": _HERE,
                "inLinks": [{"upstreamNodeId": {"region": 4301, "id": 263}, "linkWidth": 700, "lanes": [_LANE]}],
            }
        ],
    },
    "rsi": {"msgCnt": 2, "moy": 468_720, "id": _RSU, "timestamp": TIME_MS, "refPos": _HERE, "rtes": [_EVENT]},
    "rsi_down": {
        "msgCnt": 2,
        "moy": 468_720,
        "id": "CLOUD",
        "refPos": _HERE,
        "rtes": [_EVENT],
        "seqNum": "12",
        "ack": True,
    },
    "vir": {
        "msgCnt": 4,
        "id": "BUS00012",
        **_TIMES,
        "refPos": _HERE,
        "intAndReq": {
            "reqs": [
                {
                    "reqID": 1,
                    "status": "request",
                    "targetRSU": _RSU,
                    "info": {
                        "signalPriority": {
                            "intersectionId": _SIGNAL,
                            "requiredMov": {"remoteIntersection": _NEXT, "phaseId": 1},
                            "estimatedArrivalTime": 900,
                            "distance2Intersection": 1200,
                        }
                    },
                    "lifeTime": 3000,
                }
            ]
        },
    },
    "ssm": {
        "msgCnt": 6,
        "id": _RSU,
        "equipmentType": "rsu",
        **_TIMES,
        "sensorPos": _HERE,
        "participants": [{"ptc": PARTICIPANT, "detectedPTCType": "car", "typeConfidence": 180}],
    },
    "psm": {
        "msgCnt": 7,
        "id": "WALK0001",
        **_TIMES,
        "pos": _HERE,
        "posAccuracy": {"semiMajor": 40, "semiMinor": 40, "orientation": 0},
        "speed": 60,
        "heading": 0,
        "overallRadius": 5,
        "non-motorData": {"basicType": "aPEDESTRIAN"},
    },
    "clpmm": {
        "msgCnt": 8,
        "id": "BUS00012",
        **_TIMES,
        "pid": "00" * 17,
        "role": "leader",
        "status": "navigating",
        "leadingExt": {"memberList": [{"vid": "BUS00013"}], "capacity": 4, "openToJoin": True},
    },
    "pam": {
        "msgCnt": 9,
        "timeStamp": 468_720,
        "timestamp": TIME_MS,
        "parkingLotInfo": {"id": 1},
        "pamNodes": [{"id": 1, "refPos": _HERE}],
    },
    "rtcm": {
        "msgCnt": 10,
        "timestamp": TIME_MS,
        "corrections": [{"rev": "rtcmRev3-2", "payload": "d300133ed7d30202980edeef34b4bd62ac0941986f33360b98"}],
    },
    "rsc": {
        "msgCnt": 11,
        "id": _RSU,
        **_TIMES,
        "refPos": _HERE,
        "coordinates": [{"vehId": "BUS00012", "info": "00000001"}],
    },
    "rsc_down": {
        "msgCnt": 11,
        "id": "CLOUD",
        "secMark": 0,
        "refPos": _HERE,
        "coordinates": [{"vehId": "BUS00012", "info": "00000001"}],
        "priority": {
            "requestId": "BUS00012-1",
            "signal": _SIGNAL,
            "phaseId": 1,
            "arrival": 1_763_812_809.0,
            "strategy": "extension",
            "maxSeconds": 10,
        },
        "seqNum": "13",
        "ack": True,
    },
    "vpm": {
        "msgCnt": 12,
        "timestamp": TIME_MS,
        "payment": {"action-response": {"time": {"hour": 12}, "sourceId": "BUS00012", "paymentEntityId": 1, "ret": 0}},
    },
    "test": {"msgCnt": 13, "timestamp": TIME_MS, "userData": "48656c6c6f"},
    "heartbeat": {"rsuEsn": _RSU, "seqNum": "1", "timestamp": TIME_MS},
    "info": {
        "rsuId": "1",
        "rsuEsn": _RSU,
        "rsuName": "Wuyi Square north",
        "rsuStatus": True,
        "version": "v1",
        "location": {"lon": 112.9385943, "lat": 28.2281611},
        "region": 4301,
        "nodeId": 264,
        "coverageRadius": 200,
        "timestamp": TIME_MS,
    },
    "base_info": {
        "rsuEsn": _RSU,
        "rsuId": "7",
        "protocolVersion": "v1",
        "softwareVersion": "2.3.1",
        "hardwareVersion": "B2",
        "communicationType": "PC5",
    },
    "running_info": {
        "rsuEsn": _RSU,
        "runningInfo": {"cpu": {"load": 0.3, "uti": 20}, "mem": {"total": 2048, "used": 600}},
        "timestamp": TIME_MS,
    },
    "bus": {
        "timestamp": TIME_MS,
        "seq": 7,
        "line": "12",
        "direction": 0,
        "passengers": 31,
        "capacity": 80,
        "doorsOpen": False,
    },
    "parking_status": {"lot": "P1", "timestamp": TIME_MS, "seq": 1, "capacity": 100, "occupied": 90},
    "track": {
        "timeStamp": str(TIME_MS),
        "number": 1,
        "deviceId": "R1",
        "targets": [
            {
                "targetId": 7286,
                "targetType": 3,
                "laneNo": 2,
                "latitude": 28.2281611,
                "longitude": 112.9385943,
                "speed": -16.8,
                "headingAngle": 176.3,
                "targetLength": 4.5,
                "targetWidth": 1.8,
                "targetHeight": 1.5,
            }
        ],
    },
    "cross": {
        "timeStamp": TIME_MS,
        "deviceId": "R1",
        "passingImformations": [{"aisleId": "1", "distanceToStopLine": 3.5, "speed": 4.0}],
    },
    "status": {
        "timeStamp": TIME_MS,
        "deviceId": "R1",
        "trafficStatusInformations": [{"aisleId": 1, "queueLength": 30, "queueVehicleNumber": 4}],
    },
    "flow": {
        "timeStamp": TIME_MS,
        "deviceId": "R1",
        "trafficFlows": [{"aisleId": 1, "averageSpeed": 30.5, "totalFlowA": 4}],
    },
    "event": {
        "timeStamp": TIME_MS,
        "deviceId": "R1",
        "eventType": 3,
        "lane": "1",
        "latitude": 28.2281611,
        "longitude": 112.9385943,
    },
    "ack": {"seqNum": "12", "errorCode": 0},
    "advice_ack": {"id": "0b4a", "status": "accepted"},
    "refusal": {
        "errorCode": 7,
        "reason": "out_of_range",
        "errorDesc": "speed: Expected `int` <= 8191, value 9000",
        "msgCnt": 3,
    },
}
"""By message name."""
