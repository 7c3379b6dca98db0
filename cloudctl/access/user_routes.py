"""`/api/v1/users` and `/api/v1/tokens`: accounts and API tokens, for administrators."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from cloudctl.access.accounts import Account
from cloudctl.access.api_tokens import TokenScope
from cloudctl.access.desk import AccountDesk, desk_of
from cloudctl.access.errors import AccountError
from cloudctl.access.models import (
    REFUSALS,
    InvitedUser,
    IssuedToken,
    NewToken,
    NewUser,
    TokenItem,
    User,
    UserProfile,
)
from cloudctl.access.permissions import CurrentActor, Permission, requires

DAY_S = 86_400.0
Desk = Annotated[AccountDesk, Depends(desk_of)]

router = APIRouter(
    prefix="/api/v1", tags=["accounts"], responses=REFUSALS, dependencies=[requires(Permission.MANAGE_USERS)]
)


@router.get("/users")
async def list_users(desk: Desk) -> list[User]:
    """List accounts by name."""
    return [User.of(account) for account in await desk.accounts.list_all()]


@router.post("/users", status_code=201)
async def add_user(desk: Desk, actor: CurrentActor, body: NewUser) -> InvitedUser:
    """Make an account and the one-time link with which its owner chooses a password."""
    _check(body)
    account = await desk.accounts.add(body.name, body.profile(), desk.clock())
    await desk.audit.record(actor.id, "account made", f"user:{account.name}", {"roles": account.roles})
    return InvitedUser(user=User.of(account), link=await desk.link_for(account.id))


@router.put("/users/{user}")
async def change_user(desk: Desk, actor: CurrentActor, user: UUID, body: UserProfile) -> User:
    """Change roles, organisation, districts or lines of an account, or disable it: its sessions end."""
    _check(body)
    before = await _find(desk, user)
    account = await desk.accounts.change(user, body.profile())
    if account.disabled:
        await desk.sessions.end_all(user)
    changes = {
        name: [value, new] for name, value, new in zip(before._fields, before, account, strict=True) if value != new
    }
    await desk.audit.record(actor.id, "account changed", f"user:{account.name}", changes)
    return User.of(account)


@router.post("/users/{user}/link", status_code=201)
async def invite_user(desk: Desk, actor: CurrentActor, user: UUID) -> InvitedUser:
    """Make a new one-time link, for a forgotten password or an invitation that is too old."""
    account = await _find(desk, user)
    await desk.audit.record(actor.id, "link made", f"user:{account.name}", {})
    return InvitedUser(user=User.of(account), link=await desk.link_for(user))


@router.post("/users/{user}/sign-out", status_code=204)
async def sign_user_out(desk: Desk, actor: CurrentActor, user: UUID) -> None:
    """End all sessions of an account."""
    account = await _find(desk, user)
    await desk.sessions.end_all(user)
    await desk.audit.record(actor.id, "signed out by an administrator", f"user:{account.name}", {})


@router.get("/tokens")
async def list_tokens(desk: Desk) -> list[TokenItem]:
    """List API tokens by name; their secrets are not kept."""
    return [TokenItem.of(token) for token in await desk.tokens.list_all()]


@router.post("/tokens", status_code=201)
async def issue_token(desk: Desk, actor: CurrentActor, body: NewToken) -> IssuedToken:
    """Issue an API token; it is shown this once."""
    scope = TokenScope(body.name, frozenset(body.roles), body.organisation, body.districts, body.lines)
    now = desk.clock()
    token = await desk.tokens.issue(scope, now + body.days * DAY_S, actor.id, now)
    await desk.audit.record(actor.id, "API token issued", f"token:{body.name}", {"roles": sorted(scope.roles)})
    return IssuedToken(token=token)


@router.delete("/tokens/{token}", status_code=204)
async def revoke_token(desk: Desk, actor: CurrentActor, token: UUID) -> None:
    """Revoke an API token."""
    if not await desk.tokens.revoke(token):
        raise AccountError(404, f"no API token {token}")
    await desk.audit.record(actor.id, "API token revoked", f"token:{token}", {})


def _check(body: UserProfile) -> None:
    if strange := body.strange_roles():
        raise AccountError(422, f"roles: {', '.join(strange)} are for API tokens")


async def _find(desk: AccountDesk, user: UUID) -> Account:
    account = await desk.accounts.find(user)
    if account is None:
        raise AccountError(404, f"no account {user}")
    return account
