"""Accounts over a real PostgreSQL: the first link, invitations, sign-in, roles, start."""

import asyncio
from pathlib import Path

import pytest
from access_kit import ADDRESS, PASSWORD, World, account_world, fresh_world, link_secret, set_cookie_of
from store_servers import Server, fresh_database

from cloudctl.access.cookies import SESSION_COOKIE
from cloudctl.access.desk import AccountAccess, AccountDesk, Visitor
from cloudctl.access.errors import AccountsDownError, SignInRefusedError
from cloudctl.access.first_link import read_first_link
from cloudctl.access.invitations import FIRST_S, INVITATION_S
from cloudctl.access.roles import Role
from cloudctl.access.starting import accounts_database, run_access
from cloudctl.settings import MapSettings, Settings
from cloudctl.store.migrate import migrate

SIGN_IN = "/api/v1/sign-in"
ME = "/api/v1/me"
NEW_PASSWORD = "seven green lanterns at dusk"
world = fresh_world


def _form(name: str, password: str = PASSWORD) -> dict[str, str]:
    return {"name": name, "password": password}


async def test_the_first_link_makes_an_administrator_once(world: World) -> None:
    secret = link_secret(await world.desk.link_for(None))
    async with world.browser() as browser:
        looked = await browser.post(f"{SIGN_IN}/link", json={"link": secret})
        assert looked.json() == {"name": None}
        body = {"link": secret, "name": "chief", "password": PASSWORD}
        assert (await browser.post(f"{SIGN_IN}/password", json=body)).status_code == 204
        assert (await browser.get(ME)).json()["roles"] == ["administrator"]
        assert (await browser.post(f"{SIGN_IN}/password", json=body | {"name": "second"})).status_code == 401
    assert "first administrator made" in world.trail.actions()


async def test_two_at_once_with_one_link_are_one_administrator(world: World) -> None:
    secret = link_secret(await world.desk.link_for(None))
    tries = [world.desk.accept_link(secret, name, PASSWORD, Visitor("", "")) for name in ("first", "second")]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["SignInRefusedError", "str"]
    assert len(await world.desk.accounts.list_all()) == 1


async def test_a_new_first_link_ends_the_older_one(world: World) -> None:
    older = link_secret(await world.desk.link_for(None))
    await world.desk.link_for(None)
    with pytest.raises(SignInRefusedError):
        await world.desk.look_at_link(older)


async def test_no_first_link_opens_once_there_is_an_administrator(world: World) -> None:
    secret = link_secret(await world.desk.link_for(None))
    await world.person("chief", Role.ADMINISTRATOR)
    with pytest.raises(SignInRefusedError):
        await world.desk.look_at_link(secret)


async def test_links_end_by_themselves(world: World) -> None:
    first = link_secret(await world.desk.link_for(None))
    world.clock.now += FIRST_S + 1
    with pytest.raises(SignInRefusedError):
        await world.desk.look_at_link(first)


async def test_an_invited_person_chooses_the_password_and_no_other_name(world: World) -> None:
    async with await world.signed_in(Role.ADMINISTRATOR) as chief, world.browser() as browser:
        made = await chief.post("/api/v1/users", json={"name": "li.wei", "roles": ["police_viewer"]})
        assert made.status_code == 201, made.text
        link = made.json()["link"]
        assert link.startswith(f"{ADDRESS}/sign-in#link=")
        assert (await browser.post(SIGN_IN, json=_form("li.wei"))).status_code == 401
        body = {"link": link_secret(link), "name": "boss", "password": PASSWORD}
        assert (await browser.post(f"{SIGN_IN}/password", json=body)).status_code == 204
        assert (await browser.get(ME)).json()["id"] == "user:li.wei"
    world.clock.now += INVITATION_S + 1


async def test_a_password_that_breaks_a_rule_leaves_the_link_good(world: World) -> None:
    secret = link_secret(await world.desk.link_for(None))
    async with world.browser() as browser:
        for password in ("short", "aaaaaaaaaaaaaaaa", "abcdefghijklmn", "chief-is-my-name", "x" * 300):
            refused = await browser.post(
                f"{SIGN_IN}/password", json={"link": secret, "name": "chief", "password": password}
            )
            assert refused.status_code == 422, password
            assert refused.headers["content-type"] == "application/problem+json"
    assert (await world.desk.look_at_link(secret)).name is None


async def test_sign_in_gives_a_host_cookie_that_scripts_cannot_read(world: World) -> None:
    await world.person("li.wei", Role.POLICE_VIEWER)
    async with world.browser() as browser:
        answer = await browser.post(SIGN_IN, json=_form("Li.Wei"))
    assert answer.status_code == 204
    attributes = {part.strip().lower() for part in set_cookie_of(answer).split(";")[1:]}
    assert {"path=/", "secure", "httponly", "samesite=strict"} <= attributes
    assert not any(attribute.startswith("domain") for attribute in attributes)


async def test_a_session_planted_beforehand_opens_nothing(world: World) -> None:
    await world.person("li.wei", Role.POLICE_VIEWER)
    async with world.browser() as browser:
        browser.cookies.set(SESSION_COOKIE, "planted", domain="127.0.0.1")
        answer = await browser.post(SIGN_IN, json=_form("li.wei"))
        assert "planted" not in set_cookie_of(answer)
    async with world.browser() as thief:
        thief.cookies.set(SESSION_COOKIE, "planted", domain="127.0.0.1")
        assert (await thief.get(ME)).status_code == 401


