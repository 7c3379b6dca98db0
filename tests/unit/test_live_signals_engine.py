"""Signals in the engine: what is published, who is commanded, what becomes of requests for priority."""

import dataclasses

import msgspec
import numpy as np
import pytest
from advice_city import NOW, Vehicle
from live_signals_city import network, picture, queue, sensors, shown

from cloudctl.advice.advisory import Advisory, AdvisoryKind
from cloudctl.advice.bus_priority import BusPriority, PriorityRequest
from cloudctl.advice.priority_request import Need
from cloudctl.advice.scene import Scene
from cloudctl.advice.topology import Topology
from cloudctl.engine.commands import CommandDesk
from cloudctl.engine.signal_control import SignalControl, seeing, topic_level
from cloudctl.publish.commands import Command, CommandReply, CommandStatus
from cloudctl.publish.outgoing import Outgoing
from cloudctl.signals.baselines import Fixed
from cloudctl.signals.layout import Ints
from cloudctl.signals.layout import Scene as StrategyScene
from cloudctl.signals.live.orders import REQUEST_PRIORITY
from cloudctl.signals.live.recommendation import Mode, SignalRecommendation
from cloudctl.signals.live.recommender import LiveRecommender
from cloudctl.signals.live.state import SignalsState
from cloudctl.signals.live.weighing import coming_buses
from cloudctl.signals.priority_worth import worth_of
from ingest.device_kinds import DeviceKind
from ingest.device_registry import DeviceRegistry
from ingest.messages.rsc import RoadsideCoordination
from ingest.messages.status import RsuInfo
from maps.participants import ParticipantKind

UNIT = "RSU00001"
DOWN = f"V2X/RSU/{UNIT}/RSC/DOWN"


class Other(Fixed):
    """Proposes the stage that is not green, once there is anything to see."""

    def propose(self, scene: StrategyScene) -> Ints:
        stage: Ints = 1 - scene.lights.stage
        return stage


class World:
    """Signal control of the one junction, second by second."""

    def __init__(self, *, execute: bool = True, announced: bool = True) -> None:
        self.registry = DeviceRegistry()
        self.unit = self.registry.row_of(DeviceKind.RSU, UNIT)
        self.priority = BusPriority()
        self.control = SignalControl(network(), self.registry, self.priority, 7, execute=execute)
        self.control.recommender = LiveRecommender(network(), Other)
        self.second = 0.0
        self.out: list[Outgoing] = []
        if announced:
            self.control.announced(UNIT, RsuInfo(rsu_esn=UNIT, signal_control="stages"))

    @property
    def now(self) -> float:
        return NOW + self.second

    def run(
        self, seconds: int, *, row: int = 0, answer: bool | None = True, vehicles: list[Vehicle] | None = None
    ) -> None:
        for _ in range(seconds):
            self.second += 1.0
            seen = picture(self.second, row, vehicles or [])
            fresh = self.control.follow(seen, sensors(), {0: UNIT})
            self.out += fresh
            if answer is not None:
                for message in fresh:
                    self.answer(message, accepted=answer)

    def answer(self, message: Outgoing, *, accepted: bool) -> None:
        if message.topic == DOWN:
            key = msgspec.json.decode(message.payload)["seqNum"]
            assert self.control.commands.acknowledge(UNIT, key, accepted=accepted, detail="stage 1", now=self.now)

    def commands(self) -> list[RoadsideCoordination]:
        return [msgspec.json.decode(each.payload, type=RoadsideCoordination) for each in self.out if each.topic == DOWN]

    def state(self) -> SignalsState:
        told = [each for each in self.out if each.topic == "V2X/CLOUD/STATE/SIGNALS"]
        return msgspec.json.decode(told[-1].payload, type=SignalsState)

    def status(self) -> str:
        return self.control.state(self.now).control[0].status


def test_the_state_is_told_once_a_second_and_retained_and_changes_as_events() -> None:
    world = World(announced=False)
    world.run(12)
    told = [each for each in world.out if each.topic == "V2X/CLOUD/STATE/SIGNALS"]
    assert len(told) == 12
    assert all(each.retain for each in told)
    changes = [
        msgspec.json.decode(each.payload, type=SignalRecommendation)
        for each in world.out
        if each.topic == "V2X/CLOUD/SIGNALS/SB/RECOMMENDATION"
    ]
    assert [(each.mode, each.stage) for each in changes] == [(Mode.RECOMMENDED, 0), (Mode.RECOMMENDED, 1)]
    assert world.state().recommendations[0].stage == 1
    assert world.state().control == ()


