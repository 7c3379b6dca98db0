"""From spooled messages to what the database shall take; nothing is left out without a dead letter that says why."""

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from cloudctl.advice.advisory import Advisory
from cloudctl.publish.errors import FrameError
from cloudctl.publish.frames import Frame, FrameKind, decode_frame
from cloudctl.store.event_rows import (
    ACK_STREAMS,
    Acknowledgement,
    DeadLetterMessage,
    DeviceEvent,
    DevicesNow,
    EventKey,
    IncidentMessage,
    Observation,
    acknowledgement,
    decode_advisory,
    decode_dead_letter,
    decode_devices,
    decode_incident,
    device_event,
    event_key,
    find_event_stream,
    find_telemetry_stream,
    observation,
)
from cloudctl.store.spool_record import SpoolRecord
from cloudctl.store.state_rows import LINK_FRAME_COLUMNS, MAX_GROUPS, SIGNAL_FRAME_COLUMNS
from cloudctl.store.traffic_rows import INTERSECTION_FRAME_COLUMNS, MOVEMENT_FRAME_COLUMNS
from cloudctl.store.trajectory_rows import EARLIEST, FRAME_COLUMNS, LATEST, storable
from cloudctl.store.transit_rows import TransitMessage, decode_dispatch_advice, decode_priority, decode_visit
from cloudctl.store.withheld import WITHHELD_TOPIC, WithheldEvent, read_note
from ingest.streams import BY_NAME

REFUSED = "store_refused"
"""Reason of the dead letters that the archiver writes itself."""
FRAME_TOPICS = frozenset(
    BY_NAME[name].topic for name in ("trajectory", "link_state", "signal_state", "movement_state", "intersection_state")
)
DEVICES_TOPIC = BY_NAME["devices_now"].topic
_REQUIRED = {
    FrameKind.TRAJECTORY: FRAME_COLUMNS,
    FrameKind.LINKS: LINK_FRAME_COLUMNS,
    FrameKind.LINK_ARCHIVE: LINK_FRAME_COLUMNS,
    FrameKind.SIGNALS: SIGNAL_FRAME_COLUMNS,
    FrameKind.MOVEMENT_ARCHIVE: MOVEMENT_FRAME_COLUMNS,
    FrameKind.INTERSECTION_ARCHIVE: INTERSECTION_FRAME_COLUMNS,
}

Event = DeviceEvent | IncidentMessage | Advisory | DeadLetterMessage | TransitMessage | WithheldEvent

_DECODERS: Mapping[str, Callable[[bytes], Event]] = {
    BY_NAME["incident"].topic: decode_incident,
    BY_NAME["advisory"].topic: decode_advisory,
    BY_NAME["dead_letter"].topic: decode_dead_letter,
    BY_NAME["stop_visit"].topic: decode_visit,
    BY_NAME["dispatch_advice"].topic: decode_dispatch_advice,
    BY_NAME["priority_status"].topic: decode_priority,
}


@dataclass
class ParsedBatch:
    """A batch, sorted by what it is."""

    frames: list[Frame] = field(default_factory=list)
    events: dict[bytes, tuple[EventKey, Event]] = field(default_factory=dict)
    """By key, so that a repetition within the batch is here once."""
    acknowledgements: dict[bytes, Acknowledgement] = field(default_factory=dict)
    """By the key of their event."""
    devices: list[tuple[DevicesNow, float]] = field(default_factory=list)
    """Lists of devices and when they were received."""
    observations: list[Observation] = field(default_factory=list)
    messages: int = 0
    """What was put into `events`, repetitions counted."""
    points_refused: int = 0

    def put(self, key: EventKey, event: Event) -> None:
        """Take one event."""
        self.messages += 1
        self.events[key.key] = (key, event)


def parse_batch(records: Iterable[SpoolRecord]) -> ParsedBatch:
    """Sort and decode messages; what cannot be decoded becomes a dead letter."""
    batch = ParsedBatch()
    for record in records:
        try:
            _parse(record, batch)
        except (FrameError, msgspec.DecodeError, ValueError) as error:
            _add_letter(record, str(error), batch)
    return batch


def refusal(record: SpoolRecord, detail: str) -> DeadLetterMessage:
    """Dead letter for a message that the store cannot take."""
    printable = detail.replace("\0", " ")
    payload = base64.b64encode(record.payload).decode()
    return DeadLetterMessage(record.received, record.topic, REFUSED, printable, payload)


def _parse(record: SpoolRecord, batch: ParsedBatch) -> None:
    if record.topic in FRAME_TOPICS:
        _add_frame(record, batch)
    elif record.topic == DEVICES_TOPIC:
        batch.devices.append((decode_devices(record.payload), record.received))
    elif record.topic == WITHHELD_TOPIC:
        batch.put(*read_note(record))
    else:
        _add_event(record, batch)


def _add_frame(record: SpoolRecord, batch: ParsedBatch) -> None:
    frame = decode_frame(record.payload)
    if frame.kind not in _REQUIRED:
        raise FrameError(f"frames of kind {frame.kind} are not stored", frame.kind)
    if not EARLIEST <= frame.time < LATEST:
        raise FrameError(f"{frame.time} is no usable time", frame.time)
    for name in _REQUIRED[frame.kind]:
        frame.column(name)
    if frame.kind is FrameKind.SIGNALS and len(frame) and int(frame.column("group").max()) >= MAX_GROUPS:
        raise FrameError(f"signal group {frame.column('group').max()} is out of range", frame.column("group").max())
    if frame.kind is FrameKind.TRAJECTORY:
        refused = len(frame) - int(storable(frame).sum())
        if refused:
            batch.points_refused += refused
            _add_letter(record, f"{refused} of {len(frame)} points have no usable time or place", batch)
    batch.frames.append(frame)


def _add_event(record: SpoolRecord, batch: ParsedBatch) -> None:
    key = event_key(record)
    decode = _DECODERS.get(record.topic)
    if decode is not None:
        batch.put(key, decode(record.payload))
        return
    found = find_event_stream(record.topic)
    if found is None and (report := find_telemetry_stream(record.topic)) is not None:
        batch.observations.append(observation(record, *report))
        return
    if found is None:
        raise FrameError("no stream has this topic", record.topic)
    stream, device = found
    batch.put(key, device_event(record, key, stream, device))
    if stream.name in ACK_STREAMS:
        answer = acknowledgement(record, stream, device)
        if answer is not None:
            batch.acknowledgements[key.key] = answer


def _add_letter(record: SpoolRecord, detail: str, batch: ParsedBatch) -> None:
    batch.put(event_key(record), refusal(record, detail))
