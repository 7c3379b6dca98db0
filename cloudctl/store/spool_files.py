"""The files of a spool queue: segments with records, and the cursor that says what is stored already."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

SUFFIX = ".spool"


@dataclass(eq=False)
class Segment:
    """One file of a queue."""

    first: int
    salt: int
    path: Path
    size: int
    """Bytes on disk that are whole and synced."""


def list_segments(directory: Path) -> list[Segment]:
    """Segments of a queue, the oldest first."""
    found = []
    for path in sorted(directory.glob(f"*{SUFFIX}")):
        first, _, salt = path.stem.partition("-")
        with suppress(ValueError):
            found.append(Segment(int(first, 16), int(salt, 16), path, path.stat().st_size))
    return found


def read_range(path: Path, start: int, end: int) -> bytes:
    """Bytes of a segment; none where it was dropped meanwhile."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return b""
    try:
        return os.pread(file, end - start, start)
    finally:
        os.close(file)


def sync_directory(directory: Path) -> None:
    """Put the names of new files on disk."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_cursor(path: Path) -> int:
    """Number of the next record to be read; 0 where the file is missing or damaged, which only repeats records."""
    with suppress(OSError, ValueError):
        number, check = path.read_text("ascii").split()
        if crc32(number.encode()) == int(check, 16):
            return int(number)
    return 0


def write_cursor(path: Path, number: int) -> None:
    """Replace the cursor file; a full disk costs no more than a repetition after a restart."""
    text = f"{number}"
    fresh = path.with_suffix(".new")
    with suppress(OSError):
        fresh.write_text(f"{text} {crc32(text.encode()):08x}\n", "ascii")
        fresh.replace(path)
