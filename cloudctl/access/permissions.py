"""How a route says what it needs: `dependencies=[requires(Permission.SEE_PICTURE)]`, or `[public()]`.

An application whose routes do not all say so does not start (`check_routes`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, cast

from fastapi import Depends, WebSocketException
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute

from cloudctl.access.actor import Actor
from cloudctl.access.errors import AccessError, ForbiddenError, NotSignedInError, UndeclaredRouteError
from cloudctl.access.roles import ROLES, Permission, Role

__all__ = [
    "ROLES",
    "Actor",
    "Authenticator",
    "Closed",
    "CurrentActor",
    "DeclaredRoute",
    "Permission",
    "Role",
    "check_routes",
    "current_actor",
    "declared_routes",
    "find_actor",
    "public",
    "requires",
]

_ACTOR = "v2x.actor"
POLICY_VIOLATION = 1008
PLAIN_PATHS = frozenset({"/openapi.json", "/files", "/js", "/css", "/img", "/vendor"})
"""Served beside the routes that declare: the description of the API, and files without any state."""


class Authenticator(Protocol):
    """Tells who sends a request."""

    async def identify(self, connection: HTTPConnection) -> Actor | None:
        """Give the actor; None where nobody is signed in. Raises AccessError where the credentials are bad."""

    async def still_in(self, actor: Actor) -> bool:
        """Tell whether somebody who was let in before still is: long-lived feeds ask now and then."""


class Closed:
    """Lets nobody in: what an application has that was given no other authenticator."""

    async def identify(self, connection: HTTPConnection) -> Actor | None:
        """Know nobody."""
        del connection
        raise NotSignedInError("this application was made without accounts: Services(access=...) says who gets in")

    async def still_in(self, actor: Actor) -> bool:
        """Keep nobody in."""
        del actor
        return False


async def find_actor(connection: HTTPConnection) -> Actor | None:
    """Give who sends a request, asked once; None where nobody is signed in."""
    if _ACTOR not in connection.scope:
        authenticator = cast("Authenticator", connection.app.state.access)
        connection.scope[_ACTOR] = await authenticator.identify(connection)
    return cast("Actor | None", connection.scope[_ACTOR])


async def current_actor(connection: HTTPConnection) -> Actor:
    """Give who sends a request; raise NotSignedInError where nobody is signed in."""
    actor = await find_actor(connection)
    if actor is None:
        raise NotSignedInError
    return actor


CurrentActor = Annotated[Actor, Depends(current_actor)]
"""Parameter of a route function: who acts. The route must declare its permission all the same."""


@dataclass(frozen=True)
class Requirement:
    """What a route needs; None marks it public."""

    permission: Permission | None

    async def __call__(self, connection: HTTPConnection) -> Actor | None:
        """Give the actor who may; raise NotSignedInError or ForbiddenError, or close a WebSocket."""
        if self.permission is None:
            return None
        try:
            actor = await current_actor(connection)
            if not actor.may(self.permission):
                raise ForbiddenError(actor.id, self.permission)
        except AccessError as fault:
            if connection.scope["type"] == "websocket":
                raise WebSocketException(POLICY_VIOLATION, str(fault)[:100]) from fault
            raise
        return actor


def requires(permission: Permission) -> Any:  # noqa: ANN401  # the type is private to FastAPI
    """Say that a route needs a permission; in `dependencies=[...]`, or in Annotated to get the actor."""
    return Depends(Requirement(permission))


def public() -> Any:  # noqa: ANN401  # the same
    """Say that a route is for everybody."""
    return Depends(Requirement(None))


@dataclass(frozen=True)
class DeclaredRoute:
    """One route as an application serves it, with all that it needs; nothing means public."""

    path: str
    methods: frozenset[str]
    needs: frozenset[Permission]
    websocket: bool = False


def declared_routes(routes: Iterable[BaseRoute]) -> list[DeclaredRoute]:
    """List what the routes of an application need.

    Raises:
        UndeclaredRouteError: a route neither needs a permission nor is public.
    """
    found, silent = [], []
    for context in iter_route_contexts(list(routes)):
        dependant = getattr(context, "dependant", None)
        if dependant is None:
            if str(context.path) not in PLAIN_PATHS:
                silent.append(str(context.path))
            continue
        said = list(_requirements(dependant))
        path, methods = str(context.path), frozenset(context.methods or ())
        if not said:
            silent.append(f"{'/'.join(sorted(methods)) or 'WebSocket'} {path}")
        needs = frozenset(each.permission for each in said if each.permission is not None)
        found.append(DeclaredRoute(path, methods, needs, websocket=not methods))
    if silent:
        raise UndeclaredRouteError(silent)
    return found


def check_routes(routes: Iterable[BaseRoute]) -> None:
    """Raise UndeclaredRouteError where a route does not say what it needs."""
    declared_routes(routes)


def _requirements(dependant: Dependant) -> Iterator[Requirement]:
    if isinstance(dependant.call, Requirement):
        yield dependant.call
    for inner in dependant.dependencies:
        yield from _requirements(inner)
