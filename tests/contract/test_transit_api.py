"""The API of bus dispatch over HTTP: documented answers, own lines only, uploads, and no server error for anything."""

import json
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gateway_samples as sample
import httpx
import msgspec
import pytest
import schemathesis
import transit_samples as buses
import transit_world as world
from access_kit import Door, NoHistory, Trail
from google.transit import gtfs_realtime_pb2 as pb
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS
from schemathesis.core.result import Ok
from served_app import served
from store_servers import schema_database

from cloudctl.access.actor import DEMO_ACTOR, Actor
from cloudctl.access.roles import Role
from cloudctl.advice.advisory import AdvisoryKind
from cloudctl.api.app import make_app
from cloudctl.api.doors import Doors
from cloudctl.api.hub import Hub
from cloudctl.api.live_state import LiveState
from cloudctl.api.measures import Measures
from cloudctl.api.network_tables import NetworkTables
from cloudctl.api.services import Services
from cloudctl.dispatch.office import DispatchOffice
from cloudctl.dispatch.orders import CONNECTIONS, FEEDBACK
from cloudctl.dispatch.store import DispatchStore
from cloudctl.publish.commands import CommandReply, CommandStatus
from cloudctl.store.embedded import EmbeddedPostgres

DISPATCHER = Actor("user:1", "one", frozenset({Role.BUS_DISPATCHER}), lines=frozenset({"1"}))
ADMINISTRATOR = Actor("user:2", "admin", frozenset({Role.ADMINISTRATOR}))
OTHERS = ("/lines/2", "/buses/OTHER", "/buses?line=2", "/advice?line=2", "/findings?line=2", "/priority-requests/p2")


@dataclass
class Engine:
    """An engine that does as it is told."""

    status: CommandStatus = CommandStatus.DONE
    given: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)

    async def send(
        self, kind: str, content: dict[str, object], *, issued_by: str, patience: float = 5.0
    ) -> CommandReply:
        del patience, issued_by
        self.given.append((kind, content))
        if kind == FEEDBACK:
            answer: object = {"advice": msgspec.to_builtins(buses.advice())}
        elif kind == CONNECTIONS:
            answer = {"taken": 1}
        else:
            answer = {"request": msgspec.to_builtins(buses.priority(str(content["id"])))}
        return CommandReply(id="1", status=self.status, detail="why", content=answer)  # type: ignore[arg-type]  # by kind


