"""OpenV2X's messages to roadside units: the other direction of `ingest.dialects.openv2x`.

| message | habit |
|---|---|
| RSI | `rsiDatas[]`, one event each: alertID, eventClass, eventStatus, ISO time, {lat, lon} in 1e-7 deg |
| RSM | `content.rsms[]`, pos {lat, lon} |
| RSC | `coordinates` is one object, positions {lat, lon, ele} |
| MAP | `map` with all numbers as text and lists in an object with the name of their type; eTag and mapSlice |
| SPAT | one colour a phase and the local second at which it ends |
"""

from ingest.dialects.description import Const, DownForm, Each, Json, Rule, Take
from ingest.dialects.down_units import (
    as_text,
    colour,
    description,
    duration,
    event_class,
    iso_of_minute,
    lasts,
    lon_lat,
    node_number,
    participant_name,
    priority_level,
    source_name,
    wall_clock,
    works,
)

ANSWER: dict[str, Rule] = {"ack": Take("^ack"), "seqNum": Take("^seqNum")}
RSI: Rule = {
    "rsiSourceType": Const("integrated"),
    "rsiSourceId": Take("id"),
    "rsiDatas": Each(
        "rtes",
        {
            "alertID": Take("rteId", as_text),
            "duration": Take("timeDetails", duration, 0),
            "eventStatus": Take("timeDetails", lasts, default=True),
            "timeStamp": Take(("timeDetails.startTime", "^moy"), iso_of_minute),
            "eventClass": Take("eventType", event_class),
            "eventType": Take("eventType"),
            "eventSource": Take("eventSource", source_name),
            "eventPosition": Take(("eventPos", "^refPos"), lon_lat),
            "eventConfidence": Take("eventConfidence"),
            "eventRadius": Take("eventRadius"),
            "eventDescription": Take("description", description),
            "eventPriority": Take("priority", priority_level),
            "referencePaths": Each(
                "referencePaths",
                {"activePath": Each("activePath", Take("", lon_lat)), "pathRadius": Take("pathRadius")},
            ),
        },
    ),
    **ANSWER,
}
PARTICIPANT: Rule = {
    "ptcType": Take("ptcType", participant_name),
    "ptcId": Take("ptcId"),
    "source": Take("source"),
    "secMark": Take("secMark"),
    "pos": Take("pos", lon_lat),
    "speed": Take("speed"),
    "heading": Take("heading"),
    "size": Take("size"),
}
RSM: Rule = {
    "name": Const("rsm"),
    "id": Take("id"),
    "content": {
        "rsms": Each("", {"refPos": Take("refPos", lon_lat), "participants": Each("participants", PARTICIPANT)})
    },
    **ANSWER,
}
RSC: Rule = {
    "msgCnt": Take("msgCnt"),
    "id": Take("id"),
    "secMark": Take("secMark"),
    "refPos": Take("refPos", lon_lat),
    "coordinates": {
        "vehId": Take("coordinates.0.vehId"),
        "driveSuggestion": Take("coordinates.0.driveSuggestion"),
        "pathGuidance": Each(
            "coordinates.0.pathGuidance",
            {
                "pos": Take("pos", lon_lat),
                "speed": Take("speed"),
                "heading": Take("heading"),
                "estimatedTime": Take("estimatedTime"),
            },
        ),
        "info": Take("coordinates.0.info"),
    },
    "priority": Take("priority"),
    **ANSWER,
}
SPAT: Rule = {
    "name": Take("name", None, "spat"),
    "intersections": Each(
        "intersections",
        {
            "intersectionId": Take("intersectionId", node_number),
            "status": Take("status", works),
            "phases": Each(
                "phases",
                {
                    "phaseId": Take("id", as_text),
                    "phaseStates": {
                        "light": Take("phaseStates.0.light", colour),
                        "timing": Take("phaseStates.0.timing.counting.likelyEndTime", wall_clock),
                    },
                },
            ),
        },
    ),
    **ANSWER,
}
_ELEMENTS = {
    "nodes": "Node",
    "inLinks": "Link",
    "lanes": "Lane",
    "points": "RoadPoint",
    "movements": "Movement",
    "connectsTo": "Connection",
    "speedLimits": "RegulatorySpeedLimit",
}
"""Name of the object in which a list of MAP stands."""


def wrap_lists(value: Json) -> Json:
    """Put the lists of a MAP into objects with the name of their type, and speed limits' types into objects."""
    if isinstance(value, list):
        return [wrap_lists(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    made: dict[str, Json] = {}
    for name, inner in value.items():
        wrapped = wrap_lists(inner)
        if isinstance(wrapped, list) and name in _ELEMENTS:
            wrapped = {_ELEMENTS[name]: wrapped}
        made[name] = {wrapped: None} if name == "type" and isinstance(wrapped, str) else wrapped
    return made


MAP: Rule = {
    "mapSlice": Take("^mapSlice", None, ""),
    "map": {
        "msgCnt": Take("msgCnt", as_text),
        "timeStamp": Take("timeStamp", as_text),
        "nodes": Take("nodes", as_text),
    },
    "eTag": Take("^eTag", None, ""),
    **ANSWER,
}


def _topic(name: str) -> str:
    return f"V2X/RSU/{{device}}/{name}/DOWN"


FORMS = (
    DownForm("rsi", _topic("RSI"), RSI),
    DownForm("rsm", _topic("RSM"), RSM),
    DownForm("rsc", _topic("RSC"), RSC),
    DownForm("map", _topic("MAP"), MAP, pack=wrap_lists),
    DownForm("spat", _topic("SPAT"), SPAT),
)
