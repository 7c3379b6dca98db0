"""A message to a device becomes topic and bytes in the dialect, profile and reference system of that device."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from ingest.crs_shift import shift_message
from ingest.device_registry import Device
from ingest.dialects.catalogue import find_down
from ingest.dialects.description import DownForm, Encoding, Json
from ingest.dialects.writing import write_form
from ingest.envelope import Envelope, seal_envelope
from ingest.errors import RefusalReason, RefusedError
from ingest.messages.common import Wire
from ingest.messages.uper_editions import encode_for
from maps.coordinates import Crs


@dataclass(frozen=True, slots=True)
class DownMessage:
    """A message to a device."""

    name: str
    """Name of the standard message, such as rsi."""
    body: Wire
    """The message itself, positions in WGS-84, without seqNum and ack."""
    seq: str
    """Sequence number; the answer names it."""
    extras: Mapping[str, Json] = field(default_factory=dict)
    """What stands beside the body in JSON, such as eTag and mapSlice."""


@dataclass(frozen=True, slots=True)
class Written:
    """A message ready to be published."""

    topic: str
    payload: bytes
    key: str
    """What the answer names as seqNum."""
    encoding: Encoding


def write_down(device: Device, message: DownMessage, now: float) -> Written:
    """Write a message for a device at UTC epoch s `now`.

    Raises:
        RefusedError: the dialect of the device has no such message, or cannot say what is in it.
    """
    body = message.body
    if device.crs not in {Crs.WGS84, Crs.CGCS2000}:
        body = shift_message(body, Crs.WGS84, device.crs)
    forms = find_down(device.dialect, message.name, device.kind)
    fault = RefusedError(
        RefusalReason.WRONG_MESSAGE,
        "",
        message.name,
        f"dialect {device.dialect or 'standard'} has no {message.name.upper()} to a {device.kind.name}",
    )
    for form in forms:
        try:
            return _write(form, device, message, body, now)
        except RefusedError as error:
            fault = error
    raise fault


def _write(form: DownForm, device: Device, message: DownMessage, body: Wire, now: float) -> Written:
    topic = form.topic.replace("{device}", device.id)
    if form.encoding is Encoding.JSON:
        plain = {**msgspec.to_builtins(body), **message.extras, "seqNum": message.seq, "ack": True}
        return Written(topic, write_form(form, plain, device=device.id, now=now), message.seq, form.encoding)
    frame = encode_for(body, device.profile)
    key = str(getattr(body, "msg_cnt", message.seq))
    if form.encoding is Encoding.ENVELOPE:
        frame = seal_envelope(Envelope(device.id, round(now * 1e3), (frame,)), bundle=False)
    return Written(topic, frame, key, form.encoding)
