"""Advice from its making to its end, and what dispatch is told beyond holding."""

import msgspec
import pytest
import transit_world as world
from transit_world import LEG, SIX, Bus, status, stop_x

from cloudctl.advice.advisory import Advisory, AdvisoryKind
from cloudctl.dispatch.advice import AdviceStatus, DispatchAdvice, as_advisory
from cloudctl.dispatch.budget import TripBudgets
from cloudctl.dispatch.desk import KEPT, DispatchDesk
from cloudctl.dispatch.errors import SettledAdviceError, UnknownAdviceError
from cloudctl.dispatch.holding import BUDGET, budget_of
from cloudctl.dispatch.measures import Connection, short_turn, skip_stop, swaps
from cloudctl.transit.findings import FindingKind, LineFinding


class Scene:
    """Three buses, the middle one close to the first."""

    def __init__(self, **loads: int) -> None:
        self.transit, self.dispatch = world.desk(), DispatchDesk(world.network())
        self.buses = [Bus("A", stop_x(6) + 200.0), Bus("B", stop_x(6) - 100.0), Bus("C", stop_x(0) + 30.0)]
        self.now = SIX + 6 * LEG
        self.said = {bus.name: status(passengers=loads.get(bus.name)) for bus in self.buses}
        self.advised: list[DispatchAdvice] = []

    @property
    def budgets(self) -> TripBudgets:
        """What the trips of its buses bear."""
        return self.dispatch._evenness.budgets

    def play(self, seconds: int) -> list[DispatchAdvice]:
        found = []
        for _ in range(seconds):
            self.now = world.drive(self.transit, self.buses, 1, self.now, self.said)
            found += self.dispatch.turn(self.transit, self.now)
        self.advised += found
        return found

    def play_until_advised(self) -> DispatchAdvice:
        """Go on until the first advice, which is then still open."""
        while not (found := self.play(1)):
            assert len(self.advised) == 0
        return found[0]


def test_the_bus_too_close_to_the_one_ahead_is_held_or_slowed_and_no_other() -> None:
    advised = Scene().play(80)
    assert {each.vehicle for each in advised} == {"B"}
    assert {each.kind for each in advised} <= {AdvisoryKind.BUS_HOLD, AdvisoryKind.BUS_SPEED}
    hold = next(each for each in advised if each.kind is AdvisoryKind.BUS_HOLD)
    assert hold.seconds > 0.0
    assert hold.until > hold.created
    assert "A ahead" in hold.reason
    assert (hold.expected.headway_ahead_then or 0) > (hold.expected.headway_ahead_now or 0)
    assert (hold.expected.headway_behind_then or 0) < (hold.expected.headway_behind_now or 0)


def test_a_bus_gets_one_advice_a_stop_and_one_a_leg() -> None:
    advised = Scene().play(60)
    places = [(each.kind, each.stop) for each in advised]
    assert len(places) == len(set(places))


def test_advice_on_the_way_takes_from_what_the_trip_bears_and_no_more() -> None:
    scene = Scene()
    scene.play(420)
    bus = scene.transit.buses["B"]
    assert bus.run.trip is not None
    assert [each for each in scene.advised if each.vehicle == "B"]
    assert 0.0 <= scene.budgets.left(bus) < budget_of(bus.run.trip.end - bus.run.trip.start)


def test_what_its_last_trip_was_held_does_not_bind_a_bus() -> None:
    scene = Scene()
    scene.budgets._spent["B"] = ("the trip before", BUDGET)
    assert scene.play_until_advised().vehicle == "B"


def test_the_terminal_gets_what_it_needs_to_obey() -> None:
    advice = next(each for each in Scene().play(80) if each.kind is AdvisoryKind.BUS_HOLD)
    advisory = as_advisory(advice)
    assert advisory.target == "obu:B"
    assert advisory.content["until"] == advice.until
    assert msgspec.json.decode(msgspec.json.encode(advisory), type=Advisory) == advisory


def test_an_answer_is_taken_once_and_its_repetition_changes_nothing() -> None:
    scene = Scene()
    advice = scene.play_until_advised()
    scene.dispatch.take_changes()
    first = scene.dispatch.answer(advice.id, AdviceStatus.REJECTED, "user:1", scene.now)
    assert first.said_by == "user:1"
    assert scene.dispatch.answer(advice.id, AdviceStatus.REJECTED, "user:2", scene.now) == first
    assert [each.status for each in scene.dispatch.take_changes()] == [AdviceStatus.REJECTED]
    with pytest.raises(SettledAdviceError, match="rejected already"):
        scene.dispatch.answer(advice.id, AdviceStatus.DONE, "user:1", scene.now)
    with pytest.raises(UnknownAdviceError, match="'nothing'"):
        scene.dispatch.answer("nothing", AdviceStatus.DONE, "user:1", scene.now)


