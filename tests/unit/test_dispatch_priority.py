"""Requests of dispatch for priority: which light is asked, and how a request ends."""

import msgspec
import pytest
import transit_world as world
from transit_world import LEG, SIX, Bus

from cloudctl.advice.advisory import Advisory, AdvisoryKind
from cloudctl.advice.bus_priority import BusPriority
from cloudctl.dispatch.errors import NoLightError
from cloudctl.dispatch.orders import CONNECTIONS, FEEDBACK, PRIORITY
from cloudctl.dispatch.priority import SLACK, PriorityStatus, PriorityWatch, lights_of
from cloudctl.engine.commands import CommandDesk
from cloudctl.engine.dispatch import DispatchPart
from cloudctl.publish.commands import Command, CommandReply, CommandStatus
from cloudctl.publish.outgoing import Outgoing
from cloudctl.transit.desk import BusNow, TransitDesk


def bus_at(x: float) -> tuple[TransitDesk, BusNow, float]:
    """A bus that drives towards P3."""
    desk = world.desk()
    now = world.drive(desk, [Bus("B", x)], 12, SIX + 2 * LEG)
    return desk, desk.buses["B"], now


def asked(request_id: str, now: float, status: str = "") -> Advisory:
    """What the desk of priority tells a signal, or the signal's answer."""
    content: dict[str, object] = {"request_id": request_id, "strategy": "extension", "max_seconds": 8.0}
    if status:
        content["status"] = status
    return Advisory(
        id=f"priority-{status}", kind=AdvisoryKind.BUS_PRIORITY, target="signal:SP3", created=now, valid_until=now + 30,
        reason="holding green", reason_code="bus_priority.extension", lon=0.0, lat=0.0, content=content,
    )  # fmt: skip


def test_the_lights_of_a_way_are_where_its_links_end() -> None:
    found = lights_of(world.pattern(), world.network())
    assert [end for _, end in found] == pytest.approx([1500.0, 3000.0, 4500.0])


def test_the_next_light_is_asked_with_the_time_to_its_stop_line() -> None:
    _, bus, now = bus_at(900.0)
    request = PriorityWatch(world.network()).request("r1", bus, now)
    name = str(world.network().signals.id[world.network().groups.signal[request.group]])
    assert name == str(world.network().signals.id[0])
    assert request.arrival - now == pytest.approx((1500.0 - bus.run.along) / 10.0, abs=1.0)


def test_a_signal_that_is_named_and_not_ahead_is_refused() -> None:
    _, bus, now = bus_at(900.0)
    with pytest.raises(NoLightError):
        PriorityWatch(world.network()).request("r1", bus, now, "elsewhere")


def test_a_request_is_granted_and_then_served_when_the_bus_has_passed() -> None:
    desk, bus, now = bus_at(1100.0)
    bus.late = 40.0
    watch = PriorityWatch(world.network())
    watch.request("r1", bus, now)
    watch.follow([asked("r1", now), asked("other", now)], desk.buses, now + 1)
    watch.follow([asked("r1", now, "granted")], desk.buses, now + 2)
    bus.run.along, bus.late = 1520.0, 31.0
    watch.follow([], desk.buses, now + 40)
    states = watch.take_changes()
    assert [state.status.value for state in states] == ["requested", "requested", "granted", "served"]
    assert (states[-1].seconds, states[-1].gained) == (8.0, 9.0)
    assert {state.trip for state in states} == {f"e0@{world.DAY}"}


@pytest.mark.parametrize(
    ("answer", "passed", "why"),
    [("refused", False, "the signal refused"), ("", True, "without help"), ("", False, "no change of the green")],
)
def test_a_request_that_is_not_served_says_why(answer: str, passed: bool, why: str) -> None:
    desk, bus, now = bus_at(1100.0)
    watch = PriorityWatch(world.network())
    request = watch.request("r1", bus, now)
    if answer:
        watch.follow([asked("r1", now, answer)], desk.buses, now + 1)
    if passed:
        bus.run.along = 1600.0
    watch.follow([], desk.buses, request.arrival + SLACK + 1.0)
    assert watch.states[0].status is PriorityStatus.REFUSED
    assert why in watch.states[0].reason


class Engine:
    """The part of the engine that hears commands of dispatch."""

    def __init__(self) -> None:
        self.priority = BusPriority()
        self.part = DispatchPart(world.network(), self.priority)
        self.transit, self.bus, self.now = bus_at(900.0)
        self.first = self.part.turn(self.transit, self.now)
        self.desk = CommandDesk()
        for kind, handler in (
            (FEEDBACK, self.part.feedback), (PRIORITY, self.part.request), (CONNECTIONS, self.part.connect),
        ):  # fmt: skip
            self.desk.register(kind, handler)
        self.count = 0

    def give(self, kind: str, content: dict[str, object]) -> tuple[CommandReply, list[Outgoing]]:
        self.count += 1
        command = Command(
            id=str(self.count), kind=kind, issued_by="user:7", time=self.now, expires=self.now + 5, content=content
        )
        *sent, reply = self.desk.handle(msgspec.json.encode(command), self.now)
        return msgspec.json.decode(reply.payload, type=CommandReply), sent


def test_a_request_with_the_same_id_is_the_same_request() -> None:
    engine = Engine()
    first, sent = engine.give(PRIORITY, {"id": "k1", "vehicle": "B"})
    again, quiet = engine.give(PRIORITY, {"id": "k1", "vehicle": "B"})
    assert first.status is again.status is CommandStatus.DONE
    assert first.content == again.content
    assert [out.topic for out in sent] == ["V2X/CLOUD/TRANSIT/PRIORITY"]
    assert quiet == []
    assert len(engine.priority._requests) == 1
    other, _ = engine.give(PRIORITY, {"id": "k1", "vehicle": "X"})
    assert (other.status, "'B'" in other.detail) == (CommandStatus.REFUSED, True)


@pytest.mark.parametrize(
    ("kind", "content", "detail"),
    [
        (PRIORITY, {"id": "k", "vehicle": "X"}, "no bus 'X' is on a line"),
        (PRIORITY, {"vehicle": "B"}, "id"),
        (FEEDBACK, {"advice": "a", "status": "done"}, "no advice 'a'"),
        (FEEDBACK, {"advice": "a", "status": "maybe"}, "'maybe' is none of"),
        (CONNECTIONS, {"items": [{"stop": "S1"}]}, "arrival"),
    ],
)
def test_an_order_that_cannot_be_carried_out_is_refused_with_the_reason(
    kind: str, content: dict[str, object], detail: str
) -> None:
    reply, _ = Engine().give(kind, content)
    assert reply.status is CommandStatus.REFUSED
    assert detail in reply.detail


def test_connections_that_are_past_are_left_out() -> None:
    engine = Engine()
    items = [{"stop": "S1", "arrival": engine.now + offset, "trunk": "M4"} for offset in (-5.0, 5.0)]
    reply, _ = engine.give(CONNECTIONS, {"items": items})
    assert reply.content == {"taken": 1}


def test_each_turn_tells_what_is_open() -> None:
    engine = Engine()
    assert [out.topic for out in engine.first][-1] == "V2X/CLOUD/STATE/DISPATCH"
    engine.part.answered("unknown", accepted=True, now=engine.now)
    assert engine.part.take_advisories() == []
