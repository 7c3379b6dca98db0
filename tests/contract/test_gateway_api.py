"""The HTTP API over real frames: units, cursors, problems, security headers, caching."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import gateway_samples as sample
import httpx
import pytest
from privacy_register import MemoryAudit

from cloudctl.access.open_access import OpenAccess
from cloudctl.api.app import make_app
from cloudctl.api.doors import Doors
from cloudctl.api.headers import HEADERS
from cloudctl.api.history import TrailPoint
from cloudctl.api.hub import Hub
from cloudctl.api.live_state import LiveState
from cloudctl.api.measures import Measures
from cloudctl.api.network_tables import NetworkTables
from cloudctl.api.services import Services
from cloudctl.errors import DatabaseError


@dataclass
class MemoryHistory:
    """A store in memory with the interface of the real one."""

    points: list[TrailPoint] = field(default_factory=list)
    up: bool = True

    async def reachable(self) -> bool:
        """Tell whether the store answers."""
        return self.up

    async def list_trail(self, track_id: int, start: float, end: float, most: int) -> list[TrailPoint]:
        """List points of any track."""
        if not self.up:
            raise DatabaseError(f"no trail of {track_id}")
        return [point for point in self.points if start <= point.time <= end][-most:]


@pytest.fixture
def history() -> MemoryHistory:
    return MemoryHistory([TrailPoint(time.time() - 5, 112.9339, 28.204, 9.5)])


@pytest.fixture
def state() -> LiveState:
    return sample.filled_state(time.time())


@pytest.fixture
async def api(state: LiveState, history: MemoryHistory, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    tiles = tmp_path / "base.pmtiles"
    tiles.write_bytes(bytes(range(256)))
    measures = Measures()
    services = Services(
        state,
        Hub(state, measures),
        measures,
        NetworkTables(sample.network()),
        history,
        Doors(),
        OpenAccess(),
        audit=MemoryAudit(),
    )
    transport = httpx.ASGITransport(make_app(services, tiles), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        yield client


async def test_a_track_is_given_in_degrees_and_si_units(api: httpx.AsyncClient) -> None:
    page = (await api.get("/api/v1/tracks")).json()
    assert page["items"][0] == {
        "id": 1, "kind": "car", "lon": 112.934, "lat": 28.204, "speed": 10.0, "heading": 90.0, "age": 0.08,
        "length": 4.6, "width": 1.8, "has_terminal": False, "coasting": False,
    }  # fmt: skip
    assert page["next"] is None
    assert page["time"].endswith("Z")


async def test_pages_by_cursor_give_every_track_once(api: httpx.AsyncClient) -> None:
    found: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": "1"} | ({"cursor": cursor} if cursor else {})
        page = (await api.get("/api/v1/tracks", params=query)).json()
        found += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert found == [1, 2, 7]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"kind": "bus"}, [2]),
        ({"bbox": "112.933,28.203,112.935,28.205"}, [1, 2]),
        ({"bbox": "112.933,28.203,112.935,28.205", "kind": "car"}, [1]),
        ({"kind": "cyclist"}, []),
    ],
)
async def test_tracks_are_filtered(api: httpx.AsyncClient, query: dict[str, str], ids: list[int]) -> None:
    page = (await api.get("/api/v1/tracks", params=query)).json()
    assert [item["id"] for item in page["items"]] == ids


async def test_one_track_comes_with_lane_source_and_stored_trail(api: httpx.AsyncClient) -> None:
    track = (await api.get("/api/v1/tracks/2")).json()
    city = sample.network()
    assert track["lane"] == city.lanes.id[2]
    assert track["link"] == city.links.id[city.lanes.link[2]]
    assert track["sigma"] == 0.42
    assert track["device"] == "RSU00001"
    assert [point["speed"] for point in track["trail"]] == [9.5]
    assert track["trail_complete"] is True


async def test_without_a_store_the_live_track_is_given_and_says_so(
    api: httpx.AsyncClient, history: MemoryHistory
) -> None:
    history.up = False
    track = (await api.get("/api/v1/tracks/2")).json()
    assert track["trail"] == []
    assert track["trail_complete"] is False


async def test_links_carry_level_speed_and_what_is_unknown_is_null(api: httpx.AsyncClient) -> None:
    links = (await api.get("/api/v1/links", params={"limit": "1000"})).json()["items"]
    assert links[3]["level"] == "severe"
    assert links[3]["speed"] == 5.25
    assert links[3]["flow"] is None
    assert links[1]["level"] == "unknown"
    assert links[1]["speed"] is None
    severe = (await api.get("/api/v1/links", params={"level": "severe"})).json()["items"]
    assert [link["row"] for link in severe] == [3]


async def test_signals_say_light_and_when_it_ends(api: httpx.AsyncClient) -> None:
    signals = (await api.get("/api/v1/signals")).json()
    group = signals["items"][0]["groups"][0]
    assert len(signals["items"]) == 3
    assert group["state"] == "protected-green"
    assert group["min_end"] < group["likely_end"] < group["max_end"]
    assert group["next_green"] is None
    single = await api.get(f"/api/v1/signals/{signals['items'][0]['id']}")
    assert single.json()["groups"][0].items() >= group.items()


async def test_incidents_advisories_parking_and_devices_are_listed(api: httpx.AsyncClient) -> None:
    names = ("incidents", "advisories", "parking", "devices")
    pages = {name: (await api.get(f"/api/v1/{name}")).json()["items"] for name in names}
    assert [item["id"] for name in names if name != "parking" for item in pages[name]] == ["i1", "a1", "RSU00001"]
    free = {item["id"]: item["free"] for item in pages["parking"]}
    assert free == {"P1": 15, "park_1": None, "park_2": None}, "lots of the map are listed before they report"
    assert (await api.get("/api/v1/incidents", params={"state": "closed"})).json()["items"] == []
    assert (await api.get("/api/v1/advisories", params={"kind": "parking"})).json()["items"] == []
    assert (await api.get("/api/v1/devices", params={"online": "false"})).json()["items"] == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/tracks/99", 404),
        ("/api/v1/tracks/-1", 422),
        ("/api/v1/tracks?limit=0", 422),
        ("/api/v1/tracks?cursor=%21%21", 422),
        ("/api/v1/tracks?bbox=1,2,3", 422),
        ("/api/v1/tracks?bbox=3,2,1,4", 422),
        ("/api/v1/tracks?bbox=nan,2,nan,4", 422),
        ("/api/v1/signals/none", 404),
        ("/api/v1/nothing", 404),
        ("/js/../../settings.py", 404),
        ("/package.json", 404),
    ],
)
async def test_every_error_is_problem_json(api: httpx.AsyncClient, path: str, status: int) -> None:
    answer = await api.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.json()["detail"]


async def test_nothing_can_be_written(api: httpx.AsyncClient) -> None:
    assert (await api.post("/api/v1/tracks")).status_code == 405


@pytest.mark.parametrize("path", ["/", "/api/v1/tracks", "/js/main.js", "/nothing"])
async def test_every_answer_bears_the_security_headers(api: httpx.AsyncClient, path: str) -> None:
    answer = await api.get(path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/js/main.js",
        "/api/v1/network",
        "/api/v1/network/groups",
        "/api/v1/network/approach-lanes",
        "/api/v1/network/links.geojson",
    ],
)
async def test_static_things_are_not_sent_twice(api: httpx.AsyncClient, path: str) -> None:
    first = await api.get(path)
    second = await api.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (first.status_code, second.status_code, second.content) == (200, 304, b"")


async def test_the_page_names_files_that_never_change(api: httpx.AsyncClient) -> None:
    page = (await api.get("/")).text
    names = re.findall(r'(?:href|src)="(files/[^"]+)"', page)
    assert any(name.endswith("/js/app.js") for name in names)
    assert any(name.endswith("/vendor/maplibre-gl.mjs") for name in names)
    for name in names:
        answer = await api.get(f"/{name}")
        assert (answer.status_code, "immutable" in answer.headers["cache-control"]) == (200, True)


async def test_a_task_of_the_gateway_that_fails_is_counted_and_the_api_goes_on(
    state: LiveState, tmp_path: Path
) -> None:
    measures = Measures()
    services = Services(
        state, Hub(state, measures), measures, NetworkTables(sample.network()), MemoryHistory(), Doors(), OpenAccess()
    )

    async def broken() -> None:
        raise ZeroDivisionError("broken")

    app = make_app(services, tmp_path / "none.pmtiles", (broken,))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as api,
    ):
        await asyncio.sleep(0)
        assert "v2x_gateway_task_failures_total{" in (await api.get("/metrics")).text


async def test_the_base_map_is_read_by_ranges(api: httpx.AsyncClient) -> None:
    part = await api.get("/tiles/base.pmtiles", headers={"Range": "bytes=10-19"})
    assert part.status_code == 206
    assert part.content == bytes(range(10, 20))
    assert part.headers["content-range"] == "bytes 10-19/256"


async def test_rows_of_the_network_tables_are_those_of_the_network(api: httpx.AsyncClient) -> None:
    city = sample.network()
    links = (await api.get("/api/v1/network/links")).json()
    groups = (await api.get("/api/v1/network/groups")).json()
    stops = (await api.get("/api/v1/network/stops")).json()["stops"]
    shapes = (await api.get("/api/v1/network/links.geojson")).json()["features"]
    assert links["id"] == city.links.id.tolist()
    assert groups["signal"] == city.groups.signal.tolist()
    assert {row[0] for row in groups["heads"]["rows"]} <= set(range(len(city.groups.signal)))
    assert {row for rows in groups["connections"] for row in rows} == set(
        (city.connections.group >= 0).nonzero()[0].tolist()
    )
    assert stops[0]["name_zh"] == "橘子洲"
    assert [shape["id"] for shape in shapes] == list(range(len(city.links.id)))


async def test_ready_only_with_broker_picture_and_database(
    api: httpx.AsyncClient, state: LiveState, history: MemoryHistory
) -> None:
    assert (await api.get("/readyz")).json()["ready"] is True
    history.up = False
    state.connected = False
    state.accept(sample.MOVERS, sample.movers_frame(time.time() - 9, []), time.time())
    answer = await api.get("/readyz")
    assert answer.status_code == 503
    assert [check["ok"] for check in answer.json()["checks"].values()] == [False, False, False]
    assert (await api.get("/healthz")).status_code == 200


async def test_metrics_of_all_processes_are_one_text(api: httpx.AsyncClient) -> None:
    text = (await api.get("/metrics")).text
    assert 'v2x_cycles_total{process="engine"} 5.0' in text
    assert 'v2x_gateway_live_clients{process="gateway"}' in text
    assert text.count("# TYPE v2x_gateway_live_clients ") == 1


async def test_before_the_first_picture_lists_are_empty_and_unknown(tmp_path: Path) -> None:
    state, measures = LiveState(), Measures()
    tables = NetworkTables(sample.network())
    services = Services(state, Hub(state, measures), measures, tables, MemoryHistory(), Doors(), OpenAccess())
    app = make_app(services, tmp_path / "none.pmtiles")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as api:
        assert (await api.get("/api/v1/tracks")).json() == {"items": [], "next": None, "time": None}
        assert (await api.get("/api/v1/links")).json()["items"][0]["level"] == "unknown"
        assert (await api.get("/api/v1/signals")).json()["items"][0]["groups"][0]["state"] == "unavailable"
        assert (await api.get("/tiles/base.pmtiles")).status_code == 404


async def test_every_path_of_the_api_is_described(api: httpx.AsyncClient) -> None:
    described = (await api.get("/openapi.json")).json()
    assert all("summary" in verb for path in described["paths"].values() for verb in path.values())
    assert {"/api/v1/tracks", "/api/v1/signals/{signal_id}", "/readyz", "/metrics"} <= described["paths"].keys()
