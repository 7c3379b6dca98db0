"""Which stream of the table a topic belongs to, which device it names, and how its payload is written.

| topic | written as |
|---|---|
| as in the table of streams | the standard's JSON |
| the same with `/UPER` behind it | one UPER MessageFrame |
| `V2X.RSU.{BSM, RSM, SPAT, RSI, MAP}.UP` | binary gateway envelope with UPER inside |
| `V2X.RSU.{HB, INFO, RUNNINGINFO}.UP` | the JSON of V2X/RSU/HB/UP and its like |
| `V2X.RSU.{RSI, RSC, MAP, SPAT, CONFIG, MNG}.DOWN.ACK` | answer as JSON that names the unit |
| `V2X/RSU/{device}/{RSI, RSC, MAP, SPAT}/DOWN/UPER/ACK` | answer as JSON; its seqNum is the msgCnt |
| as a dialect says | that dialect's JSON |
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from ingest.device_kinds import DeviceKind
from ingest.dialects.catalogue import list_forms
from ingest.dialects.description import Form
from ingest.streams import BY_NAME, STREAMS, Direction, Stream, StreamClass

DEVICE = "{device}"
UPER_SUFFIX = "/UPER"
BINARY_MESSAGES = frozenset(
    {"bsm", "rsm", "spat", "map", "rsi", "vir", "ssm", "psm", "clpmm", "pam", "rtcm", "rsc", "vpm", "test"}
)
"""Messages that have a UPER form, as their streams are called after the device's kind."""

_ENVELOPES = ("BSM", "RSM", "SPAT", "RSI", "MAP")
_DOTTED = {"HB": "rsu_heartbeat", "INFO": "rsu_info", "RunningInfo": "rsu_running_info"}
_DOTTED |= {"RUNNINGINFO": "rsu_running_info", "BaseINFO": "rsu_base_info", "BASEINFO": "rsu_base_info"}
_DOTTED_ANSWERS = {
    "RSI": "rsu_rsi_ack",
    "RSC": "rsu_rsc_ack",
    "MAP": "rsu_map_down_ack",
    "SPAT": "rsu_spat_down_ack",
    "CONFIG": "rsu_config_down_ack",
    "MNG": "rsu_mng_down_ack",
}
_KINDS = {"rsu": DeviceKind.RSU, "obu": DeviceKind.OBU, "parking": DeviceKind.LOT, "radar": DeviceKind.RADAR}


class Writing(StrEnum):
    """How a payload is written."""

    JSON = "json"
    UPER = "uper"
    ENVELOPE = "envelope"
    DIALECT = "dialect"


@dataclass(frozen=True, slots=True)
class Uplink:
    """One pattern of topics."""

    topic: str
    stream: Stream
    kind: DeviceKind
    writing: Writing = Writing.JSON
    form: Form | None = None

    @property
    def subscription(self) -> str:
        """MQTT topic filter."""
        return self.topic.replace(DEVICE, "+")


def kind_of_stream(stream: Stream) -> DeviceKind:
    """Get the kind of device that sends a stream."""
    return _KINDS[stream.name.partition("_")[0]]


def message_of_stream(stream: Stream) -> str:
    """Get the name of the message that a stream carries, such as bsm."""
    return stream.name.partition("_")[2]


@cache
def uplinks() -> tuple[Uplink, ...]:
    """List all patterns of topics that devices send on."""
    up = [stream for stream in STREAMS if stream.direction is Direction.UP]
    plain = [Uplink(stream.topic, stream, kind_of_stream(stream)) for stream in up]
    uper = [
        Uplink(link.topic + UPER_SUFFIX, link.stream, link.kind, Writing.UPER)
        for link in plain
        if message_of_stream(link.stream) in BINARY_MESSAGES and link.topic.endswith("/UP")
    ]
    rsu = DeviceKind.RSU
    envelopes = [
        Uplink(f"V2X.RSU.{name}.UP", BY_NAME[f"rsu_{name.lower()}"], rsu, Writing.ENVELOPE) for name in _ENVELOPES
    ]
    dotted = [Uplink(f"V2X.RSU.{word}.UP", BY_NAME[name], rsu) for word, name in _DOTTED.items()]
    answers = [Uplink(f"V2X.RSU.{name}.DOWN.ACK", BY_NAME[stream], rsu) for name, stream in _DOTTED_ANSWERS.items()]
    answers += [
        Uplink(stream.topic.removesuffix("/ACK") + f"{UPER_SUFFIX}/ACK", stream, rsu)
        for stream in (
            BY_NAME[name] for name in ("rsu_rsi_ack", "rsu_rsc_ack", "rsu_map_down_ack", "rsu_spat_down_ack")
        )
    ]
    standard = {stream.topic for stream in STREAMS}
    vendors = [
        Uplink(form.topic, BY_NAME[form.stream], form.kind, Writing.DIALECT, form)
        for form in list_forms()
        if form.topic not in standard
    ]
    return (*plain, *uper, *envelopes, *dotted, *answers, *vendors)


def other_forms(stream: Stream) -> tuple[Form, ...]:
    """List the forms in which dialects write to the stream's own topic."""
    return tuple(form for form in list_forms() if form.topic == stream.topic)


def filters_of(stream_class: StreamClass) -> tuple[str, ...]:
    """List the MQTT topic filters of all uplinks of a class, in every writing."""
    return tuple(dict.fromkeys(link.subscription for link in uplinks() if link.stream.stream_class is stream_class))


@cache
def _by_skeleton() -> dict[tuple[str, ...], Uplink]:
    return {tuple(link.topic.split("/")): link for link in uplinks()}


@cache
def _device_levels() -> frozenset[int]:
    return frozenset(levels.index(DEVICE) for levels in _by_skeleton() if DEVICE in levels)


def find_route(topic: str) -> tuple[Uplink, str | None] | None:
    """Find the uplink of a topic and the device in it (None where the payload names the device)."""
    levels = topic.split("/")
    link = _by_skeleton().get(tuple(levels))
    if link is not None and DEVICE not in levels:
        return link, None
    for level in _device_levels():
        if level < len(levels):
            link = _by_skeleton().get((*levels[:level], DEVICE, *levels[level + 1 :]))
            if link is not None:
                return link, levels[level]
    return None


def find_uplink(topic: str) -> tuple[Stream, str | None] | None:
    """Find the stream of a topic and the device in it (None where the payload names the device)."""
    found = find_route(topic)
    return None if found is None else (found[0].stream, found[1])
