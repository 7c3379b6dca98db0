"""From the claims of an ID token to an account: groups become roles by the table of the settings."""

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from cloudctl.access.accounts import AccountStore, Profile
from cloudctl.access.errors import AccountError, SignInRefusedError
from cloudctl.access.provider import PendingSignOn
from cloudctl.access.roles import PEOPLE, Role
from cloudctl.access.secret_values import digest
from cloudctl.database import Database
from cloudctl.settings import ProviderSettings

PENDING_S = 600.0
MOST_NAMES = 20


class _Pending(NamedTuple):
    nonce: str
    verifier: str


class _Id(NamedTuple):
    id: UUID


def profile_of(claims: Mapping[str, object], settings: ProviderSettings) -> Profile:
    """Map claims to what an account may do; raise SignInRefusedError where no group gives a role."""
    groups = _texts(claims, settings.roles_claim)
    roles = frozenset(Role(role) for group in groups for role in settings.roles.get(group, ()) if role in PEOPLE)
    if not roles:
        raise SignInRefusedError(f"no group in {settings.roles_claim!r} gives a role here")
    organisation = _texts(claims, settings.organisation_claim)
    return Profile(
        full_name=(_texts(claims, "name") or [""])[0][:100],
        roles=roles,
        organisation=organisation[0] if organisation else "",
        districts=_texts(claims, settings.districts_claim) or (["*"] if not settings.districts_claim else []),
        lines=_texts(claims, settings.lines_claim),
    )


def _texts(claims: Mapping[str, object], path: str) -> list[str]:
    """Read a claim that is a text or a list of texts; a dot goes into nested objects."""
    value: object = claims if path else None
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        return [value]
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


class ProviderStore:
    """Requests under way, and which account a provider's subject has; times are UTC epoch s."""

    def __init__(self, database: Database, accounts: AccountStore) -> None:
        self._database = database
        self._accounts = accounts

    async def keep(self, pending: PendingSignOn, now: float) -> None:
        """Keep a request until its answer comes."""
        await self._database.run("DELETE FROM v2x_access.provider_request WHERE expires <= to_timestamp(%s)", [now])
        await self._database.run(
            "INSERT INTO v2x_access.provider_request VALUES (%s, %s, %s, to_timestamp(%s))",
            [digest(pending.state), pending.nonce, pending.verifier, now + PENDING_S],
        )

    async def take(self, state: str, now: float) -> PendingSignOn:
        """Take a request out, once; raise SignInRefusedError where there is none."""
        found = await self._database.find(
            _Pending,
            "DELETE FROM v2x_access.provider_request WHERE state_hash = %s AND expires > to_timestamp(%s)"
            " RETURNING nonce, verifier",
            [digest(state), now],
        )
        if found is None:
            raise SignInRefusedError("this sign-in was not begun here, or took too long")
        return PendingSignOn(state, found.nonce, found.verifier)

    async def account_for(self, claims: Mapping[str, object], profile: Profile, now: float) -> UUID:
        """Find the account of a subject and bring it up to date, or make one.

        Raises:
            SignInRefusedError: the account is disabled.
        """
        issuer, subject = str(claims["iss"]), str(claims["sub"])
        found = await self._database.find(
            _Id,
            "SELECT account FROM v2x_access.provider_account WHERE issuer = %s AND subject = %s",
            [issuer, subject],
        )
        if found is not None:
            account = await self._accounts.find(found.id)
            if account is None or account.disabled:
                raise SignInRefusedError("this account is disabled")
            await self._accounts.change(found.id, profile)
            return found.id
        made = await self._make((_texts(claims, "preferred_username") or [subject])[0], profile, now)
        await self._database.run("INSERT INTO v2x_access.provider_account VALUES (%s, %s, %s)", [issuer, subject, made])
        return made

    async def _make(self, wanted: str, profile: Profile, now: float) -> UUID:
        # a local account of the same name is somebody else's
        base = wanted[:60]
        for number in range(MOST_NAMES):
            try:
                return (await self._accounts.add(f"{base}-{number}" if number else base, profile, now)).id
            except AccountError:
                continue
        raise SignInRefusedError(f"the name {base!r} is taken too often")
