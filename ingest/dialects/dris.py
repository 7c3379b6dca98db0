"""Huawei DRIS: topics v2x/v1/..., two conventions of names, coordinates and speeds in one product.

| message | habit |
|---|---|
| RSU BSM | `bsmDatas[]`, camelCase, km/h, epoch ms instead of secMark |
| OBU BSM | snake_case, degrees, 0.02 m/s, ISO 8601 |
| RSM | `rsms[]`, ptcType a digit as text, positions {lat, lon, ele} |
| SPAT | status is the 16 bits read as a number, light a digit as text, times in {timeMark} |
| RSI | `rsiDatas[]`, often as JSON text in `content`; eventPosition, eventPriority 0..7; timeStamp: min of the year |
| MAP | as in the standard; lists may be wrapped, positions in degrees |

Positions are degrees in some messages and 1e-7 deg in others; both are taken everywhere.
"""

import msgspec

from ingest.device_kinds import DeviceKind
from ingest.dialects.description import Const, Dialect, Each, Form, Json, Rule, Take
from ingest.dialects.dris_down import ANSWERS, FORMS
from ingest.dialects.openv2x import MAP, PARTICIPANT
from ingest.dialects.units import (
    bits,
    description,
    epoch_ms,
    mark_of_epoch,
    node,
    octet,
    place,
    position,
    priority_level,
    speed_kmh,
    text_id,
    whole,
    word,
)
from ingest.messages.rsm import MAX_PARTICIPANTS


def open_content(message: Json) -> Json:
    """Read the JSON that stands as text in `content`, where it does."""
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, str):
        read: Json = msgspec.json.decode(content)
        return read
    return message if content is None else content


RSU_BSM: Rule = {
    "msgCnt": Take("msgCnt", whole, 0),
    "id": Take("vehicleId", text_id),
    "secMark": Take("timeStamp", mark_of_epoch),
    "timestamp": Take("timeStamp", epoch_ms),
    "pos": Take("pos", position),
    "posAccuracy": Take("posAccuracy"),
    "posConfidence": {
        "pos": Take("posConfidence.positionConfidence", word, 0),
        "elevation": Take("posConfidence.eleConfidence", word),
    },
    "transmission": Take("transmission", word, 7),
    "speed": Take("speed", speed_kmh),
    "heading": Take("heading", whole),
    "angle": Take("angle", whole),
    "motionCfd": {
        "speedCfd": Take("motionConfidence.speedConfidence", word),
        "headingCfd": Take("motionConfidence.headingConfidence", word),
        "steerCfd": Take("motionConfidence.steerConfidence", word),
    },
    "accelSet": {
        "long": Take("accelSet.longAccel", whole, 2001),
        "lat": Take("accelSet.latAccel", whole, 2001),
        "vert": Take("accelSet.vertAccel", whole, -127),
        "yaw": Take("accelSet.yawRate", whole, 0),
    },
    "brakes": {
        "brakePadel": Take("brakes.brakePadelStatus", word),
        "traction": Take("brakes.tractionStatus", word),
        "abs": Take("brakes.absStatus", word),
        "scs": Take("brakes.scsStatus", word),
        "brakeBoost": Take("brakes.brakeBoostStatus", word),
        "auxBrakes": Take("brakes.auxBrakesStatus", word),
    },
    "vehicleClass": {
        "classification": Take("vehicleClass.basicVehicleClass", whole, 0),
        "fuelType": Take("vehicleClass.fuelType", whole),
    },
    "size": Take("size", None, {"width": 0, "length": 0}),
}
OBU_BSM: Rule = {
    "msgCnt": Take("msg_cnt", whole, 0),
    "id": Take(("vehicle_id", "@device"), text_id),
    "secMark": Take("time_stamp", mark_of_epoch),
    "timestamp": Take("time_stamp", epoch_ms),
    "pos": Take("pos", position),
    "posConfidence": {"pos": Take("pos_confidence", word, 0)},
    "transmission": Take("transmission", word, 7),
    "speed": Take("speed", whole),
    "heading": Take("heading", whole),
    "motionCfd": {
        "speedCfd": Take("motion_cfd.speed_cfd", word),
        "headingCfd": Take("motion_cfd.heading_cfd", word),
    },
    "accelSet": Take("accel_set", None, {"long": 2001, "lat": 2001, "vert": -127, "yaw": 0}),
    "brakes": {
        "brakePadel": Take(("brakes.brake_pedal", "brakes.brake_padel"), word),
        "traction": Take("brakes.traction", word),
        "abs": Take("brakes.abs", word),
        "scs": Take("brakes.scs", word),
        "brakeBoost": Take("brakes.brake_boost", word),
        "auxBrakes": Take("brakes.aux_brakes", word),
    },
    "vehicleClass": {
        "classification": Take("vehicle_class.classification", whole, 0),
        "fuelType": Take("vehicle_class.fuel_type", whole),
    },
    "size": Take("size", None, {"width": 0, "length": 0}),
}
RSM: Rule = {
    "msgCnt": Take("^msgCnt", whole, 0),
    "id": Take(("id", "@device"), text_id),
    "refPos": Take("refPos", position),
    "participants": Each("participants", PARTICIPANT),
}