def test_advice_that_the_driver_declines_takes_nothing_from_what_the_trip_bears() -> None:
    left = {}
    for said in (AdviceStatus.ACCEPTED, AdviceStatus.REJECTED):
        scene = Scene()
        budgets = scene.budgets
        advice = scene.play_until_advised()
        bus = scene.transit.buses[advice.vehicle]
        spent = budgets.left(bus)
        scene.dispatch.answer(advice.id, said, "driver", scene.now)
        left[said] = budgets.left(bus) - spent
    assert left[AdviceStatus.ACCEPTED] == 0.0
    assert left[AdviceStatus.REJECTED] > 0.0


@pytest.mark.parametrize(("answer", "end"), [(None, AdviceStatus.EXPIRED), (AdviceStatus.ACCEPTED, AdviceStatus.DONE)])
def test_when_its_time_is_over_an_advice_ends(answer: AdviceStatus | None, end: AdviceStatus) -> None:
    scene = Scene()
    advice = scene.play_until_advised()
    if answer is not None:
        scene.dispatch.answer(advice.id, answer, "driver", scene.now)
    scene.now = advice.valid_until + 1.0
    scene.dispatch.turn(scene.transit, scene.now)
    found = {each.id: each.status for each in scene.dispatch.take_changes()}
    assert found[advice.id] is end
    assert advice.id not in {each.id for each in scene.dispatch.advice}
    scene.dispatch.turn(scene.transit, scene.now + KEPT + 1.0)
    with pytest.raises(UnknownAdviceError):
        scene.dispatch.answer(advice.id, AdviceStatus.DONE, "user:1", scene.now)


def test_a_full_bus_that_is_followed_closely_may_skip_a_stop() -> None:
    scene = Scene(A=78)
    advised = scene.play(5)
    skip = next(each for each in advised if each.kind is AdvisoryKind.BUS_SKIP)
    assert (skip.vehicle, skip.stop, skip.other) == ("A", "S7", "B")
    assert all(each.kind is not AdvisoryKind.BUS_SKIP for each in scene.play(60)), "not again so soon"
    bus = scene.transit.buses["A"]
    assert skip_stop(bus, 0.5) is None
    assert skip_stop(bus, None) is None


def test_a_very_late_bus_with_another_at_its_heels_may_turn_back() -> None:
    scene = Scene()
    scene.play(5)
    bus = scene.transit.buses["B"]
    assert short_turn(bus) is None
    headway = bus.headway
    assert headway is not None
    bus.late, bus.headway = 900.0, type(headway)(50.0, 60.0, 300.0, "A", "C")
    measure = short_turn(bus)
    assert measure is not None
    assert (measure.stop, measure.other) == (bus.pattern.stops[bus.next_stop], "C")


def test_the_bus_behind_takes_over_from_one_that_broke_down() -> None:
    scene = Scene()
    scene.play(5)
    finding = LineFinding(FindingKind.BREAKDOWN, "1", "A", "", 400.0, "stands for 400 s away from stops")
    (measure,) = swaps([finding], scene.transit.buses)
    assert (measure.kind, measure.vehicle, measure.other) == (AdvisoryKind.BUS_SWAP, "A", "B")
    assert swaps([finding], {}) == []


def test_a_bus_waits_for_people_who_change_from_the_metro() -> None:
    scene = Scene()
    scene.buses = scene.buses[:1]
    arrival = scene.now + 70.0
    scene.dispatch.connections = [Connection("S7", "1", arrival, "Metro 4"), Connection("S7", "2", arrival, "Metro 9")]
    advised = [each for each in scene.play(75) if each.kind is AdvisoryKind.BUS_CONNECTION]
    assert [(each.vehicle, each.stop, each.other) for each in advised] == [("A", "S7", "Metro 4")]
    assert advised[0].until == pytest.approx(arrival + 60.0, abs=1.0)


def test_no_bus_is_held_at_the_last_stops() -> None:
    scene = Scene()
    scene.buses = [Bus("A", stop_x(11) - 50.0), Bus("B", stop_x(10) - 30.0), Bus("C", stop_x(0))]
    assert all(each.kind is not AdvisoryKind.BUS_HOLD for each in scene.play(30))
