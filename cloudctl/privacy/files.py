"""Recordings and exports that the platform keeps on its own disk: what names a vehicle goes from them.

A recording is JSON lines (topic, payload or hex); lines that name the vehicle are left out of a new file that takes the
old one's place. An export is removed whole: it may hold the vehicle under a track's number, and can be made again.
"""

import gzip
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Literal, cast

import msgspec

from cloudctl.privacy.receipt import Place
from cloudctl.privacy.scrub import mentions

EXPORTS, RECORDINGS = "exports", "recordings"
_RECORDING_ENDINGS = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")


class _Line(msgspec.Struct):
    hex: str = ""


def erase_files(data_dir: Path, names: Iterable[str]) -> list[Place]:
    """Go through all files. Raises OSError where one cannot be rewritten."""
    wanted = sorted(names)
    exports = list(_files(data_dir / EXPORTS))
    for path in exports:
        path.unlink(missing_ok=True)
    lines = sum(erase_recording(path, wanted) for path in _files(data_dir / RECORDINGS) if is_recording(path))
    return [
        Place("files/exports", len(exports), len(list(_files(data_dir / EXPORTS)))),
        Place("files/recordings", lines, 0),
    ]


def is_recording(path: Path) -> bool:
    """Tell whether a file is a recording by its name."""
    return path.name.endswith(_RECORDING_ENDINGS)


def erase_recording(path: Path, names: Iterable[str]) -> int:
    """Take the lines that name a vehicle out of a recording and give how many; the file changes at once or not."""
    wanted = sorted(names)
    fresh = path.with_name(f".{path.name}.erasing")
    zipped = path.suffix == ".gz"
    gone = 0
    try:
        with _open(path, "rb", zipped=zipped) as source, _open(fresh, "wb", zipped=zipped) as target:
            for line in source:
                if _names_one(line, wanted):
                    gone += 1
                else:
                    target.write(line)
        if gone:
            fresh.chmod(path.stat().st_mode & 0o777)
            fresh.replace(path)
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
    return gone


def _open(path: Path, mode: Literal["rb", "wb"], *, zipped: bool) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path, mode) if zipped else path.open(mode))


def _names_one(line: bytes, names: list[str]) -> bool:
    if mentions(line, names):
        return True
    with suppress(msgspec.DecodeError, UnicodeDecodeError, ValueError):
        packed = msgspec.json.decode(line, type=_Line).hex
        return bool(packed) and mentions(bytes.fromhex(packed), names)
    return False


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file())
