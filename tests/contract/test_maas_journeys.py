"""Journeys over HTTP in a city with two lines: live times, walks, park and ride, bad input, GTFS for others."""

import datetime as dt
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest
import transit_world as world
from access_kit import Door, NoHistory, Trail
from advice_city import build_network

from cloudctl.access.actor import Actor
from cloudctl.access.roles import Role
from cloudctl.api import maas_routes
from cloudctl.api.app import make_app
from cloudctl.api.doors import Doors
from cloudctl.api.hub import Hub
from cloudctl.api.live_state import LiveState
from cloudctl.api.measures import Measures
from cloudctl.api.network_tables import NetworkTables
from cloudctl.api.services import Services
from cloudctl.api.state_messages import LotState
from cloudctl.maas.desk import JourneyDesk
from cloudctl.maas.journey import BUS, CAR, WALK, Journey, Leg, pareto
from cloudctl.maas.walking import SPEED, WalkNetwork
from cloudctl.transit.gtfs_import import import_gtfs
from cloudctl.transit.state import BusState, StopPrediction, TransitState

NOW = world.SIX + 600.0
LOT = ("lot", "E1", 50)


def place(x: float, y: float = 0.0) -> dict[str, float]:
    lon, lat = world.network().plane.inverse(np.array([x]), np.array([y]))
    return {"lon": float(lon[0]), "lat": float(lat[0])}


@dataclass
class Gateway:
    """A gateway with a timetable."""

    app: Any
    state: LiveState
    desk: JourneyDesk

    async def call(self, method: str, path: str, status: int, **more: Any) -> Any:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            answer = await client.request(method, f"/api/v1{path}", **more)
        assert answer.status_code == status, answer.text
        return answer.json() if "json" in answer.headers["content-type"] else answer.content

    async def plan(self, start: float, goal: float, status: int = 200, **more: object) -> Any:
        body = {"start": place(start), "goal": place(goal), **more}
        return await self.call("POST", "/journeys/plan", status, json=body)


@pytest.fixture
async def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    monkeypatch.setattr(maas_routes, "now", lambda: NOW)
    monkeypatch.setattr("cloudctl.maas.desk.time.time", lambda: NOW)
    places = {f"P{number}": (500.0 * number, 0.0) for number in range(world.BLOCKS + 1)}
    roads = [(f"E{number}", f"P{number}", f"P{number + 1}", 1) for number in range(world.BLOCKS)]
    network = build_network(places, roads, car_parks=[LOT])
    state, measures = LiveState(), Measures()
    desk = JourneyDesk(network, world.write_gtfs(tmp_path / "gtfs.zip"), lambda: state.transit)
    desk.look()
    door = Door(Actor("user:1", "one", frozenset({Role.RIDE_REQUESTER})))
    services = Services(
        state, Hub(state, measures), measures, NetworkTables(network), NoHistory(), Doors(), access=door, audit=Trail(),
        journeys=desk,
    )  # fmt: skip
    tiles = tmp_path / "base.pmtiles"
    tiles.write_bytes(b"tiles")
    return Gateway(make_app(services, tiles), state, desk)


def live(trip: str, late: float) -> TransitState:
    """One bus before stop 3 of a trip of line 1, `late` s behind."""
    timetable = world.city()[0]
    dated = next(each for each in timetable.between(NOW, NOW + 3600) if each.trip.id == trip)
    arrivals = tuple(
        StopPrediction(
            stop=call.stop, number=at, sequence=call.sequence, expected=dated.midnight + call.arrival + late,
            earliest=0.0, latest=0.0,
        )
        for at, call in enumerate(dated.trip.calls) if at >= 3
    )  # fmt: skip
    bus = BusState(
        vehicle="B", line="1", direction=0, pattern="", trip=dated.key, trip_id=trip, service_day=world.DAY,
        start_time=None, lon=0.0, lat=0.0, bearing=0.0, speed=1.0, updated=NOW, along=0.0, next_stop=3, at_stop=False,
        lateness=late, headway_ahead=None, headway_behind=None, headway_planned=None, vehicle_ahead=None,
        vehicle_behind=None, arrivals=arrivals,
    )  # fmt: skip
    return msgspec.structs.replace(TransitState.empty(NOW), buses=(bus,))


