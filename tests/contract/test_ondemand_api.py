"""Buses on demand over HTTP: promises, clear refusals, reports of drivers, riders who are forgotten, shuttles."""

import asyncio
import datetime as dt
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np
import psycopg
import pytest
from access_kit import Door, NoHistory, Trail
from advice_city import build_network
from store_servers import schema_database

from cloudctl.access.actor import DEMO_ACTOR, Actor
from cloudctl.access.roles import Role
from cloudctl.api.app import make_app
from cloudctl.api.doors import Doors
from cloudctl.api.hub import Hub
from cloudctl.api.live_state import LiveState
from cloudctl.api.measures import Measures
from cloudctl.api.network_tables import NetworkTables
from cloudctl.api.services import Services
from cloudctl.ondemand.desk import OnDemandDesk
from cloudctl.ondemand.rides import Halt
from cloudctl.ondemand.store import RideStore
from cloudctl.publish.commands import CommandReply, CommandStatus
from cloudctl.store.embedded import EmbeddedPostgres
from cloudctl.transit.state import BusState, StopPrediction, TransitState

NETWORK = build_network({"A": (0.0, 0.0), "B": (400.0, 0.0)}, [("AB", "A", "B", 1)])
STEP = 0.01
"""Stops lie so far apart, deg; a bus takes 200 s from one to the next."""
STOPS = [Halt(id=f"S{number}", name=f"站{number}", lon=112.9 + STEP * number, lat=28.2) for number in range(6)]


def near(place: tuple[float, float], most: float) -> list[tuple[Halt, float]]:
    found = [(stop, abs(stop.lon - place[0]) * 1.1e5) for stop in STOPS]
    return [(stop, metres) for stop, metres in found if metres <= most]


def times(places: Any) -> np.ndarray:
    lon = np.array([place[0] for place in places])
    found: np.ndarray = np.abs(lon[:, None] - lon[None, :]) / STEP * 200.0
    return found


@dataclass
class Engine:
    """An engine that does as it is told."""

    given: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    async def send(
        self, kind: str, content: dict[str, object], *, issued_by: str, patience: float = 5.0
    ) -> CommandReply:
        del issued_by, patience
        self.given.append((kind, content))
        return CommandReply(id="1", status=CommandStatus.DONE, content={"taken": 1})


@dataclass
class Gateway:
    """A gateway with a database of its own."""

    app: Any
    desk: OnDemandDesk
    door: Door
    engine: Engine
    state: LiveState

    async def call(self, method: str, path: str, status: int, **more: Any) -> Any:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            answer = await client.request(method, f"/api/v1/ondemand{path}", **more)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def bus(self, name: str = "B1", stop: float = 0.0, status: int = 200, **more: object) -> Any:
        body = {"seats": 4, "place": spot(stop), "since": moment(-60), "until": moment(4 * 3600), **more}
        return await self.call("PUT", f"/vehicles/{name}", status, json=body)

    async def ask(self, start: float, goal: float, status: int = 201, **more: Any) -> Any:
        body = {"rider": "rider-0123456789abc", "start": spot(start), "goal": spot(goal), "earliest": moment(60),
                "latest": moment(3600), **more}  # fmt: skip
        return await self.call("POST", "/requests", status, json=body)


def spot(stop: float) -> dict[str, float]:
    return {"lon": 112.9 + STEP * stop, "lat": 28.2}


def moment(ahead: float) -> str:
    return dt.datetime.fromtimestamp(time.time() + ahead, dt.UTC).isoformat()


@pytest.fixture(scope="module")
def url(plain_postgres: EmbeddedPostgres) -> Iterator[str]:
    with schema_database(plain_postgres.url) as found:
        yield found


@pytest.fixture
async def gateway(url: str, tmp_path: Path) -> AsyncIterator[Gateway]:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("TRUNCATE v2x.ride, v2x.ride_vehicle")
    desk, state, measures, engine = OnDemandDesk(RideStore(url), near, times), LiveState(), Measures(), Engine()
    door = Door(Actor("user:1", "one", DEMO_ACTOR.roles, lines=frozenset({"7"})))
    services = Services(
        state, Hub(state, measures), measures, NetworkTables(NETWORK), NoHistory(), Doors(), access=door,
        audit=Trail(), commands=engine, rides=desk,
    )  # fmt: skip
    (tmp_path / "base.pmtiles").write_bytes(b"tiles")
    async with desk.store.opened():
        yield Gateway(make_app(services, tmp_path / "base.pmtiles"), desk, door, engine, state)


async def test_a_request_gets_a_promise_and_a_place_in_a_route_with_windows(gateway: Gateway) -> None:
    await gateway.bus()
    ride = await gateway.ask(1.001, 4.0)
    assert (ride["status"], ride["pickup"]["id"], ride["dropoff"]["id"]) == ("accepted", "S1", "S4")
    assert ride["expected_pickup"] <= ride["promised_pickup"]
    assert ride["expected_dropoff"] <= ride["promised_dropoff"]
    (bus,) = (await gateway.call("GET", "/plan", 200))["vehicles"]
    assert [(visit["what"], visit["halt"]["id"]) for visit in bus["route"]] == [("pickup", "S1"), ("dropoff", "S4")]
    assert all(visit["time"] <= visit["latest"] for visit in bus["route"])
    assert await gateway.call("GET", f"/requests/{ride['id']}", 200) == ride


