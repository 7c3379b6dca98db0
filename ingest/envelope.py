"""The binary gateway envelope: topics V2X.RSU.{MSG}.UP of the 2020 RSU gateway document, everything little-endian.

| offset | size | field |
|---|---|---|
| 0 | 8 | rsuID, ASCII, filled up with zero bytes |
| 8 | 8 | UTC ms |
| 16 | 1 | BSM only: number of BSMs |
| 16 or 17 | 2 | length of the next UPER block (before every one) |
| | n | UPER MessageFrame |
"""

import struct
from dataclasses import dataclass

from ingest.errors import RefusalReason, RefusedError

_HEAD = struct.Struct("<8sQ")
_LENGTH = struct.Struct("<H")
_LONGEST_TIME = 1 << 48


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message of a gateway."""

    rsu_id: str
    time_ms: int
    """UTC epoch ms."""
    frames: tuple[bytes, ...]
    """UPER MessageFrames."""


def open_envelope(payload: bytes, *, bundle: bool) -> Envelope:
    """Read an envelope; a bundle (BSM) counts its frames. RefusedError names the offset that is wrong."""
    start = _HEAD.size + bundle
    if len(payload) < start:
        raise _wrong(len(payload), f"has {len(payload)} bytes, the prefix alone takes {start}")
    name, time_ms = _HEAD.unpack_from(payload)
    if not name.isascii():
        raise _wrong(0, f"rsuID {name!r} is not ASCII")
    if time_ms > _LONGEST_TIME:
        raise _wrong(8, f"time {time_ms} ms is impossible; is it little-endian?")
    count = payload[_HEAD.size] if bundle else 1
    frames, end = [], start
    for number in range(count):
        frame = _frame(payload, end, number)
        frames.append(frame)
        end += _LENGTH.size + len(frame)
    if end != len(payload):
        raise _wrong(end, f"has {len(payload) - end} bytes after its {count} blocks")
    return Envelope(name.rstrip(b"\x00 ").decode("ascii"), time_ms, tuple(frames))


def seal_envelope(envelope: Envelope, *, bundle: bool) -> bytes:
    """Undo `open_envelope`."""
    head = _HEAD.pack(envelope.rsu_id.encode("ascii").ljust(8, b"\x00"), envelope.time_ms)
    count = bytes([len(envelope.frames)]) if bundle else b""
    return head + count + b"".join(_LENGTH.pack(len(frame)) + frame for frame in envelope.frames)


def _frame(payload: bytes, start: int, number: int) -> bytes:
    if start + _LENGTH.size > len(payload):
        raise _wrong(start, f"ends before the length of block {number}")
    (length,) = _LENGTH.unpack_from(payload, start)
    first = start + _LENGTH.size
    if first + length > len(payload):
        raise _wrong(start, f"block {number} should have {length} bytes, {len(payload) - first} are left")
    return payload[first : first + length]


def _wrong(offset: int, detail: str) -> RefusedError:
    return RefusedError(RefusalReason.NOT_ENVELOPE, f"byte {offset}", offset, f"envelope at byte {offset}: {detail}")
