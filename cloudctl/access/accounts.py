"""Accounts of people in the database."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import psycopg

from cloudctl.access.actor import Actor
from cloudctl.access.errors import AccountError
from cloudctl.access.roles import PEOPLE, Role
from cloudctl.database import Database

MOST_LISTED = 1000


class Account(NamedTuple):
    """One person's account."""

    id: UUID
    name: str
    full_name: str
    roles: list[str]
    organisation: str
    districts: list[str]
    lines: list[str]
    created: datetime
    disabled: bool
    has_password: bool

    def actor(self, session: str = "") -> Actor:
        """Give the actor that this account acts as; roles that this release does not know give nothing."""
        return Actor(
            id=f"user:{self.name}",
            name=self.full_name or self.name,
            roles=frozenset(Role(role) for role in self.roles if role in PEOPLE),
            organisation=self.organisation,
            districts=frozenset(self.districts),
            lines=frozenset(self.lines),
            session=session,
        )


class _Stored(NamedTuple):
    id: UUID
    password_hash: str | None


class _Id(NamedTuple):
    id: UUID


@dataclass(frozen=True)
class Profile:
    """What an administrator decides about an account."""

    full_name: str
    roles: frozenset[Role]
    organisation: str = ""
    districts: Collection[str] = ("*",)
    lines: Collection[str] = ()
    disabled: bool = False


class AccountStore:
    """Reads and writes accounts; times are UTC epoch s."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, name: str, profile: Profile, now: float) -> Account:
        """Make an account without a password; raise AccountError (409) where the name is taken."""
        try:
            made = await self._database.find(
                _Id,
                "INSERT INTO v2x_access.account (name, full_name, roles, organisation, districts, lines, created)"
                " VALUES (%s, %s, %s, %s, %s, %s, to_timestamp(%s)) RETURNING id",
                [name, *_values(profile), now],
            )
        except psycopg.errors.UniqueViolation as fault:
            raise AccountError(409, f"name {name!r} is taken") from fault
        found = None if made is None else await self.find(made.id)
        if found is None:
            raise AccountError(409, f"name {name!r} was taken away again")
        return found

    async def change(self, account: UUID, profile: Profile) -> Account:
        """Change an account; raise AccountError (404) where there is none, (409) for the last administrator."""
        keeps = Role.ADMINISTRATOR in profile.roles and not profile.disabled
        touched = await self._database.run(
            "UPDATE v2x_access.account SET full_name = %s, roles = %s, organisation = %s, districts = %s, lines = %s,"
            " disabled = %s WHERE id = %s AND (%s OR NOT 'administrator' = ANY (roles) OR EXISTS ("
            "SELECT FROM v2x_access.account o WHERE o.id <> account.id AND 'administrator' = ANY (o.roles)"
            " AND NOT o.disabled))",
            [*_values(profile), profile.disabled, account, keeps],
        )
        found = await self.find(account)
        if found is None:
            raise AccountError(404, f"no account {account}")
        if not touched:
            raise AccountError(409, f"{found.name!r} is the last administrator")
        return found

    async def set_password(self, account: UUID, password_hash: str) -> None:
        """Store a new Argon2id hash."""
        await self._database.run(
            "UPDATE v2x_access.account SET password_hash = %s WHERE id = %s", [password_hash, account]
        )

    async def find(self, account: UUID) -> Account | None:
        """Find an account by id."""
        return await self._database.find(Account, "SELECT * FROM v2x_access.person WHERE id = %s", [account])

    async def find_hash(self, name: str) -> tuple[UUID, str | None] | None:
        """Find id and password hash of an account that may sign in, by its name in any case."""
        return await self._database.find(
            _Stored,
            "SELECT id, password_hash FROM v2x_access.account WHERE lower(name) = lower(%s) AND NOT disabled",
            [name],
        )

    async def list_all(self) -> list[Account]:
        """List accounts by name."""
        return await self._database.fetch(
            Account, "SELECT * FROM v2x_access.person ORDER BY lower(name) LIMIT %s", [MOST_LISTED]
        )

    async def has_administrator(self) -> bool:
        """Tell whether there is an administrator who can sign in."""
        found = await self._database.find(
            _Id,
            "SELECT a.id FROM v2x_access.account a WHERE 'administrator' = ANY (roles) AND NOT disabled"
            " AND (password_hash IS NOT NULL"
            " OR EXISTS (SELECT FROM v2x_access.provider_account p WHERE p.account = a.id)) LIMIT 1",
        )
        return found is not None


def _values(profile: Profile) -> list[object]:
    return [
        profile.full_name,
        sorted(profile.roles),
        profile.organisation,
        sorted(profile.districts),
        sorted(profile.lines),
    ]
