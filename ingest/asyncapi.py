"""The AsyncAPI 3 document of all MQTT traffic, made from the table of streams, the message types and the dialects.

Payload schemas are those by which messages are checked, so the document cannot say anything else than the code does.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from ingest.asyncapi_examples import EXAMPLES
from ingest.asyncapi_orders import ORDER_EXAMPLES
from ingest.device_kinds import DeviceKind
from ingest.dialects.catalogue import dialects
from ingest.dialects.description import Encoding
from ingest.intake_events import type_of_stream
from ingest.messages.acks import RefusalAck
from ingest.messages.decoding import decode
from ingest.messages.orders import ORDER_TYPES
from ingest.messages.status import BaseInfo, Heartbeat, RsuInfo, RunningInfo
from ingest.messages.uper_form import to_frame
from ingest.streams import BY_NAME, STREAMS, Direction, Stream
from ingest.topics import DEVICE, UPER_SUFFIX, Uplink, Writing, kind_of_stream, message_of_stream, uplinks
from ingest.uper.codec import codec_for
from ingest.uper.schema import Profile

_NAMELESS = {
    "rsu_heartbeat": Heartbeat,
    "rsu_info": RsuInfo,
    "rsu_base_info": BaseInfo,
    "rsu_running_info": RunningInfo,
}
_DAY_ONE = frozenset({"bsm", "rsm", "spat", "map", "rsi"})
_BINARY_CLOUD = frozenset(
    {"live_movers", "live_links", "live_signals", "trajectory", "link_state", "signal_state"},
)
"""Streams of the platform that carry columns."""
_TRACKS = "radar_track"
"""A stream that no device sends in the standard's form."""
_JSON, _BYTES = "application/json", "application/octet-stream"
_REFERENCE = "#/components/schemas/{name}"

Document = dict[str, Any]


def asyncapi_document(version: str, cloud_types: Mapping[str, type]) -> Document:
    """Make the document; `cloud_types` gives the types, by stream name, of messages that the platform makes."""
    types = {stream.name: _type_of(stream, cloud_types) for stream in STREAMS}
    known = sorted({kind for kind in types.values() if kind is not None}, key=lambda kind: kind.__name__)
    _, schemas = msgspec.json.schema_components(known, schema_hook=_anything, ref_template=_REFERENCE)
    channels: Document = {}
    operations: Document = {}
    messages: Document = {}
    for name, topic, stream, writing, source in _channels():
        message = _message(stream, writing, types[stream.name], source)
        messages[name] = message
        channels[name] = _channel(name, topic, stream, message["title"])
        operations[name] = _operation(name, stream)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "V2X Cloud Control",
            "version": version,
            "description": "MQTT between roadside units, vehicle terminals and the platform.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": _JSON,
        "servers": {
            "broker": {
                "host": "{address}",
                "protocol": "mqtt",
                "variables": {"address": {"default": "127.0.0.1:1883", "description": "Host and port."}},
            }
        },
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": schemas},
    }


def message_type(stream: Stream) -> type | None:
    """Get the type of the JSON messages on a stream of devices; None for what the platform says."""
    return _type_of(stream, {})


def example_of(stream: Stream) -> dict[str, Any] | None:
    """Get the example of the JSON messages on a stream, None where it has none."""
    name = message_of_stream(stream)
    if stream.name in {"rsu_rsi_down", "rsu_rsc_down", "parking_status"}:
        return EXAMPLES[stream.name.removeprefix("rsu_")]
    if stream.name.endswith("_down"):
        order = name.removesuffix("_down")
        return {**(ORDER_EXAMPLES.get(order) or EXAMPLES[order]), "seqNum": "14", "ack": True}
    if stream.name.endswith("_down_ack"):
        return EXAMPLES["ack"]
    if stream.direction is Direction.DOWN and name.endswith("ack"):
        return EXAMPLES["refusal"]
    return EXAMPLES.get(name) or (EXAMPLES["ack"] if name in {"rsi_ack", "rsc_ack"} else None)


def uper_example(stream: Stream) -> bytes:
    """Encode the example of a stream with the profile that has its message."""
    name = message_of_stream(stream)
    profile = Profile.V4 if name in _DAY_ONE else Profile.D2
    return codec_for(profile).encode(to_frame(decode(type_of_stream(stream.name), msgspec.json.encode(EXAMPLES[name]))))


def _anything(kind: type) -> Document:
    """Give the schema of a value that may be any JSON."""
    if kind is object:
        return {"description": "Any JSON value."}
    raise TypeError(kind)


def _channels() -> Iterator[tuple[str, str, Stream, Writing, str]]:
    """Yield name, topic, stream, writing and source of every channel, in the order of the tables."""
    sources = {form.topic: (one.name, one.source) for one in dialects() for form in one.forms}
    for link in uplinks():
        dialect, source = sources.get(link.topic, ("", ""))
        yield _name(link, dialect), link.topic, link.stream, link.writing, source
    yield from _down_channels()
    for stream in STREAMS:
        if stream.direction is not Direction.UP:
            yield stream.name, stream.topic, stream, Writing.JSON, ""


