"""Riders and vans on demand: what is asked, driven and counted, against a platform that answers as it is told."""

import asyncio
import datetime as dt
import json
from dataclasses import dataclass, field, replace
from typing import Any

import fleet_world
import httpx
import numpy as np
import pytest

from maps.routing import Router
from simulators.commands import DriveToStop, EnterVan
from simulators.device_report import Ledger
from simulators.ride_account import RideAccount, Rider
from simulators.ride_places import RIDE, spread_out, stop_places, stops_near
from simulators.ride_service import FIRST, STANDS, RideService, Van

NOW = 1_760_000_000.0


@dataclass
class Platform:
    """Answers, and keeps what it was sent."""

    status: int = 201
    title: str = "Cannot be met: no_capacity"
    route: list[dict[str, Any]] = field(default_factory=list)
    got: list[tuple[str, str, Any]] = field(default_factory=list)
    silent: list[int] = field(default_factory=lambda: [0])
    """So many requests for rides get no answer."""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path, body = request.url.path.rpartition("ondemand")[2], json.loads(request.content or b"null")
        self.got.append((request.method, path, body))
        if path == "/plan":
            return httpx.Response(200, json={"vehicles": [{"id": "VAN001", "route": self.route}]})
        if path == "/requests" and self.silent[0]:
            self.silent[0] -= 1
            raise httpx.ReadTimeout("no answer", request=request)
        if path == "/requests":
            promise = [dt.datetime.fromtimestamp(NOW + ahead, dt.UTC).isoformat() for ahead in (200.0, 900.0)]
            ride = {"id": "r1", "walk_to_m": 100.0, "promised_pickup": promise[0], "promised_dropoff": promise[1]}
            return httpx.Response(self.status, json=ride if self.status == 201 else {"title": self.title})
        return httpx.Response(200, json={})

    def bodies(self, path: str) -> list[Any]:
        return [body for _, there, body in self.got if there == path]


@dataclass
class Scene:
    """A service with a clock of its own."""

    platform: Platform
    service: RideService
    city: fleet_world.CirclingCity
    now: list[float]

    def turn(self, after: float = 0.0) -> None:
        self.now[0] += after

        async def one() -> None:
            transport = httpx.MockTransport(self.platform)
            async with httpx.AsyncClient(transport=transport, base_url="http://platform") as client:
                await self.service.turn(client)

        asyncio.run(one())

    def see(self, van: Van, *, on_road: bool) -> None:
        x, y = stop_places(fleet_world.network())[van.stop]
        frame = fleet_world.make_frame(
            self.now[0], np.array([x]), np.array([y]), ids=[van.name if on_road else "other"]
        )
        self.service.enter(frame)


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    places = {f"S{number}": (100.0 * number, 0.0) for number in range(6)}
    monkeypatch.setattr("simulators.ride_service.stop_places", lambda _: places)
    monkeypatch.setitem(globals(), "stop_places", lambda _: places)
    city, now = fleet_world.CirclingCity(0, 0), [NOW]
    context = replace(fleet_world.make_context("mqtt://127.0.0.1:1", city), now=lambda: now[0])
    return Scene(Platform(), RideService(context, "http://platform"), city, now)


def test_vans_are_entered_once_and_riders_ask_soon_after(scene: Scene) -> None:
    scene.turn()
    entered = [order for order in scene.city.orders if isinstance(order, EnterVan)]
    assert len(entered) == len(scene.service.vans) == len({order.vehicle for order in entered})
    assert not scene.platform.bodies("/requests")
    scene.turn(FIRST)
    [wish] = scene.platform.bodies("/requests")
    assert (
        NOW
        < dt.datetime.fromisoformat(wish["earliest"]).timestamp()
        < dt.datetime.fromisoformat(wish["latest"]).timestamp()
    )
    assert len([order for order in scene.city.orders if isinstance(order, EnterVan)]) == len(entered)
    assert scene.service.account.report(NOW)["accepted"] == 1


@pytest.mark.parametrize(("status", "figure"), [(409, {"no_capacity": 1}), (503, {})])
def test_a_refusal_is_counted_by_its_reason_and_no_answer_apart(scene: Scene, status: int, figure: object) -> None:
    scene.platform.status = status
    scene.turn()
    scene.turn(FIRST)
    report = scene.service.account.report(NOW)
    assert (report["requested"], report["accepted"], report["refused"]) == (1, 0, figure)
    assert report["unanswered"] == ({"503": 1} if status == 503 else {})


def test_a_rider_who_gets_no_answer_asks_the_same_once_more(scene: Scene) -> None:
    scene.turn()
    silent = scene.platform.silent = [1]
    scene.turn(FIRST)
    assert silent == [0]
    first, second = scene.platform.bodies("/requests")
    assert first == second
    report = scene.service.account.report(NOW)
    assert (report["requested"], report["accepted"], report["unanswered"]) == (1, 1, {})
    scene.platform.silent = [2]
    scene.service._next = scene.now[0]
    scene.turn()
    assert scene.service.account.report(NOW)["unanswered"] == {"ReadTimeout": 1}