@dataclass
class Gateway:
    """A gateway over HTTP."""

    http: httpx.Client
    app: Any
    door: Door
    engine: Engine
    trail: Trail
    timetable: Path

    def call(self, method: str, path: str, status: int, **more: Any) -> Any:
        answer = self.http.request(method, f"/api/v1/transit{path}", **more)
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def gateway(plain_postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("gateway")
    (folder / "base.pmtiles").write_bytes(bytes(256))
    with schema_database(plain_postgres.url) as url:
        door, engine, trail = Door(DISPATCHER), Engine(), Trail()
        state, measures = LiveState(), Measures()
        buses.fill(state, time.time())
        for number, vehicle in enumerate(("BUS1", "OTHER"), 1):
            request = msgspec.structs.replace(
                sample.advisory(f"r{number}", time.time()), kind=AdvisoryKind.BUS_PRIORITY, content={"vehicle": vehicle}
            )
            state.advisories.append((number, request))
        office = DispatchOffice(DispatchStore(url), folder / "timetable.zip")
        services = Services(
            state, Hub(state, measures), measures, NetworkTables(sample.network()), NoHistory(), Doors(),
            access=door, commands=engine, audit=trail, dispatch=office,
        )  # fmt: skip
        app = make_app(services, folder / "base.pmtiles", (office.run,))
        with served(app) as address, httpx.Client(base_url=address, timeout=20, trust_env=False) as http:
            yield Gateway(http, app, door, engine, trail, office.timetable)


@pytest.fixture
def api(gateway: Gateway) -> Gateway:
    """Give the gateway with its dispatcher of line 1."""
    gateway.door.actor, gateway.engine.status = DISPATCHER, CommandStatus.DONE
    gateway.engine.given.clear()
    gateway.trail.entries.clear()
    return gateway


def test_a_dispatcher_sees_the_own_line_with_its_buses_stops_and_advice(api: Gateway) -> None:
    assert [line["id"] for line in api.call("GET", "/lines", 200)["items"]] == ["1"]
    line = api.call("GET", "/lines/1", 200)
    (way,) = line["patterns"]
    assert [bus["vehicle"] for bus in way["buses"]] == ["BUS1", "BUS2", "BUS3"]
    assert len(way["stops"]) == world.BLOCKS
    bus = api.call("GET", "/buses/BUS2", 200)
    assert (bus["vehicle_ahead"], bus["vehicle_behind"], bus["passengers"]) == ("BUS1", "BUS3", 30)
    assert bus["arrivals"][0]["stop"] == bus["next_stop"]
    (advice,) = api.call("GET", "/buses/BUS1", 200)["advice"]
    assert (advice["kind"], advice["seconds"], advice["expected"]["delay"]) == ("bus_hold", 30.0, 30.0)
    assert [each["id"] for each in api.call("GET", "/advice", 200)["items"]] == ["a1"]
    assert [each["line"] for each in api.call("GET", "/findings", 200)["items"]] == ["1"]
    assert [each["id"] for each in api.call("GET", "/priority-requests", 200)["items"]] == ["p1"]
    assert all(stop["lines"] == ["1"] for stop in api.call("GET", "/stops", 200)["items"])


def test_arrivals_at_a_stop_come_in_order_and_of_own_lines_only(api: Gateway) -> None:
    found = api.call("GET", "/stops/S5/arrivals", 200)["items"]
    assert {each["line"] for each in found} == {"1"}
    assert [each["expected"] for each in found] == sorted(each["expected"] for each in found)
    api.door.actor = DEMO_ACTOR
    assert {each["line"] for each in api.call("GET", "/stops/S5/arrivals", 200)["items"]} == {"1", "2"}


@pytest.mark.parametrize("path", OTHERS)
def test_what_is_of_another_line_is_as_unknown_as_what_does_not_exist(api: Gateway, path: str) -> None:
    api.call("GET", path, 404)
    api.door.actor = DEMO_ACTOR
    api.call("GET", path, 200)


def test_feedback_goes_to_the_engine_for_own_lines_only(api: Gateway) -> None:
    assert api.call("POST", "/advice/a1/feedback", 200, json={"status": "done"})["id"] == "a1"
    assert api.engine.given == [(FEEDBACK, {"advice": "a1", "status": "done"})]
    assert api.trail.actions() == ["transit.feedback"]
    api.call("POST", "/advice/a2/feedback", 404, json={"status": "done"})
    api.call("POST", "/advice/a1/feedback", 422, json={"status": "maybe"})
    api.engine.status = CommandStatus.REFUSED
    assert api.call("POST", "/advice/a1/feedback", 409, json={"status": "done"})["detail"] == "why"


def test_a_request_for_priority_has_the_same_name_for_the_same_key(api: Gateway) -> None:
    for key in ("k1", "k1", "k2"):
        api.call("POST", "/priority-requests", 202, json={"vehicle": "BUS1"}, headers={"Idempotency-Key": key})
    names = [str(content["id"]) for _, content in api.engine.given]
    assert names[0] == names[1] != names[2]
    api.call("POST", "/priority-requests", 422, json={"vehicle": "BUS1"})
    api.call("POST", "/priority-requests", 404, json={"vehicle": "OTHER"}, headers={"Idempotency-Key": "k3"})


def test_connections_of_other_lines_are_not_set(api: Gateway) -> None:
    item = {"stop": "S1", "arrival": "2026-11-23T06:00:00+08:00", "trunk": "M4", "line": "1"}
    api.call("PUT", "/connections", 200, json={"items": [item]})
    api.call("PUT", "/connections", 404, json={"items": [{**item, "line": "2"}]})
    api.call("PUT", "/connections", 404, json={"items": [{**item, "line": None}]})


def test_connections_of_all_lines_go_to_the_engine_when_one_dispatcher_tells_the_own(api: Gateway) -> None:
    ahead = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 600.0))
    item = {"stop": "S1", "arrival": ahead, "trunk": "M4", "line": "1"}
    api.door.actor = DEMO_ACTOR
    api.call("PUT", "/connections", 200, json={"items": [{**item, "line": "2"}, {**item, "line": None}]})
    api.door.actor = DISPATCHER
    assert api.call("PUT", "/connections", 200, json={"items": [item]}) == {"taken": 1}
    told: Any = api.engine.given[-1][1]["items"]
    assert sorted(each["line"] for each in told) == ["", "1", "2"]
    api.door.actor = DEMO_ACTOR
    api.call("PUT", "/connections", 200, json={"items": []})


