"""From JSON messages to rows: what devices report as events, and what the platform says of incidents and advice.

A message of a device is stored whole, even where it is no JSON. Messages of the platform itself are typed; one that
does not fit its type raises, and the caller puts it among the dead letters.
"""

import base64
import hashlib
from typing import NamedTuple

import msgspec

from cloudctl.advice.advisory import Advisory
from cloudctl.store.foreign_events import find_foreign_stream, read_foreign
from cloudctl.store.spool_record import SpoolRecord
from ingest.streams import BY_NAME, STREAMS, Direction, Stream, StreamClass

ACK_STREAMS = frozenset(
    {
        "rsu_rsi_ack",
        "rsu_rsc_ack",
        "rsu_map_down_ack",
        "rsu_spat_down_ack",
        "rsu_config_down_ack",
        "rsu_mng_down_ack",
        "obu_advice_ack",
    }
)
CLOUD_EVENTS = (
    *("connection", "signal_event", "signal_assessment", "notification"),
    *("signal_recommendation", "signal_priority"),
)
"""Streams on which the platform says something about one device or signal; stored as its events."""
MAX_CLOCK_OFFSET = 86_400.0
"""A device's own time that is further from ours is not used, s."""


class EventKey(NamedTuple):
    """Key by which repetitions of a message are found."""

    key: bytes
    received: float
    timed: bool
    """The message bears its own time, so equal bytes are the same event for ever; else within an hour."""


class DeviceEvent(NamedTuple):
    """A row of `v2x.device_event`; times are UTC epoch s."""

    t: float
    received: float
    key: bytes
    stream: str
    device: str
    payload: str | None
    raw: bytes | None


class Observation(NamedTuple):
    """A row of `v2x.observation`: a raw report of a device, kept because somebody asked for it."""

    t: float
    received: float
    key: bytes
    stream: str
    device: str
    payload: bytes


class Acknowledgement(NamedTuple):
    """A row of `v2x.acknowledgement`."""

    t: float
    reference: str
    device: str
    stream: str
    status: str
    error_code: int | None
    detail: str | None


class _Timed(msgspec.Struct):
    timestamp: float | None = None


class _Ack(msgspec.Struct):
    id: str | int | None = None
    seqNum: str | int | None = None  # noqa: N815  # field name of the interface
    status: str | None = None
    errorCode: int | None = None  # noqa: N815  # field name of the interface
    errorDesc: str | None = None  # noqa: N815  # field name of the interface


class IncidentMessage(msgspec.Struct, frozen=True):
    """An incident as it travels on V2X/CLOUD/INCIDENT; times are UTC epoch s."""

    incident_id: str
    kind: str
    started: float
    updated: float
    ended: float | None = None
    lon: float | None = None
    lat: float | None = None
    link_id: str | None = None
    lane: int | None = None
    confidence: float | None = None
    evidence: str | None = None
    tracks: list[int] = []


class DeadLetterMessage(msgspec.Struct, frozen=True):
    """A refused message as it travels on V2X/CLOUD/DEADLETTER."""

    received: float
    topic: str
    reason: str
    detail: str
    payload_b64: str

    @property
    def payload(self) -> bytes:
        """The refused bytes."""
        return base64.b64decode(self.payload_b64)


class DeviceNow(msgspec.Struct, frozen=True):
    """One device of V2X/CLOUD/STATE/DEVICES."""

    id: str
    kind: str | None = None
    lon: float | None = None
    lat: float | None = None
    last_seen: float | None = None
    row: int | None = None
    """Row number that trajectory frames call it by."""
    online: bool = False
    rates: dict[str, float] = {}
    """Message name to messages a second."""
    refused: dict[str, int] = {}
    """Reason to messages refused since the start."""
    missing: int = 0
    shed: int = 0
    clock_offset_ms: float | None = None
    latency_ms_p50: float | None = None


class DevicesNow(msgspec.Struct, frozen=True):
    """The devices that the engine knows."""

    devices: list[DeviceNow]
    epoch: int = 0
    """Session of the engine that the row numbers belong to."""


decode_advisory = msgspec.json.Decoder(Advisory).decode
decode_incident = msgspec.json.Decoder(IncidentMessage).decode
decode_dead_letter = msgspec.json.Decoder(DeadLetterMessage).decode
decode_devices = msgspec.json.Decoder(DevicesNow).decode
_decode_timed = msgspec.json.Decoder(_Timed).decode
_decode_ack = msgspec.json.Decoder(_Ack).decode


