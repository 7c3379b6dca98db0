"""`/api/v1/green-wave-plans`: plans from measured flows, for whom, and what is refused."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import gateway_samples as sample
import httpx
import numpy as np
import pytest
from access_kit import Door, NoHistory, Trail
from fastapi import FastAPI
from history_districts import halves, of_district

from cloudctl.access.actor import DEMO_ACTOR, Actor
from cloudctl.access.roles import Role
from cloudctl.api.app import make_app
from cloudctl.api.doors import Doors
from cloudctl.api.hub import Hub
from cloudctl.api.live_state import LiveState
from cloudctl.api.measures import Measures
from cloudctl.api.network_tables import NetworkTables
from cloudctl.api.services import Services
from cloudctl.publish.frames import Column, FrameKind, encode_frame

NETWORK = sample.network()
NAMES = [str(name) for name in NETWORK.signals.id]
ROUTE = "/api/v1/green-wave-plans"
NOW = float(int(time.time()))
GREEN_LEFT = 12.0


@dataclass
class World:
    """A gateway's application over a picture."""

    http: httpx.AsyncClient
    state: LiveState
    door: Door

    async def plan(self, status: int = 200, **wanted: object) -> Any:
        answer = await self.http.post(ROUTE, json={"signals": NAMES} | wanted)
        assert answer.status_code == status, answer.text
        return answer.json()

    def hear(self, topic: str, payload: bytes) -> None:
        assert self.state.accept(topic, payload, NOW) is not None


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    tiles = tmp_path_factory.mktemp("tiles") / "base.pmtiles"
    tiles.write_bytes(bytes(16))
    return make_app(services(LiveState(), Door()), tiles)


def services(state: LiveState, door: Door) -> Services:
    measures, tables = Measures(), NetworkTables(NETWORK)
    hub, borders = Hub(state, measures), halves(tables)
    return Services(state, hub, measures, tables, NoHistory(), Doors(), door, audit=Trail(), districts=borders)


@pytest.fixture
async def world(app: FastAPI) -> AsyncIterator[World]:
    state, door = LiveState(connected=True), Door()
    app.state.services, app.state.access = services(state, door), door
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        yield World(http, state, door)


def flows(default: int, by_link: dict[int, int] | None = None) -> bytes:
    """Flow of every link, vehicles an hour."""
    count = len(NETWORK.links.id)
    flow = np.full(count, default, np.uint16)
    for row, value in (by_link or {}).items():
        flow[row] = value
    columns: dict[str, Column] = {
        "link": np.arange(count, dtype=np.uint32),
        "level": np.ones(count, np.uint8),
        "conf": np.full(count, 80, np.uint8),
        "speed": np.full(count, 1000, np.uint16),
        "queue": np.zeros(count, np.uint16),
        "flow": flow,
    }
    return encode_frame(FrameKind.LINKS, 1, NOW, columns)


def movement(begin: int, end: int, flow: int) -> bytes:
    """Flow of one movement, vehicles an hour."""
    row = {"move": 0, "from": begin, "to": end}
    rest = {"flow": flow, "delay": 50, "queue": 0}
    columns: dict[str, Column] = {name: np.array([value], np.uint32) for name, value in row.items()}
    columns |= {name: np.array([value], np.uint16) for name, value in rest.items()}
    columns |= {
        name: np.array([value], np.uint8) for name, value in {"share": 50, "level": 1, "conf": 90, "est": 0}.items()
    }
    return encode_frame(FrameKind.MOVEMENTS, 1, NOW, columns)


async def test_a_plan_has_offsets_greens_bands_and_what_it_changes(world: World) -> None:
    world.hear(sample.LINKS, flows(300))
    plan = await world.plan()
    assert (plan["cycle"], plan["flows"], plan["before"]) == (90, "live", "uncoordinated")
    assert datetime.fromisoformat(plan["time"]) == datetime.fromtimestamp(NOW, UTC)
    assert [each["signal"] for each in plan["signals"]] == NAMES
    assert all(0 <= each["offset"] < 90 and each["offset_today"] is None for each in plan["signals"])
    assert plan["cost"] < plan["cost_before"]
    for way in (plan["out"], plan["back"]):
        assert [round(leg["length"]) for leg in way["legs"]] == [422, 422]
        assert way["legs"][0]["seconds"] == pytest.approx(way["legs"][0]["length"] / way["legs"][0]["speed"], abs=0.1)
        assert 0 < way["band"] < 45
    assert plan["out"]["delay"] + plan["back"]["delay"] < plan["out"]["delay_before"] + plan["back"]["delay_before"]
    middle = plan["signals"][1]
    assert sum(stage["duration"] for stage in middle["stages"]) == 74  # and 16 of clearances
    assert middle["out"]["flow"] == middle["back"]["flow"] == 300
    assert middle["out"]["saturation"] == pytest.approx(
        300 / 3600 * 90 / (0.5 * middle["out"]["lanes"] * middle["out"]["green"]), abs=1e-3
    )
    assert plan["signals"][0]["out"]["flow"] is None
    assert plan["signals"][2]["back"]["flow"] is None


