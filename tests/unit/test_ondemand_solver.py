"""Customised buses: windows, seats, wheelchairs and longest rides hold; what was promised is kept; always the same."""

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudctl.ondemand.plan import Bus, Job, Plan
from cloudctl.ondemand.solver import DWELL, solve

NOW = 1_700_000_000.0
PLACES = 8
SECONDS = np.abs(np.arange(PLACES)[:, None] - np.arange(PLACES)[None, :]) * 120.0
BUS = Bus(id="B1", seats=8, place=0, available=NOW, until=NOW + 4 * 3600)


def job(name: str, pickup: int, dropoff: int, earliest: float = 0.0, latest: float = 3600.0, **more: object) -> Job:
    known = {"id": name, "seats": 1, "pickup": pickup, "dropoff": dropoff, "earliest": NOW + earliest,
             "latest": NOW + latest, "longest": 1800.0}  # fmt: skip
    return msgspec.convert({**known, **more}, Job)


def check(plan: Plan, jobs: list[Job], buses: list[Bus], seconds: np.ndarray = SECONDS) -> None:
    """Every visit can be made, and every new request that is served is served within its window."""
    known, by_bus = {each.id: each for each in jobs}, {each.id: each for each in buses}
    times: dict[tuple[str, bool], float] = {}
    for name, visits in plan.visits.items():
        place, time, load = by_bus[name].place, by_bus[name].available, 0
        load = sum(each.seats for each in jobs if each.aboard == name)
        for visit in visits:
            each = known[visit.job]
            assert visit.time >= time + seconds[place, visit.place] - 1e-6
            place, time = visit.place, visit.time
            load += each.seats if visit.is_pickup else -each.seats
            assert 0 <= load <= by_bus[name].seats
            assert by_bus[name].accessible or not each.accessible or each.aboard
            assert (visit.job, visit.is_pickup) not in times
            times[visit.job, visit.is_pickup] = visit.time
    for each in jobs:
        served = (each.id, False) in times
        assert served is (each.id not in plan.left_out)
        if served and not each.aboard:
            pick, drop = times[each.id, True], times[each.id, False]
            assert each.earliest <= pick <= drop
            if each.promised_dropoff is None:
                assert drop <= each.latest
                assert drop - pick <= each.longest + DWELL + 1


def test_riders_of_one_direction_share_a_bus() -> None:
    jobs = [job("a", 1, 5), job("b", 2, 5), job("c", 2, 6)]
    plan = solve(jobs, [BUS], SECONDS, NOW)
    check(plan, jobs, [BUS])
    assert plan.left_out == ()


@pytest.mark.parametrize(
    "bad",
    [
        {"seats": 9}, {"accessible": True}, {"latest": 100.0}, {"longest": 60.0},
        {"earliest": 3600.0, "latest": 1800.0},
    ],
)  # fmt: skip
def test_a_request_that_cannot_be_met_is_left_out_and_the_others_are_served(bad: dict[str, Any]) -> None:
    jobs = [job("good", 1, 4), job("bad", 2, 6, **bad), job("too", 3, 5)]
    plan = solve(jobs, [BUS], SECONDS, NOW)
    check(plan, jobs, [BUS])
    assert plan.left_out == ("bad",)


def test_a_wheelchair_takes_the_bus_with_a_ramp() -> None:
    ramp = msgspec.structs.replace(BUS, id="B2", accessible=True, place=7)
    plan = solve([job("w", 1, 3, accessible=True)], [BUS, ramp], SECONDS, NOW)
    assert [visit.job for visit in plan.visits["B2"]] == ["w", "w"]


def test_riders_on_board_stay_on_their_bus_and_get_out() -> None:
    jobs = [job("on", 1, 4, aboard="B1", boarded=NOW - 60, promised_dropoff=NOW + 700), job("new", 2, 5)]
    other = msgspec.structs.replace(BUS, id="B2", place=4)
    plan = solve(jobs, [BUS, other], SECONDS, NOW)
    check(plan, jobs, [BUS, other])
    assert ("on", False) in {(visit.job, visit.is_pickup) for visit in plan.visits["B1"]}
    assert plan.left_out == ()


def test_a_promise_that_the_roads_no_longer_allow_is_kept_as_nearly_as_can_be() -> None:
    jobs = [job("old", 1, 4, promised_pickup=NOW + 130, promised_dropoff=NOW + 500), job("new", 0, 7, latest=1e4)]
    slow = SECONDS * 2
    plan = solve(jobs, [BUS], slow, NOW)
    visits = {(visit.job, visit.is_pickup): visit.time for visit in plan.visits["B1"]}
    assert visits["old", True] == NOW + 240
    assert visits["old", False] == NOW + 240 + 720 + DWELL


