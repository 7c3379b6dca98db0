"""Experiments over a real database: defined, computed from stored states, kept, and for whom."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import gateway_samples as sample
import httpx
import numpy as np
import psycopg
import pytest
from history_gateway import Known, Ledger
from store_servers import fresh_database

from cloudctl.access.actor import Actor
from cloudctl.access.roles import Role
from cloudctl.api.app import make_app
from cloudctl.api.doors import Doors
from cloudctl.api.hub import Hub
from cloudctl.api.live_state import LiveState
from cloudctl.api.measures import Measures
from cloudctl.api.network_tables import NetworkTables
from cloudctl.api.services import Services
from cloudctl.api.stored_history import StoredHistory
from cloudctl.experiments.office import ExperimentOffice
from cloudctl.store.embedded import EmbeddedPostgres
from cloudctl.store.migrate import migrate

NETWORK = sample.network()
LINKS = [str(link) for link in NETWORK.links.id[:3]]
START, LATER = 1_763_000_000.0 // 86_400 * 86_400, 7 * 86_400.0
HOURS = 6
ENGINEER = Actor("engineer", "Li Na", frozenset({Role.SIGNAL_ENGINEER}))


def text(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).isoformat()


def wanted(**more: object) -> dict[str, object]:
    periods = {
        name: {"start": text(START + offset), "end": text(START + offset + 3600 * HOURS)}
        for name, offset in (("before", 0.0), ("after", LATER))
    }
    return {"name": "new offsets on the first road", "links": LINKS, "bin_minutes": 15, **periods, **more}


def fill(url: str) -> None:
    """Six hours of states on two days a week apart: the second is 20 % faster, flows are the same."""
    random = np.random.default_rng(8)
    with psycopg.connect(url) as connection:
        links, moves = [], []
        for offset, factor in ((0.0, 1.0), (LATER, 1.2)):
            for t in np.arange(START + offset, START + offset + 3600 * HOURS, 60.0).tolist():
                busy = 1.0 + 0.3 * np.sin(t % 86_400 / 4000.0)
                for row in range(3):
                    speed = round(100 * 8.0 * factor / busy * random.normal(1.0, 0.05))
                    links.append((datetime.fromtimestamp(t, UTC), row, round(600 * random.normal(1.0, 0.1)), speed))
                    delay = round(10 * 30.0 * busy / factor * random.normal(1.0, 0.1))
                    moves.append((datetime.fromtimestamp(t, UTC), row, row + 1, delay))
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO v2x.link_state (t, link, flow, speed, queue, level, confidence)"
                " VALUES (%s, %s, %s, %s, 0, 1, 90)", links,
            )  # fmt: skip
            cursor.executemany(
                "INSERT INTO v2x.movement_state (t, from_link, to_link, flow, share, delay, stops, travel_time, queue,"
                " queued, spill_back, level, confidence) VALUES (%s, %s, %s, 300, 50, %s, 80, 300, 5, 1, 0, 1, 90)",
                moves,
            )  # fmt: skip


@dataclass
class World:
    """A gateway's application over a database."""

    http: httpx.AsyncClient
    ledger: Ledger
    access: Known

    async def ask(self, method: str, path: str, content: object = None, status: int = 200) -> Any:
        answer = await self.http.request(method, f"/api/v1/experiments{path}", json=content)
        assert answer.status_code == status, answer.text
        return answer.json()


@asynccontextmanager
async def world(url: str, folder: Path) -> AsyncIterator[World]:
    state, measures, ledger, access = LiveState(connected=True), Measures(), Ledger(), Known(ENGINEER)
    history = StoredHistory(url)
    office = ExperimentOffice(url, NETWORK, lambda: START + 30 * 86_400)
    (folder / "base.pmtiles").write_bytes(bytes(16))
    services = Services(
        state, Hub(state, measures), measures, NetworkTables(NETWORK), history, Doors(), access, audit=ledger,
        store=history, experiments=office,
    )  # fmt: skip
    transport = httpx.ASGITransport(make_app(services, folder / "base.pmtiles"), raise_app_exceptions=False)
    running = [asyncio.create_task(job()) for job in (history.run, office.run)]
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        while not await history.reachable():
            await asyncio.sleep(0.02)
        yield World(http, ledger, access)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


@pytest.fixture
async def gateway(store_database: str, tmp_path: Path) -> AsyncIterator[World]:
    async with world(store_database, tmp_path) as made:
        yield made


@pytest.fixture
async def plain(plain_postgres: EmbeddedPostgres, tmp_path: Path) -> AsyncIterator[World]:
    with fresh_database(plain_postgres.url) as url:
        await asyncio.to_thread(migrate, url)
        async with world(url, tmp_path) as made:
            yield made