async def test_flows_of_movements_count_before_those_of_links(world: World) -> None:
    world.hear(sample.LINKS, flows(300))
    plan = await world.plan()
    rows = NETWORK.link_rows
    approach, onward = (rows[plan["out"]["legs"][leg]["links"][end]] for leg, end in ((0, -1), (1, 0)))
    world.hear("V2X/CLOUD/LIVE/MOVEMENTS", movement(approach, onward, 120))
    again = await world.plan()
    assert again["signals"][1]["out"]["flow"] == 120
    assert again["signals"][1]["back"]["flow"] == 300


async def test_the_busier_direction_gets_the_wider_band(world: World) -> None:
    world.hear(sample.LINKS, flows(300))
    first = await world.plan()
    rows = NETWORK.link_rows
    for way, other in (("out", "back"), ("back", "out")):
        busy = {rows[leg["links"][-1]]: 700 for leg in first[way]["legs"]}
        world.hear(sample.LINKS, flows(40, busy))
        plan = await world.plan()
        assert plan[way]["band"] > 25 > plan[other]["band"]
        assert plan[way]["stops"] < plan[way]["stops_before"]


async def test_todays_offsets_are_read_off_the_lights(world: World) -> None:
    world.hear(sample.LINKS, flows(300))
    world.hear(sample.SIGNALS, sample.signals_frame(NOW, len(NETWORK.groups.signal), seconds=GREEN_LEFT))
    plan = await world.plan()
    assert plan["before"] == "lights"
    first = plan["signals"][0]
    assert first["offset"] == pytest.approx(first["offset_today"])
    begun = (NOW + GREEN_LEFT - first["out"]["green"] - first["out"]["green_begin"]) % 90
    assert first["offset_today"] == pytest.approx(begun, abs=0.1)
    other = await world.plan(cycle=100)
    assert (other["before"], other["cycle"]) == ("uncoordinated", 100)
    red = sample.signals_frame(NOW, len(NETWORK.groups.signal), sample.RED)
    world.hear(sample.SIGNALS, red)
    assert (await world.plan())["before"] == "uncoordinated"


async def test_a_slower_wave_takes_longer(world: World) -> None:
    world.hear(sample.LINKS, flows(300))
    plan = await world.plan(speed=8.0)
    assert {leg["speed"] for way in ("out", "back") for leg in plan[way]["legs"]} == {8.0}


@pytest.mark.parametrize(
    ("wanted", "status", "said"),
    [
        ({"signals": [NAMES[0], "nowhere"]}, 404, "nowhere"),
        ({"signals": [NAMES[0], NAMES[2]]}, 422, f"{NAMES[1]} stands between"),
        ({"signals": [NAMES[0], NAMES[0]]}, 422, "each of them once"),
        ({"signals": [NAMES[0]]}, 422, "signals"),
        ({"cycle": 20}, 422, "cycle"),
        ({"start": "2026-01-01T00:00:00Z"}, 422, "both start and end"),
        ({"start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"}, 422, "end must follow start"),
        ({"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"}, 503, "database"),
    ],
)
async def test_what_cannot_be_planned_is_refused_by_name(
    world: World, wanted: dict[str, object], status: int, said: str
) -> None:
    world.hear(sample.LINKS, flows(300))
    assert said in (await world.plan(status, **wanted))["detail"]


async def test_without_measured_flows_there_is_no_plan(world: World) -> None:
    assert "no flow is known for" in (await world.plan(409))["detail"]
    world.hear(sample.LINKS, sample.links_frame(NOW, {0: 1}))
    assert "no flow is known for" in (await world.plan(409))["detail"]


async def test_flows_of_other_districts_plan_nothing(world: World) -> None:
    world.hear(sample.LINKS, flows(300))
    world.door.actor = of_district("north")
    assert (await world.plan(403))["title"] == "Not your district"


@pytest.mark.parametrize(("role", "status"), [(Role.SIGNAL_ENGINEER, 200), (Role.POLICE_VIEWER, 403)])
async def test_plans_are_for_those_who_run_signals(world: World, role: Role, status: int) -> None:
    world.hear(sample.LINKS, flows(300))
    world.door.actor = Actor("user:1", "One", frozenset({role}), districts=DEMO_ACTOR.districts)
    await world.plan(status)