async def test_the_summary_counts_what_became_of_requests(gateway: Gateway) -> None:
    await gateway.bus()
    ride = await gateway.ask(1.001, 4.0)
    await gateway.ask(1.5, 4.0, 409)
    await gateway.ask(1.0, 4.0, 409, seats=5)
    other = await gateway.ask(1.001, 4.0, rider="rider-another-one")
    await gateway.call("DELETE", f"/requests/{other['id']}", 200)
    await gateway.call("DELETE", f"/requests/{other['id']}", 200)
    place = {"place": spot(1.0)}
    await gateway.call("POST", "/vehicles/B1/reports", 200, json={**place, "boarded": [ride["id"]]})
    await gateway.call("POST", "/vehicles/B1/reports", 200, json={**place, "boarded": [ride["id"]]})
    await gateway.call("POST", "/vehicles/B1/reports", 200, json={**place, "alighted": [ride["id"]]})
    told = await gateway.call("GET", "/summary", 200)
    assert (told["requested"], told["accepted"], told["refused"]) == (4, 2, {"outside_area": 1, "no_capacity": 1})
    assert (told["boarded"], told["served"], told["cancelled"], told["open"]) == (1, 1, 1, 0)
    assert (told["late"], told["mean_wait_s"]) == (0, 0.0)


@pytest.mark.parametrize(
    ("start", "goal", "change", "code"),
    [(1.5, 4.0, {}, "outside_area"), (1.0, 1.001, {}, "outside_area"), (1.0, 5.0, {"latest": 300}, "window_too_short"),
     (1.0, 4.0, {"seats": 5}, "no_capacity"), (1.0, 4.0, {"accessible": True}, "no_accessible_vehicle"),
     (5.0, 4.0, {"latest": 600}, "no_capacity")],
)  # fmt: skip
async def test_a_request_that_cannot_be_met_is_told_why_and_changes_nothing(
    gateway: Gateway, start: float, goal: float, change: dict[str, Any], code: str
) -> None:
    await gateway.bus()
    kept = await gateway.ask(1.0, 3.0)
    if "latest" in change:
        change = {"latest": moment(change["latest"])}
    refused = await gateway.ask(start, goal, 409, rider="rider-of-the-others", **change)
    assert refused["title"] == f"Cannot be met: {code}"
    assert refused["detail"]
    after = await gateway.call("GET", f"/requests/{kept['id']}", 200)
    assert after["promised_dropoff"] == kept["promised_dropoff"]
    assert (await gateway.call("GET", "/plan", 200))["open_rides"] == 1


async def test_later_requests_break_no_promise(gateway: Gateway) -> None:
    await gateway.bus()
    first = await gateway.ask(1.0, 3.0)
    for number in range(4):
        body = {"rider": f"rider-0123456789-{number}", "start": spot(2.0), "goal": spot(5.0), "earliest": moment(10),
                "latest": moment(3000 + number)}  # fmt: skip
        transport = httpx.ASGITransport(gateway.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            assert (await client.post("/api/v1/ondemand/requests", json=body)).status_code in {201, 409}
        now = await gateway.call("GET", f"/requests/{first['id']}", 200)
        assert now["expected_pickup"] <= first["promised_pickup"]
        assert now["expected_dropoff"] <= first["promised_dropoff"]


async def test_a_ride_is_followed_from_boarding_to_its_end(gateway: Gateway) -> None:
    await gateway.bus()
    ride = await gateway.ask(1.0, 4.0)
    said = {"place": spot(1.0), "boarded": [ride["id"]]}
    (visit,) = (await gateway.call("POST", "/vehicles/B1/reports", 200, json=said))["route"][-1:]
    assert visit["what"] == "dropoff"
    await gateway.desk.replan()
    (bus,) = (await gateway.call("GET", "/plan", 200))["vehicles"]
    assert [each["what"] for each in bus["route"]] == ["dropoff"]
    await gateway.call("POST", "/vehicles/B1/reports", 200, json={"place": spot(4.0), "alighted": [ride["id"]]})
    assert (await gateway.call("GET", f"/requests/{ride['id']}", 200))["status"] == "done"
    assert (await gateway.call("GET", "/plan", 200))["open_rides"] == 0


async def test_the_same_request_twice_is_one_ride_and_a_cancelled_one_frees_its_seats(gateway: Gateway) -> None:
    await gateway.bus()
    window: dict[str, Any] = {"earliest": moment(60), "latest": moment(3600)}
    one = await gateway.ask(1.0, 4.0, seats=4, **window)
    assert (await gateway.ask(1.0, 4.0, seats=4, **window))["id"] == one["id"]
    for _ in range(2):
        assert (await gateway.call("DELETE", f"/requests/{one['id']}", 200))["status"] == "cancelled"
    await gateway.ask(1.0, 4.0, seats=4, rider="rider-of-the-others")


async def test_open_rides_come_back_after_a_restart(gateway: Gateway, url: str) -> None:
    await gateway.bus()
    ride = await gateway.ask(1.0, 4.0)
    again = OnDemandDesk(RideStore(url), near, times)
    running = asyncio.create_task(again.run())
    for _ in range(200):
        if again.plan.visits:
            break
        await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert [visit.job for visit in again.plan.visits["B1"]] == [ride["id"]] * 2


async def test_a_rider_is_forgotten_a_day_after_the_ride(gateway: Gateway, url: str) -> None:
    await gateway.bus()
    ride = await gateway.ask(1.0004, 4.0)
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=2)
    with psycopg.connect(url, autocommit=True) as connection:
        text = str(connection.execute("SELECT content FROM v2x.ride").fetchone())
        assert "rider-0123456789abc" not in text
        assert await gateway.desk.store.forget(later) == 1
        assert await gateway.desk.store.forget(later) == 0
        content, coarse = connection.execute("SELECT content, coarse FROM v2x.ride").fetchone() or ({}, False)
        assert coarse
        assert (content["rider"], content["start"], content["pickup"]["id"]) == ("", [112.91, 28.2], "")
        assert content["earliest"] % 3600 == content["promised_pickup"] % 3600 == 0
        await gateway.desk.store.forget(later + dt.timedelta(days=100))
        assert connection.execute("SELECT count(*) FROM v2x.ride").fetchone() == (0,)
    assert ride["id"]


