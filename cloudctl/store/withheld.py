"""Notes of events that may not be stored: they say that there was one, and of which stream, and nothing else.

Without them nobody could tell an event that was withheld on purpose from one that was lost. A note takes the way of
the event it stands for, through the spool and the ledger of keys, so that it is counted once however often the event
comes. Its key is made with a secret: who guesses the event cannot see from the ledger that it was sent.
"""

import hashlib
from typing import NamedTuple

import msgspec

from cloudctl.store.event_rows import EventKey, event_key, find_event_stream
from cloudctl.store.spool_record import SpoolRecord

WITHHELD_TOPIC = "V2X/CLOUD/WITHHELD"
"""Under this topic notes lie in the spool; nothing is published there."""
COUNTER = "events_withheld"


class WithheldEvent(NamedTuple):
    """An event that is counted and not stored."""

    stream: str


class _Note(msgspec.Struct, array_like=True):
    stream: str
    key: bytes
    timed: bool


def withheld_key(key: EventKey, secret: bytes) -> EventKey:
    """Key of the note of an event; it leads back to the event only with the secret (32 bytes)."""
    return key._replace(key=hashlib.blake2b(key.key, key=secret, digest_size=len(key.key)).digest())


def write_note(event: SpoolRecord, secret: bytes) -> bytes:
    """Payload of the note that is spooled in place of an event."""
    found = find_event_stream(event.topic)
    key = withheld_key(event_key(event), secret)
    return msgspec.msgpack.encode(_Note(found[0].name if found else "other", key.key, key.timed))


def read_note(record: SpoolRecord) -> tuple[EventKey, WithheldEvent]:
    """Key and event of a spooled note.

    Raises:
        msgspec.DecodeError: it is none.
    """
    note = msgspec.msgpack.decode(record.payload, type=_Note)
    return EventKey(note.key, record.received, note.timed), WithheldEvent(note.stream)
