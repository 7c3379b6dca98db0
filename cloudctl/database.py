"""Connections of the gateway's parts that keep something in the database: few, short, each part in its own role.

A database that is away, slow or not made yet becomes the error of the part that asked, so that a user can read it.
Broken rules of the data (IntegrityError) are left as they are: what they mean is known to who wrote the statement. So
are missing rights (InsufficientPrivilege), which are a fault of ours.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import LiteralString, TypeVar

import psycopg
from psycopg import sql
from psycopg.rows import args_row, scalar_row
from psycopg_pool import AsyncConnectionPool

from cloudctl.errors import CloudctlError

PATIENCE_S = 3.0
"""How long a part waits for a connection, s."""
Row = TypeVar("Row")
Parameters = Sequence[object]
Statement = LiteralString | sql.Composed


@dataclass(frozen=True)
class Terms:
    """How a part of the gateway uses the database."""

    name: str
    """`application_name` of its connections."""
    down: Callable[[str], CloudctlError]
    """Makes the error of a database that does not answer, out of what is known."""
    unusable: Callable[[str], CloudctlError] | None = None
    """Makes the error of a value that the database does not keep; None: that is taken as no answer."""
    role: LiteralString | None = None
    """The one role that may write what the part keeps; where it is not there, its own rights."""
    statement_timeout_s: float = 5.0
    connections: int = 4


class Transaction:
    """Statements on one connection; those of `Database.transaction` are done together or not at all."""

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

    async def run(self, query: Statement, parameters: Parameters = ()) -> int:
        """Carry out a statement; gives how many rows it touched."""
        return (await self._connection.execute(query, parameters)).rowcount

    async def run_each(self, query: LiteralString, rows: Sequence[Parameters]) -> None:
        """Carry out a statement once for each row of parameters."""
        await self._connection.cursor().executemany(query, rows)


class Database:
    """A pool of connections; open between `open` and `close`, or within `opened`. All methods raise as `Terms` say."""

    def __init__(self, url: str, terms: Terms) -> None:
        self._terms = terms
        self._pool = make_pool(
            url,
            terms.name,
            connections=terms.connections,
            statement_timeout_s=terms.statement_timeout_s,
            role=terms.role,
            patience=PATIENCE_S,
        )

    async def open(self) -> None:
        """Allow connections; does not wait for the database."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """End all connections."""
        await self._pool.close()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Hold it open for the block."""
        await self.open()
        try:
            yield
        finally:
            await self.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Give a transaction."""
        async with self.connection() as connection, connection.transaction():
            yield Transaction(connection)

    async def fetch(self, kind: Callable[..., Row], query: LiteralString, parameters: Parameters = ()) -> list[Row]:
        """Run one statement; give its rows, each made by `kind` from its columns."""
        async with self.connection() as connection:
            return await Transaction(connection).fetch(kind, query, parameters)

    async def find(self, kind: Callable[..., Row], query: LiteralString, parameters: Parameters = ()) -> Row | None:
        """Run one statement; give its first row."""
        rows = await self.fetch(kind, query, parameters)
        return rows[0] if rows else None

    async def run(self, query: Statement, parameters: Parameters = ()) -> int:
        """Run one statement; give how many rows it touched."""
        async with self.connection() as connection:
            return await Transaction(connection).run(query, parameters)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[psycopg.AsyncConnection]:
        """Give a connection for statements that the other methods do not fit."""
        terms = self._terms
        try:
            async with self._pool.connection() as connection:
                yield connection
        except (psycopg.IntegrityError, psycopg.errors.InsufficientPrivilege):
            raise
        except (psycopg.Error, TimeoutError) as fault:
            if terms.unusable is not None and isinstance(fault, psycopg.DataError):
                raise terms.unusable(fault.diag.message_primary or str(fault)) from fault
            raise terms.down(" ".join(str(fault).split()) or "no answer") from fault


def make_pool(  # one parameter a setting
    url: str,
    name: str,
    *,
    connections: int,
    statement_timeout_s: float,
    role: LiteralString | None,
    patience: float,
    least: int = 0,
    read_only: bool = False,
    prepare: Callable[[psycopg.AsyncConnection], None] | None = None,
) -> AsyncConnectionPool:
    """Make a pool that is still closed; all connections of the gateway and of readers of the store come from here.

    Args:
        url: Of the database.
        name: `application_name` of the connections.
        connections: Most that are open at once.
        statement_timeout_s: After which the server gives a statement up, s.
        role: That each connection takes, where it is there and ours to take.
        patience: How long one waits for a connection, s.
        least: How many are kept open.
        read_only: Nothing can be written.
        prepare: Called with each new connection.
    """

    async def configure(connection: psycopg.AsyncConnection) -> None:
        if prepare is not None:
            prepare(connection)
        if role is not None:
            await take_role(connection, role)
        if read_only:
            await connection.execute("SET default_transaction_read_only = on")

    options = f"-c statement_timeout={statement_timeout_s * 1e3:.0f} -c timezone=UTC"
    return AsyncConnectionPool(
        url,
        min_size=least,
        max_size=connections,
        open=False,
        configure=configure,
        timeout=patience,
        kwargs={"autocommit": True, "application_name": name, "connect_timeout": 5, "options": options},
    )


async def take_role(connection: psycopg.AsyncConnection, role: LiteralString) -> None:
    """Give up all rights but those of a role; where the role is not there or not ours to take, nothing changes."""
    with suppress(
        psycopg.errors.UndefinedObject, psycopg.errors.InvalidParameterValue, psycopg.errors.InsufficientPrivilege
    ):
        await connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
