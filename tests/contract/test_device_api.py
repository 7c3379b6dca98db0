"""The HTTP API about devices: every answer as documented, districts and duties kept apart, changes audited."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import gateway_samples as sample
import httpx
import psycopg
import pytest
import schemathesis
from access_kit import Door, Trail
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS
from schemathesis.core.result import Ok
from served_app import served
from store_servers import schema_database

from cloudctl.access.actor import DEMO_ACTOR
from cloudctl.access.open_access import OpenAccess
from cloudctl.access.roles import Role
from cloudctl.api.app import make_app
from cloudctl.api.doors import Doors
from cloudctl.api.hub import Hub
from cloudctl.api.measures import Measures
from cloudctl.api.network_tables import NetworkTables
from cloudctl.api.services import Services
from cloudctl.devices.record import DeviceRecord, DeviceStatus, DeviceType
from cloudctl.devices.starting import make_desk
from cloudctl.publish.commands import CommandReply, CommandStatus
from cloudctl.settings import BrokerSettings, DatabaseSettings, MapSettings, Settings
from cloudctl.store.embedded import EmbeddedPostgres
from ingest.asyncapi_examples import EXAMPLES

OURS = ("/api/v1/device", "/api/v1/dead-letters")


@dataclass
class Engine:
    """An engine that answers at once, as it is told to."""

    status: CommandStatus = CommandStatus.DONE
    given: list[tuple[str, Mapping[str, object], str]] = field(default_factory=list)

    async def send(
        self, kind: str, content: dict[str, object], *, issued_by: str, patience: float = 5.0
    ) -> CommandReply:
        del patience
        self.given.append((kind, content, issued_by))
        frame = {
            "received": time.time(), "topic": "V2X/RSU/RSU00001/RSM/UP", "size": 5000, "payload_hex": b"{}".hex(),
            "verdict": "refused", "reason": "missing_field", "detail": "msgCnt is missing",
        }  # fmt: skip
        return CommandReply(
            id="1", status=self.status, detail="why", content={"watched_until": time.time() + 60, "frames": [frame]}
        )


@dataclass
class Gateway:
    """A gateway with a register, served over HTTP."""

    http: httpx.Client
    app: Any
    door: Door
    engine: Engine
    trail: Trail
    database: str

    def call(self, method: str, path: str, status: int, content: object = None, /, **query: str) -> dict[str, Any]:
        answer = self.http.request(method, f"/api/v1{path}", json=content, params=query)
        assert answer.status_code == status, answer.text
        return dict(answer.json()) if answer.content else {}


@pytest.fixture(scope="module")
def gateway(plain_postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("gateway")
    tiles = folder / "base.pmtiles"
    tiles.write_bytes(bytes(256))
    with schema_database(plain_postgres.url) as url:
        door, engine, trail = Door(), Engine(), Trail()
        configured = Settings(
            data_dir=folder,
            map=MapSettings(file=Path("m"), tiles=Path("t")),
            broker=BrokerSettings(url="mqtt://127.0.0.1:1"),
            database=DatabaseSettings(url=url),
        )
        desk = make_desk(configured, lambda kind, content: engine.send(kind, content, issued_by="gateway"))
        state, measures = sample.filled_state(time.time()), Measures()
        services = Services(
            state, Hub(state, measures), measures, NetworkTables(sample.network()), NoTrails(), Doors(),
            access=door, commands=engine, audit=trail, devices=desk,
        )  # fmt: skip
        app = make_app(services, tiles, (desk.run,))
        with served(app) as address, httpx.Client(base_url=address, timeout=20, trust_env=False) as http:
            yield Gateway(http, app, door, engine, trail, url)


class NoTrails:
    """A store without trails."""

    async def reachable(self) -> bool:
        return True

    async def list_trail(self, *_: object) -> list[Any]:
        return []


@pytest.fixture
def fresh(gateway: Gateway) -> Gateway:
    """Give the gateway with an empty register."""
    gateway.door.actor, gateway.engine.status = DEMO_ACTOR, CommandStatus.DONE
    gateway.trail.entries.clear()
    gateway.engine.given.clear()
    with psycopg.connect(gateway.database) as connection:
        connection.execute(
            "TRUNCATE v2x.device_register, v2x.device_group, v2x.device_revision, v2x.dead_letter CASCADE"
        )
    return gateway


def test_a_device_is_registered_edited_and_listed_beside_those_that_are_only_heard(fresh: Gateway) -> None:
    made = fresh.call("POST", "/devices", 201, {"id": "POLE1", "kind": "light_pole", "district": "岳麓"})
    assert (made["status"], made["approved_by"], made["registered"]) == ("approved", "demo", True)
    fresh.call("POST", "/devices", 201, {"id": "LAMP1", "kind": "lamp", "parent": "POLE1", "approved": False})
    fresh.call("PATCH", "/devices/POLE1", 200, {"name": "灯杆一", "coordinate_system": "GCJ-02"})
    page = fresh.call("GET", "/devices", 200)
    assert [(item["id"], item["status"]) for item in page["items"]] == [
        ("LAMP1", "pending"), ("POLE1", "approved"), ("RSU00001", None),
    ]  # fmt: skip
    assert page["register_complete"] is True
    detail = fresh.call("GET", "/devices/POLE1", 200)
    assert (detail["name"], detail["coordinate_system"], detail["revision"]) == ("灯杆一", "GCJ-02", 2)
    assert [(part["id"], part["kind"]) for part in detail["sub_devices"]] == [("LAMP1", "lamp")]
    assert fresh.trail.actions() == ["device.register", "device.register", "device.edit"]


def test_a_light_pole_tells_the_readings_of_its_parts(fresh: Gateway) -> None:
    fresh.call("POST", "/devices", 201, {"id": "POLE1", "kind": "light_pole"})
    parts = [{"id": "ENV1", "kind": "environment_sensor", "pm25": 31}]
    with psycopg.connect(fresh.database) as connection:
        connection.execute(
            "INSERT INTO v2x.device_status (id, running_info, running_info_at) VALUES ('POLE1', %s, now())",
            (json.dumps({"rsuEsn": "POLE1", "runningInfo": {"subDevices": parts}}),),
        )
    (part,) = fresh.call("GET", "/devices/POLE1", 200)["sub_devices"]
    assert part == {
        "id": "ENV1", "kind": "environment_sensor", "registered": False, "status": None, "readings": {"pm25": 31},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"kind": "camera"}, ["C1"]),
        ({"status": "approved"}, ["C1", "R1"]),
        ({"group": "west"}, ["R1"]),
        ({"district": "岳麓"}, ["C1"]),
        ({"online": "true"}, ["RSU00001"]),
    ],
)
def test_devices_are_filtered(fresh: Gateway, query: dict[str, str], ids: list[str]) -> None:
    fresh.call("POST", "/devices", 201, {"id": "C1", "kind": "camera", "district": "岳麓"})
    fresh.call("POST", "/device-groups", 201, {"id": "west", "name": "西"})
    fresh.call("POST", "/devices", 201, {"id": "R1"})
    assert fresh.call("PUT", "/device-groups/west/devices/R1", 200)["devices"] == ["R1"]
    assert [item["id"] for item in fresh.call("GET", "/devices", 200, **query)["items"]] == ids


def test_pages_by_cursor_give_every_device_once(fresh: Gateway) -> None:
    for number in range(3):
        fresh.call("POST", "/devices", 201, {"id": f"R{number}"})
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": "1"} | ({"cursor": cursor} if cursor else {})
        page = fresh.call("GET", "/devices", 200, **query)
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert seen == ["R0", "R1", "R2", "RSU00001"]


def test_a_device_of_another_district_is_as_unknown_as_none(fresh: Gateway) -> None:
    fresh.call("POST", "/devices", 201, {"id": "R1", "district": "岳麓"})
    fresh.door.actor = replace(DEMO_ACTOR, districts=frozenset({"天心"}))
    assert [item["id"] for item in fresh.call("GET", "/devices", 200)["items"]] == ["RSU00001"]
    for method, path in (("GET", ""), ("POST", "/block"), ("PATCH", ""), ("GET", "/deliveries"), ("POST", "/config")):
        fresh.call(method, f"/devices/R1{path}", 404, {} if method != "GET" else None)
    assert fresh.call("GET", "/devices/R1/frames", 404)["title"] == "Unknown device"
    fresh.call("POST", "/devices", 403, {"id": "R2", "district": "岳麓"})
    fresh.call("POST", "/devices", 201, {"id": "R3", "district": "天心"})


def test_who_looks_after_devices_is_not_told_where_vehicles_are(fresh: Gateway) -> None:
    fresh.call("POST", "/devices", 201, {"id": "BUS1", "kind": "obu", "lon": 112.9, "lat": 28.2})
    assert fresh.call("GET", "/devices/BUS1", 200)["lon"] == 112.9
    fresh.door.actor = replace(DEMO_ACTOR, roles=frozenset({Role.DEVICE_ADMINISTRATOR}))
    assert fresh.call("GET", "/devices/BUS1", 200)["lon"] is None
    fresh.call("GET", "/devices/BUS1/frames", 403)
    fresh.door.actor = replace(DEMO_ACTOR, roles=frozenset({Role.POLICE_OPERATOR}))
    fresh.call("POST", "/devices/BUS1/block", 403)
    fresh.call("GET", "/dead-letters", 403)


def test_states_follow_each_other_and_a_retired_device_stays_retired(fresh: Gateway) -> None:
    fresh.call("POST", "/devices", 201, {"id": "R1", "approved": False})
    fresh.call("POST", "/devices/R1/config", 409, {})
    for verb, status in (("approve", "approved"), ("block", "blocked"), ("approve", "approved"), ("retire", "retired")):
        assert fresh.call("POST", f"/devices/R1/{verb}", 200)["status"] == status
    assert "retired" in fresh.call("POST", "/devices/R1/approve", 409)["detail"]


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("/devices/R1/config", {"rsmConfig": {"upLimit": -1}}, "upLimit"),
        ("/devices/R1/management", {"reboot": "perhaps"}, "reboot"),
        ("/device-maps", {"content": {"msgCnt": 1}}, "nodes"),
        ("/devices/R1/map", {"etag": "x"}, "etag"),
        ("/devices/R1/management", {"extendConfig": "a\x00b"}, "Unicode"),
        ("/devices", {"id": "a/b"}, "id"),
        ("/devices", {"id": "R2", "nominal_rates": {"rsu_rsm": 0}}, "nominal_rates"),
    ],
)
def test_what_no_device_could_read_is_refused_and_named(
    fresh: Gateway, path: str, content: dict[str, object], words: str
) -> None:
    fresh.call("POST", "/devices", 201, {"id": "R1"})
    assert words in fresh.call("POST", path, 422, content)["detail"]


def test_a_group_is_sent_a_map_once_and_each_delivery_is_told(fresh: Gateway) -> None:
    fresh.call("POST", "/device-groups", 201, {"id": "west", "name": "西"})
    for name, approved in (("R1", True), ("R2", True), ("R3", False)):
        fresh.call("POST", "/devices", 201, {"id": name, "approved": approved})
        fresh.call("PUT", f"/device-groups/west/devices/{name}", 200)
    kept = fresh.call("POST", "/device-maps", 201, {"content": EXAMPLES["map"], "map_slice": "s"})
    fresh.call("PATCH", "/devices/R2", 200, {"name": "x"})
    with psycopg.connect(fresh.database) as connection:
        connection.execute("UPDATE v2x.device_register SET map_etag = %s WHERE id = 'R2'", (kept["etag"],))
    ordered = fresh.call("POST", "/device-groups/west/map", 202, {"etag": kept["etag"]})
    assert [(item["device"], item["status"]) for item in ordered["deliveries"]] == [("R1", "queued"), ("R2", "present")]
    told = fresh.call("GET", f"/device-revisions/{ordered['revision']}", 200)
    assert [item["device"] for item in told["deliveries"]] == ["R1", "R2"]
    assert fresh.call("GET", "/device-maps", 200)["items"][0]["etag"] == kept["etag"]
    fresh.call("DELETE", "/device-groups/west", 204)
    fresh.call("GET", "/device-groups/west", 404)


@pytest.mark.parametrize(("status", "code"), [(CommandStatus.REFUSED, 409), (CommandStatus.FAILED, 502)])
def test_frames_are_asked_of_the_engine_and_its_refusal_is_a_problem(
    fresh: Gateway, status: CommandStatus, code: int
) -> None:
    frames = fresh.call("GET", "/devices/RSU00001/frames", 200, limit="5")
    assert fresh.engine.given[-1][0] == "watch_device"
    assert fresh.engine.given[-1][2] == "demo"
    assert (frames["items"][0]["cut"], frames["items"][0]["reason"]) == (True, "missing_field")
    fresh.engine.status = status
    assert fresh.call("GET", "/devices/RSU00001/frames", code)["detail"] == "why"


def test_a_refused_message_is_shown_beside_its_readings(fresh: Gateway) -> None:
    with psycopg.connect(fresh.database) as connection:
        connection.execute(
            "INSERT INTO v2x.dead_letter VALUES (now(), 'V2X/RSU/R1/RSM/UP', 'out_of_range', 'why', '{\"msgCnt\":400}')"
        )
    (item,) = fresh.call("GET", "/dead-letters", 200, device="R1")["items"]
    letter = fresh.call("GET", f"/dead-letters/{item['id']}", 200)
    assert bytes.fromhex(letter["payload_hex"]) == b'{"msgCnt":400}'
    assert [(one["way"], one["fits"]) for one in letter["readings"]] == [("json", False)]
    assert fresh.call("GET", "/dead-letters/counts", 200)["items"] == [
        {"device": "R1", "reason": "out_of_range", "count": 1}
    ]
    for strange in ("1-0", "99999999999999999-0000000000000000", "x"):
        fresh.call("GET", f"/dead-letters/{strange}", 404)


def record_in(device: str, district: str | None) -> DeviceRecord:
    return DeviceRecord(id=device, kind=DeviceType.RSU, status=DeviceStatus.APPROVED, district=district)


def test_refused_messages_are_for_the_district_where_their_device_stands(fresh: Gateway) -> None:
    places = {"R1": "岳麓", "R2": "天心", "R3": None}
    for name, district in places.items():
        fresh.call("POST", "/devices", 201, {"id": name, "lon": 112.93, "lat": 28.2, "district": district})
    fresh.call("POST", "/devices", 201, {"id": "CAR1", "kind": "obu", "district": "岳麓"})
    topics = [*(f"V2X/RSU/{name}/RSM/UP" for name in (*places, "R9")), "V2X/OBU/CAR1/BSM/UP", "V2X/RSU/HB/UP"]
    with psycopg.connect(fresh.database) as connection:
        for topic in topics:
            connection.execute("INSERT INTO v2x.dead_letter VALUES (now(), %s, 'not_json', 'why', '{')", (topic,))
    listed = fresh.call("GET", "/dead-letters", 200)["items"]
    assert len(listed) == len(topics)
    borders = fresh.app.state.services.districts
    borders.take([record_in(name, of) for name, of in places.items()])
    for own, seen in (("岳麓", {"R1"}), ("天心", {"R2"}), ("芙蓉", set()), ("*", {*places, "R9", "CAR1", None})):
        fresh.door.actor = replace(DEMO_ACTOR, districts=frozenset({own}))
        assert {item["device"] for item in fresh.call("GET", "/dead-letters", 200)["items"]} == seen
        assert {item["device"] for item in fresh.call("GET", "/dead-letters/counts", 200)["items"]} == seen
        found = fresh.call("GET", "/dead-letters", 200, device="R2")["items"]
        assert len(found) == ("R2" in seen)
        for item in listed:
            fresh.call("GET", f"/dead-letters/{item['id']}", 200 if item["device"] in seen else 404)


def test_until_the_register_was_read_nobody_of_a_district_sees_refused_messages(fresh: Gateway) -> None:
    with psycopg.connect(fresh.database) as connection:
        connection.execute("INSERT INTO v2x.dead_letter VALUES (now(), 'V2X/RSU/R1/RSM/UP', 'not_json', 'why', '{')")
    borders = fresh.app.state.services.districts
    borders.take([record_in("R1", "岳麓")])
    fresh.door.actor = replace(DEMO_ACTOR, districts=frozenset({"岳麓"}))
    assert len(fresh.call("GET", "/dead-letters", 200)["items"]) == 1
    borders.known = False
    assert fresh.call("GET", "/dead-letters", 200)["items"] == []


def test_a_gateway_without_a_register_lists_what_is_heard_and_changes_nothing(tmp_path: Path) -> None:
    tiles = tmp_path / "base.pmtiles"
    tiles.write_bytes(bytes(256))
    state, measures = sample.filled_state(time.time()), Measures()
    services = Services(
        state, Hub(state, measures), measures, NetworkTables(sample.network()), NoTrails(), Doors(), OpenAccess(),
    )  # fmt: skip
    with served(make_app(services, tiles)) as address, httpx.Client(base_url=address, trust_env=False) as http:
        page = http.get("/api/v1/devices").json()
        assert ([item["id"] for item in page["items"]], page["register_complete"]) == (["RSU00001"], False)
        assert http.get("/api/v1/devices/RSU00001").json()["health"]["online"] is True
        assert http.post("/api/v1/devices/RSU00001/approve").status_code == 503
        assert http.get("/api/v1/devices/RSU00001/frames").status_code == 504


@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")  # of schemathesis's strategies
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "PUT", "DELETE"])
def test_every_answer_is_a_documented_one(fresh: Gateway, method: str) -> None:
    fresh.call("POST", "/devices", 201, {"id": "0"})
    fresh.call("POST", "/device-groups", 201, {"id": "0", "name": "0"})
    schema = schemathesis.openapi.from_url(f"{fresh.http.base_url}/openapi.json").include(
        func=lambda context: context.operation.path.startswith(OURS) and context.operation.method.upper() == method
    )
    checks = [CHECKS.get_one(name) for name in ("not_a_server_error", "status_code_conformance",
              "content_type_conformance", "response_schema_conformance")]  # fmt: skip
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    assert operations
    for operation in operations:

        @settings(
            max_examples=15, deadline=None, database=None, phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck), derandomize=True,
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def try_one(case: Any) -> None:
            case.call_and_validate(checks=checks)

        try_one()
