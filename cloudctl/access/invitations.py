"""One-time links: the first administrator's, invitations, and new passwords."""

from typing import NamedTuple
from uuid import UUID

from cloudctl.access.secret_values import digest, new_secret
from cloudctl.database import Database

FIRST_S = 24 * 3600.0
INVITATION_S = 72 * 3600.0


class Invitation(NamedTuple):
    """What a link opens: an account's password, or with no account the making of the first administrator."""

    account: UUID | None
    name: str | None


class InvitationStore:
    """Reads and writes one-time links; times are UTC epoch s."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def invite(self, account: UUID | None, now: float) -> str:
        """Give the secret of a new link; an older link for the same purpose opens nothing any more."""
        secret = new_secret()
        lasts = FIRST_S if account is None else INVITATION_S
        await self._database.run(
            "DELETE FROM v2x_access.invitation WHERE account IS NOT DISTINCT FROM %s::uuid", [account]
        )
        await self._database.run(
            "INSERT INTO v2x_access.invitation VALUES (%s, %s, to_timestamp(%s), to_timestamp(%s))",
            [digest(secret), account, now, now + lasts],
        )
        return secret

    async def find(self, secret: str, now: float) -> Invitation | None:
        """Find what a link opens, without using it up."""
        return await self._database.find(
            Invitation,
            "SELECT i.account, a.name FROM v2x_access.invitation i LEFT JOIN v2x_access.account a ON a.id = i.account"
            " WHERE i.hash = %s AND i.expires > to_timestamp(%s) AND a.disabled IS NOT TRUE",
            [digest(secret), now],
        )

    async def use(self, secret: str, now: float) -> bool:
        """Use a link up; tell whether it was still good. Of two at once only one is told so."""
        used = await self._database.run(
            "DELETE FROM v2x_access.invitation WHERE hash = %s AND expires > to_timestamp(%s)", [digest(secret), now]
        )
        return used > 0
