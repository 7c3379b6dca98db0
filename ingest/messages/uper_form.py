"""Messages of the UPER codec as our structs, for every profile, and back.

The codec's values are the standard's JSON already; what differs:

| profile | field | here |
|---|---|---|
| all | description.textGB2312, octets | text |
| V3 | BSM accuracy, RSM accuracy | posConfidence |
| V3 | LightState names (stop-And-Remain ...) | names of V4, by number |
| V3 | SPAT timeStamp is the minute of the year; timing is no CHOICE | moy; counting |
| V3 | RSI is one alert: rsiId, alertType, alertPath, alertRadius | one RTEData |
| V3 | Link.laneWidth | linkWidth |
| V3, VN4, Day II | initialPosition of a path: posAccuracy (V3: posConfidence) of another type | posConficence |
"""

from collections.abc import Iterator

import msgspec

from ingest.errors import RefusalReason, RefusedError
from ingest.messages.bsm import BasicSafetyMessage
from ingest.messages.clpmm import CLPMM
from ingest.messages.common import Wire
from ingest.messages.decoding import refusal_of_value
from ingest.messages.enumerations import LightState
from ingest.messages.map_data import MapData
from ingest.messages.pam import PAMData
from ingest.messages.psm import PersonalSafetyMessage
from ingest.messages.rsc import RoadsideCoordination
from ingest.messages.rsi import RoadSideInformation
from ingest.messages.rsm import RoadsideSafetyMessage
from ingest.messages.rtcm import RTCMcorrections
from ingest.messages.spat import Spat
from ingest.messages.ssm import SensorSharingMsg
from ingest.messages.test_msg import TestMsg
from ingest.messages.uper_fit import fit
from ingest.messages.vir import VehIntentionAndRequest
from ingest.messages.vpm import VehiclePaymentMessage
from ingest.uper.schema import Profile, load_schema
from ingest.uper.values import Value

Object = dict[str, Value]

DAY_ONE: dict[str, tuple[str, type[Wire]]] = {
    "bsmFrame": ("bsm", BasicSafetyMessage),
    "mapFrame": ("map", MapData),
    "rsmFrame": ("rsm", RoadsideSafetyMessage),
    "spatFrame": ("spat", Spat),
    "rsiFrame": ("rsi", RoadSideInformation),
}
"""Name and struct by alternative of MessageFrame."""
DAY_TWO: dict[int, tuple[str, type[Wire]]] = {
    0: ("test", TestMsg),
    10: ("rtcm", RTCMcorrections),
    11: ("rsc", RoadsideCoordination),
    12: ("ssm", SensorSharingMsg),
    13: ("vir", VehIntentionAndRequest),
    14: ("pam", PAMData),
    15: ("psm", PersonalSafetyMessage),
    16: ("clpmm", CLPMM),
    17: ("vpm", VehiclePaymentMessage),
}
"""Name and struct by messageId of the extension."""

_EXTENSION = "msgFrameExt"
LIGHTS_2017 = (
    "unavailable",
    "dark",
    "stop-Then-Proceed",
    "stop-And-Remain",
    "pre-Movement",
    "permissive-Movement-Allowed",
    "protected-Movement-Allowed",
    "intersection-clearance",
    "caution-Conflicting-Traffic",
)
_LIGHT_NAMES = {name: LightState.of_code(code).value for code, name in enumerate(LIGHTS_2017)}


def open_frame(frame: Object) -> tuple[str, Object, type[Wire]]:
    """Give name, content and struct of a decoded MessageFrame."""
    ((alternative, content),) = frame.items()
    if alternative != _EXTENSION:
        name, kind = DAY_ONE[alternative]
        return name, _object(content), kind
    extension = _object(content)
    name, kind = DAY_TWO[int(str(extension["messageId"]))]
    return name, _object(extension["value"]), kind


def to_message(frame: Object, profile: Profile, timestamp: int | None = None) -> Wire:
    """Make the struct of a decoded MessageFrame; `timestamp` is the publication in UTC epoch ms where known.

    Raises:
        RefusedError: a value fits the codec's profile but not the struct.
    """
    name, content, kind = open_frame(frame)
    adapted = _adapt(name, content, profile)
    if timestamp is not None:
        adapted["timestamp"] = timestamp
    try:
        return msgspec.convert(adapted, kind)
    except msgspec.ValidationError as error:
        raise refusal_of_value(error, adapted) from None


