"""Beats at a fixed rate that do not drift: the next beat is counted from the first, not from the last."""

import asyncio
import math
from collections.abc import Awaitable, Callable


class Metronome:
    """Waits for beat after beat. A beat that is missed is left out and counted.

    `clock` gives the time in s and `sleep` waits for so many s.
    """

    def __init__(
        self, period: float, clock: Callable[[], float], sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._period, self._clock, self._sleep = period, clock, sleep
        self._start = clock()
        self._beat = 0
        self.missed = 0
        """Beats left out because the work before took too long."""

    async def wait(self) -> None:
        """Return at the next beat."""
        self._beat += 1
        late = self._clock() - self._start - self._beat * self._period
        if late > 0:
            skipped = math.floor(late / self._period)
            self._beat += skipped
            self.missed += skipped
        await self._sleep(max(self._start + self._beat * self._period - self._clock(), 0.0))
