"""Which trips the buses of one way get: in order, each once, kept, and not pushed about by one that does not belong."""

from dataclasses import replace

import pytest
import transit_world as world
from transit_world import DAY, HEADWAY, LEG, SIX, fix, status, stop_x

from cloudctl.transit.timetable import DatedTrip
from cloudctl.transit.trip_assignment import Past, assign_trips, scheduled_at
from cloudctl.transit.trip_matching import Run
from ingest.messages.bus_status import BusStatus


def trips() -> list[DatedTrip]:
    """Trips of line 1 in the order of their starts."""
    found = [each for each in world.city()[0].between(SIX - 60, SIX + 7200) if each.trip.line == "1"]
    return sorted(found, key=lambda each: each.start)


def run(
    name: str, x: float, has: str | None = None, *, speed: float = 10.0, says: bool = True, block: str | None = None
) -> Run:
    """A bus on the way, with the trip that it has already."""
    said = says_block(block) if block else status() if says else None
    trip = next((each for each in trips() if each.trip.id == has), None)
    return Run(name, fix(name, x, SIX, speed), said, world.pattern().id, x, trip=trip)


def says_block(block: str) -> BusStatus:
    """What a bus says that knows its block."""
    return BusStatus(timestamp=0, seq=0, line="1路", direction=0, block=block)


def given(runs: list[Run], now: float, past: Past | None = None) -> dict[str, str]:
    found = assign_trips(runs, world.pattern(), trips(), now, past)
    return {name: trip.trip.id for name, trip in found.items()}


def test_buses_that_are_all_late_are_not_pushed_one_trip_on() -> None:
    now = SIX + 3 * HEADWAY + 0.7 * HEADWAY
    places = {"A": 2 * HEADWAY, "B": HEADWAY, "C": 0.0}
    runs = [run(name, stop_x(int(ran // LEG)) + 10.0) for name, ran in places.items()]
    assert given(runs, now, Past(watched_since=SIX - 600.0)) == {"A": "e1", "B": "e2", "C": "e3"}


def test_a_trip_that_never_ran_stays_so_when_the_buses_behind_it_are_on_time() -> None:
    now = SIX + 2 * HEADWAY + 20.0
    runs = [run("A", stop_x(int(2 * HEADWAY // LEG)), "e0"), run("C", stop_x(0))]
    assert given(runs, now, Past(watched_since=SIX - 600.0)) == {"A": "e0", "C": "e2"}


def test_a_bus_keeps_its_trip_though_another_fits_a_little_better() -> None:
    now = SIX + HEADWAY + 20.0
    assert given([run("A", stop_x(0), "e0")], now) == {"A": "e0"}
    assert given([run("A", stop_x(0))], now) == {"A": "e1"}


def test_a_bus_that_overtook_another_keeps_its_trip() -> None:
    now = SIX + HEADWAY + 4 * LEG
    runs = [run("B", stop_x(5), "e1"), run("A", stop_x(4), "e0")]
    assert given(runs, now) == {"A": "e0", "B": "e1"}


def test_a_silent_bus_pushes_no_other_from_its_trip() -> None:
    now = SIX + HEADWAY + 20.0 + 3 * LEG
    runs = [run("A", stop_x(6), "e0"), run("X", stop_x(5), says=False), run("B", stop_x(3), "e1")]
    assert given(runs, now) == {"A": "e0", "B": "e1"}


def test_a_trip_that_another_bus_ran_is_not_run_again_but_its_own_bus_may_come_back() -> None:
    now = SIX + 20.0
    past = Past(SIX - 600.0, {f"e0@{DAY}": "A"})
    assert given([run("B", stop_x(0))], now, past) == {"B": "e1"}
    assert given([run("A", stop_x(0))], now, past) == {"A": "e0"}


def test_a_bus_that_waits_at_its_first_stop_is_early_for_the_next_trip_and_not_late_for_the_one_before() -> None:
    now = SIX + 0.6 * HEADWAY
    assert given([run("A", stop_x(0), speed=0.0)], now, Past(SIX, {f"e0@{DAY}": "Z"})) == {"A": "e1"}


def test_a_block_names_the_trip_that_fits_and_keeps_it() -> None:
    again = [replace(each, trip=replace(each.trip, block="b7")) for each in trips()[:4]]
    now = scheduled_at(again[1], world.pattern(), stop_x(2)) + 30.0
    bus = run("A", stop_x(2), block="b7")
    assert assign_trips([bus], world.pattern(), again, now)["A"] == again[1]
    bus.trip = again[1]
    assert assign_trips([bus], world.pattern(), again, now + 2 * HEADWAY)["A"] == again[1]


@pytest.mark.parametrize("late", [-700.0, 5000.0])
def test_a_bus_to_which_no_trip_is_near_in_time_has_none(late: float) -> None:
    only = trips()[:1]
    now = scheduled_at(only[0], world.pattern(), stop_x(3)) + late
    assert assign_trips([run("A", stop_x(3))], world.pattern(), only, now) == {}
