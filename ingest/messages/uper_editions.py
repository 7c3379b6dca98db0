"""Our structs as frames of the edition that a device reads: the other direction of `uper_form`, for every profile.

| edition | what is brought to it |
|---|---|
| V3 | RSI with one event; SPAT with the names of 2017 and counting; posConfidence as accuracy; laneWidth of a link |
| V3, VN4, Day II | a link without a width gets the sum of its lanes |
| V3, VN4, Day II | a path of one point goes out as that point twice |
| all | device ids filled up to 8 octets; Day II messages only under d2 |
"""

from typing import Any

import msgspec

from ingest.errors import RefusalReason, RefusedError
from ingest.messages.common import Wire
from ingest.messages.enumerations import LightState
from ingest.messages.uper_fit import fit
from ingest.messages.uper_form import DAY_ONE, DAY_TWO, LIGHTS_2017, Object, name_accuracy, starts_of_paths
from ingest.uper.codec import codec_for
from ingest.uper.errors import EncodeError
from ingest.uper.schema import Profile, load_schema

_ID_OCTETS = 8
_LANE_WIDTH = 350
"""cm; of a lane that does not say its own."""
_MOST_WIDTH = 32767
_ID_NAMES = frozenset({"id", "vehId", "vid"})

_LIGHT_CODES = {light.value: light.code for light in LightState}
_LATER_SOURCES = frozenset({"lidar", "integrated", 6, 7})
"""Sources that 2017 did not know."""

Fields = dict[str, Any]


def encode_for(message: Wire, profile: Profile) -> bytes:
    """Encode a message as one UPER MessageFrame of a profile.

    Raises:
        RefusedError: the profile has no such message, or cannot say what is in it.
    """
    try:
        return codec_for(profile).encode(fit(load_schema(profile), frame_for(message, profile)))
    except (EncodeError, ValueError) as error:
        detail = f"profile {profile} cannot say it: {error}"
        raise RefusedError(RefusalReason.OUT_OF_RANGE, getattr(error, "path", ""), None, detail) from None


def frame_for(message: Wire, profile: Profile) -> Object:
    """Make the frame of a message in the form of a profile.

    Raises:
        RefusedError: the profile has no such message.
    """
    content: Fields = msgspec.to_builtins(message)
    _pad_ids(content)
    for alternative, (name, kind) in DAY_ONE.items():
        if isinstance(message, kind):
            return {alternative: _day_one(name, content, profile)}
    for number, (_, kind) in DAY_TWO.items():
        if isinstance(message, kind) and profile is Profile.D2:
            _twice(content)
            for start in starts_of_paths(content):
                name_accuracy(start)
            return {"msgFrameExt": {"messageId": number, "value": content}}
    name = type(message).__name__
    raise RefusedError(RefusalReason.WRONG_MESSAGE, "", name, f"profile {profile} has no {name}")


def _day_one(name: str, content: Fields, profile: Profile) -> Fields:
    if profile is Profile.V4:
        return content
    if name == "map":
        _fill_widths(content, "laneWidth" if profile is Profile.V3 else "linkWidth")
    _twice(content)
    for start in starts_of_paths(content):
        name_accuracy(start, "posConfidence" if profile is Profile.V3 else "posAccuracy")
    if profile is not Profile.V3:
        return content
    match name:
        case "bsm":
            content["accuracy"] = content.pop("posConfidence", {"pos": "unavailable"})
        case "rsm":
            for participant in content["participants"]:
                participant["accuracy"] = participant.pop("posConfidence")
                if participant["source"] in _LATER_SOURCES:
                    participant["source"] = "unknown"
        case "spat":
            _spat_of_2017(content)
        case "rsi":
            return _rsi_of_2017(content)
    return content


def _fill_widths(content: Fields, name: str) -> None:
    """Give every link the width that editions other than V4 ask for."""
    for node in content["nodes"]:
        for link in node.get("inLinks", ()):
            lanes = sum(lane.get("laneWidth", _LANE_WIDTH) for lane in link["lanes"])
            link[name] = link.pop("linkWidth", min(lanes, _MOST_WIDTH))


def _spat_of_2017(content: Fields) -> None:
    content["timeStamp"] = content.pop("moy", 0)
    for intersection in content["intersections"]:
        for phase in intersection["phases"]:
            for state in phase["phaseStates"]:
                light = state["light"]
                state["light"] = LIGHTS_2017[light if isinstance(light, int) else _LIGHT_CODES[light]]
                timing = state.pop("timing", None)
                if timing is not None and "counting" in timing:
                    state["timing"] = timing["counting"]


def _rsi_of_2017(content: Fields) -> Fields:
    events = content.get("rtes", ())
    if len(events) != 1 or content.get("rtss"):
        detail = "an RSI of 2017 holds one event and no sign"
        raise RefusedError(RefusalReason.OUT_OF_RANGE, "rtes", len(events), detail)
    event = events[0]
    path = (event.get("referencePaths") or [{"activePath": [event["eventPos"]] * 2, "pathRadius": 0}])[0]
    made: Fields = {
        "msgCnt": content["msgCnt"],
        "id": content["id"],
        "rsiId": event["rteId"],
        "alertType": event["eventType"],
        "refPos": content["refPos"],
        "alertPath": path["activePath"],
        "alertRadius": min(path["pathRadius"], 1024),
    }
    if "moy" in content:
        made["timeStamp"] = content["moy"]
    text = event.get("description", {}).get("textString", "")
    if text:
        made["description"] = text[:256]
    if "priority" in event:
        made["priority"] = event["priority"]
    return made


def _twice(value: Any) -> None:  # noqa: ANN401  # any part of a message
    """Repeat the point of every path of one."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "activePath" and isinstance(inner, list) and len(inner) == 1:
                value[name] = inner * 2
            else:
                _twice(inner)
    elif isinstance(value, list):
        for inner in value:
            _twice(inner)


def _pad_ids(value: Any) -> None:  # noqa: ANN401  # any part of a message
    """Fill device ids up to 8 octets with zeros, as hex digits where they are shorter."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in _ID_NAMES and isinstance(inner, str) and len(inner) < _ID_OCTETS and inner.isascii():
                value[name] = inner.encode("ascii").ljust(_ID_OCTETS, b"\0").hex()
            else:
                _pad_ids(inner)
    elif isinstance(value, list):
        for inner in value:
            _pad_ids(inner)
