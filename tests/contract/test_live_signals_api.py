"""`/api/v1/signals/...`: what the engine says of signals as answers, for whom, and requests for priority."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import gateway_samples as sample
import httpx
import msgspec
import orjson
import pytest
from access_kit import NoHistory
from history_gateway import Known, Ledger

from cloudctl.access.actor import DEMO_ACTOR, Actor
from cloudctl.access.roles import Role
from cloudctl.advice.priority_states import SignalPriorityState
from cloudctl.api.app import make_app
from cloudctl.api.doors import Doors
from cloudctl.api.hub import Hub
from cloudctl.api.live_state import LiveState, Part
from cloudctl.api.measures import Measures
from cloudctl.api.network_tables import NetworkTables
from cloudctl.api.services import Services
from cloudctl.publish.commands import CommandReply, CommandStatus
from cloudctl.signals.live.recommendation import Mode, Reason, SignalRecommendation
from cloudctl.signals.live.state import ControlState, GroupTimes, SignalsState

NETWORK = sample.network()
SIGNAL, OTHER = (str(name) for name in NETWORK.signals.id[:2])
GROUPS = len(NETWORK.groups.signal)
FIRST = int(NETWORK.signals.group_start[0])


def said(now: float) -> SignalsState:
    """What the engine says: one signal follows, the other stays with its plan."""
    unknown = (-1,) * GROUPS
    p50 = tuple(120 if row == FIRST else -1 for row in range(GROUPS))
    estimated = tuple(3 if row == FIRST else 0 for row in range(GROUPS))
    follows = SignalRecommendation(
        signal=SIGNAL, time=now, mode=Mode.RECOMMENDED, reason=Reason.DEMAND, detail="Stage 2 serves 6 vehicles.",
        stage=1, phases=(2, 3), shown=0, since=now - 4, until=now + 2, saving_s=42.0, confidence=0.9, coverage=1.0,
    )  # fmt: skip
    stays = SignalRecommendation(
        signal=OTHER, time=now, mode=Mode.PLAN, reason=Reason.COVERAGE, detail="20 % is seen.", since=now, until=now + 2
    )
    control = ControlState(signal=SIGNAL, unit="RSU00001", status="executing", since=now - 9, stage=1, phases=(2, 3))
    wish = SignalPriorityState(
        id="rule-BUS00001-7", vehicle="BUS00001", signal=SIGNAL, phase_id=2, cause="late", requested=now - 5,
        updated=now - 3, arrival=now + 4, lateness=80.0, status="granted", strategy="extension", seconds=6.0,
        reason="Bus BUS00001 reaches the signal in 9 s.",
    )  # fmt: skip
    return SignalsState(
        time=now,
        epoch=1,
        recommendations=(follows, stays),
        control=(control,),
        priority=(wish,),
        groups=GroupTimes(
            p10=tuple(60 if row == FIRST else -1 for row in range(GROUPS)), p50=p50,
            p90=tuple(300 if row == FIRST else -1 for row in range(GROUPS)), samples=(9,) * GROUPS,
            estimated=estimated, confidence=(70,) * GROUPS, cycle=p50, spread=unknown,
        ),
    )  # fmt: skip


@dataclass
class Engine:
    """Takes commands as the engine would, and remembers them."""

    heard: list[tuple[str, dict[str, object], str]] = field(default_factory=list)
    status: CommandStatus = CommandStatus.DONE

    async def send(
        self, kind: str, content: dict[str, object], *, issued_by: str, patience: float = 5.0
    ) -> CommandReply:
        """Take one command."""
        del patience
        self.heard.append((kind, content, issued_by))
        return CommandReply(id="1", status=self.status, detail="because")


@dataclass
class World:
    """A gateway's application."""

    http: httpx.AsyncClient
    state: LiveState
    hub: Hub
    engine: Engine
    ledger: Ledger
    access: Known

    async def ask(self, method: str, path: str, content: object = None, status: int = 200) -> Any:
        answer = await self.http.request(method, f"/api/v1{path}", json=content)
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    state, measures, engine, ledger, access = LiveState(connected=True), Measures(), Engine(), Ledger(), Known()
    hub = Hub(state, measures)
    (tmp_path / "base.pmtiles").write_bytes(bytes(16))
    services = Services(
        state, hub, measures, NetworkTables(NETWORK), NoHistory(), Doors(), access, commands=engine, audit=ledger
    )
    transport = httpx.ASGITransport(make_app(services, tmp_path / "base.pmtiles"), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        yield World(http, state, hub, engine, ledger, access)


def hear(world: World, state: SignalsState | None = None) -> None:
    payload = msgspec.json.encode(state or said(time.time()))
    assert world.state.accept("V2X/CLOUD/STATE/SIGNALS", payload, time.time()) is Part.RECOMMENDATIONS


async def test_before_the_engines_first_word_lists_are_empty(world: World) -> None:
    assert (await world.ask("GET", "/signals/recommendations"))["items"] == []
    assert (await world.ask("GET", "/signals/control"))["items"] == []
    await world.ask("GET", f"/signals/{SIGNAL}/recommendation", status=404)
    one = await world.ask("GET", f"/signals/{SIGNAL}")
    assert {group["source"] for group in one["groups"]} == {"none"}


async def test_recommendations_say_what_since_when_why_and_what_they_save(world: World) -> None:
    hear(world)
    first, second = (await world.ask("GET", "/signals/recommendations"))["items"]
    assert (first["signal"], first["mode"], first["stage"], first["phases"]) == (SIGNAL, "recommended", 1, [2, 3])
    assert (first["reason"], first["saving_s"], first["confidence"], first["coverage"]) == ("demand", 42.0, 0.9, 1.0)
    assert first["since"] < first["time"] < first["until"]
    assert (second["mode"], second["stage"], second["reason"]) == ("plan", None, "coverage")
    assert await world.ask("GET", f"/signals/{SIGNAL}/recommendation") == first
    await world.ask("GET", "/signals/nowhere/recommendation", status=404)


async def test_only_controllers_that_say_so_are_listed_as_following(world: World) -> None:
    hear(world)
    (only,) = (await world.ask("GET", "/signals/control"))["items"]
    assert (only["signal"], only["unit"], only["status"]) == (SIGNAL, "RSU00001", "executing")


async def test_a_signal_shows_estimated_lights_learned_times_cycle_and_faults(world: World) -> None:
    hear(world)
    fault = {"timestamp": time.time() * 1e3, "device": "RSU00001", "fault": "conflicting_greens", "detail": "1 and 2"}
    place = {"region": int(NETWORK.signals.region[0]), "node_id": int(NETWORK.signals.node_id[0]), "phase": 1}
    world.state.accept("V2X/CLOUD/SIGNAL/EVENT", orjson.dumps(fault | {"timestamp": int(time.time() * 1e3)} | place), 0)
    old = {**fault, **place, "timestamp": int((time.time() - 3600) * 1e3)}
    world.state.accept("V2X/CLOUD/SIGNAL/EVENT", orjson.dumps(old), 0)
    one = await world.ask("GET", f"/signals/{SIGNAL}")
    group = one["groups"][0]
    assert (group["source"], group["state"], group["confidence"]) == ("estimated", "red", 0.7)
    assert group["learned"]["p10"] < group["learned"]["p50"] < group["learned"]["p90"]
    assert group["learned"]["samples"] == 9
    assert group["cycle"] == {"seconds": 12.0, "spread": None}
    assert [each["fault"] for each in one["faults"]] == ["conflicting_greens"]
    assert one["recommendation"]["stage"] == 1
    assert one["control"]["status"] == "executing"
    assert one["groups"][1]["source"] == "none"


async def test_lights_that_are_reported_come_from_spat_or_from_the_commanded_controller(world: World) -> None:
    now = time.time()
    world.state.accept("V2X/CLOUD/LIVE/SIGNALS", sample.signals_frame(now, GROUPS), now)
    hear(world)
    sources = [(await world.ask("GET", f"/signals/{name}"))["groups"][0]["source"] for name in (SIGNAL, OTHER)]
    assert sources == ["controller", "spat"]


async def test_what_the_engine_said_long_ago_is_not_shown_with_lights(world: World) -> None:
    hear(world, said(time.time() - 60))
    one = await world.ask("GET", f"/signals/{SIGNAL}")
    assert (one["recommendation"], one["control"], one["groups"][0]["learned"]) == (None, None, None)


async def test_a_request_for_priority_goes_to_the_engine_and_into_the_audit_log(world: World) -> None:
    wish = {"vehicle": "BUS00009", "phase_id": 2, "arrival": at(20), "lateness": 90.0, "role": "emergency"}
    answer = await world.ask("POST", f"/signals/{SIGNAL}/priority-requests", wish, 202)
    ((kind, content, by),) = world.engine.heard
    assert (kind, by, content["id"], content["urgent"]) == ("request_priority", DEMO_ACTOR.id, answer["id"], True)
    assert (content["signal"], content["phase_id"], content["vehicle"]) == (SIGNAL, 2, "BUS00009")
    assert world.ledger.orders == [(DEMO_ACTOR.id, "priority.request", f"signal:{SIGNAL}")]


def at(seconds: float) -> str:
    return datetime.fromtimestamp(time.time() + seconds, UTC).isoformat()


@pytest.mark.parametrize(
    "wish",
    [
        {"vehicle": "BUS00009", "phase_id": 2, "arrival": at(4000)},
        {"vehicle": "BUS00009", "phase_id": 2, "arrival": at(-300)},
        {"vehicle": "BUS/#", "phase_id": 2, "arrival": at(20)},
        {"vehicle": "BUS00009", "phase_id": 0, "arrival": at(20)},
        {"vehicle": "BUS00009", "phase_id": 2, "arrival": at(20), "role": "king"},
    ],
)
async def test_a_request_that_cannot_be_meant_reaches_nobody(world: World, wish: dict[str, object]) -> None:
    await world.ask("POST", f"/signals/{SIGNAL}/priority-requests", wish, 422)
    assert world.engine.heard == []


async def test_what_the_engine_refuses_is_a_conflict(world: World) -> None:
    world.engine.status = CommandStatus.REFUSED
    wish = {"vehicle": "BUS00009", "phase_id": 2, "arrival": at(20)}
    await world.ask("POST", f"/signals/{SIGNAL}/priority-requests", wish, 409)


@pytest.mark.parametrize(
    ("role", "vehicle", "status"),
    [
        (Role.SIGNAL_ENGINEER, "BUS00001", 202),
        (Role.POLICE_VIEWER, "BUS00001", 403),
        (Role.PICTURE_READER, "", 403),
    ],
)
async def test_vehicles_are_named_to_whom_may_see_them_and_asked_for_by_whom_may_control(
    world: World, role: Role, vehicle: str, status: int
) -> None:
    hear(world)
    world.access.actor = Actor("someone", "Someone", frozenset({role}))
    (item,) = (await world.ask("GET", f"/signals/{SIGNAL}/priority-requests"))["items"]
    assert (item["vehicle"], item["status"], item["strategy"]) == (vehicle, "granted", "extension")
    assert ("BUS00001" in str(item)) is bool(vehicle)
    wish = {"vehicle": "BUS00009", "phase_id": 2, "arrival": at(20)}
    await world.ask("POST", f"/signals/{SIGNAL}/priority-requests", wish, status)


async def test_browsers_are_shown_recommendations_without_vehicles(world: World) -> None:
    browser = world.hub.join()
    world.hub.take(browser)
    hear(world)
    world.hub.changed(Part.RECOMMENDATIONS)
    (text,) = [orjson.loads(each) for each in world.hub.take(browser) if isinstance(each, str)]
    assert text["type"] == "recommendations"
    assert [each["signal"] for each in text["items"]] == [SIGNAL, OTHER]
    assert text["control"][0]["status"] == "executing"
    assert "BUS00001" not in str(text)
