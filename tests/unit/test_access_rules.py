"""Rules of access that need no database: roles, routes, origins, rates, passwords."""

from dataclasses import replace

import pytest
from access_kit import Clock
from fastapi import APIRouter, FastAPI
from pydantic import ValidationError
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from cloudctl.access.actor import DEMO_ACTOR, Actor
from cloudctl.access.attempts import PATIENCE
from cloudctl.access.errors import AccountError, OpenAccessError, UndeclaredRouteError
from cloudctl.access.models import NewUser
from cloudctl.access.open_access import refuse_open_to_others
from cloudctl.access.origins import Hosts, foreign_origin
from cloudctl.access.passwords import check_password_rules
from cloudctl.access.permissions import check_routes, declared_routes, public, requires
from cloudctl.access.rate_limits import MOST_KEYS, Rate, RateLimiter
from cloudctl.access.roles import PEOPLE, ROLES, Permission, Role

P, R = Permission, Role
ALLOWED = {
    P.SEE_TRAJECTORIES: {R.POLICE_VIEWER, R.POLICE_OPERATOR},
    P.SEE_BUSES: {R.POLICE_VIEWER, R.POLICE_OPERATOR, R.BUS_DISPATCHER},
    P.MANAGE_DEVICES: {R.DEVICE_ADMINISTRATOR},
    P.SEE_DEAD_LETTERS: {R.DEVICE_ADMINISTRATOR},
    P.PUBLISH_EVENT: {R.POLICE_OPERATOR},
    P.HANDLE_INCIDENTS: {R.POLICE_OPERATOR},
    P.OPEN_CORRIDOR: {R.POLICE_OPERATOR},
    P.CONTROL_SIGNALS: {R.POLICE_OPERATOR, R.SIGNAL_ENGINEER},
    P.RUN_EXPERIMENTS: {R.SIGNAL_ENGINEER},
    P.DISPATCH_BUSES: {R.BUS_DISPATCHER},
    P.MANAGE_PERSONAL_DATA: {R.DATA_DESK},
    P.UNMASK: {R.POLICE_OPERATOR, R.DATA_DESK},
    P.READ_AUDIT: {R.AUDITOR},
    P.MANAGE_USERS: {R.ADMINISTRATOR},
    P.REPORT_PARKING: {R.PARKING_REPORTER},
    P.MANAGE_PARKING: {R.POLICE_OPERATOR, R.ADMINISTRATOR},
    P.REQUEST_RIDES: {R.BUS_DISPATCHER, R.RIDE_REQUESTER},
}
"""Written by hand from who does what in a control room."""


@pytest.mark.parametrize("permission", ALLOWED)
def test_what_matters_is_allowed_to_these_roles_and_no_other(permission: Permission) -> None:
    assert {role for role, has in ROLES.items() if permission in has} == ALLOWED[permission]


def test_every_role_is_described_and_every_permission_is_somebodys() -> None:
    assert set(ROLES) == set(Role)
    assert frozenset().union(*ROLES.values()) == set(Permission)


def test_no_program_has_an_account_and_every_person_may_sign_out() -> None:
    assert {R.PICTURE_READER, R.PARKING_REPORTER, R.RIDE_REQUESTER} == set(Role) - PEOPLE


def test_who_watches_cannot_do_what_he_watches() -> None:
    assert ROLES[R.AUDITOR] & {P.UNMASK, P.MANAGE_USERS, P.MANAGE_PERSONAL_DATA, P.SEE_TRAJECTORIES} == set()
    assert ROLES[R.ADMINISTRATOR] & {P.SEE_TRAJECTORIES, P.UNMASK, P.READ_AUDIT, P.MANAGE_PERSONAL_DATA} == set()


def test_roles_add_up_and_nothing_else_does() -> None:
    both = Actor("user:a", "a", frozenset({R.AUDITOR, R.BUS_DISPATCHER}))
    assert both.permissions == ROLES[R.AUDITOR] | ROLES[R.BUS_DISPATCHER]
    assert not Actor("user:b", "b", frozenset()).permissions


def test_a_dispatcher_sees_the_own_lines_and_the_police_all() -> None:
    dispatcher = Actor("user:a", "a", frozenset({R.BUS_DISPATCHER}), lines=frozenset({"7"}))
    assert [dispatcher.sees_line(line) for line in ("7", "8", "")] == [True, False, False]
    police = replace(dispatcher, roles=frozenset({R.POLICE_VIEWER, R.BUS_DISPATCHER}))
    assert police.sees_line("8")
    assert not police.dispatches_line("8")
    assert not replace(dispatcher, roles=frozenset({R.AUDITOR})).sees_line("7")


def test_districts_bind_who_has_some() -> None:
    actor = Actor("user:a", "a", frozenset(), districts=frozenset({"yuelu"}))
    assert [actor.in_district(name) for name in ("yuelu", "tianxin", "")] == [True, False, True]
    assert replace(actor, districts=frozenset({"*"})).in_district("tianxin")
    assert not replace(actor, districts=frozenset()).in_district("tianxin")


def test_the_demo_manages_no_accounts() -> None:
    assert not DEMO_ACTOR.may(P.MANAGE_USERS)
    assert DEMO_ACTOR.may(P.PUBLISH_EVENT)


async def _nothing() -> None:
    """Answer nothing."""