def test_feeds_and_advisories_tell_a_dispatcher_of_the_own_line_alone(api: Gateway) -> None:
    def buses_told() -> set[str]:
        body = api.http.get("/api/v1/gtfs-rt/vehicle-positions").content
        return {entity.id for entity in pb.FeedMessage.FromString(body).entity}

    def advised() -> list[str]:
        items = api.http.get("/api/v1/advisories?kind=bus_priority").json()["items"]
        return [str(each["content"]["vehicle"]) for each in items]

    assert buses_told() == {"BUS1", "BUS2", "BUS3"}
    assert advised() == ["BUS1"]
    api.door.actor = DEMO_ACTOR
    assert buses_told() == {"BUS1", "BUS2", "BUS3", "OTHER"}
    assert advised() == ["BUS1", "OTHER"]
    api.door.actor = Actor("token:1", "planner", frozenset({Role.PICTURE_READER}))
    assert buses_told() == {"BUS1", "BUS2", "BUS3", "OTHER"}, "the feeds are public"
    assert advised() == []


def test_only_an_administrator_uploads_a_timetable_and_its_faults_are_named(api: Gateway, tmp_path: Path) -> None:
    good = world.write_gtfs(tmp_path / "a.zip", trips=3).read_bytes()
    api.call("POST", "/timetable", 403, content=good)
    api.door.actor = ADMINISTRATOR
    summary = api.call("POST", "/timetable", 200, content=good)
    assert (summary["trips"], summary["lines"], summary["finding_count"]) == (6, 2, 0)
    assert api.timetable.read_bytes() == good
    for bad, word in ((b"no zip", "no zip file"), (b"", "no zip file"), (good[:-300], "upload")):
        assert word in api.call("POST", "/timetable", 422, content=bad)["detail"]
    assert api.timetable.read_bytes() == good, "a bad one leaves the good one in place"
    stops = "stop_id,stop_name,stop_lat,stop_lon\nS0,a,28.2,112.9\n"
    broken = world.write_gtfs(tmp_path / "b.zip", trips=1, stops=stops).read_bytes()
    assert "is not in stops.txt" in api.call("POST", "/timetable", 422, content=broken)["detail"]


def test_a_timetable_with_a_missing_stop_is_refused_with_its_name_and_the_network_stays(
    api: Gateway, tmp_path: Path
) -> None:
    api.door.actor = ADMINISTRATOR
    good = world.write_gtfs(tmp_path / "a.zip", trips=3).read_bytes()
    api.call("POST", "/timetable", 200, content=good)
    last = f"S{world.BLOCKS - 1}"
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        rows = archive.read("stops.txt").decode().splitlines(keepends=True)
    lacking = "".join(row for row in rows if not row.startswith(f"{last},"))
    broken = world.write_gtfs(tmp_path / "c.zip", trips=3, stops=lacking).read_bytes()
    detail = api.call("POST", "/timetable", 422, content=broken)["detail"]
    assert f"stops.txt lacks '{last}' (trip 'e0')" in detail
    assert api.timetable.read_bytes() == good
    summary = api.call("POST", "/timetable?partly=true", 200, content=broken)
    assert summary["trips"] == 3, "those of line 2, which ends before it"
    assert last in summary["findings"][0]["detail"]


def test_results_of_a_day_without_buses_are_empty_and_of_a_wrong_day_refused(api: Gateway) -> None:
    assert api.call("GET", "/results?day=2026-11-23", 200) == {"day": "2026-11-23", "lines": []}
    api.call("GET", "/results?day=yesterday", 422)


def test_other_roles_do_not_get_in(api: Gateway) -> None:
    api.door.actor = Actor("user:3", "x", frozenset({Role.AUDITOR}))
    api.call("GET", "/lines", 403)
    api.door.actor = Actor("user:4", "y", frozenset({Role.POLICE_VIEWER}))
    assert [line["id"] for line in api.call("GET", "/lines", 200)["items"]] == ["1", "2"]
    api.call("POST", "/advice/a1/feedback", 403, json={"status": "done"})


def test_everything_a_dispatcher_may_send_is_answered_as_documented_and_tells_of_no_other_line(api: Gateway) -> None:
    schema = schemathesis.openapi.from_dict(api.app.openapi())
    names = ("not_a_server_error", "status_code_conformance", "response_schema_conformance")
    checks = [CHECKS.get_one(name) for name in names]
    told: list[str] = []
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        if not operation.path.startswith(("/api/v1/transit", "/api/v1/advisories")):
            continue

        @given(case=operation.as_strategy())
        @settings(
            max_examples=12, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        def probe(case: Any) -> None:
            answer = case.call(base_url=str(api.http.base_url).rstrip("/"))
            case.validate_response(answer, checks=checks)
            told.append(answer.text)

        probe()
    assert len(told) > 100
    assert not any('"OTHER"' in text or '"line":"2"' in text for text in told)
    assert any(json.loads(text).get("items") for text in told if text.startswith("{"))
