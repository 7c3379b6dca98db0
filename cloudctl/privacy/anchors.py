"""Anchors: heads of the audit chain outside the database, signed, so that a shortened or rewritten log shows.

One JSON object a line: seq, digest, time, mac. The mac (HMAC-SHA-256 under a key of this installation) covers the mac
of the line before, so that lines can be neither forged nor taken out of the middle. Copy the file elsewhere, often: who
can rewrite database, file and key together can rewrite everything that was not copied.
"""

import fcntl
import hmac
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from cloudctl.privacy.chain import Fault, Finding, Head, canonical
from cloudctl.privacy.keys import AUDIT_ANCHOR, KeyRing

FILE_NAME = "anchors.jsonl"


class _Line(msgspec.Struct, frozen=True):
    seq: int
    digest: str
    time: str
    mac: str


@dataclass(frozen=True)
class AnchorsRead:
    """What a file of anchors holds, and the first thing that is wrong with it."""

    digests: dict[int, bytes]
    finding: Finding | None


class AnchorFile:
    """The anchors of one installation; several processes may put down anchors at once."""

    def __init__(self, folder: Path, keys: KeyRing) -> None:
        self.path = folder / FILE_NAME
        self._keys = keys

    def put(self, head: Head, time: str) -> bool:
        """Put down a head, on disk when this returns; False where it, or a later one, is there already."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._locked() as handle:
            lines = _read_lines(self.path)
            last = lines[-1] if lines else None
            if last is not None and last.seq >= head.seq:
                return False
            mac = _mac(self._keys.key(AUDIT_ANCHOR), last.mac if last else "", head.seq, head.digest.hex(), time)
            line = canonical(_Line(head.seq, head.digest.hex(), time, mac))
            os.write(handle, f"{line}\n".encode())
            os.fsync(handle)
        return True

    def read(self) -> AnchorsRead:
        """Read and check all anchors; those after the first bad one count for nothing."""
        if not self.path.is_file():
            missing = Finding(Fault.ANCHORS_MISSING, 0, f"{self.path} is gone, its key is not")
            return AnchorsRead({}, missing if self._keys.has(AUDIT_ANCHOR) else None)
        digests: dict[int, bytes] = {}
        before, key = "", self._keys.key(AUDIT_ANCHOR)
        for number, text in enumerate(self.path.read_bytes().splitlines(), 1):
            line = _decode(text)
            if line is None or not hmac.compare_digest(line.mac, _mac(key, before, line.seq, line.digest, line.time)):
                return AnchorsRead(digests, Finding(Fault.ANCHORS_DAMAGED, number, f"line {number} of {self.path}"))
            digests[line.seq] = bytes.fromhex(line.digest)
            before = line.mac
        return AnchorsRead(digests, None)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield handle
        finally:
            os.close(handle)


def _mac(key: bytes, before: str, seq: int, digest: str, time: str) -> str:
    return hmac.digest(key, canonical([before, seq, digest, time]).encode(), "sha256").hex()


def _decode(text: bytes) -> _Line | None:
    try:
        return msgspec.json.decode(text, type=_Line)
    except msgspec.DecodeError:
        return None


def _read_lines(path: Path) -> list[_Line]:
    found = (_decode(text) for text in path.read_bytes().splitlines())
    return [line for line in found if line is not None]
