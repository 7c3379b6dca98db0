"""Connections of the register: in the one role that may write it, and with faults that a user can read."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import LiteralString, TypeVar

import psycopg
from psycopg import sql
from psycopg.rows import args_row, scalar_row
from psycopg_pool import AsyncConnectionPool

from cloudctl.devices.errors import RegisterDownError, UnstorableError

ROLE = "v2x_device_writer"
PATIENCE_S = 3.0
STATEMENT_TIMEOUT_MS = 10_000
Row = TypeVar("Row")
Parameters = Sequence[object]


class Database:
    """A pool of connections; open between `open` and `close`."""

    def __init__(self, url: str, *, connections: int = 4) -> None:
        self._pool = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=connections,
            open=False,
            configure=_configure,
            timeout=PATIENCE_S,
            kwargs={"autocommit": True, "application_name": "v2x-devices", "connect_timeout": 5},
        )

    async def open(self) -> None:
        """Begin to connect; does not wait for the database."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """End all connections."""
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["Transaction"]:
        """Give a transaction.

        Raises:
            RegisterDownError: the database does not answer.
            UnstorableError: it does not keep such a value.
        """
        try:
            async with self._pool.connection() as connection, connection.transaction():
                yield Transaction(connection)
        except (psycopg.OperationalError, TimeoutError) as fault:
            raise RegisterDownError(" ".join(str(fault).split()) or "no answer") from fault
        except psycopg.DataError as fault:
            raise UnstorableError(fault.diag.message_primary or str(fault)) from fault


class Transaction:
    """Statements that are done together or not at all."""

    def __init__(self, connection: psycopg.AsyncConnection) -> None:
        self._connection = connection

    async def fetch(self, kind: Callable[..., Row], query: LiteralString, parameters: Parameters = ()) -> list[Row]:
        """Give the rows, each made by `kind` from its columns."""
        cursor = self._connection.cursor(row_factory=args_row(kind))
        return await (await cursor.execute(query, parameters)).fetchall()

    async def scalars(self, query: LiteralString, parameters: Parameters = ()) -> list[object]:
        """Give the first column of all rows."""
        cursor = self._connection.cursor(row_factory=scalar_row)
        return await (await cursor.execute(query, parameters)).fetchall()

    async def run(self, query: LiteralString | sql.Composed, parameters: Parameters = ()) -> int:
        """Carry out a statement; gives how many rows it touched."""
        return (await self._connection.execute(query, parameters)).rowcount


async def _configure(connection: psycopg.AsyncConnection) -> None:
    """Take the role that may write the register and nothing else; with one's own rights where it is not there."""
    await connection.execute("SET timezone = 'UTC'")
    await connection.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}")
    with suppress(
        psycopg.errors.UndefinedObject, psycopg.errors.InvalidParameterValue, psycopg.errors.InsufficientPrivilege
    ):
        await connection.execute("SET ROLE v2x_device_writer")
