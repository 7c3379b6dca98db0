"""Read a recording: one JSON object a line in receive order, gzip where the name ends in .gz.

{"t": 1732262400.123, "topic": "V2X/RSU/RSU00001/RSM/UP", "payload": {...}}
{"t": 1732262400.125, "topic": "V2X/OBU/CAR00001/BSM/UP/UPER", "hex": "00141b2c"}
"""

import gzip
import math
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from fusion.errors import RecordingError
from ingest.raw_message import RawMessage


class _Line(msgspec.Struct, frozen=True, gc=False):
    t: float
    topic: str
    payload: msgspec.Raw = msgspec.Raw()
    hex: str | None = None


class Recording:
    """A recording on disk; iterating yields its messages from the first on, as often as wanted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.share = 0.0
        """Share of the file's bytes read so far, 0..1."""

    def __iter__(self) -> Iterator[RawMessage]:
        """Yield the messages.

        Raises:
            RecordingError: the file or one of its lines cannot be read; it names the line and the reason.
        """
        number = 0
        try:
            with self.path.open("rb") as file:
                size = max(self.path.stat().st_size, 1)
                for number, line in enumerate(_unpacked(file, self.path), 1):
                    if line.strip():
                        yield _message(self.path, number, line)
                    if number % 1000 == 0:
                        self.share = min(file.tell() / size, 1.0)
        except (OSError, EOFError, zlib.error) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise RecordingError(self.path, number + 1 if number else 0, reason) from error
        self.share = 1.0


def _unpacked(file: BinaryIO, path: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.GzipFile(fileobj=file)) if path.suffix == ".gz" else file


def _message(path: Path, number: int, line: bytes) -> RawMessage:
    try:
        read = msgspec.json.decode(line, type=_Line)
        payload = bytes(read.payload) if read.hex is None else bytes.fromhex(read.hex)
    except (msgspec.MsgspecError, ValueError) as error:
        raise RecordingError(path, number, f"not a recorded message: {error}") from error
    if not payload and read.hex is None:
        raise RecordingError(path, number, "not a recorded message: neither `payload` nor `hex`")
    if not (math.isfinite(read.t) and abs(read.t) < _LAST_TIME):
        raise RecordingError(path, number, f"not a recorded message: t is {read.t:g}, no time of the UTC epoch")
    return RawMessage(read.topic, payload, read.t)


_LAST_TIME = 253_402_300_800.0
"""Year 10000."""
