"""Requests for priority from beginning to end: classes, strategies, and what becomes of each."""

import dataclasses

import numpy as np
import pytest
from advice_city import NOW, Vehicle, build_network, lights, scene_of

from cloudctl.advice.bus_approach import DWELL, LEAST_DWELL, approaching_buses, run_time
from cloudctl.advice.bus_priority import BusPriority, assess
from cloudctl.advice.green_wave import HEADWAY, START_UP
from cloudctl.advice.priority_request import Cause, Need, PriorityRequest
from cloudctl.advice.priority_states import SignalPriorityState
from cloudctl.advice.scene import Scene
from fusion.picture import SignalStates
from maps.participants import ParticipantKind

PLACES = {"A": (0.0, 0.0), "B": (500.0, 0.0), "C": (900.0, 0.0), "D": (500.0, 400.0)}
ROADS = [("AB", "A", "B", 1), ("BC", "B", "C", 1), ("DB", "D", "B", 1)]
NETWORK = build_network(PLACES, ROADS, ["B"])


def red(green_in: float, second: float = 0.0) -> SignalStates:
    return lights(NETWORK, green=False, change=NOW + second + green_in, received=NOW + second)


def green(lasts: float, second: float = 0.0) -> SignalStates:
    return lights(NETWORK, green=True, change=NOW + second + lasts, received=NOW + second)


def scene(vehicles: list[Vehicle], signals: SignalStates, second: float = 0.0) -> Scene:
    return scene_of(NETWORK, vehicles, now=NOW + second, signals=signals)


def bus(offset: float, device: int = 1, kind: ParticipantKind = ParticipantKind.BUS, link: str = "AB") -> Vehicle:
    return Vehicle(link, offset, 10.0, device, kind)


def request(vehicle: str = "CAR00001", group: int = 0, **more: object) -> PriorityRequest:
    plain = PriorityRequest(vehicle, group, NOW + 12.0, NOW, NOW + 60.0, f"r-{vehicle}")
    return dataclasses.replace(plain, **more)  # type: ignore[arg-type]  # the fields are those of the class


def state_of(desk: BusPriority, name: str) -> SignalPriorityState:
    return next(each for each in desk.book.states if each.id == name)


@pytest.mark.parametrize(
    ("need", "cause"),
    [
        (Need(lateness=90.0, occupancy=0.95, headway=2.0), Cause.LATE),
        (Need(lateness=10.0, headway=1.5), Cause.HEADWAY),
        (Need(occupancy=0.9, headway=1.0), Cause.FULL),
        (Need(lateness=-40.0, occupancy=0.3, headway=0.8), Cause.APPROACH),
        (Need(), Cause.APPROACH),
    ],
)
def test_a_bus_has_priority_by_rule_when_it_is_late_full_or_leaves_a_gap(need: Need, cause: Cause) -> None:
    assert need.cause is cause


def test_classes_go_before_lateness_and_lateness_before_arrival() -> None:
    ordered = sorted(
        [
            request("near", cause=Cause.APPROACH, arrival=NOW + 3.0),
            request("asked"),
            request("full", cause=Cause.FULL, need=Need(occupancy=0.9)),
            request("late", lateness=70.0),
            request("later", lateness=200.0),
            request("ambulance", urgent=True),
        ],
        key=lambda each: each.order,
    )
    assert [each.vehicle for each in ordered] == ["ambulance", "later", "late", "full", "asked", "near"]


def test_of_two_buses_by_rule_the_one_in_need_is_served_and_the_other_learns_why_not() -> None:
    desk = BusPriority()
    desk.needs = {"CAR00002": Need(headway=1.6)}
    desk.request(request("CAR00001"))
    (advisory,) = desk.advise(scene([bus(377.5), bus(277.5, 2, link="DB")], red(30.0)))
    assert (advisory.content["vehicle"], advisory.content["cause"]) == ("CAR00002", "headway")
    waiting = state_of(desk, "r-CAR00001")
    assert (waiting.status, waiting.reason) == ("requested", "a vehicle of a higher class, or a later bus, goes first")


