"""`/api/v1/sign-in/provider`: to the OpenID provider and back."""

import hmac
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse

from cloudctl.access.audit_trail import STRANGER
from cloudctl.access.cookies import PROVIDER_COOKIE, SESSION_COOKIE, drop_cookie, set_cookie
from cloudctl.access.desk import AccountDesk, Visitor, desk_of
from cloudctl.access.errors import AccountError, SignInRefusedError
from cloudctl.access.models import REFUSALS
from cloudctl.access.permissions import public
from cloudctl.access.provider import Answer, Provider
from cloudctl.access.provider_accounts import PENDING_S, ProviderStore, profile_of
from cloudctl.access.sessions import LONGEST_S

Desk = Annotated[AccountDesk, Depends(desk_of)]
Parameter = Annotated[str | None, Query(max_length=4096)]
REFUSED = "/sign-in#refused=provider"

router = APIRouter(prefix="/api/v1/sign-in/provider", tags=["accounts"], responses=REFUSALS, dependencies=[public()])
_answers: dict[int | str, dict[str, object]] = {303: {"description": "Go on there."}}


@router.get("", response_class=RedirectResponse, status_code=303, responses=_answers)
async def begin_sign_on(desk: Desk) -> RedirectResponse:
    """Send the browser to the provider."""
    provider = _provider(desk)
    try:
        pending, address = await provider.begin()
    except SignInRefusedError as fault:
        return await _refused(desk, fault)
    await ProviderStore(desk.database, desk.accounts).keep(pending, desk.clock())
    answer = RedirectResponse(address, 303)
    # lax: the way back starts on the provider's site
    set_cookie(answer, PROVIDER_COOKIE, pending.state, PENDING_S, same_site="lax")
    return answer


@router.get("/callback", response_class=RedirectResponse, status_code=303, responses=_answers)
async def finish_sign_on(
    request: Request,
    desk: Desk,
    code: Parameter = None,
    state: Parameter = None,
    iss: Parameter = None,
    error: Parameter = None,
) -> RedirectResponse:
    """Take the provider's answer; the browser goes on to the map, or back to sign-in where it is refused."""
    provider = _provider(desk)
    try:
        _check_browser(request, state)
        if error or not code or not state:
            return await _refused(desk, SignInRefusedError(f"the provider answers {error or 'without a code'}"))
        secret = await _sign_in(request, desk, provider, state, Answer(code, iss))
    except SignInRefusedError as fault:
        return await _refused(desk, fault)
    answer = RedirectResponse("/", 303)
    set_cookie(answer, SESSION_COOKIE, secret, LONGEST_S)
    drop_cookie(answer, PROVIDER_COOKIE)
    return answer


async def _sign_in(request: Request, desk: AccountDesk, provider: Provider, state: str, answer: Answer) -> str:
    store = ProviderStore(desk.database, desk.accounts)
    claims = await provider.finish(await store.take(state, desk.clock()), answer)
    profile = profile_of(claims, provider.settings)
    account = await store.account_for(claims, profile, desk.clock())
    return await desk.open_session(account, Visitor.of(request), f"provider {provider.settings.issuer}")


def _check_browser(request: Request, state: str | None) -> None:
    if not hmac.compare_digest((state or "").encode(), request.cookies.get(PROVIDER_COOKIE, "").encode()):
        raise SignInRefusedError("another browser began this sign-in")


def _provider(desk: AccountDesk) -> Provider:
    if desk.provider is None:
        raise AccountError(409, "no sign-in provider is configured")
    return desk.provider


async def _refused(desk: AccountDesk, fault: SignInRefusedError) -> RedirectResponse:
    await desk.audit.record(STRANGER, "sign-in refused", "provider", {"reason": str(fault)[:300]})
    answer = RedirectResponse(REFUSED, 303)
    drop_cookie(answer, PROVIDER_COOKIE)
    return answer