async def test_every_sign_in_is_a_session_of_its_own_and_secrets_are_not_stored(world: World) -> None:
    await world.person("li.wei", Role.POLICE_VIEWER)
    secrets = {await world.desk.sign_in("li.wei", PASSWORD, Visitor("", "")) for _ in range(3)}
    assert len(secrets) == 3
    stored = await world.desk.database.fetch(str, "SELECT s::text FROM v2x_access.session s")
    hashes = await world.desk.database.fetch(str, "SELECT password_hash FROM v2x_access.account")
    assert not any(secret in row for secret in secrets for row in stored)
    assert hashes[0].startswith("$argon2id$")


async def test_who_is_unknown_and_whose_password_is_wrong_get_the_same_answer(world: World) -> None:
    await world.person("li.wei", Role.POLICE_VIEWER)
    async with world.browser() as browser:
        unknown = await browser.post(SIGN_IN, json=_form("nobody"))
        wrong = await browser.post(SIGN_IN, json=_form("li.wei", "wrong"))
    assert unknown.status_code == wrong.status_code == 401
    assert unknown.content == wrong.content
    assert world.trail.actions() == ["sign-in refused"] * 2


async def test_a_disabled_account_neither_signs_in_nor_stays_in(world: World) -> None:
    async with (
        await world.signed_in(Role.ADMINISTRATOR) as chief,
        await world.signed_in(Role.POLICE_VIEWER, name="li.wei") as browser,
    ):
        users = {user["name"]: user["id"] for user in (await chief.get("/api/v1/users")).json()}
        change = {"roles": ["police_viewer"], "disabled": True}
        assert (await chief.put(f"/api/v1/users/{users['li.wei']}", json=change)).status_code == 200
        assert (await browser.get(ME)).status_code == 401
        assert (await browser.post(SIGN_IN, json=_form("li.wei"))).status_code == 401


async def test_a_changed_role_holds_at_once_and_is_audited(world: World) -> None:
    async with (
        await world.signed_in(Role.ADMINISTRATOR) as chief,
        await world.signed_in(Role.POLICE_VIEWER, name="li.wei") as browser,
    ):
        assert (await browser.get("/api/v1/devices")).status_code == 403
        users = {user["name"]: user["id"] for user in (await chief.get("/api/v1/users")).json()}
        await chief.put(f"/api/v1/users/{users['li.wei']}", json={"roles": ["police_operator"]})
        assert (await browser.get("/api/v1/devices")).status_code == 200
    changed = [entry for entry in world.trail.entries if entry[1] == "account changed"]
    assert changed == [
        ("user:administrator", "account changed", "user:li.wei", {"roles": [["police_viewer"], ["police_operator"]]})
    ]


async def test_the_last_administrator_stays(world: World) -> None:
    async with await world.signed_in(Role.ADMINISTRATOR) as chief:
        own = (await chief.get("/api/v1/users")).json()[0]["id"]
        for change in ({"roles": ["auditor"]}, {"roles": ["administrator"], "disabled": True}):
            assert (await chief.put(f"/api/v1/users/{own}", json=change)).status_code == 409
        await world.person("deputy", Role.ADMINISTRATOR)
        assert (await chief.put(f"/api/v1/users/{own}", json={"roles": ["auditor"]})).status_code == 200


async def test_no_person_gets_a_role_of_programs_and_no_name_twice(world: World) -> None:
    async with await world.signed_in(Role.ADMINISTRATOR) as chief:
        strange = await chief.post("/api/v1/users", json={"name": "x1", "roles": ["parking_reporter"]})
        taken = await chief.post("/api/v1/users", json={"name": "ADMINISTRATOR", "roles": ["auditor"]})
        nobody = await chief.put(f"/api/v1/users/{'0' * 8}-0000-0000-0000-{'0' * 12}", json={"roles": ["auditor"]})
    assert (strange.status_code, taken.status_code, nobody.status_code) == (422, 409, 404)


@pytest.mark.usefixtures("impatient")
async def test_a_database_that_is_gone_is_said_and_not_taken_for_a_refusal(tmp_path: Path) -> None:
    async with account_world("postgresql://127.0.0.1:1/none?connect_timeout=1", tmp_path) as world:
        async with world.browser() as browser:
            answer = await browser.post(SIGN_IN, json=_form("li.wei"))
        assert answer.status_code == 503
        with pytest.raises(AccountsDownError):
            await world.desk.accounts.list_all()


async def test_the_start_offers_the_first_link_until_there_is_an_administrator(
    plain_postgres: Server, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path, map=MapSettings(file=tmp_path, tiles=tmp_path))
    with fresh_database(plain_postgres.url) as url:
        desk = AccountDesk(accounts_database(url), f"{ADDRESS}/")
        running = asyncio.create_task(run_access(AccountAccess(desk), settings))
        await asyncio.sleep(0.7)  # the tables are made while it waits
        await asyncio.to_thread(migrate, url)
        link = await read_first_link(tmp_path)
        assert link is not None
        assert (tmp_path / "first-administrator-link").stat().st_mode & 0o777 == 0o600
        await desk.accept_link(link_secret(link), "chief", PASSWORD, Visitor("", ""))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        again = asyncio.create_task(run_access(AccountAccess(AccountDesk(accounts_database(url), "/")), settings))
        while (tmp_path / "first-administrator-link").read_text():
            await asyncio.sleep(0.02)
        assert await read_first_link(tmp_path) is None
        again.cancel()
        await asyncio.gather(again, return_exceptions=True)
