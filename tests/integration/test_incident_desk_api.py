"""The incident desk over a real database: who did what and when, mutes that end, live to every browser, audited."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gateway_samples as sample
import httpx
import orjson
import psycopg
import pytest
from access_kit import NoHistory
from history_gateway import Known, Ledger

from cloudctl.access.actor import DEMO_ACTOR, Actor
from cloudctl.access.roles import Role
from cloudctl.api.app import make_app
from cloudctl.api.district_sight import Districts
from cloudctl.api.doors import Doors
from cloudctl.api.errors import ProblemError
from cloudctl.api.hub import Client, Hub
from cloudctl.api.incident_door import look_at_desk
from cloudctl.api.live_state import LiveState, Part
from cloudctl.api.measures import Measures
from cloudctl.api.network_tables import NetworkTables
from cloudctl.api.services import Services
from cloudctl.devices.record import DeviceRecord, DeviceStatus, DeviceType
from cloudctl.incidents.desk import Desk
from cloudctl.incidents.starting import make_desk
from cloudctl.incidents.work import EventState, WorkState
from cloudctl.privacy.errors import AuditUnavailableError
from cloudctl.publish.commands import CommandReply, CommandStatus

NETWORK = sample.network()
LINKS = NETWORK.links.id.tolist()
SIGNAL = str(NETWORK.signals.id[0])
EVENT = {"event_type": 401, "lon": 112.934, "lat": 28.204, "radius_m": 300, "text": "抛洒物", "minutes": 30}
HOLD = {"signal": SIGNAL, "minutes": 10, "reason": "crash at the junction"}


@dataclass
class Engine:
    """Takes commands as the engine would, and remembers them."""

    heard: list[tuple[str, dict[str, object], str]] = field(default_factory=list)
    status: CommandStatus = CommandStatus.DONE
    away: bool = False

    async def send(
        self, kind: str, content: dict[str, object], *, issued_by: str, patience: float = 5.0
    ) -> CommandReply:
        """Take one command."""
        del patience
        if self.away:
            raise ProblemError(504, "No answer", "the engine is away")
        self.heard.append((kind, content, issued_by))
        return CommandReply(id="1", status=self.status, detail="because")

    def kinds(self) -> list[str]:
        return [kind for kind, _, _ in self.heard]


@dataclass
class World:
    """A gateway's application with a desk."""

    http: httpx.AsyncClient
    hub: Hub
    engine: Engine
    ledger: Ledger
    access: Known
    desk: Desk
    districts: Districts

    async def ask(self, method: str, path: str, content: object = None, status: int = 200) -> Any:
        answer = await self.http.request(method, f"/api/v1{path}", json=content)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def told(self, client: Client, part: Part) -> dict[str, Any]:
        """The newest text of a part that a browser gets."""
        texts = [orjson.loads(each) for each in self.hub.take(client) if isinstance(each, str)]
        return next(text for text in reversed(texts) if text["type"] == part)

    async def look(self) -> None:
        """Let a second of the desk's life pass."""
        await look_at_desk(self.desk, self.hub)


