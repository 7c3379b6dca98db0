"""DRIS's messages to roadside units and vehicles: the other direction of `ingest.dialects.dris`.

RSI is JSON text in `content`, positions in deg, priorities as levels 0..7. SPAT, MAP and RSM have the shape of the way
up. There is no CONFIG and no RSC: those cannot be said to such a device.
"""

from itertools import product

import msgspec

from ingest.device_kinds import DeviceKind
from ingest.dialects.description import Const, DownForm, Each, Json, Rule, Take
from ingest.dialects.down_units import (
    bits_number,
    description,
    duration,
    light_digit,
    lon_lat,
    lon_lat_degrees,
    participant_digit,
    priority_level,
    source_name,
)

ANSWER: dict[str, Rule] = {"ack": Take("^ack"), "seqNum": Take("^seqNum")}
_PATHS = Each(
    "referencePaths",
    {"activePath": Each("activePath", Take("", lon_lat_degrees)), "pathRadius": Take("pathRadius")},
)
RSI: Rule = {
    "rsiSourceId": Const("cloud"),
    **ANSWER,
    "rsiDatas": Each(
        "",
        {
            "id": Take("id"),
            "timeStamp": Take("moy"),
            "refPos": Take("refPos", lon_lat_degrees),
            "rtss": Each(
                "rtss",
                {
                    "rtsId": Take("rtsId"),
                    "signType": Take("signType"),
                    "signPosition": Take("signPos", lon_lat_degrees),
                    "signDescription": Take("description", description, ""),
                    "signPriority": Take("priority", priority_level, 0),
                    "referencePaths": _PATHS,
                },
            ),
            "rtes": Each(
                "rtes",
                {
                    "rteId": Take("rteId"),
                    "eventType": Take("eventType"),
                    "eventSource": Take("eventSource", source_name),
                    "eventPosition": Take("eventPos", lon_lat_degrees),
                    "eventRadius": Take("eventRadius"),
                    "eventDescription": Take("description", description, ""),
                    "eventPriority": Take("priority", priority_level, 0),
                    "referencePaths": _PATHS,
                    "eventConfidence": Take("eventConfidence"),
                    "duration": Take("timeDetails", duration, 0),
                },
            ),
        },
    ),
}


def in_content(message: Json) -> Json:
    """Write an RSI as text into `content`."""
    return {"name": "rsi", "content": msgspec.json.encode(message).decode()}


def _mark(name: str) -> Rule:
    return {"timeMark": Take(f"timing.counting.{name}")}


SPAT: Rule = {
    "name": Take("name", None, "spat"),
    "msgCnt": Take("msgCnt"),
    "intersections": Each(
        "intersections",
        {
            "intersectionId": Take("intersectionId"),
            "status": Take("status", bits_number),
            "moy": Take(("moy", "^moy")),
            "timeStamp": Take(("timeStamp", "^timeStamp")),
            "phases": Each(
                "phases",
                {
                    "phaseId": Take("id"),
                    "phaseStates": Each(
                        "phaseStates",
                        {
                            "light": Take("light", light_digit),
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
    **ANSWER,
}
RSM: Rule = {
    "msgCnt": Take("msgCnt"),
    "rsms": Each(
        "",
        {
            "refPos": Take("refPos", lon_lat),
            "participants": Each(
                "participants",
                {
                    "ptcType": Take("ptcType", participant_digit),
                    "ptcId": Take("ptcId"),
                    "source": Take("source"),
                    "secMark": Take("secMark"),
                    "pos": Take("pos", lon_lat),
                    "speed": Take("speed"),
                    "heading": Take("heading"),
                    "size": Take("size"),
                },
            ),
        },
    ),
    **ANSWER,
}
_KINDS = (("rsu", DeviceKind.RSU), ("obu", DeviceKind.OBU))
FORMS = (
    DownForm("rsi", "v2x/v1/rsu/{device}/rsi/down", RSI, pack=in_content),
    *(
        DownForm(name, f"v2x/v1/{word}/{{device}}/{name}/down", shape, kind=kind)
        for (word, kind), (name, shape) in product(_KINDS, (("map", None), ("rsm", RSM), ("spat", SPAT)))
    ),
)
ANSWERS: Rule = {"seqNum": Take(("seqNum", "seq_num")), "errorCode": Take(("errorCode", "error_code"), None, 0)}
"""An answer to a message to a roadside unit."""
