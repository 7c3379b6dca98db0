"""What routes answer to who is bound to a district: road users, states of roads and advice of that district alone."""

from collections.abc import AsyncIterator
from pathlib import Path

import gateway_samples as sample
import httpx
import msgspec
import pytest
from access_kit import Door, Trail, services_with
from gateway_samples import Mover

from cloudctl.access.actor import Actor
from cloudctl.access.roles import Role
from cloudctl.api.app import make_app
from cloudctl.api.services import Services
from cloudctl.devices.record import DeviceRecord, DeviceStatus, DeviceType

NOW = 1_790_000_000.0
WEST, EAST = (112.930, 28.204), (112.938, 28.204)
Api = dict[str, httpx.AsyncClient]


def _services(district: str) -> Services:
    actor = Actor("user:1", "Wu", frozenset({Role.POLICE_VIEWER}), districts=frozenset({district}))
    services = services_with(Door(actor), Trail(), sample.filled_state(NOW))
    movers = [Mover(1, 112.9301, 28.204), Mover(2, 112.9379, 28.204)]
    services.state.accept(sample.MOVERS, sample.movers_frame(NOW, movers), NOW)
    advice = msgspec.structs.replace(sample.advisory("a2", NOW), lon=EAST[0])
    services.state.advisories.clear()
    services.state.accept(sample.ADVISORY, msgspec.json.encode(advice), NOW)
    links = dict.fromkeys(range(len(services.tables.network.links.id)), 5)
    services.state.accept(sample.LINKS, sample.links_frame(NOW, links), NOW)
    services.districts.links = services.tables.link_ends
    services.districts.take(
        DeviceRecord(
            id=name, kind=DeviceType.RSU, status=DeviceStatus.APPROVED, lon=place[0], lat=place[1], district=name
        )
        for name, place in (("west", WEST), ("east", EAST))
    )
    return services


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    apps = {name: make_app(_services(name), tmp_path / "base.pmtiles") for name in ("west", "*")}
    clients = {
        name: httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1/api/v1/")
        for name, app in apps.items()
    }
    yield clients
    for client in clients.values():
        await client.aclose()


async def test_road_users_over_the_border_are_neither_listed_nor_found(api: Api) -> None:
    listed = {name: (await client.get("tracks")).json()["items"] for name, client in api.items()}
    assert {name: [item["id"] for item in items] for name, items in listed.items()} == {"west": [1], "*": [1, 2]}
    found = [(await api["west"].get(f"tracks/{track}?trail_seconds=0")).status_code for track in (1, 2)]
    assert found == [200, 404]
    assert (await api["west"].get("participants/2/prediction")).status_code == 404


@pytest.mark.parametrize("path", ["links", "links/state"])
async def test_roads_over_the_border_have_no_state(api: Api, path: str) -> None:
    listed = {name: (await client.get(f"{path}?limit=500")).json()["items"] for name, client in api.items()}
    known = {name: {item["row"] for item in items if item["level"] == "severe"} for name, items in listed.items()}
    assert len(listed["west"]) == len(listed["*"]) == len(known["*"])
    assert 0 < len(known["west"]) < len(known["*"])


async def test_advice_over_the_border_is_not_listed(api: Api) -> None:
    listed = {name: (await client.get("advisories")).json()["items"] for name, client in api.items()}
    assert [len(listed["*"]), len(listed["west"])] == [1, 0]
