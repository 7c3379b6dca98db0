"""Buses count by their passengers in the plan; runs with priority are compared seed by seed."""

import numpy as np
import pytest

from cloudctl.signals.evaluation.priority_order import PriorityResult
from cloudctl.signals.evaluation.priority_table import priority_changes, priority_table
from cloudctl.signals.known_ways import KnownWay, add_known, known_rows, opened
from cloudctl.signals.layout import Layout, Lights, Priority, Roads, Scene, Tracks
from cloudctl.signals.layout_build import Link, build_layout
from cloudctl.signals.plan_search import search_plan
from cloudctl.signals.priority_worth import PASSENGERS, worth_of
from cloudctl.signals.program import Phase, Program
from cloudctl.signals.rolling_horizon import RollingHorizon
from cloudctl.signals.safety import SafetyLayer
from cloudctl.signals.warm_up import warm_up

PROGRAM = Program("x", (Phase("Gr", 30), Phase("yr", 3), Phase("rG", 30), Phase("ry", 3)))
ROADS = Roads(("north", "east", "out"), np.full(3, 150.0), np.full(3, 13.9))
CARS = [(0, 1.0 + 8.0 * i, 10.0) for i in range(8)]
"""A platoon in the north, which has green: road, m to the stop line, m/s."""


@pytest.fixture
def layout() -> Layout:
    """One signal, two approaches."""
    return build_layout(ROADS, [PROGRAM], {"x": [Link("north", "out", "", 0), Link("east", "out", "", 1)]}, [])


def _stage(layout: Layout, bus: tuple[int, float, float], worth: float, hold: float = 0.0) -> int:
    """Stage proposed for the platoon and a bus in the first row."""
    road, rest, speed = (np.array(column) for column in zip(bus, *CARS, strict=True))
    count = len(CARS) + 1
    tracks = Tracks(
        np.arange(count, dtype=np.int64),
        road.astype(np.int32),
        rest.astype(np.float64),
        speed.astype(np.float64),
        np.full(count, 5.0),
    )
    strategy = RollingHorizon(layout, SafetyLayer(layout.programs, 0.0))
    strategy.coverage.declare(1.0)
    lights = Lights(np.zeros(1, np.int32), np.full(1, 20.0), np.zeros(1))
    priority = Priority(np.zeros(1, np.int32), np.full(1, worth), np.full(1, hold))
    return int(strategy.propose(Scene(1.0, tracks, lights, priority))[0])


def test_a_full_bus_that_waits_goes_before_a_platoon_and_an_empty_one_does_not(layout: Layout) -> None:
    assert _stage(layout, (1, 1.0, 0.0), 1.0) == 0
    assert _stage(layout, (1, 1.0, 0.0), 60.0) == 1


def test_a_bus_that_still_calls_at_a_stop_is_not_waited_for(layout: Layout) -> None:
    assert _stage(layout, (1, 1.0, 0.0), 60.0, hold=45.0) == 0


def _run(bus: float, other: float, person: float) -> PriorityResult:
    return PriorityResult(bus, bus, other, person, 4, 100)


def test_changes_are_taken_seed_by_seed_against_the_base() -> None:
    runs = {"none": [_run(20, 10, 15), _run(40, 10, 15)], "some": [_run(10, 11, 12), _run(20, 10, 12)]}
    found = priority_changes(runs, "none")["some"]
    assert found["bus_at_signals_s"][0] == 15
    assert found["bus_at_signals_s"][1].mean == pytest.approx(-50)
    assert found["other_delay_s"][1].mean == pytest.approx(5)
    rows = priority_table(runs, "none").splitlines()
    assert [row.split()[0] for row in rows] == ["run", "none", "some"]
    assert rows[2].split()[1:3] == ["15.00", "-50.0"]


def test_warming_up_leaves_nothing_to_compile_for_a_first_decision() -> None:
    warm_up()
    assert len(search_plan.signatures) >= 1  # type: ignore[attr-defined]  # numba's dispatcher behind a plain type


SHARED = Program(
    "x", (Phase("Grr", 30), Phase("yrr", 3), Phase("rGr", 10), Phase("ryr", 3), Phase("rrG", 30), Phase("rry", 3))
)
"""Straight on and left from one lane, each with a light of its own, then the east."""