def test_an_accepted_request_is_never_left_out_for_new_ones() -> None:
    old = job("old", 1, 7, latest=900.0, promised_pickup=NOW + 200, promised_dropoff=NOW + 900, seats=2)
    new = [job(f"n{number}", 6, 1, latest=2000.0, seats=4) for number in range(5)]
    plan = solve([old, *new], [BUS], SECONDS, NOW)
    visits = {(visit.job, visit.is_pickup): visit.time for visit in plan.visits["B1"]}
    assert visits["old", True] <= NOW + 200
    assert visits["old", False] <= NOW + 900


def test_without_buses_nobody_is_served() -> None:
    assert solve([job("a", 1, 2)], [], SECONDS, NOW).left_out == ("a",)
    assert solve([], [BUS], SECONDS, NOW).visits == {"B1": ()}


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_whatever_is_asked_for_the_plan_can_be_driven_and_is_the_same_again(data: st.DataObject) -> None:
    jobs = []
    for number in range(data.draw(st.integers(1, 6))):
        pickup, dropoff = data.draw(
            st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda two: two[0] != two[1])
        )
        earliest = data.draw(st.integers(0, 3600))
        jobs.append(job(
            f"j{number}", pickup, dropoff, earliest, earliest + data.draw(st.integers(60, 3600)),
            seats=data.draw(st.integers(1, 5)), accessible=data.draw(st.booleans()),
        ))  # fmt: skip
    buses = [
        Bus(id=f"B{number}", seats=data.draw(st.integers(1, 10)), accessible=data.draw(st.booleans()),
            place=data.draw(st.integers(0, 7)), available=NOW, until=NOW + 3 * 3600)
        for number in range(data.draw(st.integers(1, 2)))
    ]  # fmt: skip
    plan = solve(jobs, buses, SECONDS, NOW)
    check(plan, jobs, buses)
    assert solve(jobs, buses, SECONDS, NOW) == plan


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_new_request_breaks_no_promise(data: st.DataObject) -> None:
    """Accept requests one after the other; what was promised to the earlier ones stays true."""
    promised: list[Job] = []
    for number in range(4):
        pickup, dropoff = data.draw(
            st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda two: two[0] != two[1])
        )
        wanted = job(f"j{number}", pickup, dropoff, 0, data.draw(st.integers(300, 3000)))
        plan = solve([*promised, wanted], [BUS], SECONDS, NOW)
        times = {(visit.job, visit.is_pickup): visit.time for visit in plan.visits["B1"]}
        for each in promised:
            assert times[each.id, True] <= (each.promised_pickup or 0)
            assert times[each.id, False] <= (each.promised_dropoff or 0)
        if wanted.id not in plan.left_out:
            promised.append(msgspec.structs.replace(
                wanted, promised_pickup=times[wanted.id, True] + 120, promised_dropoff=times[wanted.id, False] + 120
            ))  # fmt: skip


def test_an_idle_bus_is_sent_where_riders_would_wait_long_for_a_busy_one() -> None:
    jobs = [job("a", 1, 5), job("b", 0, 4)]
    buses = [BUS, msgspec.structs.replace(BUS, id="B2", place=1)]
    plan = solve(jobs, buses, SECONDS, NOW)
    check(plan, jobs, buses)
    times = {visit.job: visit.time for route in plan.visits.values() for visit in route if visit.is_pickup}
    assert times == {"a": NOW, "b": NOW}


def test_riders_on_board_are_not_taken_round_by_a_stop_that_another_bus_is_near() -> None:
    aboard = job("a", 0, 4, aboard="B1", boarded=NOW - 60.0, promised_pickup=NOW, promised_dropoff=NOW + 3000.0)
    buses = [msgspec.structs.replace(BUS, place=2), msgspec.structs.replace(BUS, id="B2", place=1)]
    plan = solve([aboard, job("b", 0, 1)], buses, SECONDS, NOW)
    assert [visit.job for visit in plan.visits["B1"]] == ["a"]


@pytest.mark.parametrize("heads", ["B1", "B2"])
def test_between_buses_that_are_nearly_as_near_the_one_that_drives_there_goes_on(heads: str) -> None:
    seconds = SECONDS.copy()
    seconds[1, 3] -= 30.0  # nearer, by less than it costs to turn round
    asked = job("a", 3, 6, promised_pickup=NOW + 900.0, promised_dropoff=NOW + 2400.0)
    buses = [
        msgspec.structs.replace(BUS, id=name, place=place, heads_for=("a", True) if name == heads else None)
        for name, place in (("B1", 5), ("B2", 1))
    ]
    plan = solve([asked], buses, seconds, NOW)
    assert [visit.job for visit in plan.visits[heads]] == ["a", "a"]
