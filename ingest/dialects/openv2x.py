"""OpenV2X's JSON on the standard topics, as its simulator and its RSUs write it.

| message | habit |
|---|---|
| RSM | `content.rsms[]`; pos {lat, lon, ele}; ptcType a name or number; msgCnt left out |
| SPAT | `intersections[].phases[].phaseStates` is one object: a colour and the local second at which it ends |
| MAP | numbers are text; lists stand in an object with the name of their type; degrees or 1e-7 deg |
| VIR | one request instead of a list; lon, lat, ele |
| RSI | `rsiDatas[]`, one event each; on V2X/DEVICE/{id}/RSI/UP too |
"""

from ingest.device_kinds import DeviceKind
from ingest.dialects.description import ABSENT, Absent, Const, Context, Dialect, Each, Form, Json, Rule, Take
from ingest.dialects.openv2x_down import FORMS
from ingest.dialects.units import (
    bits,
    description,
    epoch_ms,
    minute_of_epoch,
    node,
    octet,
    offset,
    only_key,
    place,
    position,
    text_id,
    until_wall_clock,
    whole,
    word,
)
from ingest.messages.rsm import MAX_PARTICIPANTS

_COLOURS = {
    "red": "red",
    "yellow": "yellow",
    "green": "protected-green",
    "flashing-green": "flashing-green",
    "flashing-yellow": "flashing-yellow",
    "flashing-red": "flashing-red",
    "dark": "dark",
    "off": "dark",
}


def colour(value: Json, context: Context) -> Json:
    """Colour of a light to DE_LightState."""
    return _COLOURS.get(value.lower(), value) if isinstance(value, str) else word(value, context)


def mode(value: Json, _: Context) -> Json:
    """Whether a signal works, to DE_IntersectionStatusObject: standby, bit 7, or failure, bit 8; bits stay."""
    if isinstance(value, str) and len(value) == 16:  # bits of the status
        return value
    return "0000000100000000" if value else "0000000010000000"


def lane_change(value: Json, context: Context) -> Json | Absent:
    """Req-LaneChange where its nodes and lane are said; OpenV2X's own requests have no place in the standard."""
    wanted = value.get("laneChange") if isinstance(value, dict) else None
    if not isinstance(wanted, dict):
        return ABSENT
    names = {"upstreamNode": "upstreamNodeId", "downstreamNode": "downstreamNodeId"}
    made: dict[str, Json] = {}
    for name, other in names.items():
        where = wanted.get(name, wanted.get(other))
        if where is None:
            return ABSENT
        made[name] = node(where, context)
    if wanted.get("targetLane") is None:
        return ABSENT
    return {"laneChange": {**made, "targetLane": whole(wanted["targetLane"], context)}}