async def test_a_change_that_was_put_in_comes_out_with_its_certainty_and_is_kept(
    store_database: str, gateway: World
) -> None:
    fill(store_database)
    made = await gateway.ask("POST", "", wanted(), 201)
    assert (made["status"], made["links"], made["created_by"]) == ("done", LINKS, "Li Na")
    assert gateway.ledger.orders == [("engineer", "experiment.create", f"experiment:{made['id']}")]
    result = await gateway.ask("GET", f"/{made['id']}/result")
    found = {each["measure"]: each for each in result["measures"]}
    assert set(found) == {"travel_time", "delay", "stops", "flow", "speed"}
    speed = found["speed"]
    assert speed["relative"] == pytest.approx(0.2, abs=0.02)
    assert speed["low"] < speed["difference"] < speed["high"]
    assert (speed["method"], speed["intervals_before"], speed["significant"]) == ("paired", 4 * HOURS, True)
    assert [found[name]["verdict"] for name in ("speed", "travel_time", "delay")] == ["better"] * 3
    assert found["delay"]["relative"] == pytest.approx(-1 / 6, abs=0.03)
    assert [found[name]["verdict"] for name in ("flow", "stops")] == ["no evidence of a change"] * 2
    assert {each["links_known"] for each in found.values()} == {3}
    with psycopg.connect(store_database) as connection:
        connection.execute("DELETE FROM v2x.link_state")
    assert await gateway.ask("GET", f"/{made['id']}/result") == result


async def test_only_whole_intervals_count_from_the_start_of_each_period_on(store_database: str, gateway: World) -> None:
    fill(store_database)
    late = {
        name: {"start": text(START + offset + 420), "end": text(START + offset + 3600 * HOURS)}
        for name, offset in (("before", 0.0), ("after", LATER))
    }
    made = await gateway.ask("POST", "", wanted(**late, measures=["speed", "delay"]), 201)
    result = await gateway.ask("GET", f"/{made['id']}/result")
    counted = {(each["intervals_before"], each["intervals_after"]) for each in result["measures"]}
    assert counted == {((60 * HOURS - 7) // 15, (60 * HOURS - 7) // 15)}


async def test_an_area_may_be_drawn_and_experiments_are_listed_the_newest_first(plain: World) -> None:
    west, south, east, north = NetworkTables(NETWORK).box
    ring = [[west, south], [east, south], [east, north], [west, north]]
    drawn = await plain.ask("POST", "", {**wanted(polygon=ring, name="everything"), "links": []}, 201)
    assert len(drawn["links"]) == len(NETWORK.links.id)
    chosen = await plain.ask("POST", "", wanted(measures=["speed"]), 201)
    page = await plain.http.get("/api/v1/experiments", params={"limit": 1})
    assert [each["id"] for each in page.json()["items"]] == [chosen["id"]]
    rest = await plain.http.get("/api/v1/experiments", params={"limit": 1, "cursor": page.json()["next"]})
    assert [each["id"] for each in rest.json()["items"]] == [drawn["id"]]
    assert await plain.ask("GET", f"/{chosen['id']}") == chosen
    nothing = await plain.ask("GET", f"/{chosen['id']}/result")
    assert [(each["verdict"], each["links_known"]) for each in nothing["measures"]] == [("too little is stored", 0)]


async def test_what_cannot_be_compared_is_refused_with_its_reason(plain: World) -> None:
    refused: list[tuple[dict[str, object], str]] = [
        ({"links": []}, "either a polygon or links"),
        ({"links": ["nowhere"]}, "nowhere"),
        ({"polygon": [[0, 0], [1, 0], [0, 1]]}, "either a polygon or links"),
        ({"after": {"start": text(START), "end": text(START + 90_000)}}, "begins before"),
        ({"after": {"start": text(LATER + START + 9000), "end": text(LATER + START)}}, "after ends before it begins"),
        ({"measures": []}, "measures"),
        ({"name": ""}, "name"),
    ]
    for change, said in refused:
        answer = await plain.ask("POST", "", wanted(**change), 422)
        assert said in str(answer)
    assert (await plain.ask("GET", ""))["items"] == []


async def test_signal_engineers_define_experiments_and_others_do_not(plain: World) -> None:
    made = await plain.ask("POST", "", wanted(), 201)
    plain.access.actor = Actor("viewer", "Wang", frozenset({Role.POLICE_VIEWER}))
    await plain.ask("POST", "", wanted(), 403)
    assert (await plain.ask("GET", f"/{made['id']}"))["id"] == made["id"]
    plain.access.actor = Actor("desk", "Zhao", frozenset({Role.BUS_DISPATCHER}))
    await plain.ask("GET", f"/{made['id']}/result", status=403)


async def test_an_unknown_experiment_is_unknown(plain: World) -> None:
    await plain.ask("GET", "/nothing", status=404)
    await plain.ask("GET", "/nothing/result", status=404)
