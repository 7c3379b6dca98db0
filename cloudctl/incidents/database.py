"""Connections of desk work: in the one role that may write it, and with faults that a user can read."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import LiteralString, TypeVar

import psycopg
from psycopg.rows import args_row
from psycopg_pool import AsyncConnectionPool

from cloudctl.incidents.errors import UnusableWorkError, WorkDownError

PATIENCE_S = 3.0
STATEMENT_TIMEOUT_MS = 5_000
Row = TypeVar("Row")
Parameters = Sequence[object]


class WorkDatabase:
    """A pool of connections; open within `opened`."""

    def __init__(self, url: str, *, connections: int = 3) -> None:
        self._pool = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=connections,
            open=False,
            configure=_configure,
            timeout=PATIENCE_S,
            kwargs={"autocommit": True, "application_name": "v2x-desk", "connect_timeout": 3},
        )

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Hold connections for the block; does not wait for the database."""
        await self._pool.open(wait=False)
        try:
            yield
        finally:
            await self._pool.close()

    async def fetch(self, kind: Callable[..., Row], query: LiteralString, parameters: Parameters = ()) -> list[Row]:
        """Run one statement; give its rows, each made by `kind` from its columns.

        Raises:
            WorkDownError: the database does not answer.
            UnusableWorkError: it does not keep such a value.
        """
        async with self._connection() as connection:
            cursor = connection.cursor(row_factory=args_row(kind))
            return await (await cursor.execute(query, parameters)).fetchall()

    async def run(self, query: LiteralString, parameters: Parameters = ()) -> int:
        """Run one statement; give how many rows it touched. Raises as `fetch` does."""
        async with self._connection() as connection:
            return (await connection.execute(query, parameters)).rowcount

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[psycopg.AsyncConnection]:
        try:
            async with self._pool.connection() as connection, connection.transaction():
                yield connection
        except psycopg.DataError as fault:
            raise UnusableWorkError(fault.diag.message_primary or str(fault)) from fault
        except (psycopg.Error, TimeoutError) as fault:
            raise WorkDownError(" ".join(str(fault).split()) or "no answer") from fault


async def _configure(connection: psycopg.AsyncConnection) -> None:
    """Take the role that may write desk work and nothing else; with one's own rights where it is not there."""
    await connection.execute("SET timezone = 'UTC'")
    await connection.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}")
    with suppress(
        psycopg.errors.UndefinedObject, psycopg.errors.InvalidParameterValue, psycopg.errors.InsufficientPrivilege
    ):
        await connection.execute("SET ROLE v2x_desk_writer")
