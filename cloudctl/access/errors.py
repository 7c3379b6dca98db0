"""Faults of sign-in and roles.

CloudctlError
└── AccessError                 becomes problem+json (RFC 9457) with `status` and `title`
    ├── NotSignedInError        401: nobody is signed in, or the session or token is over
    ├── ForbiddenError          403: who is signed in may not do this
    ├── CrossSiteError          403: an unsafe request comes from a page of another site
    ├── MisdirectedError         421: the request names a host that is not ours
    ├── TooManyAttemptsError    429: tried too often; `retry_after` says when again
    ├── SignInRefusedError      401: name, password, link or provider's answer is not accepted
    ├── AccountError            409 or 422: an account cannot be made or changed so
    ├── AccountsDownError       503: the database of accounts does not answer
    ├── UndeclaredRouteError    a route does not say what it needs; the gateway does not start
    ├── UnknownRoleError        the settings give a group a role that people cannot have
    └── OpenAccessError         open access was asked for where others could reach it
"""

from cloudctl.errors import CloudctlError


class AccessError(CloudctlError):
    """Base of the faults of sign-in and roles."""

    status = 403
    title = "Forbidden"

    @property
    def headers(self) -> dict[str, str]:
        """Headers that the answer carries."""
        return {}


class NotSignedInError(AccessError):
    """Nobody is signed in, or the session or token is over."""

    status = 401
    title = "Sign-in needed"

    def __init__(self, detail: str = "sign in, or send an API token") -> None:
        super().__init__(detail)

    @property
    def headers(self) -> dict[str, str]:
        """Name the scheme that programs use (RFC 9110 §11.6.1)."""
        return {"WWW-Authenticate": 'Bearer realm="v2x"'}


class ForbiddenError(AccessError):
    """Who is signed in may not do this."""

    def __init__(self, actor: str, permission: str) -> None:
        super().__init__(f"this needs the permission {permission}")
        self.actor = actor
        self.permission = permission


class CrossSiteError(AccessError):
    """An unsafe request comes from a page of another site."""

    title = "Another site asks"

    def __init__(self, origin: str) -> None:
        super().__init__(f"a page of {origin!r} may change nothing here")
        self.origin = origin


class MisdirectedError(AccessError):
    """The request names a host that is not ours."""

    status = 421
    title = "Unknown host"

    def __init__(self, host: str) -> None:
        super().__init__(f"{host!r} is no name of this gateway; [access] hosts lists its names")
        self.host = host


class TooManyAttemptsError(AccessError):
    """Tried too often."""

    status = 429
    title = "Too many attempts"

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"try again in {retry_after:.0f} s")
        self.retry_after = retry_after

    @property
    def headers(self) -> dict[str, str]:
        """Say when to come back (RFC 9110 §10.2.3)."""
        return {"Retry-After": f"{max(1.0, self.retry_after):.0f}"}


class SignInRefusedError(AccessError):
    """Name, password, link or provider's answer is not accepted."""

    status = 401
    title = "Sign-in refused"

    @property
    def headers(self) -> dict[str, str]:
        """Name the scheme that programs use (RFC 9110 §11.6.1)."""
        return {"WWW-Authenticate": 'Bearer realm="v2x"'}


class AccountError(AccessError):
    """An account cannot be made or changed so."""

    title = "Unusable account"

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class AccountsDownError(AccessError):
    """The database of accounts does not answer."""

    status = 503
    title = "Accounts unavailable"


class UndeclaredRouteError(CloudctlError):
    """A route does not say what it needs."""

    def __init__(self, routes: list[str]) -> None:
        super().__init__(f"these routes declare no permission and are not public: {', '.join(routes)}")
        self.routes = routes


class UnknownRoleError(CloudctlError):
    """The settings give a group a role that people cannot have."""

    def __init__(self, group: str, role: str) -> None:
        super().__init__(f"[access.provider] roles.{group}: {role!r} is no role of people")
        self.group = group
        self.role = role


class OpenAccessError(CloudctlError):
    """Open access was asked for where others could reach it."""

    def __init__(self, host: str) -> None:
        super().__init__(f'[access] mode = "open" needs a loopback address, and [gateway] host is {host!r}')
        self.host = host
