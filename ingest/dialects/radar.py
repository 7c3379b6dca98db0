"""Radars at junctions as OpenV2X takes them: V2X/RADAR/{id}/{TRACK, CROSS, STATUS, FLOW, EVENT}/UP.

TRACK becomes RSM. Its units are not written down; degrees, metres and m/s are what its examples hold. The speed is
signed (towards the radar is negative), the type of a target is a number without a published table and is not used.
The other messages keep their shape; their numbers may be written as text.
"""

from ingest.device_kinds import DeviceKind
from ingest.dialects.description import Const, Dialect, Each, Form, Rule, Take
from ingest.dialects.units import (
    NOWHERE,
    epoch_ms,
    heading_degrees,
    mark_of_epoch,
    object_id,
    place,
    position,
    size_of,
    speed_signed,
    text_id,
)
from ingest.messages.rsm import MAX_PARTICIPANTS

TRACK: Rule = {
    "msgCnt": Const(0),
    "id": Take(("deviceId", "@device"), text_id),
    "refPos": Take("targets.0", position, NOWHERE),
    "timestamp": Take("timeStamp", epoch_ms),
    "participants": Each(
        "targets",
        {
            "ptcType": Const("unknown"),
            "ptcId": Take("targetId", object_id),
            "source": Const("microwaveRadar"),
            "secMark": Take("^timeStamp", mark_of_epoch),
            "pos": Take("", place),
            "posConfidence": Const({"pos": 0}),
            "speed": Take("speed", speed_signed, 8191),
            "heading": Take("headingAngle", heading_degrees, 28800),
            "size": {
                "width": Take("targetWidth", size_of(0.01), 0),
                "length": Take("targetLength", size_of(0.01), 0),
                "height": Take("targetHeight", size_of(0.05), 0),
            },
        },
    ),
}
_AS_IT_IS = Take("")


def _form(name: str, rule: Rule, *, split: tuple[str, int] | None = None) -> Form:
    topic, stream = f"V2X/RADAR/{{device}}/{name}/UP", f"radar_{name.lower()}"
    return Form(topic, stream, DeviceKind.RADAR, rule, marks=("timeStamp",), lenient=rule is _AS_IT_IS, split=split)


DIALECT = Dialect(
    "radar",
    "open-v2x/dandelion dandelion/mqtt/topic.py and the radar messages of its edge (Apache-2.0)",
    (
        _form("TRACK", TRACK, split=("participants", MAX_PARTICIPANTS)),
        *(_form(name, _AS_IT_IS) for name in ("CROSS", "STATUS", "FLOW", "EVENT")),
    ),
)