def test_an_application_with_a_silent_route_does_not_start() -> None:
    app, router = FastAPI(openapi_url=None), APIRouter(prefix="/b")
    router.add_api_route("/declared", _nothing, dependencies=[requires(P.EXPORT)])
    router.add_api_route("/forgotten", _nothing, methods=["POST"])
    app.include_router(router)
    app.add_api_route("/open", _nothing, dependencies=[public()])
    with pytest.raises(UndeclaredRouteError, match="POST /b/forgotten") as refused:
        check_routes(app.routes)
    assert refused.value.routes == ["POST /b/forgotten"]


def test_a_plain_route_beside_the_framework_is_noticed() -> None:
    app = FastAPI(openapi_url=None)
    app.router.routes.append(Route("/hidden", PlainTextResponse("x")))
    with pytest.raises(UndeclaredRouteError, match="/hidden"):
        check_routes(app.routes)


def test_what_a_router_needs_its_routes_need_and_public_does_not_weaken_it() -> None:
    app, router = FastAPI(openapi_url=None), APIRouter(dependencies=[requires(P.SEE_PICTURE)])
    router.add_api_route("/x", _nothing, dependencies=[requires(P.EXPORT), public()])
    app.include_router(router)
    [route] = declared_routes(app.routes)
    assert route.needs == {P.SEE_PICTURE, P.EXPORT}


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "127.3.2.1", "localhost"])
def test_open_access_is_for_this_machine(host: str) -> None:
    refuse_open_to_others(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "gateway.example", ""])  # noqa: S104  # refused here
def test_open_access_is_for_nobody_else(host: str) -> None:
    with pytest.raises(OpenAccessError) as refused:
        refuse_open_to_others(host)
    assert refused.value.host == host


@pytest.mark.parametrize(
    ("headers", "foreign"),
    [
        ({}, None),
        ({"host": "a:1", "origin": "http://a:1"}, None),
        ({"host": "a:1", "origin": "https://A:1", "sec-fetch-site": "same-origin"}, None),
        ({"host": "a:1", "sec-fetch-site": "none"}, None),
        ({"host": "a:1", "origin": "http://a:2"}, "http://a:2"),
        ({"host": "a:1", "origin": "null"}, "null"),
        ({"origin": "http://a:1"}, "http://a:1"),
        ({"host": "a:1", "sec-fetch-site": "cross-site"}, "cross-site"),
        ({"host": "a:1", "sec-fetch-site": "same-site"}, "same-site"),
        ({"host": "a:1", "origin": "http://a:1", "sec-fetch-site": "cross-site"}, "http://a:1"),
    ],
)
def test_a_page_of_another_site_is_known_by_what_browsers_send(headers: dict[str, str], foreign: str | None) -> None:
    assert foreign_origin(headers) == foreign


@pytest.mark.parametrize("host", ["a.example", "A.EXAMPLE:80", "a.example.", "10.0.0.1:8765", "[::1]", "localhost:1"])
def test_own_names_and_addresses_in_digits_are_known(host: str) -> None:
    assert Hosts("a.example", "").knows(host)


@pytest.mark.parametrize("host", [None, "", "b.example", "a.example.b", "10.0.0.1.b", "[::1", "a.example@b"])
def test_other_names_are_not(host: str | None) -> None:
    assert not Hosts("a.example", "").knows(host)


def test_a_bucket_gives_a_burst_and_then_so_many_a_second() -> None:
    clock = Clock(0.0)
    limiter = RateLimiter(Rate(per_second=2.0, burst=3), clock)
    assert [limiter.take("a") for _ in range(3)] == [0, 0, 0]
    assert limiter.take("a") == pytest.approx(0.5)
    assert limiter.take("b") == 0
    clock.now = 0.5
    assert limiter.take("a") == 0
    assert limiter.take("a") > 0
    clock.now = 100.0
    assert [limiter.take("a") > 0 for _ in range(4)] == [False, False, False, True]


def test_a_flood_of_addresses_does_not_grow_without_end() -> None:
    limiter = RateLimiter(Rate(1.0, 1), Clock(0.0))
    for number in range(MOST_KEYS + 50):
        limiter.take(str(number))
    assert len(limiter._buckets) == MOST_KEYS


@pytest.mark.parametrize(
    "password", ["correct horse battery staple", "七只绿灯笼挂在黄昏的桥头", "x9!kQ2#vLm7z", "e" * 5 + "pqrs tuvw"]
)
def test_length_counts_and_composition_does_not(password: str) -> None:
    check_password_rules(password, "li.wei")


@pytest.mark.parametrize(
    "password",
    [
        "elevenchars",
        "a" * 40,
        "abababababab",
        "123456789012",
        "qwertyuiopas",
        "lkjhgfdsapoi",
        "li.wei-li.wei-1",
        "x" * 257,
    ],
)
def test_what_is_short_or_easily_guessed_is_refused(password: str) -> None:
    with pytest.raises(AccountError) as refused:
        check_password_rules(password, "li.wei")
    assert refused.value.status == 422
    assert password not in str(refused.value)


def test_the_wait_doubles_from_a_second_to_its_longest() -> None:
    pair = PATIENCE["pair"]
    assert [pair.wait(failures) for failures in (0, 4, 5, 6, 7, 100)] == [0, 0, 1, 2, 4, 900]


def test_names_hold_no_marks_that_could_deceive() -> None:
    for name in ("li.wei", "王伟", "a@b.cn", "x-1"):
        assert NewUser(name=name, roles=[Role.AUDITOR]).name == name
    for name in ("a", "a b", "a\u202eb", "a/b", "a<b", "x" * 65):
        with pytest.raises(ValidationError):
            NewUser(name=name, roles=[Role.AUDITOR])
