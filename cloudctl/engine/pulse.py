"""Signs of life: when the engine last ran, and how long it heard nothing, so that a gap is named and not guessed."""

from pathlib import Path

LEAST = 2.0
"""Shorter silences are no gap, s."""


class AliveFile:
    """A file whose time of change says when the engine last ran."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def gap(self, now: float) -> float:
        """Time since the engine last ran, s; 0 where it never ran or hardly stopped."""
        try:
            silence = now - self._path.stat().st_mtime
        except FileNotFoundError:
            return 0.0
        return silence if silence >= LEAST else 0.0

    def touch(self) -> None:
        """Say that the engine runs."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.touch()


class Silence:
    """Follows whether the broker is heard and adds up the time when it was not."""

    def __init__(self) -> None:
        self._since: float | None = None
        self.total = 0.0
        """s"""

    def follow(self, *, connected: bool, now: float) -> float | None:
        """Take the state at `now`; gives the length of a gap (s) that has just ended."""
        if not connected:
            self._since = now if self._since is None else self._since
            return None
        if self._since is None:
            return None
        gap, self._since = now - self._since, None
        self.total += gap
        return gap
