"""Switches of raw observations: made and ended by the gateway, followed by the archiver."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import psycopg
from psycopg.rows import args_row

from cloudctl.store.answering import answering
from cloudctl.store.track_columns import Box


class Switch(NamedTuple):
    """Keep what a device, or all devices in an area, report, until it expires; times are UTC epoch s."""

    id: int
    device: str | None
    west: float | None
    south: float | None
    east: float | None
    north: float | None
    made: float
    expires: float
    made_by: str
    purpose: str


class SwitchBoard:
    """Writes through a connection of its own for each order; there are few.

    Every method raises StoreDownError where the database does not answer, StoreSlowError where it takes long.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    async def put(self, target: str | Box, now: float, seconds: float, made_by: str, purpose: str) -> Switch:
        """Keep raw observations of a device or an area from now on."""
        device = target if isinstance(target, str) else None
        box = target if isinstance(target, Box) else (None,) * 4
        async with self._cursor() as cursor:
            await cursor.execute(
                "INSERT INTO v2x.observation_switch (device, west, south, east, north, made, expires, made_by, purpose)"
                " VALUES (%s, %s, %s, %s, %s, to_timestamp(%s), to_timestamp(%s), %s, %s)"
                " RETURNING id, device, west, south, east, north,"
                " extract(epoch FROM made)::float8, extract(epoch FROM expires)::float8, made_by, purpose",
                (device, *box, now, now + seconds, made_by, purpose),
            )
            return (await cursor.fetchall())[0]

    async def list_on(self, now: float) -> list[Switch]:
        """Switches that are on, the oldest first."""
        async with self._cursor() as cursor:
            await cursor.execute(
                "SELECT id, device, west, south, east, north,"
                " extract(epoch FROM made)::float8, extract(epoch FROM expires)::float8, made_by, purpose"
                " FROM v2x.observation_switch WHERE expires > to_timestamp(%s) ORDER BY id",
                (now,),
            )
            return await cursor.fetchall()

    async def end(self, switch: int, now: float) -> bool:
        """End a switch; False where it is not on."""
        async with self._cursor() as cursor:
            await cursor.execute(
                "UPDATE v2x.observation_switch SET expires = to_timestamp(%s)"
                " WHERE id = %s AND expires > to_timestamp(%s)",
                (now, switch, now),
            )
            return cursor.rowcount == 1

    @asynccontextmanager
    async def _cursor(self) -> AsyncIterator[psycopg.AsyncCursor[Switch]]:
        with answering():
            async with await psycopg.AsyncConnection.connect(self._url, connect_timeout=5) as connection:
                await connection.execute("SET statement_timeout = 5000")
                async with connection.cursor(row_factory=args_row(Switch)) as cursor:
                    yield cursor
