"""The routes of the traffic state and of predictions over frames as the engine makes them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import msgspec
import pytest
from fusion_city import LANE_Y, street
from fusion_reports import NOW, one_sensor, reports
from privacy_register import MemoryAudit

from cloudctl.access.open_access import OpenAccess
from cloudctl.api.app import make_app
from cloudctl.api.doors import Doors
from cloudctl.api.history import TrailPoint
from cloudctl.api.hub import Hub
from cloudctl.api.live_state import LiveState
from cloudctl.api.measures import Measures
from cloudctl.api.network_tables import NetworkTables
from cloudctl.api.services import Services
from cloudctl.engine.commands import CommandDesk
from cloudctl.engine.predictions import PREDICT, PredictionDesk
from cloudctl.errors import DatabaseError
from cloudctl.publish.commands import Command, CommandReply
from cloudctl.publish.live import links_frame
from cloudctl.publish.traffic_frames import intersections_frame, movements_frame
from fusion.cycle import FusionCycle
from fusion.movements import Movements
from fusion.picture import TrafficPicture

STREET = street()


@dataclass
class NoHistory:
    """A store without a past."""

    async def reachable(self) -> bool:
        return True

    async def list_trail(self, track_id: int, start: float, end: float, most: int) -> list[TrailPoint]:
        raise DatabaseError(f"no place of {track_id} between {start} and {end}, {most} at most")


@dataclass
class DirectEngine:
    """The engine's own desk, without a broker between."""

    picture: TrafficPicture
    asked_by: list[str] = field(default_factory=list)

    async def send(
        self, kind: str, content: dict[str, object], *, issued_by: str, patience: float = 5.0
    ) -> CommandReply:
        self.asked_by.append(issued_by)
        commands, predictions = CommandDesk(), PredictionDesk(STREET)
        predictions.follow(self.picture)
        commands.register(PREDICT, predictions.command)
        command = Command(id="c", kind=kind, issued_by=issued_by, time=NOW, expires=NOW + patience, content=content)
        [reply] = commands.handle(msgspec.json.encode(command), NOW)
        return msgspec.json.decode(reply.payload, type=CommandReply)


@pytest.fixture(scope="module")
def picture() -> TrafficPicture:
    cycle, last = FusionCycle(STREET), None
    for step in range(150):
        now = NOW + 0.1 * step
        last = cycle.step(reports(now - 0.02, -150.0 + 1.2 * step, LANE_Y[0], 12.0), [], now, one_sensor(radius=2000.0))
    assert last is not None
    return last


def client_of(state: LiveState, picture: TrafficPicture, tiles: Path) -> httpx.AsyncClient:
    measures = Measures()
    services = Services(
        state,
        Hub(state, measures),
        measures,
        NetworkTables(STREET),
        NoHistory(),
        Doors(),
        OpenAccess(),
        audit=MemoryAudit(),
        commands=DirectEngine(picture),
    )
    transport = httpx.ASGITransport(make_app(services, tiles), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://gateway")


@pytest.fixture
async def api(picture: TrafficPicture, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    state = LiveState()
    state.accept("V2X/CLOUD/LIVE/LINKS", links_frame(picture, 5), NOW)
    state.accept("V2X/CLOUD/LIVE/MOVEMENTS", movements_frame(picture, Movements.of(STREET), 5), NOW)
    state.accept("V2X/CLOUD/LIVE/INTERSECTIONS", intersections_frame(picture, 5), NOW)
    async with client_of(state, picture, tmp_path / "base.pmtiles") as client:
        yield client


async def test_every_link_has_its_state_and_seen_ones_are_told_from_estimated(api: httpx.AsyncClient) -> None:
    page = (await api.get("/api/v1/links/state")).json()
    assert [item["id"] for item in page["items"]] == STREET.links.id.tolist()
    driven = page["items"][STREET.link_rows["in"]]
    assert driven["speed"] == pytest.approx(12.0, abs=0.5)
    assert driven["travel_time"] == pytest.approx(STREET.links.length[STREET.link_rows["in"]] / 12.0, rel=0.1)
    assert not driven["estimated"]
    assert driven["confidence"] > 0.2
    assert page["time"].endswith("Z")


async def test_link_states_come_in_pages_and_by_place(api: httpx.AsyncClient) -> None:
    page = (await api.get("/api/v1/links/state", params={"limit": "3"})).json()
    found = [item["row"] for item in page["items"]]
    while page["next"]:
        page = (await api.get("/api/v1/links/state", params={"limit": "3", "cursor": page["next"]})).json()
        found += [item["row"] for item in page["items"]]
    assert found == list(range(len(STREET.links.id)))
    nowhere = await api.get("/api/v1/links/state", params={"bbox": "1,1,2,2"})
    assert nowhere.json()["items"] == []
    assert (await api.get("/api/v1/links/state", params={"bbox": "1,1"})).status_code == 422


async def test_a_link_without_a_frame_is_unknown(picture: TrafficPicture, tmp_path: Path) -> None:
    async with client_of(LiveState(), picture, tmp_path / "base.pmtiles") as client:
        page = (await client.get("/api/v1/links/state")).json()
        crossing = (await client.get(f"/api/v1/intersections/{STREET.signals.id[0]}/state")).json()
    assert {item["level"] for item in page["items"]} == {"unknown"}
    assert page["time"] is None
    assert (crossing["level"], crossing["time"], crossing["movements"]) == ("unknown", None, [])


async def test_an_intersection_lists_its_movements(api: httpx.AsyncClient) -> None:
    answer = (await api.get(f"/api/v1/intersections/{STREET.signals.id[0]}/state")).json()
    assert answer["id"] == STREET.signals.id[0]
    assert {(move["from_link"], move["to_link"]) for move in answer["movements"]} >= {("in", "out")}
    assert all(0.0 <= move["share"] <= 1.0 for move in answer["movements"])


async def test_an_unknown_intersection_is_named(api: httpx.AsyncClient) -> None:
    answer = await api.get("/api/v1/intersections/nowhere/state")
    assert answer.status_code == 404
    assert "nowhere" in answer.json()["detail"]


async def test_a_prediction_leads_five_seconds_ahead(api: httpx.AsyncClient, picture: TrafficPicture) -> None:
    track = int(picture.tracks.track_id[0])
    answer = (await api.get(f"/api/v1/participants/{track}/prediction")).json()
    assert answer["track"] == track
    assert answer["horizon_s"] == 5.0
    lons = [step["lon"] for step in answer["steps"]]
    assert lons == sorted(lons)
    assert (lons[-1] - lons[0]) * 98_000 == pytest.approx(12.0 * 5.0, abs=20.0)


async def test_a_prediction_of_nobody_is_refused(api: httpx.AsyncClient) -> None:
    assert (await api.get("/api/v1/participants/4000000000/prediction")).status_code == 409
    assert (await api.get("/api/v1/participants/-1/prediction")).status_code == 422