@asynccontextmanager
async def world(url: str, folder: Path) -> AsyncIterator[World]:
    state = LiveState(connected=True)
    now = time.time()
    for name, offset in (("stopped-1", 0.0), ("stopped-2", 0.001), ("stopped-3", 0.002), ("far", 0.2)):
        state.incidents[name] = sample.incident(name, now - 60, lon=112.934 + offset)
    measures, engine, ledger, access = Measures(), Engine(), Ledger(), Known()
    hub, tables = Hub(state, measures), NetworkTables(NETWORK)
    desk = make_desk(url, engine.send, ledger, NETWORK.links.road_class.tolist())
    (folder / "base.pmtiles").write_bytes(bytes(16))
    lon, lat = tables.signal_places
    districts = Districts({SIGNAL: (lon[0], lat[0])})
    services = Services(
        state,
        hub,
        measures,
        tables,
        NoHistory(),
        Doors(),
        access,
        commands=engine,
        audit=ledger,
        desk=desk,
        districts=districts,
    )
    transport = httpx.ASGITransport(make_app(services, folder / "base.pmtiles"), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        made = World(http, hub, engine, ledger, access, desk, districts)
        async with desk.opened():
            while not desk.reachable:
                await made.look()
                await asyncio.sleep(0.02)
            yield made


@pytest.fixture
async def gateway(store_database: str, tmp_path: Path) -> AsyncIterator[World]:
    async with world(store_database, tmp_path) as made:
        yield made


async def test_what_is_done_about_an_incident_is_kept_shown_to_all_and_audited(gateway: World) -> None:
    browser = gateway.hub.join()
    gateway.hub.take(browser)
    await gateway.ask("POST", "/incident-desk/far/acknowledge")
    await gateway.ask("PUT", "/incident-desk/far/assignee", {"assignee": "Wang Wei"})
    acts = await gateway.ask("POST", "/incident-desk/far/notes", {"text": "tow truck called"}, 201)
    assert [(act["act"], act["text"], act["actor"]) for act in acts["items"]] == [
        ("acknowledge", "", "demo"),
        ("assign", "Wang Wei", "demo"),
        ("note", "tow truck called", "demo"),
    ]
    shown = {item["incident_id"]: item for item in gateway.told(browser, Part.DESK)["items"]}
    assert shown["far"]["acknowledged_by"] == "demo"
    assert (shown["far"]["assignee"], shown["far"]["last_note"]) == ("Wang Wei", "tow truck called")
    assert [order[1] for order in gateway.ledger.orders] == [
        "incident.acknowledge",
        "incident.assign",
        "incident.note",
    ]


async def test_who_is_bound_to_a_district_neither_sees_nor_handles_what_lies_in_another(gateway: World) -> None:
    units = (("RSU00001", 112.934, "Yuelu"), ("RSU00002", 113.134, "Changsha County"))
    kind, status = DeviceType.RSU, DeviceStatus.APPROVED
    gateway.districts.take(
        DeviceRecord(id=name, kind=kind, status=status, lon=lon, lat=28.204, district=district)
        for name, lon, district in units
    )
    gateway.access.actor = Actor("user:2", "Li", DEMO_ACTOR.roles, districts=frozenset({"Changsha County"}))
    assert [item["incident_id"] for item in (await gateway.ask("GET", "/incident-desk"))["items"]] == ["far"]
    assert [item["id"] for item in (await gateway.ask("GET", "/incidents"))["items"]] == ["far"]
    await gateway.ask("POST", "/incident-desk/far/acknowledge")
    await gateway.ask("POST", "/incident-desk/stopped-1/acknowledge", status=404)
    await gateway.ask("GET", "/incident-desk/stopped-1/acts", status=404)
    await gateway.ask("POST", "/operator-events", EVENT, 403)
    await gateway.ask("POST", "/operator-events", {**EVENT, "lon": 113.134}, 201)
    await gateway.ask("POST", "/signal-holds", HOLD, 403)
    gateway.access.actor = Actor("user:3", "Wang", DEMO_ACTOR.roles, districts=frozenset({"Yuelu"}))
    assert (await gateway.ask("GET", "/operator-events"))["items"] == []
    await gateway.ask("POST", "/signal-holds", HOLD, 201)


async def test_the_first_to_acknowledge_stays(gateway: World) -> None:
    await gateway.ask("POST", "/incident-desk/far/acknowledge")
    gateway.access.actor = Actor("user:2", "Second", DEMO_ACTOR.roles)
    acts = await gateway.ask("POST", "/incident-desk/far/acknowledge")
    assert [act["actor"] for act in acts["items"]] == ["demo"]


async def test_the_list_ranks_and_folds_a_flood(gateway: World) -> None:
    items = {item["incident_id"]: item for item in (await gateway.ask("GET", "/incident-desk"))["items"]}
    assert {items[name]["group"] for name in ("stopped-1", "stopped-2", "stopped-3")} == {"stopped-1"}
    assert items["far"]["group"] == "far"
    assert all(1 <= item["priority"] <= 4 for item in items.values())


async def test_a_mute_silences_its_kind_in_its_area_until_it_ends_or_is_lifted(gateway: World) -> None:
    kind = gateway.hub.state.incidents["far"].kind
    wanted = {"kind": kind, "lon": 112.934, "lat": 28.204, "radius_m": 500, "minutes": 5, "reason": "works"}
    made = await gateway.ask("POST", "/incident-mutes", wanted, 201)
    assert await _muted(gateway) == {"stopped-1", "stopped-2", "stopped-3"}
    await gateway.ask("DELETE", f"/incident-mutes/{made['id']}", status=204)
    assert await _muted(gateway) == set()
    await gateway.ask("DELETE", f"/incident-mutes/{made['id']}", status=404)
    await gateway.ask("POST", "/incident-mutes", {"kind": kind, "minutes": 0.002, "reason": "blink"}, 201)
    await asyncio.sleep(0.2)
    assert await _muted(gateway) == set()


async def _muted(gateway: World) -> set[str]:
    await gateway.look()
    items = (await gateway.ask("GET", "/incident-desk"))["items"]
    return {item["incident_id"] for item in items if item["mute"] is not None}


@pytest.mark.parametrize(
    "wanted",
    [
        {"minutes": 5, "reason": "nothing named"},
        {"lon": 112.9, "minutes": 5, "reason": "half a place"},
        {"kind": "debris", "minutes": 5000, "reason": "too long"},
        {"kind": "debris", "minutes": 5, "reason": " "},
    ],
)
async def test_an_unusable_mute_is_refused(gateway: World, wanted: dict[str, object]) -> None:
    await gateway.ask("POST", "/incident-mutes", wanted, 422)


async def test_an_incident_that_never_was_cannot_be_handled(gateway: World) -> None:
    await gateway.ask("POST", "/incident-desk/nowhere/acknowledge", status=404)
    assert gateway.ledger.orders == []


@pytest.mark.parametrize(
    ("method", "path", "content", "allowed"),
    [
        ("POST", "/incident-desk/far/acknowledge", None, {Role.POLICE_OPERATOR}),
        ("POST", "/operator-events", EVENT, {Role.POLICE_OPERATOR}),
        ("POST", "/signal-holds", HOLD, {Role.POLICE_OPERATOR, Role.SIGNAL_ENGINEER}),
        ("GET", "/corridors", None, {Role.POLICE_OPERATOR}),
    ],
)
async def test_only_the_roles_of_the_duty_may(
    gateway: World, method: str, path: str, content: object, allowed: set[Role]
) -> None:
    for role in Role:
        gateway.access.actor = Actor(f"user:{role}", role, frozenset({role}))
        answer = await gateway.http.request(method, f"/api/v1{path}", json=content)
        assert (answer.status_code < 400) == (role in allowed), (role, answer.text)


async def test_an_event_reaches_the_engine_and_its_delivery_is_shown(gateway: World) -> None:
    made = await gateway.ask("POST", "/operator-events", EVENT, 201)
    ((kind, content, by),) = gateway.engine.heard
    assert (kind, by, content["id"], content["text"]) == ("publish_event", "demo", made["id"], "抛洒物")
    gateway.hub.state.work = _engine_has(made["id"], {"RSU00001": "accepted"})
    await gateway.look()
    await gateway.look()
    browser = gateway.hub.join()
    (shown,) = gateway.told(browser, Part.EVENTS)["items"]
    assert shown["result"]["units"] == {"RSU00001": "accepted"}
    assert (await gateway.ask("GET", f"/operator-events/{made['id']}"))["result"]["units"] == {"RSU00001": "accepted"}


def _engine_has(event: str, units: dict[str, str], revision: int = 1) -> WorkState:
    return WorkState(time=time.time(), epoch=1, events=(EventState(id=event, revision=revision, units=units),))


async def test_an_event_is_changed_and_ended_at_the_engine(gateway: World) -> None:
    made = await gateway.ask("POST", "/operator-events", EVENT, 201)
    changed = await gateway.ask("PUT", f"/operator-events/{made['id']}", {**EVENT, "text": "cleared soon"})
    assert changed["revision"] == 2
    ended = await gateway.ask("DELETE", f"/operator-events/{made['id']}")
    assert (ended["status"], ended["ended_by"]) == ("ended", "demo")
    await gateway.ask("PUT", f"/operator-events/{made['id']}", EVENT, 409)
    assert gateway.engine.kinds() == ["publish_event", "publish_event", "end_event"]
    assert [order[1] for order in gateway.ledger.orders] == ["event.publish", "event.edit", "event.end"]


async def test_what_the_engine_refuses_does_not_stand(gateway: World) -> None:
    gateway.engine.status = CommandStatus.REFUSED
    await gateway.ask("POST", "/operator-events", EVENT, 409)
    await gateway.look()
    assert (await gateway.ask("GET", "/operator-events"))["items"] == []


async def test_links_that_are_not_on_the_map_are_refused(gateway: World) -> None:
    await gateway.ask("POST", "/operator-events", {**EVENT, "links": ["nowhere"]}, 422)
    assert gateway.engine.heard == []


async def test_an_engine_that_was_away_is_told_once_it_is_back(gateway: World, store_database: str) -> None:
    gateway.engine.away = True
    made = await gateway.ask("POST", "/operator-events", EVENT, 201)
    assert made["engine"] == "waiting"
    gateway.engine.away = False
    _age(store_database)
    gateway.hub.state.work = WorkState(time=time.time(), epoch=2)
    await gateway.look()
    assert [(kind, content["id"]) for kind, content, _ in gateway.engine.heard] == [("publish_event", made["id"])]


def _age(url: str, seconds: float = 10.0) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE v2x.operator_work SET created = created - %s * interval '1 s'", (seconds,))


async def test_the_engine_ends_what_is_not_written_down(gateway: World) -> None:
    gateway.hub.state.work = _engine_has("stranger", {})
    await gateway.look()
    assert [(kind, content["id"]) for kind, content, _ in gateway.engine.heard] == [("end_event", "stranger")]


async def test_an_event_ends_by_itself_with_an_audit_entry(gateway: World, store_database: str) -> None:
    made = await gateway.ask("POST", "/operator-events", EVENT, 201)
    with psycopg.connect(store_database) as connection:
        connection.execute("UPDATE v2x.operator_work SET until = now() - interval '1 s'")
    await gateway.look()
    over = await gateway.ask("GET", f"/operator-events/{made['id']}")
    assert (over["status"], over["ended_by"]) == ("ended", "platform")
    assert ("platform", "event.end", f"event:{made['id']}") in gateway.ledger.orders


async def test_a_hold_stands_only_after_its_author_has_confirmed_it(gateway: World) -> None:
    proposed = (await gateway.ask("POST", "/signal-holds", HOLD, 201))["hold"]
    assert (proposed["status"], gateway.engine.heard) == ("proposed", [])
    gateway.access.actor = Actor("user:2", "Second", DEMO_ACTOR.roles)
    await gateway.ask("POST", f"/signal-holds/{proposed['id']}/confirm", status=409)
    gateway.access.actor = DEMO_ACTOR
    standing = await gateway.ask("POST", f"/signal-holds/{proposed['id']}/confirm")
    assert standing["status"] == "active"
    assert [(kind, content["signal"]) for kind, content, _ in gateway.engine.heard] == [("hold_signal", SIGNAL)]
    await gateway.ask("POST", f"/signal-holds/{proposed['id']}/confirm", status=409)
    await gateway.ask("POST", "/signal-holds", HOLD, 409)
    await gateway.ask("DELETE", f"/signal-holds/{proposed['id']}")
    assert gateway.engine.kinds() == ["hold_signal", "release_signal"]
    actions = [order[1] for order in gateway.ledger.orders]
    assert actions.count("hold.confirm") == 3
    assert actions[-1] == "hold.release"


async def test_a_proposal_lapses_after_a_minute(gateway: World, store_database: str) -> None:
    proposed = (await gateway.ask("POST", "/signal-holds", HOLD, 201))["hold"]
    _age(store_database, 61.0)
    await gateway.ask("POST", f"/signal-holds/{proposed['id']}/confirm", status=409)
    assert gateway.engine.heard == []


async def test_an_unknown_signal_cannot_be_held(gateway: World) -> None:
    await gateway.ask("POST", "/signal-holds", {**HOLD, "signal": "nowhere"}, 422)


async def test_a_corridor_is_routed_with_its_signals_and_closed(gateway: World) -> None:
    lon, lat = NETWORK.plane.inverse(NETWORK.points[:, 0], NETWORK.points[:, 1])
    ends = {
        "origin": {"lon": float(lon[0]), "lat": float(lat[0])},
        "destination": {"lon": float(lon[-1]), "lat": float(lat[-1])},
    }
    opened = await gateway.ask("POST", "/corridors", {**ends, "vehicle": "AMB00001", "reason": "ambulance"}, 201)
    ((kind, content, _),) = gateway.engine.heard
    assert (kind, content["vehicle"]) == ("open_corridor", "AMB00001")
    assert opened["length_m"] > 0
    assert len(opened["points"]) >= 2
    arrivals = [stop["arrival"] for stop in opened["stops"]]
    assert arrivals == sorted(arrivals)
    name = opened["work"]["id"]
    assert (await gateway.ask("GET", f"/corridors/{name}"))["stops"] == opened["stops"]
    assert (await gateway.ask("DELETE", f"/corridors/{name}"))["status"] == "ended"
    assert gateway.engine.kinds() == ["open_corridor", "close_corridor"]


async def test_a_place_off_the_map_has_no_corridor(gateway: World) -> None:
    far = {"origin": {"lon": 0.0, "lat": 0.0}, "destination": {"lon": 0.0, "lat": 1.0}, "reason": "none"}
    await gateway.ask("POST", "/corridors", far, 422)
    assert gateway.ledger.orders == []


async def test_without_an_audit_entry_nothing_is_done(gateway: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object) -> None:
        raise AuditUnavailableError("closed for the test")

    monkeypatch.setattr(gateway.ledger, "record", refuse)
    await gateway.ask("POST", "/operator-events", EVENT, 503)
    assert gateway.engine.heard == []


@pytest.mark.usefixtures("impatient")
async def test_a_database_that_is_away_is_a_problem_and_the_live_list_goes_on(tmp_path: Path) -> None:
    engine, ledger, access, measures = Engine(), Ledger(), Known(), Measures()
    state = LiveState(connected=True)
    state.incidents["far"] = sample.incident("far", time.time())
    hub = Hub(state, measures)
    desk = make_desk("postgresql://127.0.0.1:1/none", engine.send, ledger, [])
    tiles = tmp_path / "base.pmtiles"
    tiles.write_bytes(bytes(16))
    services = Services(
        state, hub, measures, NetworkTables(NETWORK), NoHistory(), Doors(), access, audit=ledger, desk=desk
    )
    transport = httpx.ASGITransport(make_app(services, tiles), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http, desk.opened():
        answer = await http.post("/api/v1/incident-desk/far/acknowledge")
        assert (answer.status_code, answer.json()["title"]) == (503, "Desk not reachable")
        listed = (await http.get("/api/v1/incident-desk")).json()["items"]
        assert [item["incident_id"] for item in listed] == ["far"]
