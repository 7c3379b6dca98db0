"""Where a period comes from: the database or a recording."""

from collections.abc import Coroutine
from typing import Protocol

from cloudctl.playback.footage import CHUNK_SECONDS, Footage


class PlaybackSource(Protocol):
    """Gives pieces of the past."""

    def fetch(self, start: float, end: float) -> Coroutine[None, None, Footage]:
        """Everything of a stretch of time (UTC epoch s), and what was in force when it began.

        Raises:
            CloudctlError: the source cannot be read.
        """
        ...


def chunk_start(t: float) -> float:
    """Start of the piece that a moment lies in."""
    return t // CHUNK_SECONDS * CHUNK_SECONDS
