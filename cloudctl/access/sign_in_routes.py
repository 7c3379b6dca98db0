"""`/api/v1/sign-in`, `/api/v1/me`: signing in and out, the own sessions and password, tickets of live feeds."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from cloudctl.access.cookies import SESSION_COOKIE, drop_cookie, set_cookie
from cloudctl.access.desk import AccountAccess, AccountDesk, Visitor, desk_of
from cloudctl.access.errors import AccountError
from cloudctl.access.models import (
    REFUSALS,
    LinkAnswer,
    LinkContent,
    LinkSecret,
    Me,
    PasswordChange,
    SessionItem,
    SignIn,
    SignInOffer,
    Ticket,
)
from cloudctl.access.permissions import CurrentActor, Permission, public, requires
from cloudctl.access.sessions import LONGEST_S

Desk = Annotated[AccountDesk, Depends(desk_of)]

UNPROVEN: dict[int | str, dict[str, object]] = {401: {"description": "Name, password or link is not accepted."}}

router = APIRouter(prefix="/api/v1", tags=["accounts"], responses=REFUSALS | UNPROVEN)
_everybody = [public()]
_oneself = [requires(Permission.OWN_ACCOUNT)]


@router.get("/sign-in", dependencies=_everybody)
async def get_sign_in(request: Request) -> SignInOffer:
    """Say how one may sign in."""
    access = request.app.state.access
    if not isinstance(access, AccountAccess):
        return SignInOffer(mode="open", provider=None)
    return SignInOffer(mode="accounts", provider=access.desk.provider.label if access.desk.provider else None)


@router.post("/sign-in", dependencies=_everybody, status_code=204)
async def sign_in(request: Request, response: Response, desk: Desk, body: SignIn) -> None:
    """Sign in with name and password; the answer sets the session's cookie."""
    _let_in(response, await desk.sign_in(body.name, body.password, Visitor.of(request)))


@router.post("/sign-in/link", dependencies=_everybody)
async def look_at_link(desk: Desk, body: LinkSecret) -> LinkContent:
    """Tell what a one-time link is for, without using it up."""
    return LinkContent(name=(await desk.look_at_link(body.link)).name)


@router.post("/sign-in/password", dependencies=_everybody, status_code=204)
async def accept_link(request: Request, response: Response, desk: Desk, body: LinkAnswer) -> None:
    """Set the password that a one-time link is for, and sign in."""
    _let_in(response, await desk.accept_link(body.link, body.name, body.password, Visitor.of(request)))


@router.post("/sign-out", dependencies=_oneself, status_code=204)
async def sign_out(response: Response, desk: Desk, actor: CurrentActor) -> None:
    """End this session."""
    await desk.sessions.end(actor.session, actor.session)
    await desk.audit.record(actor.id, "signed out", actor.id, {})
    drop_cookie(response, SESSION_COOKIE)


@router.post("/sign-out/everywhere", dependencies=_oneself, status_code=204)
async def sign_out_everywhere(response: Response, desk: Desk, actor: CurrentActor) -> None:
    """End all own sessions, on every machine."""
    account = await desk.sessions.account_of(actor.session)
    if account is not None:
        await desk.sessions.end_all(account)
    await desk.audit.record(actor.id, "signed out everywhere", actor.id, {})
    drop_cookie(response, SESSION_COOKIE)


@router.get("/me", dependencies=_oneself)
async def get_me(request: Request, actor: CurrentActor) -> Me:
    """Say who is signed in and what he may do."""
    return Me.of(actor, "accounts" if isinstance(request.app.state.access, AccountAccess) else "open")


@router.get("/me/sessions", dependencies=_oneself)
async def list_sessions(desk: Desk, actor: CurrentActor) -> list[SessionItem]:
    """List the own running sessions, the latest used first."""
    found = await desk.sessions.list_of(actor.session, desk.clock())
    return [SessionItem(**each._asdict(), current=str(each.id) == actor.session) for each in found]


@router.delete("/me/sessions/{session}", dependencies=_oneself, status_code=204)
async def end_session(desk: Desk, actor: CurrentActor, session: UUID) -> None:
    """End one of the own sessions."""
    if not await desk.sessions.end(str(session), actor.session):
        raise AccountError(404, f"no session {session}")
    await desk.audit.record(actor.id, "session ended", f"session:{session}", {})


@router.put("/me/password", dependencies=_oneself, status_code=204)
async def change_password(request: Request, desk: Desk, actor: CurrentActor, body: PasswordChange) -> None:
    """Change the own password; all other sessions end."""
    await desk.change_password(actor, body.old, body.new, Visitor.of(request))


@router.post("/live/ticket", dependencies=[requires(Permission.SEE_PICTURE)])
async def issue_ticket(desk: Desk, actor: CurrentActor) -> Ticket:
    """Give a ticket that opens one live feed of this session within half a minute; programs need none."""
    if not actor.session:
        raise AccountError(409, "an API token opens the live feed without a ticket")
    return Ticket(ticket=await desk.sessions.issue_ticket(actor.session, desk.clock()))


def _let_in(response: Response, secret: str) -> None:
    set_cookie(response, SESSION_COOKIE, secret, LONGEST_S)
