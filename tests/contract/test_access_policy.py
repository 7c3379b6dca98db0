"""Every route and method for every role: the table of declarations is what really happens, and a few rows by hand."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import gateway_samples as sample
import httpx
import pytest
import schemathesis
from access_kit import START, Trail, services_with
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation.case import Case
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.requests import HTTPConnection
from starlette.types import Message

from cloudctl.access.actor import Actor
from cloudctl.access.permissions import DeclaredRoute, declared_routes
from cloudctl.access.roles import ROLES, Permission, Role
from cloudctl.api.app import make_app

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
NOBODY = "nobody"
EVERYBODY = [NOBODY, *Role]
FILLED = "00000000-0000-4000-8000-000000000000"
EXAMPLES = 2
Operation = APIOperation[Any, Any, Any, Any]
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
BY_HAND: dict[tuple[str, str], set[Role]] = {
    ("GET", "/api/v1/tracks"): {Role.POLICE_VIEWER, Role.POLICE_OPERATOR},
    ("GET", "/api/v1/links"): set(Role) - {Role.AUDITOR, Role.ADMINISTRATOR, Role.PARKING_REPORTER}
    | {Role.AUDITOR, Role.ADMINISTRATOR},
    ("GET", "/api/v1/signals"): {
        Role.POLICE_VIEWER, Role.POLICE_OPERATOR, Role.SIGNAL_ENGINEER, Role.BUS_DISPATCHER,
        Role.DEVICE_ADMINISTRATOR, Role.DATA_DESK, Role.PICTURE_READER,
    },
    ("GET", "/api/v1/devices"): {
        Role.POLICE_OPERATOR, Role.SIGNAL_ENGINEER, Role.DEVICE_ADMINISTRATOR, Role.DATA_DESK,
    },
    ("GET", "/api/v1/users"): {Role.ADMINISTRATOR},
    ("POST", "/api/v1/users"): {Role.ADMINISTRATOR},
    ("DELETE", "/api/v1/tokens/{token}"): {Role.ADMINISTRATOR},
    ("POST", "/api/v1/sign-out"): set(Role) - {Role.PICTURE_READER, Role.PARKING_REPORTER, Role.RIDE_REQUESTER},
}  # fmt: skip


class ByHeader:
    """Takes the role from a header: who has proved which role is the business of other tests."""

    async def identify(self, connection: HTTPConnection) -> Actor | None:
        name = connection.headers.get("x-role", NOBODY)
        roles = frozenset({Role(name)} if name != NOBODY else set[Role]())
        return None if not roles else Actor(f"user:{name}", name, roles, lines=frozenset({"7"}))

    async def still_in(self, actor: Actor) -> bool:
        return actor.may(Permission.SEE_PICTURE)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    tiles = tmp_path_factory.mktemp("tiles") / "base.pmtiles"
    tiles.write_bytes(b"tiles")
    return make_app(services_with(ByHeader(), Trail(), sample.filled_state(START)), tiles)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as made:
        yield made


def _filled(path: str) -> str:
    return "/".join(FILLED if part.startswith("{") else part for part in path.split("/"))


def _allowed(route: DeclaredRoute, role: str) -> bool:
    return not route.needs or (role != NOBODY and route.needs <= ROLES[Role(role)])


@dataclass(frozen=True)
class Request:
    """One request and whether it may pass."""

    method: str
    path: str
    role: str
    allowed: bool | None
    """None where the path knows no such method."""


def _cases(app: FastAPI, role: str) -> list[Request]:
    routes = [route for route in declared_routes(app.routes) if not route.websocket]
    found = []
    for path in sorted({route.path for route in routes}):
        by_method = {method: route for route in routes if route.path == path for method in route.methods}
        for method in METHODS:
            route = by_method.get(method)
            found.append(Request(method, path, role, None if route is None else _allowed(route, role)))
    return found


@pytest.mark.parametrize("role", EVERYBODY)
async def test_every_route_and_method_lets_in_whom_it_declares_and_nobody_else(app: FastAPI, role: str) -> None:
    wrong = []
    for number, case in enumerate(_cases(app, role)):
        # an address of its own each time: how often one may ask is the business of another test
        transport = httpx.ASGITransport(
            app, raise_app_exceptions=False, client=(f"192.0.{number // 250}.{number % 250}", 1)
        )
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            body: dict[str, str] | None = None if case.method in {"GET", "HEAD"} else {}
            answer = await client.request(case.method, _filled(case.path), headers={"x-role": role}, json=body)
        refused = answer.status_code in {401, 403}
        if case.allowed is None:
            right = answer.status_code in {404, 405}
        elif case.allowed:
            right = not refused and answer.status_code != 500
        else:
            right = answer.status_code == (401 if role == NOBODY else 403)
            right = right and (case.method == "HEAD" or answer.json()["status"] == answer.status_code)
        # a route where one proves oneself answers 401 to everybody without proof
        proving = case.path.startswith("/api/v1/sign-in")
        if not right and not (proving and case.allowed):
            wrong.append((case, answer.status_code))
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize("row", BY_HAND)
def test_the_declared_table_is_the_one_written_by_hand(app: FastAPI, row: tuple[str, str]) -> None:
    method, path = row
    [route] = [each for each in declared_routes(app.routes) if each.path == path and method in each.methods]
    assert {role for role in Role if _allowed(route, role)} == BY_HAND[row]
    assert not _allowed(route, NOBODY)


def test_what_is_public_is_this_and_nothing_else(app: FastAPI) -> None:
    assert {route.path for route in declared_routes(app.routes) if not route.needs} == {
        "/", "/account", "/sign-in", "/healthz", "/readyz", "/metrics",
        "/api/v1/sign-in", "/api/v1/sign-in/link", "/api/v1/sign-in/password",
        "/api/v1/sign-in/provider", "/api/v1/sign-in/provider/callback",
    }  # fmt: skip


def test_nothing_that_changes_something_is_public_but_signing_in(app: FastAPI) -> None:
    changing = {r.path for r in declared_routes(app.routes) if not r.needs and r.methods - {"GET", "HEAD"}}
    assert changing == {"/api/v1/sign-in", "/api/v1/sign-in/link", "/api/v1/sign-in/password"}


@pytest.mark.parametrize("role", EVERYBODY)
async def test_every_socket_opens_for_whom_it_declares_and_nobody_else(app: FastAPI, role: str) -> None:
    for route in declared_routes(app.routes):
        if route.websocket:
            refused = await _refused(app, _filled(route.path), role)
            assert refused is not _allowed(route, role), route.path


async def _refused(app: FastAPI, path: str, role: str) -> bool:
    said: list[Message] = []
    heard = iter([{"type": "websocket.connect"}])

    async def receive() -> Message:
        return next(heard, {"type": "websocket.disconnect", "code": 1000})

    async def send(message: Message) -> None:
        said.append(message)

    headers = [(b"host", b"127.0.0.1"), (b"x-role", role.encode())]
    await app(
        {
            "type": "websocket", "asgi": {"version": "3.0"}, "path": path, "raw_path": path.encode(), "root_path": "",
            "query_string": b"", "scheme": "ws", "headers": headers, "client": ("127.0.0.1", 1), "subprotocols": [],
            "state": {}, "extensions": {},
        },
        receive, send,
    )  # fmt: skip
    reason = str(said[0].get("reason", ""))
    return said[0]["type"] == "websocket.close" and reason.startswith(("this needs the permission", "sign in"))


async def test_the_description_names_roles_and_refusals_of_every_operation(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    document = (await client.get("/openapi.json")).json()
    for route in declared_routes(app.routes):
        for method in route.methods & {"GET", "POST", "PUT", "PATCH", "DELETE"}:
            operation = document["paths"].get(route.path, {}).get(method.lower())
            if operation is None or not route.needs:
                continue
            assert {"401", "403", "421", "429", "503"} <= operation["responses"].keys(), route.path
            assert set(operation["x-roles"]) == {role for role in Role if _allowed(route, role)}
    assert set(document["components"]["securitySchemes"]) == {"token", "session"}


@pytest.mark.parametrize("role", EVERYBODY)
def test_no_server_error_and_no_undocumented_answer(app: FastAPI, role: str) -> None:
    faults: list[str] = []
    for result in schemathesis.openapi.from_asgi("/openapi.json", app).get_all_operations():
        assert isinstance(result, Ok)
        _try_operation(result.ok(), role, faults)
    assert not faults, "\n".join(faults)


def _try_operation(operation: Operation, role: str, faults: list[str]) -> None:
    @settings(
        max_examples=EXAMPLES if _may_call(operation, role) else 1,
        database=None, deadline=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(operation.as_strategy())
    def check(case: Case[Operation]) -> None:
        answer = case.call(headers={"x-role": role})
        try:
            case.validate_response(answer, checks=CHECKS)
        except (schemathesis.errors.SchemathesisError, FailureGroup, Failure) as fault:
            faults.append(f"{operation.label} as {role}: {answer.status_code}: {' '.join(str(fault).split())[:300]}")
        if answer.status_code == 500:
            faults.append(f"{operation.label} as {role}: {answer.status_code}")

    check()


def _may_call(operation: Operation, role: str) -> bool:
    raw = operation.definition.raw
    return "x-roles" not in raw or role in raw["x-roles"]
