"""The gateway's own connections to the accounts: few, short, and a fault becomes AccountsDownError."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import LiteralString, NamedTuple, TypeVar

import psycopg
from psycopg.rows import args_row
from psycopg_pool import AsyncConnectionPool

from cloudctl.access.errors import AccountsDownError

PATIENCE_S = 3.0
STATEMENT_TIMEOUT_MS = 3000
R = TypeVar("R", bound=NamedTuple)


class AccessDatabase:
    """A pool of connections that may write to the schema `v2x_access`."""

    def __init__(self, url: str) -> None:
        self._pool = AsyncConnectionPool(
            url,
            min_size=0,
            max_size=4,
            timeout=PATIENCE_S,
            open=False,
            kwargs={"autocommit": True, "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS}"},
        )

    async def run(self) -> None:
        """Hold the pool open until cancelled."""
        async with self.opened():
            await asyncio.Event().wait()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Open the pool for the block."""
        await self._pool.open()
        try:
            yield
        finally:
            await self._pool.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[psycopg.AsyncConnection]:
        """Lend a connection; raise AccountsDownError where the database does not answer."""
        try:
            async with self._pool.connection() as connection:
                yield connection
        except psycopg.errors.UniqueViolation:
            raise
        except psycopg.Error as fault:
            raise AccountsDownError(" ".join(str(fault).split()) or "no answer") from fault

    async def execute(self, query: LiteralString, values: Sequence[object] = ()) -> int:
        """Run one statement; give the number of rows that it touched."""
        async with self.connection() as connection:
            return (await connection.execute(query, values)).rowcount

    async def fetch(self, row: type[R], query: LiteralString, values: Sequence[object] = ()) -> list[R]:
        """Run one query; give its rows."""
        async with self.connection() as connection, connection.cursor(row_factory=args_row(row)) as cursor:
            await cursor.execute(query, values)
            return await cursor.fetchall()

    async def find(self, row: type[R], query: LiteralString, values: Sequence[object] = ()) -> R | None:
        """Run one query; give its first row."""
        rows = await self.fetch(row, query, values)
        return rows[0] if rows else None
