"""A gateway's application over a stored quarter of an hour, with an audit log in memory."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import gateway_samples as sample
import history_city as city
import httpx
from starlette.requests import HTTPConnection
from store_frames import NOON

from cloudctl.access.actor import DEMO_ACTOR, Actor
from cloudctl.api.app import make_app
from cloudctl.api.district_sight import Districts
from cloudctl.api.doors import Doors
from cloudctl.api.hub import Hub
from cloudctl.api.measures import Measures
from cloudctl.api.network_tables import NetworkTables
from cloudctl.api.services import Services
from cloudctl.api.stored_history import StoredHistory
from cloudctl.privacy.errors import AuditUnavailableError

NETWORK = sample.network()
WAY = city.straight_way(NETWORK)
SIGNAL = str(NETWORK.signals.id[WAY.signal])
APPROACH, ONWARD = (str(NETWORK.links.id[NETWORK.lanes.link[lane]]) for lane in (WAY.from_lane, WAY.to_lane))


def at(offset: float) -> str:
    """RFC 3339 time of so many seconds after NOON."""
    return datetime.fromtimestamp(NOON + offset, UTC).isoformat().replace("+00:00", "Z")


OBSERVATIONS = 5
SPAN = {"start": at(0), "end": at(60)}


@dataclass
class Ledger:
    """An audit log in memory with the interface of the real one."""

    looks: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)
    orders: list[tuple[str, str, str]] = field(default_factory=list)
    open: bool = True
    """False: it takes no entries."""

    async def record(self, actor: str, action: str, thing: str, detail: Mapping[str, object] | None = None) -> None:
        """Take an order."""
        del detail
        self.orders.append((actor, action, thing))

    async def record_look(self, actor: str, purpose: str, what: Mapping[str, object]) -> None:
        """Take a look."""
        if not self.open:
            raise AuditUnavailableError("closed for the test")
        self.looks.append((actor, purpose, dict(what)))


@dataclass
class Known:
    """Signs everybody in as one actor."""

    actor: Actor = DEMO_ACTOR

    async def identify(self, connection: HTTPConnection) -> Actor:
        """Give the one actor."""
        del connection
        return self.actor

    async def still_in(self, actor: Actor) -> bool:
        """Nobody is signed out."""
        return actor == self.actor


@dataclass
class Api:
    """A gateway's application over a stored quarter of an hour."""

    client: httpx.AsyncClient
    ledger: Ledger
    access: Known
    url: str
    districts: Districts

    async def get(self, path: str, **query: object) -> dict[str, object]:
        """Body of an answer of the history."""
        answer = await self.client.get(f"/api/v1/history/{path}", params={k: str(v) for k, v in query.items()})
        assert answer.status_code == 200, answer.text
        found: dict[str, object] = answer.json()
        return found

    async def items(self, path: str, **query: object) -> list[dict[str, object]]:
        """Items of an answer of the history."""
        found = (await self.get(path, **query))["items"]
        assert isinstance(found, list)
        return found


@asynccontextmanager
async def running_api(
    store_database: str, folder: Path, *, cars: int = 3, districts: Districts | None = None, filled: bool = False
) -> AsyncIterator[Api]:
    """Fill a database that is not `filled` yet and give the application over it."""
    if not filled:
        await asyncio.to_thread(city.fill, store_database, folder, observations=OBSERVATIONS, cars=cars)
    tiles = folder / "base.pmtiles"
    tiles.write_bytes(bytes(16))
    measures, state, ledger, access = Measures(), sample.filled_state(NOON), Ledger(), Known()
    history = StoredHistory(store_database)
    hub, tables = Hub(state, measures), NetworkTables(NETWORK)
    borders = districts or Districts()
    services = Services(
        state, hub, measures, tables, history, Doors(), access, audit=ledger, store=history, districts=borders
    )
    running = asyncio.create_task(history.run())
    transport = httpx.ASGITransport(make_app(services, tiles), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        while not await history.reachable():
            await asyncio.sleep(0.02)
        yield Api(client, ledger, access, store_database, borders)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
