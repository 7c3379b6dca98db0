"""The desk of personal data: lawful bases, consents, withdrawals, retention. Writes the schema v2x_private.

Every change here is entered in the audit log by its caller before it is made.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Literal, LiteralString, TypeVar
from uuid import UUID

import psycopg
from psycopg.rows import args_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from cloudctl.privacy.errors import BasisError, PersonalDataDownError, UnknownSubjectError
from cloudctl.privacy.orders import enter_order, find_open, refuse_public, refuse_while_erasing
from cloudctl.privacy.records import (
    AuditRow,
    BasisRow,
    ConsentRow,
    OpenWithdrawal,
    RetentionRow,
    Standing,
    WithdrawalRow,
)
from cloudctl.privacy.register import PUBLIC, LawfulBasis, Purpose, Register
from cloudctl.privacy.standings import LOCK_KEY, STANDINGS, VERSION, make_register

PATIENCE_S = 5.0
_BASIS = "SELECT subject, kind, note, since, entered_by FROM v2x_private.basis WHERE subject = %s"
_CONSENTS = (
    "SELECT id, subject, purpose, granted, until, withdrawn, evidence, entered_by FROM v2x_private.consent"
    " WHERE subject = %s ORDER BY id"
)
_WITHDRAWAL = (
    "SELECT id, requested, cause, live_ended, finished, step, fault, receipt FROM v2x_private.withdrawal WHERE id = %s"
)
_ENTER = (
    "INSERT INTO v2x_private.basis AS b (subject, kind, note, entered_by) VALUES (%s, %s, %s, %s)"
    " ON CONFLICT (subject) DO UPDATE SET kind = excluded.kind, note = excluded.note, since = now(),"
    " entered_by = excluded.entered_by WHERE (b.kind, b.note) IS DISTINCT FROM (excluded.kind, excluded.note)"
)
Row = TypeVar("Row", BasisRow, ConsentRow, WithdrawalRow, OpenWithdrawal, RetentionRow, AuditRow)


class PrivacyDesk:
    """Keeps a small pool of connections; `run` holds it open until cancelled."""

    def __init__(self, url: str) -> None:
        self._pool: AsyncConnectionPool[psycopg.AsyncConnection] = AsyncConnectionPool(
            url,
            min_size=0,
            max_size=3,
            open=False,
            timeout=PATIENCE_S,
            kwargs={"autocommit": True, "connect_timeout": 3, "application_name": "v2x-privacy"},
        )

    async def run(self) -> None:
        """Hold the pool open until cancelled."""
        await self._pool.open(wait=False)
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await self._pool.close(1.0)

    async def set_basis(self, subject: str, basis: LawfulBasis, *, note: str, by: str) -> None:
        """Enter the lawful basis of a vehicle, or change it.

        Raises:
            BasisError: the vehicle is about to be forgotten.
        """
        async with self._connection() as connection, connection.transaction():
            await refuse_while_erasing(connection, subject)
            await connection.execute(_ENTER, (subject, basis.value, note, by))

    async def enter_many(self, subjects: Sequence[str], basis: LawfulBasis, *, note: str, by: str) -> None:
        """Enter the same lawful basis for many vehicles, such as a fleet."""
        async with self._connection() as connection, connection.transaction():
            await connection.cursor().executemany(_ENTER, [(subject, basis.value, note, by) for subject in subjects])

    async def find(self, subject: str) -> Standing:
        """Give what a vehicle is known for. Raises UnknownSubjectError where it is not in the register."""
        async with self._connection() as connection:
            bases = await _rows(connection, BasisRow, _BASIS, (subject,))
            consents = await _rows(connection, ConsentRow, _CONSENTS, (subject,))
        if not bases:
            raise UnknownSubjectError(subject)
        basis = bases[0]._replace(kind=LawfulBasis(bases[0].kind))
        now = datetime.now(UTC)
        valid = [(c.purpose, c.until) for c in consents if c.withdrawn is None and c.until > now]
        rows = [(subject, basis.kind.value, purpose, until) for purpose, until in valid]
        register = make_register(0, [*rows, (subject, basis.kind.value, None, None)])
        return Standing(basis, consents, register.grant(subject, now.timestamp()))

    async def grant(
        self, subject: str, purposes: Sequence[Purpose], until: datetime, *, evidence: str, by: str
    ) -> list[ConsentRow]:
        """Enter a consent to each purpose.

        Raises:
            BasisError: the vehicle is handled on another basis, or about to be forgotten.
        """
        async with self._connection() as connection, connection.transaction():
            await refuse_while_erasing(connection, subject)
            bases = await _rows(connection, BasisRow, _BASIS, (subject,))
            if bases and LawfulBasis(bases[0].kind) in PUBLIC:
                raise BasisError(f"{subject} is handled by {bases[0].kind}, which needs no consent")
            await connection.execute(_ENTER, (subject, LawfulBasis.CONSENT.value, "", by))
            ids = []
            for purpose in purposes:
                cursor = await connection.execute(
                    "INSERT INTO v2x_private.consent (subject, purpose, until, evidence, entered_by)"
                    " VALUES (%s, %s, %s, %s, %s) RETURNING id",
                    (subject, purpose.value, until, evidence, by),
                )
                row = await cursor.fetchone()
                ids += [row[0]] if row else []
            consents = await _rows(connection, ConsentRow, _CONSENTS, (subject,))
        return [consent for consent in consents if consent.id in ids]

    async def end_consent(self, consent: int) -> ConsentRow:
        """End one consent at once; where it was one to storage, order next that what is stored be erased.

        Raises:
            UnknownSubjectError: there is no such consent, or it has ended.
        """
        async with self._connection() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK_KEY,))
            ended = await _rows(
                connection,
                ConsentRow,
                "UPDATE v2x_private.consent SET withdrawn = now() WHERE id = %s AND withdrawn IS NULL"
                " RETURNING id, subject, purpose, granted, until, withdrawn, evidence, entered_by",
                (consent,),
            )
        if not ended:
            raise UnknownSubjectError(f"consent {consent}")
        return ended[0]

    async def withdraw(
        self,
        subject: str,
        *,
        by: str,
        live_rows: Sequence[tuple[int, int]] = (),
        cause: Literal["request", "expiry"] = "request",
        scope: Literal["all", "storage"] = "all",
    ) -> WithdrawalRow:
        """Order that a vehicle be forgotten, or only what is stored of it; gives the open order where there is one.

        `live_rows` are (session, device) that the engine calls the vehicle by now.

        Raises:
            UnknownSubjectError: the vehicle is not in the register.
            BasisError: it is handled on a basis that knows no withdrawal.
        """
        async with self._connection() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK_KEY,))
            known = await find_open(connection, subject)
            if known is None:
                await refuse_public(connection, subject)
                known = await enter_order(connection, subject, by, cause, scope)
            await connection.cursor().executemany(
                "INSERT INTO v2x_private.erased_row (session, device) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                list(live_rows),
            )
            return (await _rows(connection, WithdrawalRow, _WITHDRAWAL, (known,)))[0]

    async def withdrawal(self, number: UUID) -> WithdrawalRow | None:
        """Give how far a withdrawal is; None where there is none of this number."""
        async with self._connection() as connection:
            rows = await _rows(connection, WithdrawalRow, _WITHDRAWAL, (number,))
        return rows[0] if rows else None

    async def list_live(self) -> list[OpenWithdrawal]:
        """List the withdrawals whose vehicle may still be in live use."""
        async with self._connection() as connection:
            return await _rows(
                connection,
                OpenWithdrawal,
                "SELECT id, subject, requested, scope FROM v2x_private.withdrawal"
                " WHERE live_ended IS NULL AND subject IS NOT NULL AND finished IS NULL",
                (),
            )

    async def note_live_ended(self, number: UUID) -> None:
        """Note that a vehicle is out of live use."""
        async with self._connection() as connection:
            await connection.execute(
                "UPDATE v2x_private.withdrawal SET live_ended = now() WHERE id = %s AND live_ended IS NULL", (number,)
            )

    async def list_expired(self) -> list[str]:
        """List the vehicles whose consent to storage has ended by itself, and of which something may be stored."""
        async with self._connection() as connection:
            cursor = await connection.execute(
                "SELECT DISTINCT c.subject FROM v2x_private.consent c JOIN v2x_private.basis b USING (subject)"
                " WHERE c.purpose = %(storage)s AND c.withdrawn IS NULL AND c.until <= now() AND b.kind = 'consent'"
                " AND NOT EXISTS (SELECT FROM v2x_private.consent n WHERE n.subject = c.subject"
                " AND n.purpose = %(storage)s AND n.withdrawn IS NULL AND n.until > now())",
                {"storage": Purpose.STORAGE.value},
            )
            return [str(row[0]) for row in await cursor.fetchall()]

    async def version(self) -> int:
        """Give the number of the register's newest change."""
        async with self._connection() as connection:
            row = await (await connection.execute(VERSION)).fetchone()
        return int(row[0]) if row else -1

    async def register(self) -> Register:
        """Read the whole register, by id."""
        async with self._connection() as connection, connection.transaction():
            row = await (await connection.execute(VERSION)).fetchone()
            return make_register(int(row[0]) if row else -1, await (await connection.execute(STANDINGS)).fetchall())

    async def list_retention(self) -> list[RetentionRow]:
        """List how long each class of data is kept."""
        async with self._connection() as connection:
            return await _rows(
                connection,
                RetentionRow,
                "SELECT class, (extract(epoch FROM keep) / 86400)::float8, meaning"
                " FROM v2x_private.retention ORDER BY 1",
                (),
            )

    async def set_retention(self, name: str, days: float) -> None:
        """Keep a class of data so many days. Raises UnknownSubjectError where there is no such class."""
        async with self._connection() as connection:
            cursor = await connection.execute(
                "UPDATE v2x_private.retention SET keep = %s * interval '1 day' WHERE class = %s", (days, name)
            )
            if not cursor.rowcount:
                raise UnknownSubjectError(f"class {name}")

    async def list_audit(self, before: int | None, limit: int, actor: str | None) -> list[AuditRow]:
        """List audit entries, the newest first, those before a number if one is given."""
        async with self._connection() as connection:
            return await _rows(
                connection,
                AuditRow,
                "SELECT seq, t, actor, action, object, detail FROM v2x_audit.entry"
                " WHERE seq < coalesce(%s, 9223372036854775807) AND actor = coalesce(%s, actor)"
                " ORDER BY seq DESC LIMIT %s",
                (before, actor, limit),
            )

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[psycopg.AsyncConnection]:
        """Lend a connection to who gathers the data of one vehicle."""
        async with self._connection() as connection:
            yield connection

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[psycopg.AsyncConnection]:
        try:
            async with self._pool.connection() as connection:
                yield connection
        except (psycopg.OperationalError, psycopg.errors.UndefinedTable, PoolTimeout) as error:
            raise PersonalDataDownError(" ".join(str(error).split())) from error


async def _rows(
    connection: psycopg.AsyncConnection, kind: type[Row], query: LiteralString, parameters: Sequence[object]
) -> list[Row]:
    cursor = connection.cursor(row_factory=args_row(kind))
    return await (await cursor.execute(query, parameters)).fetchall()
