"""The API of parking: what is answered, refused and documented; DATEX II read back; no server error for anything."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import gateway_samples as sample
import httpx
import msgspec
import pytest
import schemathesis
from access_kit import Door, NoHistory, Trail
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
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
from cloudctl.api.state_messages import LotState
from cloudctl.engine.commands import CommandDesk
from cloudctl.engine.lots import Lots
from cloudctl.parking.datex import COMMON, D2, PARKING, XSI
from cloudctl.parking.office import ParkingOffice
from cloudctl.parking.orders import OCCUPANCY
from cloudctl.parking.store import ParkingStore
from cloudctl.publish.commands import Command, CommandReply
from cloudctl.store.embedded import EmbeddedPostgres

EVERYBODY = Actor("user:1", "one", DEMO_ACTOR.roles | {Role.PARKING_REPORTER, Role.ADMINISTRATOR})
LOT = {"lon": 112.932, "lat": 28.202, "capacity": 8, "kind": "kerb", "price": {"per_hour": 4}}
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]


@dataclass
class Engine:
    """The command desk of a real engine over the sample network."""

    lots: Lots
    desk: CommandDesk = field(default_factory=CommandDesk)

    def __post_init__(self) -> None:
        self.desk.register(OCCUPANCY, self.lots.order)

    async def send(
        self, kind: str, content: dict[str, object], *, issued_by: str, patience: float = 5.0
    ) -> CommandReply:
        now = time.time()
        command = Command(
            id=str(time.monotonic_ns()), kind=kind, issued_by=issued_by, time=now, expires=now + patience,
            content=content,
        )  # fmt: skip
        return msgspec.json.decode(self.desk.handle(msgspec.json.encode(command), now)[-1].payload, type=CommandReply)


@dataclass
class Gateway:
    """A gateway in this process with a database of its own."""

    app: FastAPI
    state: LiveState
    engine: Engine
    door: Door
    trail: Trail
    office: ParkingOffice

    async def call(self, method: str, path: str, status: int, **more: Any) -> Any:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            answer = await client.request(method, f"/api/v1/parking{path}", **more)
        assert answer.status_code == status, answer.text
        if answer.headers.get("content-type", "").startswith("application/xml"):
            return fromstring(answer.text)  # noqa: S314  # our own answer
        return answer.json() if answer.content else None


@pytest.fixture(scope="module")
def url(plain_postgres: EmbeddedPostgres) -> Iterator[str]:
    with schema_database(plain_postgres.url) as found:
        yield found


@pytest.fixture
async def gateway(url: str, tmp_path: Path) -> AsyncIterator[Gateway]:
    network, state, measures = sample.network(), LiveState(), Measures()
    engine, door, trail = Engine(Lots(network)), Door(EVERYBODY), Trail()
    office = ParkingOffice(network, ParkingStore(url), "mqtt://127.0.0.1:1", lambda: state.lots)
    services = Services(
        state, Hub(state, measures), measures, NetworkTables(network), NoHistory(), Doors(), access=door,
        commands=engine, audit=trail, parking=office,
    )  # fmt: skip
    tiles = tmp_path / "base.pmtiles"
    tiles.write_bytes(b"tiles")
    async with office.store.opened():
        made = Gateway(make_app(services, tiles), state, engine, door, trail, office)
        fill(made)
        yield made


def fill(gateway: Gateway, occupied: int = 3) -> None:
    lot = gateway.office.table.lots[0]
    status = LotState(
        id=lot.id, lon=lot.lon, lat=lot.lat, capacity=lot.capacity, occupied=occupied, updated=time.time(), under_way=2
    )
    gateway.state.lots = (status,)


def middle() -> tuple[float, float]:
    lon, lat = NetworkTables(sample.network()).link_middles
    return lon[0], lat[0]


async def test_the_page_has_every_lot_with_its_outlook_and_the_city_in_sum(gateway: Gateway) -> None:
    lot = gateway.office.table.lots[0]
    page = await gateway.call("GET", "", 200)
    first = next(item for item in page["items"] if item["id"] == lot.id)
    assert (first["free"], first["under_way"], first["open"]) == (lot.capacity - 3, 2, True)
    detail = await gateway.call("GET", f"/lots/{lot.id}", 200)
    assert len(detail["outlook"]) == 5
    assert all(each["free_low"] <= each["free"] <= each["free_high"] for each in detail["outlook"])
    summary = await gateway.call("GET", "/summary", 200)
    assert (summary["known"], summary["free"], summary["under_way"]) == (1, lot.capacity - 3, 2)
    fill(gateway, lot.capacity)
    assert (await gateway.call("GET", "/summary", 200))["full"] == 1


async def test_a_lot_is_entered_changed_and_taken_out_on_the_record(gateway: Gateway) -> None:
    assert (await gateway.call("PUT", "/lots/K1", 200, json=LOT))["price"]["per_hour"] == 4
    await gateway.call("PUT", "/lots/K1", 200, json={**LOT, "capacity": 9})
    assert (await gateway.call("GET", "/lots/K1", 200))["capacity"] == 9
    await gateway.call("DELETE", "/lots/K1", 204)
    await gateway.call("DELETE", "/lots/K1", 404)
    await gateway.call("GET", "/lots/K1", 404)
    assert gateway.trail.actions()[:3] == ["parking.register", "parking.register", "parking.remove"]


@pytest.mark.parametrize(
    ("change", "named"),
    [({"capacity": 0}, "capacity"), ({"kind": "roof"}, "kind"), ({"opening": [{"since": "8"}]}, "since"),
     ({"colour": "red"}, "colour"), ({"lat": 99}, "lat"), ({"accessible": 9}, "accessible")],
)  # fmt: skip
async def test_a_description_that_cannot_be_is_refused_by_name(
    gateway: Gateway, change: dict[str, object], named: str
) -> None:
    assert named in (await gateway.call("PUT", "/lots/K9", 422, json=LOT | change))["detail"]
    await gateway.call("GET", "/lots/K9", 404)


async def test_more_cars_than_places_are_refused_counted_and_leave_the_lot_as_it_was(gateway: Gateway) -> None:
    lot = gateway.office.table.lots[0]
    path = f"/lots/{lot.id}/occupancy"
    said = await gateway.call("POST", path, 202, json={"occupied": 4})
    assert said == {"lot": lot.id, "occupied": 4, "capacity": lot.capacity}
    refused = await gateway.call("POST", path, 422, json={"occupied": lot.capacity + 1})
    assert (refused["title"], str(lot.capacity + 1) in refused["detail"]) == ("More cars than places", True)
    assert gateway.engine.lots.now[0].occupied == 4
    await gateway.call("POST", "/lots/none/occupancy", 404, json={"occupied": 1})
    await gateway.call("POST", path, 422, json={"occupied": -1})
    await gateway.call("POST", path, 409, json={"occupied": 1, "time": "2001-01-01T00:00:00Z"})


async def test_only_a_car_park_may_report_and_only_an_operator_enter(gateway: Gateway) -> None:
    gateway.door.actor = Actor("user:2", "two", frozenset({Role.PICTURE_READER}))
    await gateway.call("GET", "", 200)
    await gateway.call("POST", "/lots/P/occupancy", 403, json={"occupied": 1})
    await gateway.call("PUT", "/lots/K1", 403, json=LOT)
    await gateway.call("DELETE", "/lots/K1", 403)


async def test_guidance_orders_lots_by_what_they_cost_and_gives_the_way(gateway: Gateway) -> None:
    lon, lat = middle()
    goal = gateway.office.table.lots[0]
    asked = {"from_lon": lon, "from_lat": lat, "to_lon": goal.lon, "to_lat": goal.lat}
    found = (await gateway.call("GET", "/guidance", 200, params=asked))["items"]
    assert found[0]["lot"] == goal.id
    assert found[0]["links"]
    assert found[0]["probability"] > 0.5
    fill(gateway, goal.capacity)
    again = (await gateway.call("GET", "/guidance", 200, params=asked))["items"]
    assert next(each for each in again if each["lot"] == goal.id)["probability"] < found[0]["probability"]
    await gateway.call("GET", "/guidance", 422, params=asked | {"from_lon": 0.0})


async def test_history_is_given_in_steps_and_a_span_that_cannot_be_is_refused(gateway: Gateway) -> None:
    lot = gateway.office.table.lots[0].id
    span = {"start": "2026-11-20T00:00:00Z", "end": "2026-11-20T01:00:00Z"}
    assert (await gateway.call("GET", f"/lots/{lot}/history", 200, params=span))["items"] == []
    for bad in ({"end": "2026-11-19T00:00:00Z"}, {"step": 60, "end": "2026-12-20T00:00:00Z"}, {"step": 1}):
        await gateway.call("GET", f"/lots/{lot}/history", 422, params=span | bad)
    await gateway.call("GET", "/lots/none/history", 404, params=span)


def names(element: Element) -> list[str]:
    return [child.tag.rpartition("}")[2] for child in element]


async def test_datex_status_has_its_elements_in_order_and_the_numbers_of_the_lot(gateway: Gateway) -> None:
    lot = gateway.office.table.lots[0]
    root = await gateway.call("GET", "/datex2", 200)
    assert root.tag == f"{{{D2}}}payload"
    assert root.attrib[f"{{{XSI}}}type"] == "prk:ParkingStatusPublication"
    assert names(root)[:3] == ["publicationTime", "publicationCreator", "parkingTableReference"]
    records = root.findall(f"{{{PARKING}}}parkingRecordStatus")
    assert len(records) == len(gateway.office.table.lots)
    assert names(records[0]) == [
        "parkingRecordReference", "parkingStatusOriginTime", "parkingOccupancy", "parkingSiteOpeningStatus",
        "parkingSiteStatus",
    ]  # fmt: skip
    occupancy = records[0][2]
    assert names(occupancy) == [
        "parkingNumberOfSpacesOverride", "parkingNumberOfVacantSpaces", "parkingNumberOfOccupiedSpaces",
        "parkingOccupancy", "parkingOccupancyTrend",
    ]  # fmt: skip
    assert [child.text for child in occupancy][:3] == [str(lot.capacity), str(lot.capacity - 3), "3"]
    assert names(records[-1]) == ["parkingRecordReference", "parkingSiteOpeningStatus"] or len(records) == 1


async def test_the_datex_table_describes_the_lots_that_the_status_refers_to(gateway: Gateway) -> None:
    root = await gateway.call("GET", "/datex2", 200, params={"publication": "table"})
    table = root.find(f"{{{PARKING}}}parkingTable")
    records = table.findall(f"{{{PARKING}}}parkingRecord")
    status = await gateway.call("GET", "/datex2", 200)
    referred = [one[0].attrib["id"] for one in status.findall(f"{{{PARKING}}}parkingRecordStatus")]
    assert [record.attrib["id"] for record in records] == referred
    assert names(records[0]) == [
        "parkingName", "parkingRecordVersionTime", "parkingNumberOfSpaces", "parkingLocation",
    ]  # fmt: skip
    assert root.find(f"{{{COMMON}}}publicationTime").text.endswith("Z")
    await gateway.call("GET", "/datex2", 422, params={"publication": "everything"})


async def test_a_register_that_is_not_kept_is_answered_503(gateway: Gateway, tmp_path: Path) -> None:
    services: Services = gateway.app.state.services
    without = Services(
        services.state, services.hub, services.measures, services.tables, NoHistory(), Doors(), access=gateway.door,
        audit=gateway.trail,
    )  # fmt: skip
    gateway.app = make_app(without, tmp_path / "base.pmtiles")
    await gateway.call("GET", "", 200)
    await gateway.call("PUT", "/lots/K1", 503, json=LOT)
    await gateway.call("POST", f"/lots/{gateway.office.table.lots[0].id}/occupancy", 504, json={"occupied": 1})


@pytest.mark.filterwarnings("ignore")
def test_no_question_makes_a_server_error(url: str, tmp_path: Path) -> None:
    network, state, measures = sample.network(), LiveState(), Measures()
    office = ParkingOffice(network, ParkingStore(url), "mqtt://127.0.0.1:1", lambda: state.lots)
    services = Services(
        state, Hub(state, measures), measures, NetworkTables(network), NoHistory(), Doors(), access=Door(EVERYBODY),
        audit=Trail(), parking=office, commands=Engine(Lots(network)),
    )  # fmt: skip
    (tmp_path / "base.pmtiles").write_bytes(b"tiles")
    app = make_app(services, tmp_path / "base.pmtiles")
    schema = schemathesis.openapi.from_dict(app.openapi())
    asyncio.run(office.store.opened().__aenter__())
    operations = [
        found.ok() for found in schema.get_all_operations() if isinstance(found, Ok) and "/parking" in found.ok().path
    ]
    assert len(operations) == 9
    for operation in operations:
        try_out(app, operation)


def try_out(app: FastAPI, operation: Any) -> None:
    @settings(
        max_examples=6, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy())
    def run(case: Any) -> None:
        answer = case.call(app=app)
        assert answer.status_code < 500 or answer.status_code == 503, answer.text
        case.validate_response(answer, checks=CHECKS)

    run()