def test_a_granted_request_is_served_when_its_vehicle_has_left_the_approach() -> None:
    desk = BusPriority()
    desk.request(request())
    (asked,) = desk.advise(scene([bus(377.5)], red(20.0)))
    assert state_of(desk, "r-CAR00001").strategy == "early_green"
    desk.answer(asked.id, granted=True, now=NOW + 1)
    desk.advise(scene([bus(480.0)], green(20.0, 10.0), 10.0))
    assert state_of(desk, "r-CAR00001").status == "granted"
    desk.advise(scene([bus(20.0, link="BC")], green(18.0, 12.0), 12.0))
    assert state_of(desk, "r-CAR00001").status == "served"
    assert [each.status for each in desk.book.take_changes()] == ["requested", "requested", "granted", "served"]


def test_a_refusal_of_the_signal_is_told_with_its_reason() -> None:
    desk = BusPriority()
    desk.request(request())
    (asked,) = desk.advise(scene([bus(377.5)], red(20.0)))
    desk.answer(asked.id, granted=False, now=NOW + 1, reason="another request less than 60 s ago")
    state = state_of(desk, "r-CAR00001")
    assert (state.status, state.reason) == ("refused", "the signal refused: another request less than 60 s ago")


def test_a_vehicle_that_comes_in_green_is_granted_without_a_change_and_served() -> None:
    desk = BusPriority()
    desk.request(request())
    assert desk.advise(scene([bus(377.5)], green(40.0))) == []
    state = state_of(desk, "r-CAR00001")
    assert (state.status, state.strategy, state.reason) == ("granted", "none", "it comes in green")
    desk.advise(scene([bus(20.0, link="BC")], green(25.0, 15.0), 15.0))
    assert state_of(desk, "r-CAR00001").status == "served"


def test_a_vehicle_that_never_came_is_refused_after_its_time() -> None:
    desk = BusPriority()
    desk.request(request("UNSEEN01"))
    (asked,) = desk.advise(scene([], red(20.0)))
    desk.answer(asked.id, granted=True, now=NOW + 1)
    for second in range(2, 62, 4):
        desk.advise(scene([], red(20.0, second), float(second)))
    state = state_of(desk, "r-UNSEEN01")
    assert (state.status, state.reason) == ("refused", "it did not come in time")


def test_an_unseen_vehicle_is_served_when_its_light_was_green_at_its_arrival() -> None:
    desk = BusPriority()
    desk.request(request("UNSEEN01"))
    (asked,) = desk.advise(scene([], red(20.0)))
    desk.answer(asked.id, granted=True, now=NOW + 1)
    desk.advise(scene([], green(20.0, 12.0), 12.0))
    desk.advise(scene([], red(20.0, 19.0), 19.0))
    assert state_of(desk, "r-UNSEEN01").status == "served"


@pytest.mark.parametrize(
    ("signals", "strategy", "reason"),
    [
        (red(30.0), "early_green", ""),
        (red(8.0), "none", "it comes in green"),
        (green(10.0), "extension", ""),
        (green(40.0), "none", "it comes in green"),
        (green(-5.0), "", "the green would have to last 20 s longer, 15 s at most"),
        (dataclasses.replace(red(30.0), received=np.full(2, NOW - 3.0)), "", "nothing is heard of the light"),
        (dataclasses.replace(red(30.0), confidence=np.full(2, 0.2, np.float32)), "", "it is not certain when"),
        (dataclasses.replace(red(30.0), next_green=np.full(2, np.nan)), "", "no countdown is known"),
    ],
)
def test_the_strategy_follows_from_light_and_arrival_and_a_refusal_has_a_reason(
    signals: SignalStates, strategy: str, reason: str
) -> None:
    plan = assess(scene([], signals), request())
    assert plan.strategy == strategy
    assert plan.reason.startswith(reason)