def _down_channels() -> Iterator[tuple[str, str, Stream, Writing, str]]:
    """Yield the topics of dialects for messages to devices."""
    standard = {stream.topic for stream in STREAMS}
    writings = {Encoding.UPER: Writing.UPER, Encoding.ENVELOPE: Writing.ENVELOPE, Encoding.JSON: Writing.DIALECT}
    for dialect in dialects():
        for form in dialect.down:
            if form.topic not in standard:
                name = f"rsu_{form.message}_down"
                suffix = "" if form.kind is DeviceKind.RSU else f"_{form.kind.name.lower()}"
                stream, writing = BY_NAME[name], writings[form.encoding]
                yield f"{name}_{dialect.name}{suffix}", form.topic, stream, writing, dialect.source


def _name(link: Uplink, dialect: str) -> str:
    name = link.stream.name
    match link.writing:
        case Writing.UPER:
            return f"{name}_uper"
        case Writing.ENVELOPE:
            return f"{name}_envelope"
        case Writing.DIALECT:
            suffix = "_device" if "DEVICE" in link.topic else "_controller" if "controller" in link.topic else ""
            return f"{name}_{dialect}{suffix}"
        case Writing.JSON:
            if UPER_SUFFIX in link.topic:
                return f"{name}_uper"
            dotted = link.topic != link.stream.topic
            return f"{name}_{link.topic.split('.')[2]}_dotted" if dotted else name


def _type_of(stream: Stream, cloud_types: Mapping[str, type]) -> type | None:
    if stream.name in cloud_types:
        return cloud_types[stream.name]
    if stream.direction is Direction.UP:
        return _NAMELESS.get(stream.name) or type_of_stream(stream.name)
    if stream.direction is Direction.CLOUD:
        return None
    order = message_of_stream(stream).removesuffix("_down")
    if stream.name.endswith("_down"):
        return ORDER_TYPES.get(order) or type_of_stream(f"rsu_{order}")
    return RefusalAck if stream.name.endswith("_ack") else None


def _message(stream: Stream, writing: Writing, kind: type | None, source: str) -> Document:
    summary = (kind.__doc__ or kind.__name__).partition("\n")[0] if kind is not None else stream.name
    if writing is Writing.UPER:
        payload: Document = {"type": "string", "format": "binary", "description": "One UPER MessageFrame."}
        up = stream.direction is Direction.UP
        note = f"Example as hex digits: {uper_example(stream).hex()}" if up else "In the profile of the device."
        return _titled(stream.name, summary, _BYTES, payload) | {"description": note}
    if writing is Writing.ENVELOPE:
        note = (
            "rsuID (8), UTC ms (8, little-endian), BSM only: count (1), then length (2, little-endian) and UPER block."
        )
        payload = {"type": "string", "format": "binary"}
        return _titled(stream.name, summary, _BYTES, payload) | {"description": note}
    if writing is Writing.DIALECT:
        return _titled(stream.name, summary, _JSON, {"type": ["object", "array"]}) | {"description": f"As in {source}."}
    if stream.name in _BINARY_CLOUD:
        payload = {"type": "string", "format": "binary", "description": "Columns, little-endian, header V2XF."}
        return _titled(stream.name, summary, _BYTES, payload)
    own = kind is None or stream.name == _TRACKS
    payload = {"type": "object"} if own else {"$ref": _REFERENCE.format(name=getattr(kind, "__name__", ""))}
    made = _titled(stream.name, summary, _JSON, payload)
    others = [one.name for one in dialects() if any(form.topic == stream.topic for form in one.forms)]
    if others:
        made["description"] = f"Also taken in the form of {' and '.join(others)}."
    example_json = example_of(stream) if stream.direction is not Direction.CLOUD else None
    return made if example_json is None else made | {"examples": [{"payload": example_json}]}


def _titled(title: str, summary: str, content: str, payload: Document) -> Document:
    return {"title": title, "summary": summary, "contentType": content, "payload": payload}


def _channel(name: str, topic: str, stream: Stream, title: str) -> Document:
    channel: Document = {
        "address": topic,
        "title": title,
        "messages": {"message": {"$ref": f"#/components/messages/{name}"}},
    }
    if DEVICE in topic:
        sender = "process" if stream.direction is Direction.CLOUD else kind_of_stream(stream).name
        channel["parameters"] = {"device": {"description": f"Id of the {sender}, one topic level."}}
    return channel


def _operation(name: str, stream: Stream) -> Document:
    operation: Document = {
        "action": "receive" if stream.direction is Direction.UP else "send",
        "channel": {"$ref": f"#/channels/{name}"},
        "bindings": {"mqtt": {"qos": stream.qos, "retain": stream.retain, "bindingVersion": "0.2.0"}},
    }
    if stream.rate_hz is not None:
        operation["x-rate-hz"] = round(stream.rate_hz, 4)
    return operation