async def test_a_bus_journey_has_walks_at_both_ends_and_its_times_fit(gateway: Gateway) -> None:
    answer = await gateway.plan(world.stop_x(3) - 100, world.stop_x(9) + 50, modes=["walk", "bus"])
    first = answer["journeys"][0]
    assert [leg["mode"] for leg in first["legs"]] == ["walk", "bus", "walk"]
    bus = first["legs"][1]
    assert (bus["line"], bus["from_stop"], bus["to_stop"], bus["live"]) == ("1", "S3", "S9", False)
    assert first["walk_m"] == pytest.approx(150, abs=15)
    assert first["transfers"] == 0
    moments = [leg[name] for leg in first["legs"] for name in ("departure", "arrival")]
    assert moments == sorted(moments)


async def test_live_times_take_the_place_of_the_timetable(gateway: Gateway) -> None:
    planned = (await gateway.plan(world.stop_x(3), world.stop_x(9), modes=["bus"]))["journeys"][0]
    trip = planned["legs"][1]["trip"].partition("@")[0]
    gateway.state.transit = live(trip, 120.0)
    gateway.desk._planners.clear()
    late = (await gateway.plan(world.stop_x(3), world.stop_x(9), modes=["bus"]))["journeys"][0]
    assert late["legs"][1]["live"]
    shift = np.datetime64(late["arrival"][:-1]) - np.datetime64(planned["arrival"][:-1])
    assert shift == np.timedelta64(120, "s")


async def test_who_names_a_latest_arrival_sets_out_as_late_as_possible(gateway: Gateway) -> None:
    start, goal = world.stop_x(3) - 100, world.stop_x(9) + 50
    by = _moment(NOW + 2400.0)
    answer = await gateway.plan(start, goal, modes=["walk", "bus"], arrive=by)
    journeys = answer["journeys"]
    assert journeys
    departures = [each["departure"] for each in journeys]
    assert departures == sorted(departures, reverse=True)
    assert all(each["arrival"] <= by for each in journeys)
    last = journeys[0]
    later = await gateway.plan(start, goal, modes=["walk", "bus"], depart=_moment(_epoch(last["departure"]) + 1.0))
    assert all(each["arrival"] > by for each in later["journeys"])


async def test_a_latest_arrival_that_nothing_meets_is_said_so(gateway: Gateway) -> None:
    start, goal = world.stop_x(3), world.stop_x(9)
    answer = await gateway.plan(start, goal, modes=["walk", "bus"], arrive=_moment(NOW + 30.0))
    assert answer["journeys"] == []
    assert "in time" in answer["reason"]
    await gateway.plan(start, goal, 422, arrive=_moment(NOW - 60.0))


async def test_park_and_ride_leaves_just_in_time_for_its_bus(gateway: Gateway) -> None:
    gateway.state.lots = (LotState(id="lot", capacity=50, occupied=5, updated=NOW, trend=0.0),)
    by = _moment(NOW + 3600.0)
    answer = await gateway.plan(10.0, world.stop_x(10), modes=["walk", "bus", "car"], arrive=by)
    legs = next(each["legs"] for each in answer["journeys"] if each["legs"][0]["mode"] == "car")
    moments = [_epoch(leg[name]) for leg in legs for name in ("departure", "arrival")]
    assert moments == sorted(moments)
    assert moments[-1] <= _epoch(by)
    assert _epoch(legs[0]["departure"]) > NOW + 600.0, "who need not leave at once does not"


def _moment(epoch: float) -> str:
    return dt.datetime.fromtimestamp(epoch, dt.UTC).isoformat().replace("+00:00", "Z")


def _epoch(moment: str) -> float:
    return dt.datetime.fromisoformat(moment).timestamp()


async def test_a_short_way_is_walked_and_is_among_the_alternatives(gateway: Gateway) -> None:
    answer = await gateway.plan(1000.0, 1500.0)
    walk = next(each for each in answer["journeys"] if [leg["mode"] for leg in each["legs"]] == ["walk"])
    assert walk["duration_s"] == pytest.approx(500.0 / SPEED, rel=0.02)


async def test_park_and_ride_uses_a_lot_with_room_and_not_a_full_one(gateway: Gateway) -> None:
    for occupied, used in ((5, True), (50, False)):
        lot = LotState(id="lot", capacity=50, occupied=occupied, updated=NOW, trend=0.0)
        gateway.state.lots = (lot,)
        answer = await gateway.plan(10.0, world.stop_x(10), modes=["walk", "bus", "car"])
        rides = [each for each in answer["journeys"] if each["legs"][0]["mode"] == "car"]
        assert bool(rides) is used
        if used:
            legs = rides[0]["legs"]
            assert [leg["mode"] for leg in legs] == ["car", "walk", "bus", "walk"]
            assert (legs[0]["lot"], legs[0]["chance"] > 0.9) == ("lot", True)


