"""Events of devices in UPER, gateway envelopes and dialects, read into the standard's JSON.

The bytes are stored as they came; what is read here stands beside them. The archiver does not know which profile a
device encodes with, so UPER is read in the first profile that gives back the same bytes.
"""

from dataclasses import dataclass

import msgspec

from ingest.dialects.reading import read_form
from ingest.envelope import open_envelope
from ingest.errors import RefusedError
from ingest.intake_events import type_of_stream
from ingest.messages.common import Wire
from ingest.messages.uper_form import to_message
from ingest.plausibility import BoxE7
from ingest.profiles import fitting_profiles
from ingest.streams import Stream, StreamClass
from ingest.topics import Uplink, Writing, find_route, message_of_stream
from ingest.uper.codec import codec_for
from ingest.uper.errors import UperError

_ANYWHERE = BoxE7.of_degrees(-180.0, -90.0, 180.0, 90.0)


@dataclass(frozen=True)
class ForeignEvent:
    """What could be read: the device ("" where the message names none) and its messages as JSON, None where none."""

    device: str
    text: str | None


def find_foreign_stream(topic: str) -> tuple[Stream, str] | None:
    """Stream of an event topic in any writing, and the device named in it ("" where the topic names none)."""
    found = find_route(topic)
    if found is None or found[0].stream.stream_class is not StreamClass.EVENT:
        return None
    return found[0].stream, found[1] or ""


def read_foreign(topic: str, payload: bytes, received: float) -> ForeignEvent | None:
    """Read an event that came at UTC epoch s `received`; None where its topic carries the standard's JSON."""
    found = find_route(topic)
    if found is None or found[0].writing is Writing.JSON:
        return None
    link, device = found[0], found[1] or ""
    try:
        sender, messages = _messages(link, device, payload, received)
    except (RefusedError, UperError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ForeignEvent(device, None)
    made = messages[0] if len(messages) == 1 else messages
    return ForeignEvent(sender, msgspec.json.encode(made).decode() if messages else None)


def _messages(link: Uplink, device: str, payload: bytes, received: float) -> tuple[str, list[Wire]]:
    if link.form is not None:
        kind = type_of_stream(link.stream.name)
        return device, read_form(link.form, payload, kind, device=device, received=received)
    if link.writing is Writing.ENVELOPE:
        envelope = open_envelope(payload, bundle=message_of_stream(link.stream) == "bsm")
        frames = [_uper(link.stream, frame, envelope.time_ms) for frame in envelope.frames]
        return envelope.rsu_id, [frame for frame in frames if frame is not None]
    frame = _uper(link.stream, payload, None)
    return device, [] if frame is None else [frame]


def _uper(stream: Stream, data: bytes, timestamp: int | None) -> Wire | None:
    profiles = fitting_profiles(data, _ANYWHERE, message_of_stream(stream))
    if not profiles:
        return None
    return to_message(codec_for(profiles[0]).decode(data), profiles[0], timestamp)