@pytest.fixture
def shared() -> Layout:
    """One signal; vehicles from the north go straight on or left from the same lane."""
    roads = Roads(("north", "east", "out", "side"), np.full(4, 150.0), np.full(4, 13.9))
    links = [Link("north", "out", "", 0), Link("north", "side", "", 1), Link("east", "out", "", 2)]
    return build_layout(roads, [SHARED], {"x": links}, [])


def _shared_stage(layout: Layout, link: int | None) -> int:
    """Stage proposed for a bus that rolls up to the stop line, well into the green for those who go straight on."""
    rest = np.array([8.0 + 14.0 * i for i in range(4)])
    tracks = Tracks(np.arange(4, dtype=np.int64), np.zeros(4, np.int32), rest, np.full(4, 3.0), np.full(4, 12.0))
    strategy = RollingHorizon(layout, SafetyLayer(layout.programs, 0.0))
    strategy.coverage.declare(1.0)
    lights = Lights(np.zeros(1, np.int32), np.full(1, 20.0), np.zeros(1))
    known = None if link is None else np.array([link], np.int32)
    priority = Priority(np.zeros(1, np.int32), np.full(1, 20.0), np.zeros(1), known)
    return int(strategy.propose(Scene(1.0, tracks, lights, priority))[0])


def test_a_bus_whose_turn_is_known_gets_its_own_light_and_not_that_of_its_lane(shared: Layout) -> None:
    assert _shared_stage(shared, None) == 0
    assert _shared_stage(shared, 0) == 0
    assert _shared_stage(shared, 1) == 1


def test_a_lane_is_as_open_as_the_light_of_its_first_known_vehicle_the_less_so_the_more_stand_before_it() -> None:
    usual = np.array([[0.9, 1.0], [0.1, 0.0]])
    shown = np.array([[True, False, True], [False, True, False]])
    assert opened(usual, shown, 0, {}) is usual
    assert opened(usual, shown, 0, {7: KnownWay(1, 0.0)}) is usual
    assert opened(usual, shown, 5, {5: KnownWay(1, 0.0)}).tolist() == [[0.0, 1.0], [1.0, 0.0]]
    assert opened(usual, shown, 5, {5: KnownWay(1, 3.0)})[:, 0] == pytest.approx([0.675, 0.325])


def test_a_vehicle_of_a_known_way_is_counted_once_on_its_own_lane(layout: Layout) -> None:
    tracks = Tracks(np.arange(2), np.zeros(2, np.int32), np.array([10.0, 30.0]), np.full(2, 10.0), np.full(2, 5.0))
    priority = Priority(np.array([1], np.int32), np.full(1, 20.0), np.full(1, 4.0), np.array([0], np.int32))
    known = known_rows(layout, tracks, priority)
    assert known.tolist() == [False, True]
    count, columns = np.array([1, 0], np.int32), [np.zeros((2, 8)) for _ in range(3)]
    columns[0][0, 0], columns[1][0, 0], columns[2][0, 0] = 1.0, 1.0, 1.0
    ways = add_known(layout, tracks, priority, known, np.full(2, 13.9), (count, columns[0], columns[1], columns[2]))
    assert ways == {0: KnownWay(0, 1.0)}
    assert count.tolist() == [2, 0]
    assert columns[0][0, 1] > 4.0
    assert columns[2][0, :2].tolist() == [1.0, 20.0]
    far = Tracks(tracks.track, tracks.road, np.array([10.0, 800.0]), tracks.speed, tracks.length)
    assert not known_rows(layout, far, priority).any()


def test_a_bus_counts_by_its_passengers_more_where_it_is_late_and_never_less_than_a_car() -> None:
    assert worth_of(0.0, 60.0) == pytest.approx(2 * worth_of(0.0, 30.0))
    assert worth_of(0.0) == worth_of(-50.0) == worth_of(0.0, PASSENGERS)
    assert worth_of(0.0) < worth_of(15.0) < worth_of(30.0) == worth_of(300.0)
    assert worth_of(0.0, 0.0) == 1.0
