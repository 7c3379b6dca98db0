"""What every request passes before any route: our host name, no page of another site, not too often."""

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from cloudctl.access.cookies import SESSION_COOKIE
from cloudctl.access.errors import AccessError, CrossSiteError, MisdirectedError, TooManyAttemptsError
from cloudctl.access.origins import SAFE_METHODS, Hosts, foreign_origin, says_where_from
from cloudctl.access.rate_limits import Rate, RateLimiter
from cloudctl.api.problems import problem

REQUESTS = Rate(200.0, 1000)
"""Of one address: a control room behind one address opens its pages at once."""
SIGN_INS = Rate(2.0, 20)
SIGN_IN_PATHS = ("/api/v1/sign-in",)
CLOSE_POLICY = 1008


class Guard:
    """ASGI middleware for requests and WebSockets; `count` counts reasons; without hosts every host name is taken."""

    def __init__(
        self, app: ASGIApp, hosts: Hosts | None, clock: Callable[[], float], count: Callable[[str], None]
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._requests = RateLimiter(REQUESTS, clock)
        self._sign_ins = RateLimiter(SIGN_INS, clock)
        self._count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or turn it away."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        try:
            self._check(scope)
        except AccessError as fault:
            self._count(type(fault).__name__.removesuffix("Error"))
            await _turn_away(fault, scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        address = scope["client"][0] if scope.get("client") else ""
        if wait := self._requests.take(address):
            raise TooManyAttemptsError(wait)
        if self._hosts is not None and not self._hosts.knows(headers.get("host")):
            raise MisdirectedError(headers.get("host", ""))
        if scope["type"] == "http" and scope["method"] in SAFE_METHODS:
            return
        if (origin := foreign_origin(headers)) is not None:
            raise CrossSiteError(origin)
        if scope["type"] == "websocket":
            return
        if SESSION_COOKIE in headers.get("cookie", "") and not says_where_from(headers):
            raise CrossSiteError("")
        if scope["path"].startswith(SIGN_IN_PATHS) and (wait := self._sign_ins.take(address)):
            raise TooManyAttemptsError(wait)


async def _turn_away(fault: AccessError, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": CLOSE_POLICY, "reason": fault.title})
        return
    answer = problem(fault.status, fault.title, str(fault), scope["path"])
    answer.headers.update(fault.headers)
    await answer(scope, receive, send)
