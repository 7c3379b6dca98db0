"""Bus priority: which strategy, for whom, how often, and what becomes of a request."""

import dataclasses

import numpy as np
import pytest
from advice_city import NOW, Vehicle, build_network, lights, scene_of

from cloudctl.advice.bus_priority import BusPriority, PriorityRequest, plan_priority
from cloudctl.advice.scene import Scene
from fusion.picture import SignalStates
from maps.participants import ParticipantKind

PLACES = {"A": (0.0, 0.0), "B": (500.0, 0.0), "C": (900.0, 0.0), "D": (500.0, 400.0)}
ROADS = [("AB", "A", "B", 1), ("BC", "B", "C", 1), ("DB", "D", "B", 1)]
NETWORK = build_network(PLACES, ROADS, ["B"])
CYCLE = 60.0


def bus(link: str = "AB", offset: float = 377.5, speed: float = 10.0, device: int = 1) -> Vehicle:
    """A bus whose front is 120 m before the stop line, 12 s away."""
    return Vehicle(link, offset, speed, device, ParticipantKind.BUS)


def scene(vehicles: list[Vehicle], signals: SignalStates, second: float = 0.0) -> Scene:
    return scene_of(NETWORK, vehicles, now=NOW + second, signals=signals)


def red(green_in: float, second: float = 0.0) -> SignalStates:
    return lights(NETWORK, green=False, change=NOW + second + green_in, received=NOW + second)


def green(lasts: float, second: float = 0.0) -> SignalStates:
    return lights(NETWORK, green=True, change=NOW + second + lasts, received=NOW + second)


def request(lateness: float = 0.0, vehicle: str = "BUS00009", group: int = 1) -> PriorityRequest:
    return PriorityRequest(vehicle, group, NOW + 10.0, NOW, NOW + 30.0, "r1", lateness)


def test_a_bus_that_just_misses_the_green_asks_for_its_extension() -> None:
    (advisory,) = BusPriority().advise(scene([bus()], green(lasts=10.0)))
    assert advisory.target == "signal:SB"
    assert advisory.content["strategy"] == "extension"
    assert advisory.content["max_seconds"] == pytest.approx(12.0 + 3.0 - 10.0, abs=0.1)
    assert (advisory.content["region"], advisory.content["node_id"], advisory.content["phase_id"]) == (1, 100, 1)


def test_a_bus_that_comes_in_red_asks_for_early_green() -> None:
    (advisory,) = BusPriority().advise(scene([bus()], red(green_in=20.0)))
    assert advisory.content["strategy"] == "early_green"
    assert advisory.content["max_seconds"] == pytest.approx(8.0, abs=0.1)


@pytest.mark.parametrize(
    ("vehicle", "signals"),
    [
        (bus(), green(lasts=30.0)),
        (bus(), green(lasts=-1.0)),
        (bus(), red(green_in=5.0)),
        (bus(offset=100.0), red(green_in=60.0)),
        (dataclasses.replace(bus(), kind=ParticipantKind.CAR), red(green_in=20.0)),
        (bus(), dataclasses.replace(red(20.0), received=np.full(2, NOW - 3.0))),
    ],
    ids=["arrives in green", "too late to extend", "arrives after red", "too far", "no bus", "stale SPAT"],
)
def test_no_priority_where_it_does_not_help(vehicle: Vehicle, signals: SignalStates) -> None:
    assert BusPriority().advise(scene([vehicle], signals)) == []


def test_a_stop_on_the_way_delays_the_predicted_arrival() -> None:
    network = build_network(PLACES, ROADS, ["B"], stops=[("AB", 450.0)])
    there = scene_of(network, [bus()], signals=lights(network, green=False, change=NOW + 40.0))
    (advisory,) = BusPriority().advise(there)
    assert advisory.content["arrival"] == pytest.approx(NOW + 12.0 + 15.0, abs=0.1)


def test_a_signal_serves_one_bus_and_then_recovers() -> None:
    priority = BusPriority()
    served = [
        second
        for second in range(0, 200, 5)
        if priority.advise(scene([bus(device=second + 1)], red(20.0, second), float(second)))
    ]
    assert served == [0, 90, 180]


def test_the_later_bus_wins_a_conflict() -> None:
    priority = BusPriority()
    priority.request(request(lateness=10.0, vehicle="BUS00001", group=0))
    priority.request(request(lateness=300.0, vehicle="BUS00002", group=1))
    advisories = priority.advise(scene([], red(20.0)))
    assert [advisory.content["vehicle"] for advisory in advisories] == ["BUS00002"]


def test_a_request_by_message_is_forgotten_when_it_expires() -> None:
    priority = BusPriority()
    priority.request(request())
    assert priority.advise(scene([], red(20.0, 31.0), 31.0)) == []


def test_the_answer_of_the_signal_becomes_the_status() -> None:
    priority = BusPriority()
    (asked,) = priority.advise(scene([bus()], red(20.0)))
    answered = priority.answer(asked.id, granted=True, now=NOW + 1)
    assert answered is not None
    assert answered.content["status"] == "granted"
    assert answered.replaces == asked.id
    assert priority.outcomes == {"granted": 1}
    assert priority.answer(asked.id, granted=True, now=NOW + 2) is None


def test_after_a_refusal_the_next_bus_may_ask_sooner() -> None:
    priority = BusPriority()
    (asked,) = priority.advise(scene([bus()], red(20.0)))
    priority.answer(asked.id, granted=False, now=NOW + 1)
    assert priority.advise(scene([bus(device=2)], red(20.0, 10.0), 10.0)) == []
    assert len(priority.advise(scene([bus(device=2)], red(20.0, 17.0), 17.0))) == 1


@pytest.mark.parametrize("late", [0.5, 5.0, 11.5])
def test_an_extension_always_covers_the_arrival_within_its_limit(late: float) -> None:
    asked = dataclasses.replace(request(), arrival=NOW + 10.0 + late)
    plan = plan_priority(scene([], green(10.0)), asked)
    assert plan is not None
    assert plan[0] == "extension"
    assert plan[1] == pytest.approx(late + 3.0)


def test_a_bus_that_waits_at_the_line_is_asked_for_with_an_arrival_ahead() -> None:
    (advisory,) = BusPriority().advise(scene([bus(offset=497.0, speed=0.0)], red(20.0)))
    assert float(str(advisory.content["arrival"])) >= NOW + 2.0
