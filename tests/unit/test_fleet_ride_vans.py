"""What vans on demand do between their orders: one stop after the other, and who has walked to it boards."""

import datetime as dt
from dataclasses import replace

import fleet_world
import pytest
from test_fleet_rides import NOW, Platform, Scene

from simulators.ride_account import Rider
from simulators.ride_service import FIRST, STANDS, WALK, RideService

WALKED = 100.0
"""m; as the platform of these tests says of every ride."""


@pytest.fixture
def rides(monkeypatch: pytest.MonkeyPatch) -> Scene:
    places = {f"S{number}": (100.0 * number, 0.0) for number in range(6)}
    monkeypatch.setattr("simulators.ride_service.stop_places", lambda _: places)
    monkeypatch.setattr("test_fleet_rides.stop_places", lambda _: places)
    city, now = fleet_world.CirclingCity(0, 0), [NOW]
    context = replace(fleet_world.make_context("mqtt://127.0.0.1:1", city), now=lambda: now[0])
    return Scene(Platform(), RideService(context, "http://platform"), city, now)


def visit(ride: str, what: str, stop: str) -> dict[str, object]:
    return {"ride": ride, "what": what, "halt": {"id": stop}}


def test_the_first_van_alone_takes_wheelchairs(rides: Scene) -> None:
    rides.turn()
    entered = {path: body for method, path, body in rides.platform.got if method == "PUT"}
    assert {path for path, body in entered.items() if body["accessible"]} == {"/vehicles/VAN001"}
    assert len(entered) == len(rides.service.vans)


def test_a_rider_is_at_the_stop_when_the_walk_is_done(rides: Scene) -> None:
    rides.turn()
    rides.turn(FIRST)
    [wish] = rides.platform.bodies("/requests")
    out = dt.datetime.fromisoformat(wish["earliest"]).timestamp()
    assert rides.service.account.riders["r1"].at_stop == pytest.approx(out + WALKED / WALK, abs=0.001)


def test_who_boards_later_at_the_same_stop_is_left_until_then(rides: Scene) -> None:
    rides.turn()
    van = rides.service.vans[0]
    here, there = van.stop, next(stop for stop in ("S0", "S5") if stop != van.stop)
    rides.platform.route = [visit("r1", "pickup", here), visit("r1", "dropoff", there), visit("r2", "pickup", here)]
    for ride in ("r1", "r2"):
        rides.service.account.riders[ride] = Rider(NOW, NOW + 200.0, NOW + 900.0)
    rides.see(van, on_road=True)
    rides.see(van, on_road=False)
    rides.turn(STANDS)
    assert rides.platform.bodies(f"/vehicles/{van.name}/reports")[-1]["boarded"] == ["r1"]
    assert not rides.service.account.riders["r2"].boarded


def test_nobody_boards_a_van_that_is_on_the_road_again(rides: Scene) -> None:
    rides.turn()
    van = rides.service.vans[0]
    rides.platform.route = [visit("r1", "pickup", van.stop)]
    rides.service.account.riders["r1"] = Rider(NOW, NOW + 200.0, NOW + 900.0)
    rides.see(van, on_road=True)
    rides.see(van, on_road=False)
    rides.see(van, on_road=True)
    rides.turn(STANDS)
    assert not rides.service.account.riders["r1"].boarded
