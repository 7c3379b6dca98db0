"""An application with real accounts in a real database, a settable clock, and people of every role."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import gateway_samples as sample
import httpx
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI

from cloudctl.access.accounts import Profile
from cloudctl.access.actor import DEMO_ACTOR, Actor
from cloudctl.access.cookies import SESSION_COOKIE
from cloudctl.access.desk import AccountAccess, AccountDesk, Visitor
from cloudctl.access.open_access import OpenAccess
from cloudctl.access.origins import Hosts
from cloudctl.access.passwords import Passwords
from cloudctl.access.permissions import Authenticator
from cloudctl.access.roles import Role
from cloudctl.access.starting import accounts_database
from cloudctl.api.app import make_app
from cloudctl.api.doors import Doors
from cloudctl.api.history import TrailPoint
from cloudctl.api.hub import Hub
from cloudctl.api.live_state import LiveState
from cloudctl.api.measures import Measures
from cloudctl.api.network_tables import NetworkTables
from cloudctl.api.services import Services
from cloudctl.database import Database

ADDRESS = "https://127.0.0.1"
PASSWORD = "correct horse battery staple"
START = 1_790_000_000.0
OUR_PAGE = {"Origin": ADDRESS, "Sec-Fetch-Site": "same-origin"}


@dataclass
class Door(OpenAccess):
    """Lets everybody in as one actor, who may be changed."""

    actor: Actor = DEMO_ACTOR

    async def identify(self, connection: object) -> Actor:
        del connection
        return self.actor


class NoHistory:
    """A store without trails."""

    async def reachable(self) -> bool:
        return True

    async def list_trail(self, track_id: int, start: float, end: float, most: int) -> list[TrailPoint]:
        del track_id, start, end, most
        return []


@dataclass
class Trail:
    """An audit trail in memory."""

    entries: list[tuple[str, str, str, dict[str, object]]] = field(default_factory=list)

    async def record(self, actor: str, action: str, thing: str, detail: Mapping[str, object] | None = None) -> None:
        self.entries.append((actor, action, thing, dict(detail or {})))

    async def record_look(self, actor: str, purpose: str, what: Mapping[str, object]) -> None:
        self.entries.append((actor, "look", purpose, dict(what)))

    def actions(self) -> list[str]:
        return [action for _, action, _, _ in self.entries]


@dataclass
class Clock:
    """A clock that is set by hand."""

    now: float = START

    def __call__(self) -> float:
        return self.now


def services_with(access: Authenticator, trail: Trail, state: LiveState | None = None) -> Services:
    """Make services over a small network."""
    state, measures = state or LiveState(), Measures()
    tables = NetworkTables(sample.network())
    return Services(state, Hub(state, measures), measures, tables, NoHistory(), Doors(), access=access, audit=trail)


@dataclass
class World:
    """One gateway with accounts."""

    app: FastAPI
    desk: AccountDesk
    clock: Clock
    trail: Trail

    def browser(self, address: str = "192.0.2.1") -> httpx.AsyncClient:
        """A browser on our own page, at an address."""
        transport = httpx.ASGITransport(self.app, client=(address, 50_000))
        return httpx.AsyncClient(transport=transport, base_url=ADDRESS, headers=OUR_PAGE)

    def program(self, token: str = "") -> httpx.AsyncClient:
        """A program, which sends no Origin."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=ADDRESS, headers=headers)

    async def person(self, name: str, *roles: Role, lines: tuple[str, ...] = ()) -> None:
        """Make an account with the password of all tests."""
        profile = Profile("", frozenset(roles), lines=lines)
        account = await self.desk.accounts.add(name, profile, self.clock())
        await self.desk.accounts.set_password(account.id, await self.desk.passwords.hashed(PASSWORD))

    async def signed_in(self, *roles: Role, name: str = "") -> httpx.AsyncClient:
        """A browser in which somebody of these roles is signed in."""
        who = name or "-".join(roles)
        await self.person(who, *roles)
        secret = await self.desk.sign_in(who, PASSWORD, Visitor("192.0.2.9", "test"))
        browser = self.browser()
        browser.cookies.set(SESSION_COOKIE, secret, domain="127.0.0.1")
        return browser


@asynccontextmanager
async def account_world(database_url: str, folder: Path) -> AsyncIterator[World]:
    """Run a gateway with accounts in a migrated database."""
    clock, trail = Clock(), Trail()
    # as weak as it gets: these tests are about the rules around it
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    desk = AccountDesk(accounts_database(database_url), f"{ADDRESS}/", clock=clock, audit=trail, passwords=passwords)
    tiles = folder / "base.pmtiles"
    tiles.write_bytes(b"tiles")
    app = make_app(services_with(AccountAccess(desk), trail), tiles, hosts=Hosts("gateway.example"))
    async with desk.database.opened():
        yield World(app, desk, clock, trail)


@pytest.fixture
async def fresh_world(module_database: str, tmp_path: Path) -> AsyncIterator[World]:
    """A gateway without accounts yet, on a real database."""
    async with account_world(module_database, tmp_path) as made:
        await forget_all(made.desk.database)
        yield made


def link_secret(link: str) -> str:
    """Give the secret of a one-time link."""
    return urlsplit(link).fragment.removeprefix("link=")


def set_cookie_of(answer: httpx.Response) -> str:
    """Give the session cookie that an answer sets, with its attributes."""
    return next(value for value in answer.headers.get_list("set-cookie") if value.startswith(SESSION_COOKIE))


async def forget_all(database: Database) -> None:
    """Empty the tables of accounts, so that tests can share a database."""
    await database.run(
        "TRUNCATE v2x_access.account, v2x_access.invitation, v2x_access.token, v2x_access.attempt,"
        " v2x_access.provider_request CASCADE"
    )
