"""What fusion may raise.

FusionError
├── ClockError       the cycle's clock went back
├── RecordingError   a recording cannot be read
└── TracksFileError  a file of tracks cannot be written
"""

from pathlib import Path


class FusionError(Exception):
    """Base of all errors of fusion."""


class ClockError(FusionError):
    """A cycle came with a time before the last one."""

    def __init__(self, now: float, last: float) -> None:
        super().__init__(f"cycle at {now:.3f} s comes before the last one at {last:.3f} s")
        self.now = now
        self.last = last


class RecordingError(FusionError):
    """A recording cannot be read; `line` counts from 1 and is 0 for the file as a whole."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        super().__init__(f"{path}, line {line}: {reason}" if line else f"{path}: {reason}")
        self.path = path
        self.line = line


class TracksFileError(FusionError):
    """A file of tracks cannot be written."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