@pytest.mark.parametrize(
    "change",
    [{"rider": "13800138000123456"}, {"rider": "somebody@example.cn"}, {"rider": "short"}, {"seats": 0},
     {"latest": "2001-01-01T00:00:00Z"}, {"earliest": "tomorrow"}, {"start": {"lon": 999, "lat": 0}}, {"name": "Li"}],
)  # fmt: skip
async def test_a_request_with_a_name_or_an_impossible_value_is_refused(
    gateway: Gateway, change: dict[str, Any]
) -> None:
    body = {"rider": "rider-0123456789abc", "start": spot(1), "goal": spot(3), "earliest": moment(9),
            "latest": moment(3600), **change}  # fmt: skip
    await gateway.call("POST", "/requests", 422, json=body)
    await gateway.call("POST", "/vehicles/none/reports", 404, json={"place": spot(1)})
    await gateway.call("GET", "/requests/none", 404)
    await gateway.bus(until=moment(-3600), status=422)


async def test_only_who_may_ask_asks_and_only_dispatch_moves_buses(gateway: Gateway) -> None:
    gateway.door.actor = Actor("token:1", "app", frozenset({Role.RIDE_REQUESTER}))
    await gateway.bus(status=403)
    await gateway.call("GET", "/plan", 403)
    gateway.door.actor = Actor("token:2", "reader", frozenset({Role.PICTURE_READER}))
    await gateway.ask(1.0, 3.0, 403)


def bus_before(stop: str, passengers: int) -> TransitState:
    now = time.time()
    arrival = StopPrediction(stop=stop, number=1, sequence=1, expected=now + 100, earliest=now, latest=now + 200)
    bus = BusState(
        vehicle="BUS1", line="7", direction=0, pattern="", trip=None, trip_id=None, service_day=None, start_time=None,
        lon=0.0, lat=0.0, bearing=0.0, speed=0.0, updated=now, along=0.0, next_stop=1, at_stop=False, lateness=None,
        headway_ahead=None, headway_behind=900.0, headway_planned=None, vehicle_ahead=None, vehicle_behind=None,
        passengers=passengers, arrivals=(arrival,),
    )  # fmt: skip
    return msgspec.structs.replace(TransitState.empty(now), buses=(bus,))


async def test_dispatch_is_told_of_a_train_only_where_waiting_pays(gateway: Gateway) -> None:
    train = {"trunk": "M2", "arrival": moment(110), "riders": 20}
    body = {"stop": "S1", "line": "7", "trains": [train]}
    for passengers, farther, told in ((5, 5, 1), (900, 900, 0)):
        gateway.engine.given.clear()
        gateway.state.transit = bus_before("S1", passengers)
        answer = await gateway.call("POST", "/shuttle/connections", 200, json={**body, "farther": farther})
        assert (answer["told"], answer["decisions"][0]["waits"]) == (told, bool(told))
        assert len(gateway.engine.given) == told
    await gateway.call("POST", "/shuttle/connections", 404, json={**body, "line": "8"})


async def test_a_shuttle_schedule_follows_the_trains(gateway: Gateway) -> None:
    trains = [{"trunk": "M2", "arrival": moment(600 * number), "riders": 10} for number in (1, 2, 3)]
    answer = await gateway.call("POST", "/shuttle/schedule", 200, json={"trains": trains, "departures": 3})
    assert (len(answer["departures"]), answer["mean_wait_s"]) == (3, 60.0)
    await gateway.call("POST", "/shuttle/schedule", 422, json={"trains": [], "departures": 3})
