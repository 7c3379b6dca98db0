"""DAWNLINE, a vendor that OpenV2X tells by the last level of the topic: degrees, metres, m/s, epoch ms.

| message | shape |
|---|---|
| RSM | list of {dev_pos {lat, lon}, content [{ptcType, ptcId, timeStamp, secMark, pos_lat, pos_lon, heading, ...}]} |
| RSI | {dev_id, dev_pos {latitude, longitude}, event_content [{event_type, event_id, event_source, timeStamp, ...}]} |

Messages to such a unit are those of OpenV2X.
"""

from ingest.device_kinds import DeviceKind
from ingest.dialects.description import Const, Dialect, Each, Form, Rule, Take
from ingest.dialects.units import (
    description,
    epoch_ms,
    heading_degrees,
    minute_of_epoch,
    octet,
    place,
    position,
    size_of,
    speed_mps,
    text_id,
    whole,
    word,
)
from ingest.messages.rsm import MAX_PARTICIPANTS

PARTICIPANT: Rule = {
    "ptcType": Take("ptcType", word),
    "ptcId": Take("ptcId", whole),
    "source": Take("source", word, 0),
    "secMark": Take("secMark", whole, 65535),
    "pos": Take("", place),
    "posConfidence": Const({"pos": 0}),
    "speed": Take("speed", speed_mps, 8191),
    "heading": Take("heading", heading_degrees, 28800),
    "size": {
        "width": Take("width", size_of(0.01), 0),
        "length": Take("length", size_of(0.01), 0),
        "height": Take("height", size_of(0.05), 0),
    },
}
RSM: Rule = {
    "msgCnt": Const(0),
    "id": Take("@device"),
    "refPos": Take("dev_pos", position),
    "timestamp": Take("content.0.timeStamp", epoch_ms),
    "participants": Each("content", PARTICIPANT),
}
RSI: Rule = {
    "msgCnt": Const(0),
    "id": Take(("dev_id", "@device"), text_id),
    "refPos": Take("dev_pos", position),
    "timestamp": Take("event_content.0.timeStamp", epoch_ms),
    "rtes": Each(
        "event_content",
        {
            "rteId": Take("event_id", octet, 0),
            "eventType": Take("event_type", whole),
            "eventSource": Take("event_source", word, "unknown"),
            "eventPos": Take("", place),
            "eventRadius": Take("event_radius", whole),
            "description": Take("event_description", description),
            "timeDetails": {"startTime": Take("timeStamp", minute_of_epoch)},
            "eventConfidence": Take("event_confidence", whole),
        },
    ),
}

DIALECT = Dialect(
    "dawnline",
    "open-v2x/cerebrum common/app.py and docs/v2x-algorithm.md (Apache-2.0)",
    (
        Form(
            "V2X/RSU/{device}/RSM/UP/DAWNLINE",
            "rsu_rsm",
            DeviceKind.RSU,
            RSM,
            split=("participants", MAX_PARTICIPANTS),
        ),
        Form("V2X/RSU/{device}/RSI/UP/DAWNLINE", "rsu_rsi", DeviceKind.RSU, RSI, split=("rtes", 8)),
    ),
    base="openv2x",
)
