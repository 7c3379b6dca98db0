"""What keeps somebody in over a real PostgreSQL: sessions, tokens, tickets; and what keeps others out."""

import pytest
from access_kit import PASSWORD, World, fresh_world

from cloudctl.access.attempts import FORGET_S
from cloudctl.access.cookies import SESSION_COOKIE
from cloudctl.access.desk import AccountAccess, Visitor
from cloudctl.access.errors import SignInRefusedError, TooManyAttemptsError
from cloudctl.access.roles import Role
from cloudctl.access.sessions import IDLE_S, LONGEST_S, SEEN_EVERY_S, TICKET_S

SIGN_IN = "/api/v1/sign-in"
ME = "/api/v1/me"
NEW_PASSWORD = "seven green lanterns at dusk"
world = fresh_world


def _form(name: str, password: str = PASSWORD) -> dict[str, str]:
    return {"name": name, "password": password}


async def test_a_session_ends_when_idle_and_lives_on_when_used(world: World) -> None:
    async with await world.signed_in(Role.POLICE_VIEWER) as browser:
        for _ in range(3):
            world.clock.now += IDLE_S - 1
            assert (await browser.get(ME)).status_code == 200
        world.clock.now += IDLE_S + SEEN_EVERY_S
        assert (await browser.get(ME)).status_code == 401


async def test_a_session_ends_after_half_a_day_however_busy(world: World) -> None:
    async with await world.signed_in(Role.POLICE_VIEWER) as browser:
        until = world.clock.now + LONGEST_S
        while world.clock.now + IDLE_S < until:
            world.clock.now += IDLE_S - 60
            assert (await browser.get(ME)).status_code == 200
        world.clock.now = until + 1
        assert (await browser.get(ME)).status_code == 401


async def test_signing_out_ends_this_session_and_everywhere_all(world: World) -> None:
    async with await world.signed_in(Role.POLICE_VIEWER, name="li.wei") as one, world.browser() as two:
        await two.post(SIGN_IN, json=_form("li.wei"))
        assert len((await two.get(f"{ME}/sessions")).json()) == 2
        assert (await one.post("/api/v1/sign-out")).status_code == 204
        assert (await one.get(ME)).status_code == 401
        assert (await two.get(ME)).status_code == 200
        await one.post(SIGN_IN, json=_form("li.wei"))
        assert (await two.post("/api/v1/sign-out/everywhere")).status_code == 204
        assert [(await each.get(ME)).status_code for each in (one, two)] == [401, 401]


async def test_only_own_sessions_are_seen_and_ended(world: World) -> None:
    async with (
        await world.signed_in(Role.POLICE_VIEWER, name="li.wei") as one,
        await world.signed_in(Role.POLICE_VIEWER, name="wang") as other,
    ):
        [own] = (await one.get(f"{ME}/sessions")).json()
        assert own["current"] is True
        assert (await other.delete(f"{ME}/sessions/{own['id']}")).status_code == 404
        assert (await one.delete(f"{ME}/sessions/{own['id']}")).status_code == 204
        assert (await one.get(ME)).status_code == 401


async def test_a_new_password_ends_the_other_sessions(world: World) -> None:
    async with await world.signed_in(Role.POLICE_VIEWER, name="li.wei") as one, world.browser() as two:
        await two.post(SIGN_IN, json=_form("li.wei"))
        wrong = await one.put(f"{ME}/password", json={"old": "wrong", "new": NEW_PASSWORD})
        assert wrong.status_code == 401
        done = await one.put(f"{ME}/password", json={"old": PASSWORD, "new": NEW_PASSWORD})
        assert done.status_code == 204
        assert [(await each.get(ME)).status_code for each in (one, two)] == [200, 401]
        assert (await two.post(SIGN_IN, json=_form("li.wei"))).status_code == 401
        assert (await two.post(SIGN_IN, json=_form("li.wei", NEW_PASSWORD))).status_code == 204


async def test_failures_from_one_address_make_the_wait_grow(world: World) -> None:
    await world.person("li.wei", Role.POLICE_VIEWER)
    here = Visitor("198.51.100.7", "")
    for _ in range(5):
        with pytest.raises(SignInRefusedError):
            await world.desk.sign_in("li.wei", "wrong", here)
    waits = []
    for _ in range(12):
        with pytest.raises(TooManyAttemptsError) as refused:
            await world.desk.sign_in("li.wei", PASSWORD, here)
        waits.append(refused.value.retry_after)
        world.clock.now += refused.value.retry_after + 0.01
        with pytest.raises(SignInRefusedError):
            await world.desk.sign_in("li.wei", "wrong", here)
    assert waits[:4] == pytest.approx([1, 2, 4, 8])
    assert max(waits) == pytest.approx(900)
    world.clock.now += FORGET_S
    assert await world.desk.sign_in("li.wei", PASSWORD, here)


async def test_a_stranger_who_fails_does_not_lock_the_owner_out(world: World) -> None:
    await world.person("li.wei", Role.POLICE_VIEWER)
    for number in range(60):
        try:
            await world.desk.sign_in("li.wei", "wrong", Visitor(f"203.0.113.{number}", ""))
        except (SignInRefusedError, TooManyAttemptsError):
            world.clock.now += 1
    world.clock.now += 30
    assert await world.desk.sign_in("li.wei", PASSWORD, Visitor("192.0.2.50", ""))


async def test_an_address_that_tries_many_names_waits(world: World) -> None:
    here = Visitor("198.51.100.9", "")
    for number in range(30):
        with pytest.raises(SignInRefusedError):
            await world.desk.sign_in(f"name{number}", "wrong", here)
    with pytest.raises(TooManyAttemptsError):
        await world.desk.sign_in("another", "wrong", here)


