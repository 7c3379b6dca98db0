"""Priority inside fixed plans: who is served how, what it costs the others at most, and that they get it back."""

import numpy as np
import pytest

from cloudctl.signals.layout import Layout, Lights, Priority, Roads, Scene, Tracks
from cloudctl.signals.layout_build import Link, build_layout
from cloudctl.signals.plan_priority import MOST, RECOVERY_CYCLES, PlanPriority
from cloudctl.signals.program import Phase, Program
from cloudctl.signals.rolling_horizon import RollingHorizon
from cloudctl.signals.safety import FOLLOW_PLAN, SafetyLayer

PROGRAM = Program("x", (Phase("Gr", 30), Phase("yr", 3), Phase("rG", 30), Phase("ry", 3)))
ROADS = Roads(("north", "east", "out"), np.full(3, 250.0), np.full(3, 10.0))
NORTH, EAST = 0, 1


@pytest.fixture
def layout() -> Layout:
    """One signal, two approaches with a link each."""
    return build_layout(ROADS, [PROGRAM], {"x": [Link("north", "out", "", 0), Link("east", "out", "", 1)]}, [])


def _scene(now: float, green_for: float, rest: float, *, road: int = NORTH, stage: int = 0, queue: int = 0) -> Scene:
    """A bus that rolls at 10 m/s, behind `queue` cars that stand; its way is known."""
    places = [rest, *[1.0 + 7.0 * i for i in range(queue)]]
    count = len(places)
    speed = np.array([10.0, *[0.0] * queue])
    roads = np.full(count, road, np.int32)
    tracks = Tracks(np.arange(count, dtype=np.int64), roads, np.array(places), speed, np.full(count, 5.0))
    lights = Lights(np.array([stage], np.int32), np.array([green_for]), np.zeros(1))
    bus = Priority(np.zeros(1, np.int32), np.full(1, 8.0), np.zeros(1), np.array([road], np.int32))
    return Scene(now, tracks, lights, bus)


def _plan(layout: Layout, *, alone: bool = True) -> PlanPriority:
    return PlanPriority(layout, np.array([alone]), SafetyLayer(layout.programs, 0.0).change_times())


@pytest.mark.parametrize(("rest", "stage"), [(60.0, 0), (100.0, 0), (160.0, FOLLOW_PLAN)])
def test_a_green_is_held_for_a_bus_that_would_just_miss_it_and_not_for_one_too_far_away(
    layout: Layout, rest: float, stage: int
) -> None:
    assert _plan(layout).propose(_scene(29.0, 29.0, rest)).tolist() == [stage]


def test_a_green_that_lasts_anyway_is_left_to_the_plan(layout: Layout) -> None:
    assert _plan(layout).propose(_scene(10.0, 10.0, 60.0)).tolist() == [FOLLOW_PLAN]


def test_a_green_is_never_held_longer_than_the_most(layout: Layout) -> None:
    priority, held = _plan(layout), 0
    for second in range(29, 80):  # a bus that never comes nearer
        held += int(priority.propose(_scene(float(second), float(second), 40.0))[0] == 0)
    assert 0 < held <= MOST + 2


def test_the_next_green_comes_early_for_a_bus_before_it_and_stays_until_the_plan_has_it(layout: Layout) -> None:
    priority = _plan(layout)
    assert priority.propose(_scene(20.0, 20.0, 30.0, road=EAST)).tolist() == [1]
    shown = [int(priority.propose(_scene(float(now), 1.0, 1.0, road=EAST, stage=1))[0]) for now in (25, 32, 34, 40)]
    assert shown == [1, 1, FOLLOW_PLAN, FOLLOW_PLAN]


@pytest.mark.parametrize(("green_for", "rest"), [(12.0, 30.0), (4.0, 30.0), (20.0, 120.0)])
def test_a_green_loses_no_more_than_the_most_and_nothing_before_the_bus_needs_it(
    layout: Layout, green_for: float, rest: float
) -> None:
    assert _plan(layout).propose(_scene(green_for, green_for, rest, road=EAST)).tolist() == [FOLLOW_PLAN]


def test_green_comes_the_earlier_the_more_stand_before_the_bus(layout: Layout) -> None:
    assert _plan(layout).propose(_scene(20.0, 20.0, 100.0, road=EAST)).tolist() == [FOLLOW_PLAN]
    assert _plan(layout).propose(_scene(20.0, 20.0, 100.0, road=EAST, queue=4)).tolist() == [1]


def test_after_one_vehicle_the_others_have_their_time_before_the_next(layout: Layout) -> None:
    priority = _plan(layout)
    assert priority.propose(_scene(29.0, 29.0, 60.0)).tolist() == [0]
    gone = _scene(36.0, 36.0, 60.0)
    priority.propose(Scene(36.0, gone.tracks, gone.lights, None))
    again = 36.0 + RECOVERY_CYCLES * PROGRAM.cycle
    assert priority.propose(_scene(again - 5.0, 29.0, 60.0)).tolist() == [FOLLOW_PLAN]
    assert priority.propose(_scene(again + 5.0, 29.0, 60.0)).tolist() == [0]


def test_signals_that_are_controlled_as_one_keep_their_plans(layout: Layout) -> None:
    assert _plan(layout, alone=False).propose(_scene(29.0, 29.0, 60.0)).tolist() == [FOLLOW_PLAN]


def test_a_bus_is_served_inside_the_plan_where_nobody_knows_how_much_is_seen(layout: Layout) -> None:
    strategy = RollingHorizon(layout, SafetyLayer(layout.programs, 0.0))
    seen = _scene(29.0, 29.0, 60.0)
    assert strategy.propose(Scene(28.0, seen.tracks, seen.lights, None)).tolist() == [FOLLOW_PLAN]
    assert strategy.propose(seen).tolist() == [0]
