"""Faults of replay.

CloudctlError
└── PlaybackError
    ├── RecordingError    a recording cannot be read
    └── PeriodError       a period that cannot be played
"""

from pathlib import Path

from cloudctl.errors import CloudctlError


class PlaybackError(CloudctlError):
    """Base of all faults of replay."""


class RecordingError(PlaybackError):
    """A recording cannot be read."""

    def __init__(self, path: Path, line: int, detail: str) -> None:
        super().__init__(f"recording {path}, line {line}: {detail}")
        self.path = path
        self.line = line


class PeriodError(PlaybackError):
    """A period that cannot be played."""

    def __init__(self, start: float, end: float, detail: str) -> None:
        super().__init__(f"period {start:.3f} to {end:.3f}: {detail}")
        self.start = start
        self.end = end