async def test_a_lock_out_is_said_with_the_time_to_come_back(world: World) -> None:
    async with world.browser() as browser:
        answers = [await browser.post(SIGN_IN, json=_form("li.wei", "wrong")) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) >= 1


async def test_a_token_acts_in_its_roles_and_lines_until_it_is_over(world: World) -> None:
    async with await world.signed_in(Role.ADMINISTRATOR) as chief:
        wish = {"name": "dispatch", "roles": ["bus_dispatcher"], "lines": ["7"], "days": 1}
        token = (await chief.post("/api/v1/tokens", json=wish)).json()["token"]
        assert token.startswith("v2x_")
        [listed] = (await chief.get("/api/v1/tokens")).json()
        assert "hash" not in listed
        assert token not in str(listed)
    async with world.program(token) as program:
        assert (await program.get("/api/v1/links")).status_code == 200
        assert (await program.get("/api/v1/tracks")).status_code == 403
        assert (await program.get(ME)).status_code == 403
        actor = await world.desk.tokens.find_actor(token, world.clock())
        assert actor is not None
        assert (actor.sees_line("7"), actor.sees_line("8")) == (True, False)
        world.clock.now += 86_401
        assert (await program.get("/api/v1/links")).status_code == 401


async def test_a_token_never_manages_accounts(world: World) -> None:
    async with await world.signed_in(Role.ADMINISTRATOR) as chief:
        wish = {"name": "robot", "roles": ["administrator"]}
        token = (await chief.post("/api/v1/tokens", json=wish)).json()["token"]
    async with world.program(token) as program:
        assert (await program.get("/api/v1/users")).status_code == 403
        assert (await program.post("/api/v1/tokens", json=wish)).status_code == 403


async def test_a_revoked_token_opens_nothing(world: World) -> None:
    async with await world.signed_in(Role.ADMINISTRATOR) as chief:
        token = (await chief.post("/api/v1/tokens", json={"name": "gis", "roles": ["picture_reader"]})).json()["token"]
        [listed] = (await chief.get("/api/v1/tokens")).json()
        assert (await chief.delete(f"/api/v1/tokens/{listed['id']}")).status_code == 204
        assert (await chief.delete(f"/api/v1/tokens/{listed['id']}")).status_code == 404
    async with world.program(token) as program:
        answer = await program.get("/api/v1/links")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["Bearer", "Bearer x", "Basic eDp5", "Bearer v2x_unknown"])
async def test_a_bad_token_is_refused_though_the_browser_is_signed_in(world: World, header: str) -> None:
    async with await world.signed_in(Role.POLICE_VIEWER) as browser:
        answer = await browser.get("/api/v1/links", headers={"Authorization": header})
    assert answer.status_code == 401


async def test_a_ticket_opens_once_for_its_own_session_and_not_for_long(world: World) -> None:
    async with await world.signed_in(Role.POLICE_VIEWER, name="li.wei") as browser:
        me = (await browser.get(ME)).json()["session"]
        tickets = [(await browser.post("/api/v1/live/ticket")).json()["ticket"] for _ in range(3)]
    sessions, now = world.desk.sessions, world.clock()
    other = await world.desk.sign_in("li.wei", PASSWORD, Visitor("", ""))
    actor = await sessions.find_actor(other, now)
    assert actor is not None
    assert await sessions.use_ticket(tickets[0], actor.session, now) is False
    assert await sessions.use_ticket(tickets[1], me, now) is True
    assert await sessions.use_ticket(tickets[1], me, now) is False
    assert await sessions.use_ticket(tickets[2], me, now + TICKET_S + 1) is False


async def test_a_feed_is_told_when_its_session_or_token_is_over(world: World) -> None:
    access = AccountAccess(world.desk)
    async with await world.signed_in(Role.ADMINISTRATOR) as chief:
        token = (await chief.post("/api/v1/tokens", json={"name": "gis", "roles": ["picture_reader"]})).json()["token"]
        person = await world.desk.sessions.find_actor(str(chief.cookies[SESSION_COOKIE]), world.clock())
        program = await world.desk.tokens.find_actor(token, world.clock())
        assert person is not None
        assert program is not None
        assert [await access.still_in(each) for each in (person, program)] == [True, True]
        [listed] = (await chief.get("/api/v1/tokens")).json()
        await chief.delete(f"/api/v1/tokens/{listed['id']}")
        await chief.post("/api/v1/sign-out")
        assert [await access.still_in(each) for each in (person, program)] == [False, False]


async def test_a_request_of_another_site_changes_nothing(world: World) -> None:
    async with await world.signed_in(Role.POLICE_VIEWER) as browser:
        for headers in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ):
            answer = await browser.post("/api/v1/sign-out", headers=headers)
            assert answer.status_code == 403, headers
        del browser.headers["origin"], browser.headers["sec-fetch-site"]
        assert (await browser.post("/api/v1/sign-out")).status_code == 403
        assert (await browser.get(ME)).status_code == 200


async def test_only_our_own_host_names_are_answered(world: World) -> None:
    async with world.browser() as browser:
        known = {"gateway.example", "127.0.0.1:8765", "localhost", "[::1]:80", "192.0.2.7", "GATEWAY.example.:8080"}
        strange = {"evil.example", "127.0.0.1.evil.example", "", "gateway.example.evil"}
        for host in known | strange:
            answer = await browser.get("/healthz", headers={"Host": host})
            assert answer.status_code == (200 if host in known else 421), host