def to_frame(message: Wire) -> Object:
    """Make the value that the codec of V4 (Day II: d2) encodes; our own extensions are left out.

    Raises:
        RefusedError: there is no UPER form of this type of message.
    """
    content = msgspec.to_builtins(message)
    for alternative, (_, kind) in DAY_ONE.items():
        if isinstance(message, kind):
            return _fitted(Profile.V4, {alternative: content})
    for start in starts_of_paths(content):
        name_accuracy(start)
    for number, (_, kind) in DAY_TWO.items():
        if isinstance(message, kind):
            return _fitted(Profile.D2, {_EXTENSION: {"messageId": number, "value": content}})
    raise RefusedError(RefusalReason.WRONG_MESSAGE, "", type(message).__name__, "message has no UPER form")


def _fitted(profile: Profile, frame: Object) -> Object:
    return _object(fit(load_schema(profile), frame))


def _adapt(name: str, content: Object, profile: Profile) -> Object:
    """Bring a content to the form of V4. The content is ours to change: the codec has just made it."""
    if name in {"rsi", "ssm", "rsc"}:
        _each_text(content)
    if name in {"bsm", "psm", "ssm"} and profile is not Profile.V4:
        for start in starts_of_paths(content):
            rename_accuracy(start)
    return _of_2017(name, content) if profile is Profile.V3 else content


def _of_2017(name: str, content: Object) -> Object:
    match name:
        case "bsm":
            content["posConfidence"] = content.pop("accuracy")
        case "rsm":
            for participant in _objects(content["participants"]):
                participant["posConfidence"] = participant.pop("accuracy")
        case "spat":
            return _spat_of_2017(content)
        case "rsi":
            return _rsi_of_2017(content)
        case "map":
            for node in _objects(content["nodes"]):
                for link in _objects(node.get("inLinks", [])):
                    link["linkWidth"] = link.pop("laneWidth")
    return content


def _spat_of_2017(content: Object) -> Object:
    if "timeStamp" in content:
        content["moy"] = content.pop("timeStamp")
    for intersection in _objects(content["intersections"]):
        for phase in _objects(intersection["phases"]):
            for state in _objects(phase["phaseStates"]):
                state["light"] = _LIGHT_NAMES[str(state["light"])]
                if "timing" in state:
                    state["timing"] = {"counting": state["timing"]}
    return content


def _rsi_of_2017(content: Object) -> Object:
    path: Object = {"activePath": content["alertPath"], "pathRadius": content["alertRadius"]}
    event: Object = {
        "rteId": content["rsiId"],
        "eventType": content["alertType"],
        "eventSource": "unknown",
        "referencePaths": [path],
    }
    if content.get("description"):
        event["description"] = {"textString": content["description"]}
    if "priority" in content:
        event["priority"] = content["priority"]
    made: Object = {"msgCnt": content["msgCnt"], "id": content["id"], "refPos": content["refPos"], "rtes": [event]}
    if "timeStamp" in content:
        made["moy"] = content["timeStamp"]
    return made


def _each_text(content: Object) -> None:
    """Turn descriptions in GB 2312 from octets to text."""
    for part in (part for name in ("rtes", "rtss", "laneCoordinates") for part in _objects(content.get(name, []))):
        description = part.get("description")
        if isinstance(description, dict) and "textGB2312" in description:
            octets = bytes.fromhex(str(description["textGB2312"]))
            description["textGB2312"] = octets.decode("gb2312", "replace")


def starts_of_paths(content: Object) -> Iterator[Object]:
    """Yield every DF_FullPositionVector of a message."""
    for holder in (content, _object(content.get("safetyExt", {})), *_objects(content.get("participants", []))):
        start = _object(holder.get("pathHistory", {})).get("initialPosition")
        if isinstance(start, dict):
            yield start


def rename_accuracy(start: Object) -> None:
    """Bring the confidences of a DF_FullPositionVector of another edition to the names of V4."""
    accuracy = start.pop("posAccuracy", None)
    confidence = start.pop("posConfidence", accuracy)
    if confidence is not None:
        start["posConficence"] = confidence


def name_accuracy(start: Object, name: str = "posAccuracy") -> None:
    """Undo `rename_accuracy`: the ellipse of V4 cannot be said in the other editions."""
    start.pop("posAccuracy", None)
    if "posConficence" in start:
        start[name] = start.pop("posConficence")


def _object(value: Value) -> Object:
    return value if isinstance(value, dict) else {}


def _objects(value: Value) -> list[Object]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