def test_a_stage_is_put_in_only_where_the_controller_takes_stages_and_the_need_is_great() -> None:
    far = scene([], red(50.0))
    assert assess(far, request(), may_insert=True).strategy == "phase_insertion"
    assert assess(far, request()).strategy == "early_green"
    assert not request(lateness=100.0).may_insert
    assert request(lateness=200.0).may_insert
    assert request(urgent=True).may_insert
    desk = BusPriority()
    desk.inserting = {0}
    desk.request(request("UNSEEN01", urgent=True))
    (advisory,) = desk.advise(far)
    assert (advisory.content["strategy"], advisory.reason_code) == ("phase_insertion", "bus_priority.phase_insertion")


@pytest.mark.parametrize("on_duty", [True, False])
def test_who_says_it_is_an_emergency_vehicle_is_one_only_by_the_register(on_duty: bool) -> None:
    desk = BusPriority()
    desk.on_duty = lambda vehicle: on_duty and vehicle == "CAR00001"
    desk.request(request(lateness=0.0))
    desk.request(request("CAR00002", 1, lateness=300.0))
    ambulance = bus(377.5, 1, ParticipantKind.SPECIAL)
    (advisory,) = desk.advise(scene([ambulance, bus(277.5, 2, link="DB")], red(30.0)))
    assert advisory.content["vehicle"] == ("CAR00001" if on_duty else "CAR00002")
    assert advisory.content["urgent"] is on_duty


def test_stops_delay_buses_and_nobody_else() -> None:
    network = build_network(PLACES, ROADS, ["B"], stops=[("AB", 450.0)])
    there = scene_of(network, [bus(377.5), bus(377.5, 2, ParticipantKind.SPECIAL)], signals=red(30.0))
    dwelling, passing = approaching_buses(there, {"CAR00002"})
    assert dwelling.arrival - NOW == pytest.approx(27.0, abs=0.1)
    assert passing.arrival - NOW == pytest.approx(12.0, abs=0.1)


def test_an_operators_hold_is_the_reason_that_a_request_waits() -> None:
    desk = BusPriority()
    desk.held[0] = NOW + 100
    desk.request(request())
    assert desk.advise(scene([bus(377.5)], red(20.0))) == []
    assert state_of(desk, "r-CAR00001").reason == "an operator holds the signal"


def test_a_queue_before_the_bus_makes_the_green_come_so_much_earlier() -> None:
    asked = []
    for number in (0, 4):
        standing = [Vehicle("AB", 496.0 - 7.0 * place, 0.0) for place in range(number)]
        (advisory,) = BusPriority().advise(scene([*standing, bus(320.0)], red(20.0)))
        asked.append(advisory.content)
    assert asked[1]["passes"] == asked[0]["passes"]
    assert asked[1]["arrival"] == pytest.approx(float(str(asked[0]["arrival"])) - START_UP - 4 * HEADWAY, abs=0.1)
    assert (asked[0]["max_seconds"], asked[1]["max_seconds"]) == (
        pytest.approx(2.3, abs=0.1),
        pytest.approx(10.5, abs=0.1),
    )


def test_a_bus_that_has_stood_at_its_stop_for_long_is_expected_sooner() -> None:
    stop = build_network(PLACES, ROADS, ["B"], stops=[("DB", 250.0)])
    priority = BusPriority()
    expected = []
    for second in (0.0, 9.0, 40.0):
        bus = Vehicle("DB", 242.0, 0.0, 1, ParticipantKind.BUS)
        priority.advise(scene_of(stop, [bus], now=NOW + second, signals=lights(stop, green=False, change=np.nan)))
        expected.append(priority.near[0].arrival - NOW - second)
    assert expected[0] - expected[1] == pytest.approx(9.0)
    assert expected[0] - expected[2] == pytest.approx(DWELL - LEAST_DWELL)


@pytest.mark.parametrize(("speed", "seconds"), [(10.0, 12.0), (0.0, 16.0), (4.0, 12.0)])
def test_a_slow_bus_is_expected_to_speed_up_again(speed: float, seconds: float) -> None:
    assert run_time(120.0, speed, 15.0) == pytest.approx(seconds, abs=0.7)
