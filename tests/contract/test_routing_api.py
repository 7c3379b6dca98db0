"""`/api/v1/routes` and `/api/v1/travel-times` over frames as the engine makes them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest
from gateway_samples import network
from test_traffic_api import NoHistory

from cloudctl.access.open_access import OpenAccess
from cloudctl.api.app import make_app
from cloudctl.api.doors import Doors
from cloudctl.api.hub import Hub
from cloudctl.api.live_state import LiveState
from cloudctl.api.measures import Measures
from cloudctl.api.network_tables import NetworkTables
from cloudctl.api.services import Services
from cloudctl.publish.frames import FrameKind, encode_frame
from cloudctl.routing.vehicle_classes import ClassRules, RulesFile, VehicleClasses

FROM, TO = "e_n0_1_n1_1", "e_n1_1_n2_1"
NOW = datetime.now(UTC)


def links_frame(seconds: dict[str, float]) -> bytes:
    rows = [network().link_rows[name] for name in seconds]
    count = len(rows)
    return encode_frame(
        FrameKind.LINKS,
        1,
        NOW.timestamp(),
        {
            "link": np.array(rows, np.uint32),
            "level": np.full(count, 5, np.uint8),
            "conf": np.full(count, 80, np.uint8),
            "speed": np.full(count, 200, np.uint16),
            "queue": np.full(count, 50, np.uint16),
            "flow": np.full(count, 300, np.uint16),
            "travel": np.array([round(10 * value) for value in seconds.values()], np.uint16),
        },
    )


def services() -> Services:
    state, measures = LiveState(), Measures()
    made = Services(
        state,
        Hub(state, measures),
        measures,
        NetworkTables(network()),
        NoHistory(),
        Doors(),
        OpenAccess(),
    )
    zone = {"centre": [(112.0, 28.0), (114.0, 28.0), (114.0, 29.0), (112.0, 29.0)]}
    rules = RulesFile(classes={"night_truck": ClassRules(kind="TRUCK", closed_zones=("centre",))}, zones=zone)
    made.routing.classes = VehicleClasses(network(), rules)
    return made


@pytest.fixture
def backend() -> Services:
    return services()


@pytest.fixture
async def client(backend: Services, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = make_app(backend, tmp_path / "none.pmtiles")
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as made:
        yield made


async def test_a_way_is_timed_link_by_link(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/routes", params={"from": FROM, "to": TO})
    assert answer.status_code == 200, answer.text
    [way] = answer.json()["items"]
    entered = [step["entered"] for step in way["steps"]]
    assert entered[0] == 0
    assert entered == sorted(entered)
    assert way["low"] <= way["travel_time"] <= way["high"]
    assert len(way["points"]) >= 2


async def test_a_jam_in_the_picture_changes_the_time_of_a_way(client: httpx.AsyncClient, backend: Services) -> None:
    before = (await client.get("/api/v1/routes", params={"from": FROM, "to": TO})).json()
    backend.state.accept("V2X/CLOUD/LIVE/LINKS", links_frame({FROM: 400.0}), NOW.timestamp())
    after = (await client.get("/api/v1/routes", params={"from": FROM, "to": TO})).json()
    assert after["items"][0]["travel_time"] > before["items"][0]["travel_time"] + 300
    assert before["time"] is None
    assert after["time"] is not None


async def test_travel_times_cover_the_next_hour_with_their_band(client: httpx.AsyncClient, backend: Services) -> None:
    backend.state.accept("V2X/CLOUD/LIVE/LINKS", links_frame({FROM: 300.0}), NOW.timestamp())
    answer = (await client.get("/api/v1/travel-times", params={"link": FROM, "turns": "true"})).json()
    [item] = answer["items"]
    assert len(answer["times"]) == len(item["seconds"]) == 13
    assert item["seconds"][0] == 300.0
    assert item["seconds"][-1] < 300.0
    assert all(low < high for low, high in zip(item["low"], item["high"], strict=True))
    assert {turn["from_link"] for turn in answer["turns"]} == {FROM}
    assert TO in {turn["to_link"] for turn in answer["turns"]}


async def test_travel_times_come_in_pages(client: httpx.AsyncClient) -> None:
    first = (await client.get("/api/v1/travel-times", params={"limit": 2})).json()
    second = (await client.get("/api/v1/travel-times", params={"limit": 2, "cursor": first["next"]})).json()
    assert [item["row"] for item in first["items"] + second["items"]] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"from": "nowhere", "to": TO}, 404),
        ({"from": "200,5", "to": TO}, 422),
        ({"from": "a,b", "to": TO}, 422),
        ({"from": "10.0,10.0", "to": TO}, 422),
        ({"from": FROM, "to": TO, "class": "tank"}, 422),
        ({"from": FROM, "to": TO, "departure": (NOW + timedelta(hours=3)).isoformat()}, 422),
        ({"from": FROM, "to": TO, "class": "night_truck"}, 404),
        ({"from": FROM, "to": TO, "avoid": "nowhere"}, 404),
    ],
)
async def test_what_cannot_be_answered_is_said_clearly(
    client: httpx.AsyncClient, asked: dict[str, str], status: int
) -> None:
    answer = await client.get("/api/v1/routes", params=asked)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")


async def test_a_departure_within_the_hour_is_planned_for_then(client: httpx.AsyncClient) -> None:
    leave = NOW + timedelta(minutes=40)
    answer = await client.get("/api/v1/routes", params={"from": FROM, "to": TO, "departure": leave.isoformat()})
    assert datetime.fromisoformat(answer.json()["items"][0]["arrival"]) > leave


async def test_blue_lights_suffer_less_from_a_jam_than_a_car(client: httpx.AsyncClient, backend: Services) -> None:
    backend.state.accept("V2X/CLOUD/LIVE/LINKS", links_frame({FROM: 400.0}), NOW.timestamp())
    times = {}
    for name in ("car", "emergency"):
        answer = (await client.get("/api/v1/routes", params={"from": FROM, "to": TO, "class": name})).json()
        times[name] = answer["items"][0]["travel_time"]
        assert answer["corridor"] is (name == "emergency")
    assert times["emergency"] < 0.6 * times["car"]


async def test_the_classes_and_their_rules_are_listed(client: httpx.AsyncClient) -> None:
    listed = (await client.get("/api/v1/routes/classes")).json()
    named = {item["name"]: item for item in listed}
    assert {"car", "emergency", "bus", "heavy_truck", "works"} <= named.keys()
    assert named["night_truck"]["closed_zones"] == ["centre"]
