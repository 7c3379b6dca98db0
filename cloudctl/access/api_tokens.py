"""API tokens of programs: bus dispatch, car parks, whoever reads the picture."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from cloudctl.access.actor import Actor
from cloudctl.access.roles import Permission, Role
from cloudctl.access.secret_values import digest, new_token
from cloudctl.database import Database

USED_EVERY_S = 60.0
NEVER_BY_TOKEN = frozenset({Permission.OWN_ACCOUNT, Permission.MANAGE_USERS})
"""A stolen token must not be able to make itself permanent."""
_ROLES = frozenset(map(str, Role))


class ApiToken(NamedTuple):
    """One token; of its secret the digest."""

    id: UUID
    name: str
    roles: list[str]
    organisation: str
    districts: list[str]
    lines: list[str]
    created: datetime
    created_by: str
    expires: datetime
    used: datetime | None
    hash: bytes


@dataclass(frozen=True)
class TokenScope:
    """What a token is made for."""

    name: str
    roles: frozenset[Role]
    organisation: str = ""
    districts: Collection[str] = ("*",)
    lines: Collection[str] = ()


@dataclass(frozen=True)
class Program(Actor):
    """A program: never an account."""

    def may(self, permission: Permission) -> bool:
        """Tell whether any role allows it, and a token may have it at all."""
        return permission not in NEVER_BY_TOKEN and super().may(permission)


class ApiTokenStore:
    """Reads and writes API tokens; times are UTC epoch s."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def issue(self, scope: TokenScope, expires: float, created_by: str, now: float) -> str:
        """Store a token and give it, the only time that it is seen."""
        token = new_token()
        await self._database.run(
            "INSERT INTO v2x_access.token (hash, name, roles, organisation, districts, lines, created, created_by,"
            " expires) VALUES (%s, %s, %s, %s, %s, %s, to_timestamp(%s), %s, to_timestamp(%s))",
            [
                digest(token),
                scope.name,
                sorted(scope.roles),
                scope.organisation,
                sorted(scope.districts),
                sorted(scope.lines),
                now,
                created_by,
                expires,
            ],
        )
        return token

    async def find_actor(self, token: str, now: float) -> Actor | None:
        """Find the program behind a token that has not expired."""
        found = await self._database.find(
            ApiToken,
            "SELECT * FROM v2x_access.program WHERE hash = %s AND expires > to_timestamp(%s)",
            [digest(token), now],
        )
        if found is None:
            return None
        if found.used is None or now - found.used.timestamp() > USED_EVERY_S:
            await self._database.run(
                "UPDATE v2x_access.token SET used = to_timestamp(%s) WHERE id = %s", [now, found.id]
            )
        return Program(
            id=f"token:{found.id}",
            name=found.name,
            roles=frozenset(Role(role) for role in found.roles if role in _ROLES) or frozenset({Role.PICTURE_READER}),
            organisation=found.organisation,
            districts=frozenset(found.districts),
            lines=frozenset(found.lines),
        )

    async def is_live(self, actor_id: str, now: float) -> bool:
        """Tell whether the token behind an actor still opens."""
        found = await self._database.run(
            "SELECT id FROM v2x_access.token WHERE id::text = %s AND expires > to_timestamp(%s)",
            [actor_id.partition(":")[2], now],
        )
        return found > 0

    async def list_all(self) -> list[ApiToken]:
        """List tokens by name."""
        return await self._database.fetch(
            ApiToken, "SELECT * FROM v2x_access.program ORDER BY name, created LIMIT 1000"
        )

    async def revoke(self, token: UUID) -> bool:
        """Revoke a token; tell whether there was one."""
        return await self._database.run("DELETE FROM v2x_access.token WHERE id = %s", [token]) > 0