def device_event_streams() -> tuple[Stream, ...]:
    """All streams on which devices report events."""
    return tuple(
        stream for stream in STREAMS if stream.direction is Direction.UP and stream.stream_class is StreamClass.EVENT
    )


def device_telemetry_streams() -> tuple[Stream, ...]:
    """All streams of telemetry whose topic names the device."""
    return tuple(
        stream
        for stream in STREAMS
        if stream.direction is Direction.UP
        and stream.stream_class is StreamClass.TELEMETRY
        and "{device}" in stream.topic
    )


_Patterns = tuple[tuple[Stream, list[str]], ...]
_EVENT_LEVELS: _Patterns = tuple(
    (stream, stream.topic.split("/")) for stream in (*device_event_streams(), *(BY_NAME[name] for name in CLOUD_EVENTS))
)
_TELEMETRY_LEVELS: _Patterns = tuple((stream, stream.topic.split("/")) for stream in device_telemetry_streams())


def find_event_stream(topic: str) -> tuple[Stream, str] | None:
    """Stream of an event topic, in any writing, and the device named in it ("" where the topic names none)."""
    return _find_stream(topic, _EVENT_LEVELS) or find_foreign_stream(topic)


def find_telemetry_stream(topic: str) -> tuple[Stream, str] | None:
    """Stream of a device's telemetry topic and the device named in it."""
    return _find_stream(topic, _TELEMETRY_LEVELS)


def _find_stream(topic: str, patterns: _Patterns) -> tuple[Stream, str] | None:
    levels = topic.split("/")
    for stream, pattern in patterns:
        if len(levels) == len(pattern) and all(
            want in {"{device}", have} for want, have in zip(pattern, levels, strict=True)
        ):
            return stream, next((have for want, have in zip(pattern, levels, strict=True) if want == "{device}"), "")
    return None


def event_key(record: SpoolRecord) -> EventKey:
    """Key of a message: its topic and bytes."""
    digest = hashlib.blake2b(record.topic.encode() + b"\0" + record.payload, digest_size=16).digest()
    return EventKey(digest, record.received, own_time(record) is not None)


def own_time(record: SpoolRecord) -> float | None:
    """Time that the message bears itself, UTC epoch s, where it can be believed."""
    try:
        stamp = _decode_timed(record.payload).timestamp
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if stamp is None or abs(stamp / 1e3 - record.received) > MAX_CLOCK_OFFSET:
        return None
    return stamp / 1e3


def device_event(record: SpoolRecord, key: EventKey, stream: Stream, device: str) -> DeviceEvent:
    """Row of a device's message."""
    foreign = read_foreign(record.topic, record.payload, record.received)
    text = _json_text(record.payload) if foreign is None else foreign.text
    time = own_time(record)
    return DeviceEvent(
        t=record.received if time is None else time,
        received=record.received,
        key=key.key,
        stream=stream.name,
        device=device or (_sender(record.payload) if foreign is None else foreign.device),
        payload=text,
        raw=record.payload if text is None or foreign is not None else None,
    )


def observation(record: SpoolRecord, stream: Stream, device: str) -> Observation:
    """Row of a raw report."""
    time = own_time(record)
    known = record.received if time is None else time
    return Observation(known, record.received, event_key(record).key, stream.name, device, record.payload)


def acknowledgement(record: SpoolRecord, stream: Stream, device: str) -> Acknowledgement | None:
    """Row of an acknowledgement, or None where it refers to nothing."""
    try:
        ack = _decode_ack(record.payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    reference = ack.id if ack.id is not None else ack.seqNum
    if reference is None or reference == "":
        return None
    status = ack.status or ("accepted" if ack.errorCode in {None, 0} else "refused")
    return Acknowledgement(record.received, str(reference), device, stream.name, status, ack.errorCode, ack.errorDesc)


def _json_text(payload: bytes) -> str | None:
    try:
        msgspec.json.decode(payload, type=dict[str, msgspec.Raw])
        return payload.decode()
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


class _Sender(msgspec.Struct):
    rsuEsn: str = ""  # noqa: N815  # field name of the interface
    device: str = ""


def _sender(payload: bytes) -> str:
    try:
        sender = msgspec.json.decode(payload, type=_Sender)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return sender.rsuEsn or sender.device
