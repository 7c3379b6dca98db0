"""Sessions on the server: the browser holds a random value, the database its digest.

A session ends IDLE_S after its last request and LONGEST_S after sign-in. Every sign-in makes a new one, so that a value
planted in a browser beforehand opens nothing.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from cloudctl.access.accounts import AccountStore
from cloudctl.access.actor import Actor
from cloudctl.access.secret_values import digest, new_secret
from cloudctl.database import Database

IDLE_S = 15 * 60.0
LONGEST_S = 12 * 3600.0
TICKET_S = 30.0
SEEN_EVERY_S = 30.0
"""The time of the last request is written no more often than this."""


class Session(NamedTuple):
    """One session as its owner sees it."""

    id: UUID
    created: datetime
    seen: datetime
    expires: datetime
    address: str
    agent: str


class _Found(NamedTuple):
    session: UUID
    account: UUID
    seen: float


class _Id(NamedTuple):
    id: UUID


class SessionStore:
    """Reads and writes sessions and the one-time tickets of live feeds; times are UTC epoch s."""

    def __init__(self, database: Database, accounts: AccountStore) -> None:
        self._database = database
        self._accounts = accounts

    async def open(self, account: UUID, address: str, agent: str, now: float) -> str:
        """Open a session and give its secret."""
        secret = new_secret()
        await self._database.run(
            "INSERT INTO v2x_access.session (hash, account, created, seen, expires, address, agent)"
            " VALUES (%s, %s, to_timestamp(%s), to_timestamp(%s), to_timestamp(%s), %s, %s)",
            [digest(secret), account, now, now, now + LONGEST_S, address, agent[:200]],
        )
        await self._forget_old(now)
        return secret

    async def find_actor(self, secret: str, now: float) -> Actor | None:
        """Find who a session belongs to, and let it live on."""
        found = await self._database.find(
            _Found,
            "SELECT session, account, extract(epoch FROM seen)::float8 FROM v2x_access.visit"
            " WHERE hash = %s AND expires > to_timestamp(%s) AND seen > to_timestamp(%s)",
            [digest(secret), now, now - IDLE_S],
        )
        account = None if found is None else await self._accounts.find(found.account)
        if found is None or account is None:
            return None
        if now - found.seen > SEEN_EVERY_S:
            await self._database.run(
                "UPDATE v2x_access.session SET seen = to_timestamp(%s) WHERE id = %s", [now, found.session]
            )
        return account.actor(str(found.session))

    async def is_live(self, session: str, now: float) -> bool:
        """Tell whether a session still runs; does not prolong it."""
        found = await self._database.find(
            _Id,
            "SELECT session FROM v2x_access.visit"
            " WHERE session = %s AND expires > to_timestamp(%s) AND seen > to_timestamp(%s)",
            [session, now, now - IDLE_S],
        )
        return found is not None

    async def list_of(self, session: str, now: float) -> list[Session]:
        """List the running sessions of the account that a session belongs to, the newest first."""
        return await self._database.fetch(
            Session,
            "SELECT session, created, seen, expires, address, agent FROM v2x_access.visit"
            " WHERE account = (SELECT account FROM v2x_access.session WHERE id = %s)"
            " AND expires > to_timestamp(%s) AND seen > to_timestamp(%s) ORDER BY seen DESC LIMIT 200",
            [session, now, now - IDLE_S],
        )

    async def account_of(self, session: str) -> UUID | None:
        """Find the account of a session."""
        found = await self._database.find(_Id, "SELECT account FROM v2x_access.session WHERE id = %s", [session])
        return None if found is None else found.id

    async def end(self, session: str, own: str) -> bool:
        """End one session of the account that `own` belongs to; tell whether there was one."""
        ended = await self._database.run(
            "DELETE FROM v2x_access.session WHERE id = %s"
            " AND account = (SELECT account FROM v2x_access.session WHERE id = %s)",
            [session, own],
        )
        return ended > 0

    async def end_all(self, account: UUID, spare: str | None = None) -> int:
        """End all sessions of an account but `spare`; give their number."""
        return await self._database.run(
            "DELETE FROM v2x_access.session WHERE account = %s AND (%s::uuid IS NULL OR id <> %s)",
            [account, spare, spare],
        )

    async def issue_ticket(self, session: str, now: float) -> str:
        """Give a ticket that opens one live feed within TICKET_S."""
        ticket = new_secret()
        await self._database.run(
            "INSERT INTO v2x_access.ticket (hash, session, expires) VALUES (%s, %s, to_timestamp(%s))",
            [digest(ticket), session, now + TICKET_S],
        )
        return ticket

    async def use_ticket(self, ticket: str, session: str, now: float) -> bool:
        """Use a ticket up; tell whether it was one of this session and still good."""
        used = await self._database.run(
            "DELETE FROM v2x_access.ticket WHERE hash = %s AND session = %s AND expires > to_timestamp(%s)",
            [digest(ticket), session, now],
        )
        return used > 0

    async def _forget_old(self, now: float) -> None:
        await self._database.run(
            "DELETE FROM v2x_access.session WHERE expires <= to_timestamp(%s) OR seen <= to_timestamp(%s)",
            [now, now - IDLE_S],
        )
        await self._database.run("DELETE FROM v2x_access.ticket WHERE expires <= to_timestamp(%s)", [now])
