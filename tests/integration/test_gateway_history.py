"""The gateway's trails come from the real store; a store that is not there is said to be not there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from store_frames import NOON, spool_frames
from store_servers import schema_database

from cloudctl.api.stored_history import StoredHistory
from cloudctl.errors import DatabaseError
from cloudctl.store.embedded import EmbeddedPostgres
from cloudctl.store.spool import Spool
from cloudctl.store.writer import Writer


@asynccontextmanager
async def _history(url: str) -> AsyncIterator[StoredHistory]:
    history = StoredHistory(url)
    running = asyncio.create_task(history.run())
    try:
        yield history
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_trail_is_the_newest_points_within_the_times_oldest_first(
    plain_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    with schema_database(plain_postgres.url) as url:
        spool = Spool(tmp_path / "spool", 1 << 28, min_free_bytes=0)
        spool_frames(spool, 150)
        Writer(url, spool, "map").drain()
        async with _history(url) as history:
            async with asyncio.timeout(20):
                while not await history.reachable():
                    await asyncio.sleep(0.05)
            trail = await history.list_trail(7, NOON + 5, NOON + 10, 1000)
            newest = await history.list_trail(7, NOON + 5, NOON + 10, 3)
    times = [point.time for point in trail]
    assert times == sorted(times)
    assert NOON + 5 <= times[0] < times[-1] <= NOON + 10
    assert len(trail) >= 25
    assert newest == trail[-3:]
    assert all(112 < point.lon < 114 and 28 < point.lat < 29 for point in trail)


async def test_a_store_that_is_not_there_gives_an_error_at_once() -> None:
    async with _history("postgresql://127.0.0.1:1/none") as history:
        assert await history.reachable() is False
        with pytest.raises(DatabaseError, match="does not answer"):
            await history.list_trail(1, 0, 1, 1)