def test_a_rider_boards_when_van_and_rider_are_at_the_stop_and_not_before(scene: Scene) -> None:
    scene.turn()
    van = scene.service.vans[0]
    start = next(stop for stop in ("S1", "S2") if stop != van.stop)
    scene.platform.route = [{"ride": "r1", "what": "pickup", "halt": {"id": start}},
                            {"ride": "r1", "what": "dropoff", "halt": {"id": "S5"}}]  # fmt: skip
    scene.service.account.riders["r1"] = Rider(NOW + 100.0, NOW + 200.0, NOW + 900.0)
    scene.turn()
    assert DriveToStop(van.name, start) in scene.city.orders
    scene.see(van, on_road=True)
    scene.turn(95.0)
    scene.see(van, on_road=False)
    scene.turn(STANDS - 1.0)
    assert not scene.service.account.riders["r1"].boarded, "the van has only just come"
    scene.turn(1.0)
    assert scene.service.account.riders["r1"].boarded == NOW + 95.0 + STANDS
    assert scene.platform.bodies(f"/vehicles/{van.name}/reports")[-1]["boarded"] == ["r1"]
    scene.turn()
    assert scene.city.orders[-1] == DriveToStop(van.name, "S5"), "what is done is not driven to again"


def test_a_van_that_leaves_the_road_elsewhere_has_not_arrived(scene: Scene) -> None:
    van = scene.service.vans[0]
    scene.see(van, on_road=True)
    van.stop = next(stop for stop in ("S0", "S5") if abs(int(stop[1:]) - int(van.stop[1:])) > 1)
    scene.service.enter(fleet_world.make_frame(NOW, np.zeros(1), np.zeros(1), ids=["other"]))
    assert van.arrived == 0.0


def test_waits_run_from_the_riders_arrival_at_the_stop_and_promises_are_judged() -> None:
    account = RideAccount(requested=3)
    account.riders = {
        "kept": Rider(100.0, 160.0, 600.0, boarded=150.0, alighted=500.0),
        "late": Rider(100.0, 160.0, 600.0, boarded=190.0),
        "left": Rider(100.0, 160.0, 600.0),
    }
    report = account.report(700.0)
    assert report["wait_s"] == {"median": 70.0, "p90": 86.0}
    assert (report["boarded"], report["served"], report["overdue"]) == (2, 1, 1)
    assert (report["promises_kept"], report["promises_broken"]) == (2, 2)


def test_what_the_city_did_with_orders_is_counted_with_its_reasons() -> None:
    ledger = Ledger(NOW)
    for refusal in ("", "", "a bus keeps to its line"):
        ledger.carried_out("SetRoute", refusal)
    orders = ledger.report(NOW)["orders"]
    assert orders == {"SetRoute": {"done": 2, "refused": 1, "a bus keeps to its line": 1}}


def test_riders_want_to_go_where_cars_drive_neither_very_shortly_nor_very_long() -> None:
    network = fleet_world.network()
    near = stops_near(network)
    assert set(near) == set(map(str, network.stops.id))
    links = dict(zip(network.stops.id.tolist(), network.lanes.link[network.stops.lane].tolist(), strict=True))
    router = Router(network)
    for start, goals in near.items():
        takes = router.reach(links[start])
        for name, link in links.items():
            assert (name in goals) is bool(RIDE[0] <= takes[link] <= RIDE[1])


def test_a_rider_goes_to_a_stop_at_the_usual_distance_where_there_is_one(scene: Scene) -> None:
    scene.service._near = {f"S{number}": frozenset({f"S{(number + 1) % 6}"}) for number in range(6)}
    pairs = [scene.service._two_stops() for _ in range(40)]
    assert all(goal == f"S{(int(start[1:]) + 1) % 6}" for start, goal in pairs)
    assert len({start for start, _ in pairs}) > 3
    scene.service._near = {}
    assert all(start != goal for start, goal in (scene.service._two_stops() for _ in range(40)))


def test_vans_begin_far_apart() -> None:
    places = {f"P{x}{y}": (100.0 * x, 100.0 * y) for x in range(5) for y in range(5)}
    chosen = spread_out(places, 5)
    assert chosen[0] == "P22"
    assert sorted(chosen[1:]) == ["P00", "P04", "P40", "P44"]
    assert sorted(spread_out(places, 99)) == sorted(places)
    assert spread_out({}, 3) == []


def test_most_riders_start_where_vans_wait(scene: Scene) -> None:
    scene.service._stands = ["S4"]
    starts = [start for start, _ in (scene.service._two_stops() for _ in range(300))]
    assert 0.55 < starts.count("S4") / len(starts) < 0.8
    assert len(set(starts)) == 6


async def test_a_platform_that_does_not_answer_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulators.ride_service.stops_near", lambda _: {})
    asked, gone = asyncio.Event(), asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        writer.close()
        gone.set()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        context = fleet_world.make_context("mqtt://127.0.0.1:1", fleet_world.CirclingCity(0, 0))
        service = RideService(context, f"http://127.0.0.1:{port}")
        service.start()
        async with asyncio.timeout(10.0):
            await asked.wait()
        service.stop()
        async with asyncio.timeout(1.0):
            await context.finished()
            await gone.wait()


async def test_what_never_ends_does_not_hold_up_the_end() -> None:
    context = fleet_world.make_context("mqtt://127.0.0.1:1", fleet_world.CirclingCity(0, 0))
    ended = context.spawn(asyncio.sleep(0.0))
    endless = context.spawn(asyncio.sleep(3600.0))
    async with asyncio.timeout(10.0):
        await context.finished(patience=0.05)
        with pytest.raises(asyncio.CancelledError):
            await endless
    assert not ended.cancelled()
