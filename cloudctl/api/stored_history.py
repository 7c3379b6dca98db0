"""Stored trails from the database of the archiver."""

import asyncio

import numpy as np

from cloudctl.api.history import TrailPoint
from cloudctl.errors import DatabaseError
from cloudctl.store.errors import StoreError
from cloudctl.store.reader import StoreReader
from cloudctl.store.switches import SwitchBoard

PATIENCE_S = 2.0
"""A page waits for a trail no longer than this."""
ASK_EVERY_S = 1.0
QUESTIONS_AT_ONCE = 6


class StoredHistory:
    """Reads through the store's own reader; `run` keeps it open and asks it now and then whether it is there."""

    def __init__(self, url: str) -> None:
        self._reader = StoreReader(url)
        self.questions = StoreReader(url, connections=QUESTIONS_AT_ONCE)
        """For questions that may take long; trails do not wait for them."""
        self.switches = SwitchBoard(url)
        self._answers = False

    async def run(self) -> None:
        """Hold the reader open until cancelled."""
        async with self._reader, self.questions:
            while True:
                self._answers = await self._reader.ready()
                await asyncio.sleep(ASK_EVERY_S)

    async def reachable(self) -> bool:
        """Tell whether the database answered when last asked; never waits for it."""
        return self._answers

    async def list_trail(self, track_id: int, start: float, end: float, most: int) -> list[TrailPoint]:
        """List the newest `most` points of a track, oldest first; raise DatabaseError where the store is silent."""
        if not self._answers:
            raise DatabaseError("does not answer")
        try:
            async with asyncio.timeout(PATIENCE_S):
                points = await self._reader.track(track_id)
        except (StoreError, TimeoutError) as fault:
            raise DatabaseError(str(fault) or "no answer") from fault
        rows = np.flatnonzero((points.t >= start) & (points.t <= end))[-most:]
        columns = (points.t[rows], points.lon[rows], points.lat[rows], points.speed[rows])
        return [TrailPoint(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
