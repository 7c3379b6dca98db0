"""Sign-in with name and password, one-time links, and who is behind a request."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from starlette.requests import HTTPConnection

from cloudctl.access.accounts import Account, AccountStore, Profile
from cloudctl.access.actor import Actor
from cloudctl.access.api_tokens import ApiTokenStore
from cloudctl.access.attempts import AttemptStore
from cloudctl.access.audit_trail import STRANGER, AuditTrail, LoggedTrail
from cloudctl.access.cookies import session_secret
from cloudctl.access.errors import AccountError, NotSignedInError, SignInRefusedError
from cloudctl.access.invitations import Invitation, InvitationStore
from cloudctl.access.passwords import Passwords, check_password_rules
from cloudctl.access.provider import Provider
from cloudctl.access.roles import Role
from cloudctl.access.sessions import SessionStore
from cloudctl.database import Database

_REFUSED = "name or password is wrong"
_SPENT = "this link was used already, or is too old; ask for a new one"


@dataclass(frozen=True)
class Visitor:
    """Where a sign-in comes from."""

    address: str
    agent: str

    @classmethod
    def of(cls, connection: HTTPConnection) -> "Visitor":
        """Read it from a request."""
        return cls(connection.client.host if connection.client else "", connection.headers.get("user-agent", ""))


@dataclass
class AccountDesk:
    """All that has to do with accounts, over one database."""

    database: Database
    address: str
    """Address of the live map as people type it, with a slash at the end."""
    provider: Provider | None = None
    clock: Callable[[], float] = time.time
    audit: AuditTrail = field(default_factory=LoggedTrail)
    passwords: Passwords = field(default_factory=Passwords)

    def __post_init__(self) -> None:
        self.accounts = AccountStore(self.database)
        self.sessions = SessionStore(self.database, self.accounts)
        self.tokens = ApiTokenStore(self.database)
        self.invitations = InvitationStore(self.database)
        self.attempts = AttemptStore(self.database)

    async def sign_in(self, name: str, password: str, visitor: Visitor) -> str:
        """Open a session and give its secret.

        Raises:
            TooManyAttemptsError: too many failures before; nothing is checked.
            SignInRefusedError: name or password is wrong; which of them is not said.
        """
        now = self.clock()
        await self.attempts.check(name, visitor.address, now)
        # counted before the slow check, so that many tries at once count too
        await self.attempts.failed(name, visitor.address, now)
        found = await self.accounts.find_hash(name)
        if not await self.passwords.fits(password, found[1] if found else None) or found is None:
            await self.audit.record(STRANGER, "sign-in refused", f"user:{name[:100]}", {"address": visitor.address})
            raise SignInRefusedError(_REFUSED)
        await self.attempts.succeeded(name, visitor.address)
        return await self.open_session(found[0], visitor, "password")

    async def open_session(self, account: UUID, visitor: Visitor, how: str) -> str:
        """Open a session for somebody who proved who he is."""
        secret = await self.sessions.open(account, visitor.address, visitor.agent, self.clock())
        found = await self.accounts.find(account)
        if found is None or found.disabled:
            raise SignInRefusedError(_REFUSED)
        await self.audit.record(
            found.actor().id, "signed in", f"user:{found.name}", {"how": how, "address": visitor.address}
        )
        return secret

    async def look_at_link(self, secret: str) -> Invitation:
        """Tell what a one-time link opens; raise SignInRefusedError where it opens nothing."""
        found = await self.invitations.find(secret, self.clock())
        if found is None or (found.account is None and await self.accounts.has_administrator()):
            raise SignInRefusedError(_SPENT)
        return found

    async def accept_link(self, secret: str, name: str | None, password: str, visitor: Visitor) -> str:
        """Set the password that a one-time link is for, and sign in.

        Raises:
            SignInRefusedError: the link opens nothing.
            AccountError: the name is missing or taken, or the password breaks a rule; the link stays good.
        """
        invitation = await self.look_at_link(secret)
        chosen = invitation.name or name or ""
        if not chosen:
            raise AccountError(422, "name: choose one")
        check_password_rules(password, chosen)
        if invitation.account is None and await self.accounts.find_hash(chosen) is not None:
            raise AccountError(409, f"name {chosen!r} is taken")
        hashed = await self.passwords.hashed(password)
        if not await self.invitations.use(secret, self.clock()):
            raise SignInRefusedError(_SPENT)
        account = invitation.account or (await self._make_first(chosen)).id
        await self.accounts.set_password(account, hashed)
        await self.sessions.end_all(account)
        return await self.open_session(account, visitor, "link")

    async def _make_first(self, name: str) -> Account:
        made = await self.accounts.add(name, Profile("", frozenset({Role.ADMINISTRATOR})), self.clock())
        await self.audit.record(made.actor().id, "first administrator made", f"user:{name}", {})
        return made

    async def change_password(self, actor: Actor, old: str, new: str, visitor: Visitor) -> None:
        """Change the own password and end all other sessions.

        Raises:
            SignInRefusedError: the old password is wrong.
            AccountError: the new one breaks a rule.
        """
        name = actor.id.partition(":")[2]
        await self.attempts.check(name, visitor.address, self.clock())
        found = await self.accounts.find_hash(name)
        if found is None or not await self.passwords.fits(old, found[1]):
            await self.attempts.failed(name, visitor.address, self.clock())
            raise SignInRefusedError("the old password is wrong")
        check_password_rules(new, name)
        await self.accounts.set_password(found[0], await self.passwords.hashed(new))
        await self.sessions.end_all(found[0], spare=actor.session)
        await self.audit.record(actor.id, "password changed", actor.id, {})

    async def link_for(self, account: UUID | None) -> str:
        """Make the address of a one-time link; the secret stands behind the #, which no server logs."""
        return f"{self.address}sign-in#link={await self.invitations.invite(account, self.clock())}"


class AccountAccess:
    """Tells who sends a request: by API token, or by session cookie; a WebSocket of a browser needs a ticket too."""

    def __init__(self, desk: AccountDesk) -> None:
        self.desk = desk

    async def identify(self, connection: HTTPConnection) -> Actor | None:
        """Give the actor; None where nobody is signed in. Raises NotSignedInError for bad credentials."""
        now = self.desk.clock()
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme:
            actor = await self.desk.tokens.find_actor(token.strip(), now) if scheme.lower() == "bearer" else None
            if actor is None:
                raise NotSignedInError("this API token is unknown or over")
            return actor
        secret = session_secret(connection)
        actor = None if secret is None else await self.desk.sessions.find_actor(secret, now)
        if actor is not None and connection.scope["type"] == "websocket":
            ticket = connection.query_params.get("ticket", "")
            if not await self.desk.sessions.use_ticket(ticket, actor.session, now):
                raise NotSignedInError("a live feed needs a fresh ticket")
        return actor

    async def still_in(self, actor: Actor) -> bool:
        """Tell whether somebody who was let in before still is."""
        if not actor.session:
            return await self.desk.tokens.is_live(actor.id, self.desk.clock())
        return await self.desk.sessions.is_live(actor.session, self.desk.clock())


def desk_of(connection: HTTPConnection) -> AccountDesk:
    """Give the desk of the app that serves a request; raise AccountError (409) where it has no accounts."""
    access = connection.app.state.access
    if not isinstance(access, AccountAccess):
        raise AccountError(409, "this gateway runs without accounts")
    return access.desk