def test_a_controller_that_takes_stages_is_commanded_every_second_and_follows_when_it_says_so() -> None:
    world = World()
    world.run(12)
    wanted = [command.signal_control for command in world.commands()]
    assert len(wanted) == 12
    assert [each.phase_ids for each in wanted if each is not None] == [[1]] * 8 + [[2]] * 4
    assert wanted[0] is not None
    assert (wanted[0].signal.region, wanted[0].signal.id, wanted[0].valid_for) == (1, 100, 2.0)
    assert world.status() == "executing"
    assert world.control.commands.following(world.now) == {0}


@pytest.mark.parametrize(("execute", "announced", "status"), [(False, True, "offered"), (True, False, None)])
def test_nobody_is_commanded_whom_settings_or_announcement_leave_out(
    execute: bool, announced: bool, status: str | None
) -> None:
    world = World(execute=execute, announced=announced)
    world.run(12)
    assert world.commands() == []
    assert [each.status for each in world.control.state(world.now).control] == ([status] if status else [])


def test_a_controller_that_no_longer_announces_it_is_no_longer_commanded() -> None:
    world = World()
    world.run(3)
    world.control.announced(UNIT, RsuInfo(rsu_esn=UNIT))
    before = len(world.commands())
    world.run(3)
    assert len(world.commands()) == before
    assert world.control.state(world.now).control == ()


def test_a_hold_ends_the_commands_and_its_release_brings_them_back() -> None:
    world = World()
    world.run(3)
    world.priority.held[0] = world.now + 100
    before = len(world.commands())
    world.run(4)
    assert (len(world.commands()), world.status()) == (before, "held")
    assert world.control.commands.following(world.now) == set()
    del world.priority.held[0]
    world.run(2)
    assert (len(world.commands()), world.status()) == (before + 2, "executing")


def test_commands_end_where_the_lights_are_unknown() -> None:
    world = World()
    world.run(3)
    before = len(world.commands())
    for _ in range(5):
        world.second += 1.0
        old = dataclasses.replace(picture(world.second, 0), signals=shown(0, NOW + 3.0))
        world.out += world.control.follow(old, sensors(), {0: UNIT})
    assert len(world.commands()) <= before + 2
    assert world.status() == "plan"


@pytest.mark.parametrize(("answer", "status"), [(None, "silent"), (False, "refused")])
def test_who_does_not_answer_or_refuses_does_not_count_as_following(answer: bool | None, status: str) -> None:
    world = World()
    world.run(2)
    world.run(6, answer=answer)
    assert world.status() == status
    assert world.control.commands.following(world.now) == set()


def test_an_answer_to_something_else_is_left_to_others() -> None:
    world = World()
    world.run(2)
    assert not world.control.commands.acknowledge(UNIT, "17", accepted=True, detail="", now=world.now)


def asked(world: World, phase: int, arrival: float) -> Advisory:
    """A request for priority on its way to the signal."""
    world.priority.request(PriorityRequest("BUS00001", phase - 1, arrival, world.now, arrival + 60, "r1", urgent=True))
    plain = shown(0, world.now)
    lit = dataclasses.replace(plain, next_green=np.array([world.now, world.now + 20.0]), likely_end=plain.received)
    scene = Scene(world.now, picture(world.second, 0, [], lit), Topology(network()), [])
    (advisory,) = world.priority.advise(scene)
    return advisory


def test_priority_at_a_following_signal_is_granted_and_met_by_its_stage_until_the_vehicle_has_passed() -> None:
    world = World()
    world.run(9)
    advisory = asked(world, 2, world.now + 6.0)
    met = world.control.take(advisory, world.now)
    assert met is not None
    assert met.content["status"] == "granted"
    world.run(4)
    assert world.control.recommender.current[0].reason.value == "priority"
    last = world.commands()[-1].signal_control
    assert last is not None
    assert last.phase_ids == [2]
    world.run(8, row=3)
    assert world.control.recommender.current[0].reason.value != "priority"


def test_priority_at_a_signal_that_does_not_follow_goes_to_its_controller() -> None:
    world = World(execute=False)
    world.run(9)
    assert world.control.take(asked(world, 2, world.now + 6.0), world.now) is None