@pytest.mark.parametrize(
    ("change", "status"),
    [({"depart": "2001-01-01T00:00:00Z"}, 422), ({"depart": "2026-11-23 06:00"}, 422), ({"modes": ["boat"]}, 422),
     ({"modes": []}, 422), ({"walk_most": 1e9}, 422), ({"goal": {"lon": 200, "lat": 0}}, 422),
     ({"goal": {"lon": 0.0, "lat": 0.0}}, 422), ({"colour": "red"}, 422), ({"transfers": 9}, 422)],
)  # fmt: skip
async def test_a_question_that_cannot_be_answered_is_refused(
    gateway: Gateway, change: dict[str, object], status: int
) -> None:
    answer = await gateway.plan(0.0, 900.0, status, **{k: v for k, v in change.items() if k != "goal"}) if (
        "goal" not in change
    ) else await gateway.call("POST", "/journeys/plan", status, json={"start": place(0.0), **change})  # fmt: skip
    assert answer["detail"]


async def test_where_nothing_leads_the_answer_is_empty_with_a_reason(gateway: Gateway) -> None:
    answer = await gateway.plan(world.stop_x(9), world.stop_x(3), modes=["walk", "bus"], walk_most=100)
    assert answer["journeys"] == []
    assert answer["reason"]


async def test_the_question_in_the_address_gives_what_the_one_in_the_body_gives(gateway: Gateway) -> None:
    start, goal = place(1000.0), place(4000.0)
    asked = {"from_lon": start["lon"], "from_lat": start["lat"], "to_lon": goal["lon"], "to_lat": goal["lat"]}
    assert await gateway.call("GET", "/journeys/plan", 200, params=asked) == await gateway.plan(1000.0, 4000.0)
    await gateway.call("GET", "/journeys/plan", 422, params=asked | {"depart": "0001-01-01T00:00:00Z"})


async def test_the_timetable_can_be_downloaded_and_imported_again(gateway: Gateway, tmp_path: Path) -> None:
    body = await gateway.call("GET", "/gtfs/static.zip", 200)
    assert "stop_times.txt" in zipfile.ZipFile(io.BytesIO(body)).namelist()
    path = tmp_path / "again.zip"
    path.write_bytes(body)
    assert import_gtfs(path).timetable.version == world.city()[0].version
    gateway.desk.source = tmp_path / "none.zip"
    await gateway.call("GET", "/gtfs/static.zip", 404)


async def test_a_timetable_that_cannot_be_read_leaves_the_one_before_in_use(gateway: Gateway) -> None:
    gateway.desk.source.write_bytes(b"rubbish")
    gateway.desk._stamp = 0
    gateway.desk.look()
    assert (await gateway.plan(world.stop_x(3), world.stop_x(9)))["journeys"]


def test_walks_follow_the_roads_in_both_directions() -> None:
    network = build_network(
        {"A": (0.0, 0.0), "B": (300.0, 0.0), "C": (300.0, 400.0)}, [("AB", "A", "B", 1), ("BC", "B", "C", 1)]
    )
    walk, plane = WalkNetwork(network), network.plane
    lon, lat = plane.inverse(np.array([0.0, 300.0, 100.0]), np.array([0.0, 400.0, 0.0]))
    spots = walk.spots(lon.tolist(), lat.tolist())
    ways = {(a, b): round(s * SPEED) for a, b, s in walk.between(spots, 800.0)}
    assert ways == {(0, 1): 700, (1, 0): 700, (0, 2): 100, (2, 0): 100, (1, 2): 600, (2, 1): 600}
    assert walk.between(spots, 150.0)[0][:2] == (0, 2)


def test_a_journey_that_is_beaten_in_all_is_left_out_but_never_by_a_car() -> None:
    def journey(mode: str, arrival: float, walked: float) -> Journey:
        here = (0.0, 0.0)
        return Journey((Leg(mode, here, here, 0.0, 1.0), Leg(WALK, here, here, 1.0, arrival, walked)))

    quick, slow, lazy, car = journey(BUS, 10, 50), journey(BUS, 20, 60), journey(BUS, 30, 5), journey(CAR, 5, 1)
    assert pareto([slow, lazy, quick, car]) == [car, quick, lazy]