def _mark(name: str) -> Take:
    return Take((f"timing.counting.{name}.timeMark", f"timing.counting.{name}"), whole)


SPAT: Rule = {
    "msgCnt": Take("msgCnt", whole, 0),
    "name": Take("name"),
    "intersections": Each(
        "intersections",
        {
            "intersectionId": Take("intersectionId", node),
            "status": Take("status", bits(16), "0" * 16),
            "moy": Take("moy", whole),
            "timeStamp": Take("timeStamp", whole),
            "timeConfidence": Take("timeConfidence", word),
            "phases": Each(
                "phases",
                {
                    "id": Take(("phaseId", "id"), whole),
                    "phaseStates": Each(
                        "phaseStates",
                        {
                            "light": Take("light", word),
                            "timing": {
                                "counting": {
                                    "startTime": _mark("startTime"),
                                    "minEndTime": _mark("minEndTime"),
                                    "maxEndTime": _mark("maxEndTime"),
                                    "likelyEndTime": _mark("likelyEndTime"),
                                }
                            },
                        },
                    ),
                },
            ),
        },
    ),
}
_PATHS = Each(
    "referencePaths", {"activePath": Each("activePath", Take("", place)), "pathRadius": Take("pathRadius", whole, 0)}
)
RSI: Rule = {
    "msgCnt": Const(0),
    "id": Take(("id", "@device"), text_id),
    "moy": Take("timeStamp", whole),
    "refPos": Take("refPos", position),
    "seqNum": Take("^seqNum", text_id),
    "rtes": Each(
        "rtes",
        {
            "rteId": Take("rteId", octet),
            "eventType": Take("eventType", whole),
            "eventSource": Take("eventSource", word, "unknown"),
            "eventPos": Take("eventPosition", place),
            "eventRadius": Take("eventRadius", whole),
            "description": Take("eventDescription", description),
            "priority": Take("eventPriority", priority_level),
            "eventConfidence": Take("eventConfidence", whole),
            "referencePaths": _PATHS,
        },
    ),
    "rtss": Each(
        "rtss",
        {
            "rtsId": Take("rtsId", octet),
            "signType": Take("signType", whole),
            "signPos": Take("signPosition", place),
            "description": Take("signDescription", description),
            "priority": Take("signPriority", priority_level),
            "referencePaths": _PATHS,
        },
    ),
}

_RSU = DeviceKind.RSU
DIALECT = Dialect(
    "dris",
    "Huawei Cloud DRIS API reference v2x_04_0155, 0156, 0158, 0159, 0160, 0167",
    (
        Form("v2x/v1/rsu/{device}/bsm/up", "rsu_bsm", _RSU, RSU_BSM, each="bsmDatas"),
        Form("oc/devices/{device}/user/obu/bsm/up", "obu_bsm", DeviceKind.OBU, OBU_BSM),
        Form(
            "v2x/v1/rsu/{device}/rsm/up",
            "rsu_rsm",
            _RSU,
            RSM,
            each="rsms",
            split=("participants", MAX_PARTICIPANTS),
        ),
        Form("v2x/v1/rsu/{device}/spat/up", "rsu_spat", _RSU, SPAT),
        Form("v2x/v1/signalcontroller/{device}/spat/up", "rsu_spat", DeviceKind.SIGNAL_CONTROLLER, SPAT),
        Form("v2x/v1/rsu/{device}/map/up", "rsu_map", _RSU, MAP, unpack=open_content, lasting=True),
        Form("v2x/v1/rsu/{device}/rsi/up", "rsu_rsi", _RSU, RSI, each="rsiDatas", unpack=open_content),
        Form("v2x/v1/rsu/{device}/rsi/down/ack", "rsu_rsi_ack", _RSU, ANSWERS),
        Form("v2x/v1/rsu/{device}/map/down/ack", "rsu_map_down_ack", _RSU, ANSWERS),
        Form("v2x/v1/rsu/{device}/spat/down/ack", "rsu_spat_down_ack", _RSU, ANSWERS),
    ),
    down=FORMS,
)