def test_a_bus_at_a_following_signal_is_granted_and_weighed_by_the_strategy_not_forced() -> None:
    world = World()
    world.run(9)
    bus = Vehicle("DB", 340.0, 8.0, 1, ParticipantKind.BUS)
    plain = shown(0, world.now)
    lit = dataclasses.replace(plain, next_green=np.array([world.now, world.now + 20.0]), likely_end=plain.received)
    names = ["", "BUS00001"]
    scene = Scene(world.now, picture(world.second, 0, [bus], lit), Topology(network()), names)
    (advisory,) = world.priority.advise(scene)
    met = world.control.take(advisory, world.now)
    assert met is not None
    assert met.content["status"] == "granted"
    world.run(2, vehicles=[bus])
    assert world.control.recommender.current[0].reason.value != "priority"
    (coming,) = coming_buses(world.priority)
    assert (coming.track, coming.group) == (1, 1)
    assert coming.worth == pytest.approx(worth_of(0.0))
    world.priority.needs = {"BUS00001": Need(lateness=200.0)}
    assert coming_buses(world.priority)[0].worth == pytest.approx(worth_of(200.0))
    assert worth_of(200.0) > worth_of(0.0)


def command(world: World, **wish: object) -> CommandReply:
    desk = CommandDesk()
    world.control.register(desk)
    content = {"id": "api-1", "signal": "SB", "phase_id": 2, "vehicle": "BUS00007", "arrival": world.now + 12.0, **wish}
    order = Command(
        id="c1", kind=REQUEST_PRIORITY, issued_by="me", time=world.now, expires=world.now + 5, content=content
    )
    (reply,) = desk.handle(msgspec.json.encode(order), world.now)
    return msgspec.json.decode(reply.payload, type=CommandReply)


def test_a_request_by_api_is_followed_like_any_other() -> None:
    world = World(announced=False)
    assert command(world).status is CommandStatus.DONE
    scene = Scene(world.now, picture(0.0, 0, []), Topology(network()), [])
    world.priority.advise(scene)
    (state,) = world.priority.book.states
    assert (state.id, state.signal, state.phase_id, state.cause, state.status) == ("api-1", "SB", 2, "api", "requested")


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"signal": "nowhere"}, "signal 'nowhere' has no phase 2"),
        ({"phase_id": 9}, "signal 'SB' has no phase 9"),
        ({"arrival": NOW - 30.0}, "the arrival was 30 s ago"),
        ({"speed": 3}, "unknown field `speed`"),
    ],
)
def test_a_request_that_cannot_be_meant_is_refused_with_its_reason(wish: dict[str, object], said: str) -> None:
    reply = command(World(announced=False), **wish)
    assert reply.status is CommandStatus.REFUSED
    assert said in reply.detail


def test_the_vehicle_is_told_what_became_of_its_request_and_others_see_no_hidden_name() -> None:
    world = World(announced=False)
    asked(world, 2, NOW + 10.0)
    world.out += world.control.follow(picture(1.0, 0), sensors(), {}, lambda _: False)
    (advice, *_) = world.control.take_feedback()
    assert (advice.target, advice.kind, advice.content["status"]) == (
        "obu:BUS00001", AdvisoryKind.BUS_PRIORITY, "requested",
    )  # fmt: skip
    public = [each.payload for each in world.out if each.topic.endswith(("PRIORITY", "STATE/SIGNALS"))]
    assert public
    assert not any(b"BUS00001" in payload for payload in public)
    assert world.control.take_feedback() == []


def test_a_sensor_that_fell_silent_covers_nothing() -> None:
    live = seeing(sensors(), lambda _: NOW, NOW + 1.0)
    dead = seeing(sensors(), lambda _: NOW, NOW + 3.0)
    assert live.radius.tolist() == [300.0]
    assert not dead.radius[0] > 0


def test_the_id_of_a_signal_becomes_one_level_of_a_topic() -> None:
    assert topic_level("a/b+c#d e") == "a_b_c_d_e"


def test_a_queue_and_a_special_vehicle_are_no_reason_for_priority_without_a_request() -> None:
    world = World(announced=False)
    special = [Vehicle("DB", 300.0, device=1, kind=ParticipantKind.SPECIAL)]
    scene = Scene(NOW, picture(0.0, 0, [*queue("DB", 2), *special]), Topology(network()), ["x", "AMB00001"])
    assert world.priority.advise(scene) == []
