"""One record of a spool segment, and how to read records from bytes that may be damaged.

Layout, little-endian::

    mark u32 | body length u32 | number u64 | header check u32 | body check u32 | body
    body: received f64 | topic length u16 | topic (UTF-8) | payload

Both checks are CRC-32 started from the segment's salt, which stands in the file's name. A payload that happens to hold
(or was made to hold) a record of its own is therefore never taken for one. The header has its own check, so that
a damaged body costs one record, and a search for the next record costs a few bytes a candidate.
"""

import struct
from dataclasses import dataclass, field
from typing import NamedTuple
from zlib import crc32

MARK = 0x52533256
MAX_BODY = 64 << 20
_HEAD = struct.Struct("<IIQ")
_CHECKS = struct.Struct("<II")
_BODY = struct.Struct("<dH")
HEADER_SIZE = _HEAD.size + _CHECKS.size
_MARK_BYTES = MARK.to_bytes(4, "little")


class SpoolRecord(NamedTuple):
    """One message as it was received."""

    number: int
    """Counts up by one within a queue."""
    received: float
    """UTC epoch, s."""
    topic: str
    payload: bytes


@dataclass
class Scan:
    """What was found in a stretch of bytes."""

    records: list[SpoolRecord] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    """Offset behind each record."""
    damaged: int = 0
    """Bytes that belong to no readable record."""
    offset: int = 0
    """Where the next scan goes on: behind the last byte that was judged."""


def record_size(topic: str, payload: bytes) -> int:
    """Bytes that the record of a message takes on disk."""
    return HEADER_SIZE + _BODY.size + len(topic.encode()) + len(payload)


def encode_record(record: SpoolRecord, salt: int) -> bytes:
    """Bytes of one record in a segment with this salt."""
    topic = record.topic.encode()
    body = b"".join((_BODY.pack(record.received, len(topic)), topic, record.payload))
    head = _HEAD.pack(MARK, len(body), record.number)
    return b"".join((head, _CHECKS.pack(crc32(head, salt), crc32(body, salt)), body))


def scan_records(data: bytes, salt: int, minimum: int, *, max_bytes: int | None = None) -> Scan:
    """Read all whole records with numbers from `minimum` up; step over older ones and over damage, never raise.

    A record that reaches beyond the end of `data` is left for the next scan (`offset` stands before it). `max_bytes`
    ends the scan once so much has been read, after at least one record.
    """
    scan = Scan()
    end = len(data)
    while scan.offset < end and (max_bytes is None or not scan.records or scan.offset < max_bytes):
        length = _read_header(data, scan.offset, salt)
        if length is None:
            _skip_damage(data, scan)
            continue
        start = scan.offset + HEADER_SIZE
        if start + length > end:
            break
        record = _read_body(data, start, length, salt, scan.offset)
        if record is None:
            scan.damaged += HEADER_SIZE + length
        elif record.number >= minimum:
            scan.records.append(record)
            scan.ends.append(start + length)
        scan.offset = start + length
    return scan


def _read_header(data: bytes, offset: int, salt: int) -> int | None:
    """Length of the body, or None where no record of this segment starts here."""
    if offset + HEADER_SIZE > len(data):
        return None
    mark, length, _ = _HEAD.unpack_from(data, offset)
    if mark != MARK or not _BODY.size <= length <= MAX_BODY:
        return None
    check, _ = _CHECKS.unpack_from(data, offset + _HEAD.size)
    return int(length) if check == crc32(data[offset : offset + _HEAD.size], salt) else None


def _read_body(data: bytes, start: int, length: int, salt: int, head: int) -> SpoolRecord | None:
    body = data[start : start + length]
    _, check = _CHECKS.unpack_from(data, head + _HEAD.size)
    if crc32(body, salt) != check:
        return None
    received, topic_length = _BODY.unpack_from(body)
    _, _, number = _HEAD.unpack_from(data, head)
    topic_end = _BODY.size + topic_length
    return SpoolRecord(number, received, body[_BODY.size : topic_end].decode(), body[topic_end:])


def _skip_damage(data: bytes, scan: Scan) -> None:
    found = data.find(_MARK_BYTES, scan.offset + 1)
    following = len(data) if found < 0 else found
    scan.damaged += following - scan.offset
    scan.offset = following
