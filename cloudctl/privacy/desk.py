"""The desk of personal data: lawful bases, consents, withdrawals, retention. Writes the schema v2x_private.

Every change here is entered in the audit log by its caller before it is made.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

import psycopg

from cloudctl.database import Database, Terms
from cloudctl.privacy.errors import BasisError, PersonalDataDownError, UnknownSubjectError, UnusableEntryError
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
from cloudctl.privacy.standings import LOCK_KEY, STANDINGS, VERSION, StandingRow, make_register

_TERMS = Terms("v2x-privacy", PersonalDataDownError, UnusableEntryError, statement_timeout_s=60.0, connections=3)
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
_LOCK = "SELECT pg_advisory_xact_lock(%s)"


class PrivacyDesk:
    """Keeps a few connections; `run` holds them until cancelled."""

    def __init__(self, url: str) -> None:
        self._database = Database(url, _TERMS)

    async def run(self) -> None:
        """Allow connections until cancelled."""
        async with self._database.opened():
            await asyncio.get_running_loop().create_future()

    async def set_basis(self, subject: str, basis: LawfulBasis, *, note: str, by: str) -> None:
        """Enter the lawful basis of a vehicle, or change it.

        Raises:
            BasisError: the vehicle is about to be forgotten.
        """
        async with self._database.transaction() as transaction:
            await refuse_while_erasing(transaction, subject)
            await transaction.run(_ENTER, (subject, basis.value, note, by))

    async def enter_many(self, subjects: Sequence[str], basis: LawfulBasis, *, note: str, by: str) -> None:
        """Enter the same lawful basis for many vehicles, such as a fleet."""
        async with self._database.transaction() as transaction:
            await transaction.run_each(_ENTER, [(subject, basis.value, note, by) for subject in subjects])

    async def find(self, subject: str) -> Standing:
        """Give what a vehicle is known for. Raises UnknownSubjectError where it is not in the register."""
        async with self._database.transaction() as transaction:
            bases = await transaction.fetch(BasisRow, _BASIS, (subject,))
            consents = await transaction.fetch(ConsentRow, _CONSENTS, (subject,))
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
        async with self._database.transaction() as transaction:
            await refuse_while_erasing(transaction, subject)
            bases = await transaction.fetch(BasisRow, _BASIS, (subject,))
            if bases and LawfulBasis(bases[0].kind) in PUBLIC:
                raise BasisError(f"{subject} is handled by {bases[0].kind}, which needs no consent")
            await transaction.run(_ENTER, (subject, LawfulBasis.CONSENT.value, "", by))
            consents: list[ConsentRow] = []
            for purpose in purposes:
                consents += await transaction.fetch(
                    ConsentRow,
                    "INSERT INTO v2x_private.consent (subject, purpose, until, evidence, entered_by)"
                    " VALUES (%s, %s, %s, %s, %s)"
                    " RETURNING id, subject, purpose, granted, until, withdrawn, evidence, entered_by",
                    (subject, purpose.value, until, evidence, by),
                )
        return consents

    async def end_consent(self, consent: int) -> ConsentRow:
        """End one consent at once; where it was one to storage, order next that what is stored be erased.

        Raises:
            UnknownSubjectError: there is no such consent, or it has ended.
        """
        async with self._database.transaction() as transaction:
            await transaction.run(_LOCK, (LOCK_KEY,))
            ended = await transaction.fetch(
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
        async with self._database.transaction() as transaction:
            await transaction.run(_LOCK, (LOCK_KEY,))
            known = await find_open(transaction, subject)
            if known is None:
                await refuse_public(transaction, subject)
                known = await enter_order(transaction, subject, by, cause, scope)
            await transaction.run_each(
                "INSERT INTO v2x_private.erased_row (session, device) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                list(live_rows),
            )
            return (await transaction.fetch(WithdrawalRow, _WITHDRAWAL, (known,)))[0]

    async def withdrawal(self, number: UUID) -> WithdrawalRow | None:
        """Give how far a withdrawal is; None where there is none of this number."""
        return await self._database.find(WithdrawalRow, _WITHDRAWAL, (number,))

    async def list_live(self) -> list[OpenWithdrawal]:
        """List the withdrawals whose vehicle may still be in live use."""
        return await self._database.fetch(
            OpenWithdrawal,
            "SELECT id, subject, requested, scope FROM v2x_private.withdrawal"
            " WHERE live_ended IS NULL AND subject IS NOT NULL AND finished IS NULL",
        )

    async def note_live_ended(self, number: UUID) -> None:
        """Note that a vehicle is out of live use."""
        await self._database.run(
            "UPDATE v2x_private.withdrawal SET live_ended = now() WHERE id = %s AND live_ended IS NULL", (number,)
        )

    async def list_expired(self) -> list[str]:
        """List the vehicles whose consent to storage has ended by itself, and of which something may be stored."""
        return await self._database.fetch(
            str,
            "SELECT DISTINCT c.subject FROM v2x_private.consent c JOIN v2x_private.basis b USING (subject)"
            " WHERE c.purpose = %s AND c.withdrawn IS NULL AND c.until <= now() AND b.kind = 'consent'"
            " AND NOT EXISTS (SELECT FROM v2x_private.consent n WHERE n.subject = c.subject"
            " AND n.purpose = c.purpose AND n.withdrawn IS NULL AND n.until > now())",
            (Purpose.STORAGE.value,),
        )

    async def version(self) -> int:
        """Give the number of the register's newest change."""
        found = await self._database.find(int, VERSION)
        return -1 if found is None else found

    async def register(self) -> Register:
        """Read the whole register, by id."""
        async with self._database.transaction() as transaction:
            versions = await transaction.fetch(int, VERSION)
            return make_register(versions[0] if versions else -1, await transaction.fetch(StandingRow, STANDINGS))

    async def list_retention(self) -> list[RetentionRow]:
        """List how long each class of data is kept."""
        return await self._database.fetch(
            RetentionRow,
            "SELECT class, (extract(epoch FROM keep) / 86400)::float8, meaning FROM v2x_private.retention ORDER BY 1",
        )

    async def set_retention(self, name: str, days: float) -> None:
        """Keep a class of data so many days. Raises UnknownSubjectError where there is no such class."""
        keep = "UPDATE v2x_private.retention SET keep = %s * interval '1 day' WHERE class = %s"
        if not await self._database.run(keep, (days, name)):
            raise UnknownSubjectError(f"class {name}")

    async def list_audit(self, before: int | None, limit: int, actor: str | None) -> list[AuditRow]:
        """List audit entries, the newest first, those before a number if one is given."""
        return await self._database.fetch(
            AuditRow,
            "SELECT seq, t, actor, action, object, detail FROM v2x_audit.entry"
            " WHERE seq < coalesce(%s, 9223372036854775807) AND actor = coalesce(%s, actor)"
            " ORDER BY seq DESC LIMIT %s",
            (before, actor, limit),
        )

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[psycopg.AsyncConnection]:
        """Lend a connection to who gathers the data of one vehicle."""
        async with self._database.connection() as connection:
            yield connection
