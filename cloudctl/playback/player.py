"""The clock of a replay: play, pause, step, seek, any speed; fetches ahead of what it shows."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from cloudctl.playback.errors import PeriodError
from cloudctl.playback.footage import CHUNK_SECONDS, SEEN_SECONDS, Footage, Scene, scene_at
from cloudctl.playback.source import PlaybackSource, chunk_start

SLOWEST, FASTEST = 0.25, 16.0
LONGEST_PERIOD = 86_400.0
AHEAD = 3
"""Pieces fetched ahead."""
KEPT = 8
"""Pieces kept."""


class Player:
    """Belongs to one event loop; `close` ends what it still fetches.

    Raises PeriodError for a period of no length or of more than a day.
    """

    def __init__(self, source: PlaybackSource, start: float, end: float, clock: Callable[[], float]) -> None:
        if not 0 < end - start <= LONGEST_PERIOD:
            raise PeriodError(start, end, "must be longer than nothing and not longer than a day")
        self.start, self.end = start, end
        self.playing = False
        self.waiting = False
        """The clock stands because the source is slow."""
        self._source = source
        self._clock = clock
        self._speed = 1.0
        self._position = start
        self._since = clock()
        self._pieces: dict[float, asyncio.Task[Footage]] = {}

    @property
    def position(self) -> float:
        """Moment that is shown, UTC epoch s."""
        return self._position

    @property
    def speed(self) -> float:
        """Times the pace of life."""
        return self._speed

    def set_speed(self, speed: float) -> None:
        """Change the pace, within SLOWEST .. FASTEST."""
        self._advance()
        self._speed = min(max(speed, SLOWEST), FASTEST)

    def play(self) -> None:
        """Let the clock run."""
        self._since = self._clock()
        self.playing = True

    def pause(self) -> None:
        """Stop the clock."""
        self._advance()
        self.playing = False

    def seek(self, t: float) -> None:
        """Go to a moment of the period; the nearest where it lies outside."""
        self._position = min(max(t, self.start), self.end)
        self._since = self._clock()

    def step(self, seconds: float) -> None:
        """Go on, or back, by so much; the clock stops."""
        self.pause()
        self.seek(self._position + seconds)

    async def scene(self) -> Scene:
        """Give the scene of now; while the source is slow the clock waits.

        Raises:
            CloudctlError: the source cannot be read.
        """
        self._advance()
        wanted = self._position
        footage, before = await self._footage(wanted)
        if self._position == wanted:
            self._since = self._clock() if self.waiting else self._since
        self.waiting = False
        return scene_at(footage, wanted, before)

    async def close(self) -> None:
        """End what is still being fetched."""
        for task in self._pieces.values():
            task.cancel()
        for task in self._pieces.values():
            with suppress(asyncio.CancelledError, Exception):
                await task
        self._pieces.clear()

    def _advance(self) -> None:
        now = self._clock()
        if self.playing and not self.waiting:
            self._position = min(self._position + (now - self._since) * self._speed, self.end)
            self.playing = self._position < self.end
        self._since = now

    async def _footage(self, t: float) -> tuple[Footage, Footage | None]:
        """Piece of a moment, and the one before where its last points are still seen; fetches the next meanwhile."""
        first = chunk_start(t)
        self._forget(first)
        wanted = [first, first - CHUNK_SECONDS] if t - first < SEEN_SECONDS else [first]
        tasks = [self._fetch(start) for start in wanted]
        self.waiting = not all(task.done() for task in tasks)
        footage, *before = [await self._result(start, task) for start, task in zip(wanted, tasks, strict=True)]
        for ahead in range(1, AHEAD + 1):
            if first + ahead * CHUNK_SECONDS < self.end:
                self._fetch(first + ahead * CHUNK_SECONDS)
        return footage, before[0] if before else None

    async def _result(self, first: float, task: "asyncio.Task[Footage]") -> Footage:
        try:
            return await asyncio.shield(task)
        except Exception:
            self._pieces.pop(first, None)
            raise

    def _fetch(self, first: float) -> "asyncio.Task[Footage]":
        if first not in self._pieces:
            fetching = self._source.fetch(first, first + CHUNK_SECONDS)
            task = self._pieces[first] = asyncio.create_task(fetching, name=f"footage {first:.0f}")
            task.add_done_callback(_look)
        return self._pieces[first]

    def _forget(self, first: float) -> None:
        """Let go of pieces that are far, and of those under way that nobody waits for any more after a jump."""
        far = sorted(self._pieces, key=lambda start: abs(start - first))[KEPT:]
        near = (first - CHUNK_SECONDS, first + AHEAD * CHUNK_SECONDS)
        left = [start for start, task in self._pieces.items() if not (near[0] <= start <= near[1] or task.done())]
        for start in {*far, *left}:
            self._pieces.pop(start).cancel()


def _look(task: "asyncio.Task[Footage]") -> None:
    """Take note of a failure: it is told when the piece is asked for."""
    if not task.cancelled():
        task.exception()
