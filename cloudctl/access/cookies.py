"""The cookies of a browser session.

`__Host-` (RFC 6265bis §4.1.3.2) lets no other host and no plain-text network set or overwrite them; browsers take a
loopback address for a safe origin, so that they work on `http://127.0.0.1` as well, and nowhere else without TLS.
"""

from typing import Literal

from starlette.requests import HTTPConnection
from starlette.responses import Response

SESSION_COOKIE = "__Host-v2x"
PROVIDER_COOKIE = "__Host-v2x-sign-on"


def set_cookie(
    response: Response, name: str, value: str, seconds: float, *, same_site: Literal["strict", "lax"] = "strict"
) -> None:
    """Give a browser a cookie that scripts cannot read."""
    response.set_cookie(name, value, max_age=int(seconds), path="/", secure=True, httponly=True, samesite=same_site)


def drop_cookie(response: Response, name: str) -> None:
    """Take a cookie back."""
    response.delete_cookie(name, path="/", secure=True, httponly=True, samesite="strict")


def session_secret(connection: HTTPConnection) -> str | None:
    """Give the session secret that a browser sent."""
    return connection.cookies.get(SESSION_COOKIE) or None