PARTICIPANT: Rule = {
    "ptcType": Take("ptcType", word),
    "ptcId": Take("ptcId", whole),
    "source": Take("source", word, 0),
    "secMark": Take("secMark", whole, 65535),
    "pos": Take("pos", offset),
    "posConfidence": Take("posConfidence", None, {"pos": 0}),
    "speed": Take("speed", whole),
    "heading": Take("heading", whole),
    "size": Take("size", None, {"width": 0, "length": 0}),
    "vehicleClass": Take("vehicleClass"),
    "motionCfd": Take("motionCfd"),
}
RSM: Rule = {
    "msgCnt": Take("^msgCnt", whole, 0),
    "id": Take(("^id", "id", "@device"), text_id),
    "refPos": Take("refPos", position),
    "participants": Each("participants", PARTICIPANT),
    "timestamp": Take(("^timestamp", "timestamp"), epoch_ms),
}
SPAT: Rule = {
    "msgCnt": Take("msgCnt", whole, 0),
    "name": Take("name"),
    "timestamp": Take("timestamp", epoch_ms),
    "intersections": Each(
        "intersections",
        {
            "intersectionId": Take("intersectionId", node),
            "status": Take("status", mode, "0" * 16),
            "phases": Each(
                "phases",
                {
                    "id": Take(("phaseId", "id"), whole),
                    "phaseStates": Each(
                        "phaseStates",
                        {
                            "light": Take("light", colour),
                            "timing": {
                                "counting": {"startTime": Const(0), "likelyEndTime": Take("timing", until_wall_clock)}
                            },
                        },
                    ),
                },
            ),
        },
    ),
}
_POINTS = Each(("points.RoadPoint", "points"), {"posOffset": Take(("posOffset", ""), offset)})
_LIMITS = Each(
    ("speedLimits.RegulatorySpeedLimit", "speedLimits"), {"type": Take("type", only_key), "speed": Take("speed", whole)}
)
_LANE: Rule = {
    "laneID": Take(("laneID", "laneId"), whole),
    "laneWidth": Take("laneWidth", whole),
    "laneAttributes": Take("laneAttributes"),
    "maneuvers": Take("maneuvers", bits(12)),
    "connectsTo": Each(
        ("connectsTo.Connection", "connectsTo"),
        {
            "remoteIntersection": Take("remoteIntersection", node),
            "connectingLane": {
                "lane": Take("connectingLane.lane", whole, 0),
                "maneuver": Take("connectingLane.maneuver", bits(12)),
            },
            "phaseId": Take("phaseId", whole),
        },
    ),
    "speedLimits": _LIMITS,
    "points": _POINTS,
}
_LINK: Rule = {
    "name": Take("name"),
    "upstreamNodeId": Take("upstreamNodeId", node),
    "speedLimits": _LIMITS,
    "linkWidth": Take(("linkWidth", "laneWidth"), whole),
    "points": _POINTS,
    "movements": Each(
        ("movements.Movement", "movements"),
        {"remoteIntersection": Take("remoteIntersection", node), "phaseId": Take("phaseId", whole)},
    ),
    "lanes": Each(("lanes.Lane", "lanes"), _LANE),
}
MAP: Rule = {
    "msgCnt": Take(("msgCnt", "map.msgCnt"), whole, 0),
    "timeStamp": Take(("timeStamp", "map.timeStamp"), whole),
    "nodes": Each(
        ("nodes.Node", "nodes", "map.nodes.Node", "map.nodes"),
        {
            "name": Take("name", text_id),
            "id": Take("id", node),
            "refPos": Take("refPos", position),
            "inLinks": Each(("inLinks.Link", "inLinks"), _LINK),
        },
    ),
}
VIR: Rule = {
    "msgCnt": Take("msgCnt", whole, 0),
    "id": Take(("id", "@device"), text_id),
    "secMark": Take("secMark", whole, 65535),
    "refPos": Take("refPos", position),
    "timestamp": Take("timeStamp", epoch_ms),
    "intAndReq": {
        "reqs": Each(
            "intAndReq.reqs",
            {
                "reqID": Take(("reqID", "reqId"), whole),
                "status": Take("status", word),
                "targetRSU": Take("targetRSU", text_id),
                "info": Take("info", lane_change),
                "lifeTime": Take("lifeTime", whole),
            },
        )
    },
}
_PATHS = Each(
    "referencePaths",
    {"activePath": Each("activePath", Take("", place)), "pathRadius": Take("pathRadius", whole, 0)},
)
EVENT: Rule = {
    "rteId": Take(("alertID", "rteId"), octet, 0),
    "eventType": Take("eventType", whole),
    "eventSource": Take("eventSource", word, "unknown"),
    "eventPos": Take("eventPosition", place),
    "eventRadius": Take("eventRadius", whole),
    "description": Take("eventDescription", description),
    "timeDetails": {"startTime": Take("timeStamp", minute_of_epoch)},
    "priority": Take("eventPriority"),
    "eventConfidence": Take("eventConfidence", whole),
    "referencePaths": _PATHS,
}
RSI: Rule = {
    "msgCnt": Const(0),
    "id": Take(("rsiSourceId", "@device"), text_id),
    "refPos": Take(("refPos", "rsiDatas.0.eventPosition"), position),
    "timestamp": Take("rsiDatas.0.timeStamp", epoch_ms),
    "rtes": Each("rsiDatas", EVENT),
}

_RSU = DeviceKind.RSU
_ONE_STATE = ("intersections.0.phases.0.phaseStates.light",)
DIALECT = Dialect(
    "openv2x",
    "open-v2x/dandelion dandelion/mqtt/topic.py, open-v2x/docs docs/v2x-algorithm.md, v2x-map.md (Apache-2.0)",
    (
        Form(
            "V2X/RSU/{device}/RSM/UP",
            "rsu_rsm",
            _RSU,
            RSM,
            each="content.rsms",
            marks=("content.rsms",),
            split=("participants", MAX_PARTICIPANTS),
        ),
        Form("V2X/RSU/{device}/SPAT/UP", "rsu_spat", _RSU, SPAT, marks=_ONE_STATE, lasting=True),
        Form(
            "V2X/RSU/{device}/MAP/UP",
            "rsu_map",
            _RSU,
            MAP,
            marks=("nodes.Node", "map.nodes", "nodes.0.refPos.lon", "nodes.0.refPos.ele"),
            lasting=True,
        ),
        Form(
            "V2X/RSU/{device}/VIR/UP",
            "rsu_vir",
            _RSU,
            VIR,
            marks=("intAndReq.reqs.reqID", "refPos.lon", "timeStamp"),
        ),
        Form("V2X/RSU/{device}/RSI/UP", "rsu_rsi", _RSU, RSI, marks=("rsiDatas",), split=("rtes", 8)),
        Form("V2X/DEVICE/{device}/RSI/UP", "rsu_rsi", _RSU, RSI, split=("rtes", 8)),
    ),
    down=FORMS,
    base="standard",
)
