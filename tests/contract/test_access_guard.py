"""What stands before all routes: host names, origins, rates; and the application with open access."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from access_kit import Clock, Trail, services_with
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from cloudctl.access.cookies import SESSION_COOKIE
from cloudctl.access.open_access import OpenAccess
from cloudctl.access.origins import Hosts
from cloudctl.access.permissions import Closed
from cloudctl.api.app import make_app
from cloudctl.api.guard import REQUESTS, SIGN_INS, Guard

OURS = "http://127.0.0.1"
EVIL = {"Origin": "http://evil.example"}


class Inside:
    """An application that counts who comes through."""

    def __init__(self) -> None:
        self.reached = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.reached += 1
        if scope["type"] == "http":
            await PlainTextResponse("inside")(scope, receive, send)


def _client(app: Guard, address: str = "192.0.2.1") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, client=(address, 1)), base_url=OURS)


async def test_one_address_too_often_is_told_when_to_come_back_and_others_are_not_held_up() -> None:
    clock, reasons, inside = Clock(0.0), list[str](), Inside()
    guard = Guard(inside, None, clock, reasons.append)
    async with _client(guard) as busy, _client(guard, "192.0.2.2") as other:
        answers = [await busy.get("/x") for _ in range(REQUESTS.burst + 1)]
        assert answers[-2].status_code == 200
        assert answers[-1].status_code == 429
        assert answers[-1].headers["retry-after"] == "1"
        assert answers[-1].headers["content-type"] == "application/problem+json"
        assert (await other.get("/x")).status_code == 200
        clock.now = 1.0
        assert (await busy.get("/x")).status_code == 200
    assert reasons == ["TooManyAttempts"]
    assert inside.reached == REQUESTS.burst + 2


async def test_signing_in_is_slower_than_the_rest() -> None:
    guard = Guard(Inside(), None, Clock(0.0), lambda _: None)
    async with _client(guard) as client:
        answers = [await client.post("/api/v1/sign-in/password") for _ in range(SIGN_INS.burst + 1)]
        assert [answer.status_code for answer in answers] == [200] * SIGN_INS.burst + [429]
        assert (await client.get("/api/v1/sign-in")).status_code == 200
        assert (await client.post("/api/v1/links")).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "CONNECT", "ODD"])
async def test_no_unsafe_method_comes_from_another_site(method: str) -> None:
    inside = Inside()
    async with _client(Guard(inside, None, Clock(), lambda _: None)) as client:
        assert (await client.request(method, "/x", headers=EVIL)).status_code == 403
        assert (await client.request(method, "/x", headers={"Cookie": f"{SESSION_COOKIE}=x"})).status_code == 403
        assert inside.reached == 0
        assert (await client.request(method, "/x", headers={"Origin": OURS})).status_code == 200
        assert (await client.request(method, "/x")).status_code == 200


async def test_a_socket_of_another_site_or_for_another_host_is_closed_before_it_opens() -> None:
    for headers in ([(b"host", b"127.0.0.1"), (b"origin", b"http://evil.example")], [(b"host", b"evil.example")]):
        said: list[Message] = []
        inside = Inside()

        async def receive() -> Message:
            return {"type": "websocket.connect"}

        async def send(message: Message, said: list[Message] = said) -> None:
            said.append(message)

        scope = {"type": "websocket", "path": "/api/v1/live", "headers": headers, "client": ("192.0.2.1", 1)}
        await Guard(inside, Hosts(), Clock(), lambda _: None)(scope, receive, send)
        assert [message["type"] for message in said] == ["websocket.close"]
        assert inside.reached == 0


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = make_app(services_with(OpenAccess(), Trail()), tmp_path / "none.pmtiles", hosts=Hosts())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=OURS) as client:
        yield client


async def test_the_demo_says_that_it_is_open_and_whom_everybody_is(demo: httpx.AsyncClient) -> None:
    me = (await demo.get("/api/v1/me")).json()
    assert (me["mode"], me["id"]) == ("open", "demo")
    assert "publish_event" in me["permissions"]
    assert (await demo.get("/api/v1/sign-in")).json() == {"mode": "open", "provider": None}


async def test_the_demo_has_no_accounts_and_still_turns_other_sites_away(demo: httpx.AsyncClient) -> None:
    assert (await demo.post("/api/v1/sign-in", json={"name": "a", "password": "b"})).status_code == 409
    assert (await demo.get("/api/v1/users")).status_code == 403
    assert (await demo.post("/api/v1/live/ticket", headers=EVIL)).status_code == 403
    assert (await demo.post("/api/v1/live/ticket")).status_code == 409
    assert (await demo.get("/api/v1/links", headers={"Host": "rebound.example"})).status_code == 421


async def test_answers_of_the_api_stay_in_no_cache(demo: httpx.AsyncClient) -> None:
    assert (await demo.get("/api/v1/me")).headers["cache-control"] == "no-store"
    assert (await demo.get("/api/v1/network")).headers["cache-control"] == "no-cache"


async def test_an_application_that_was_given_nobody_lets_nobody_in(tmp_path: Path) -> None:
    app = make_app(services_with(Closed(), Trail()), tmp_path / "none.pmtiles")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=OURS) as client:
        assert (await client.get("/api/v1/links")).status_code == 401
        assert (await client.get("/healthz")).status_code == 200


async def test_a_refusal_is_noted_with_who_what_and_where(tmp_path: Path) -> None:
    trail = Trail()
    app = make_app(services_with(OpenAccess(), trail), tmp_path / "none.pmtiles")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=OURS) as client:
        await client.get("/api/v1/users")
    assert trail.entries == [("demo", "refused", "/api/v1/users", {"permission": "manage_users", "method": "GET"})]
