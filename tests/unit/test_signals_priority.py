"""Buses count by their passengers in the plan; runs with priority are compared seed by seed."""

import numpy as np
import pytest

from cloudctl.signals.evaluation.priority_order import PriorityResult
from cloudctl.signals.evaluation.priority_table import priority_changes, priority_table
from cloudctl.signals.layout import Layout, Lights, Priority, Roads, Scene, Tracks
from cloudctl.signals.layout_build import Link, build_layout
from cloudctl.signals.plan_search import search_plan
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
