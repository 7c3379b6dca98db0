"""Offsets of a corridor."""

import numpy as np
import pytest

from cloudctl.signals.green_wave_plan import CorridorError, CorridorSignal, link_cost, plan_green_wave

CYCLE = 60


def _signal(out: float, back: float) -> CorridorSignal:
    return CorridorSignal((0.0, 25.0), (0.0, 25.0), out, back)


def test_one_way_flow_gets_offsets_of_the_travel_time() -> None:
    plan = plan_green_wave([_signal(0.15, 0.0)] * 4, [20.0, 15.0, 30.0], CYCLE)
    steps = np.diff(plan.offsets) % CYCLE
    assert np.abs(steps - [20.0, 15.0, 30.0]).max() <= 6
    assert plan.cost < 0.6 * plan.cost_before


def test_the_heavier_direction_wins() -> None:
    plan = plan_green_wave([_signal(0.03, 0.18)] * 3, [20.0, 20.0], CYCLE)
    assert np.abs(np.diff(plan.offsets) % CYCLE - (CYCLE - 20)).max() <= 6


def test_the_plan_is_never_worse_than_todays_and_keeps_the_first_offset() -> None:
    rng = np.random.default_rng(5)
    for _ in range(3):
        flows = rng.uniform(0.02, 0.2, (4, 2))
        signals = [_signal(float(out), float(back)) for out, back in flows]
        today = rng.integers(0, CYCLE, 4).tolist()
        plan = plan_green_wave(signals, rng.uniform(10, 40, 3).tolist(), CYCLE, today)
        assert plan.cost <= plan.cost_before
        assert plan.offsets[0] == today[0]


def test_a_platoon_that_meets_green_costs_less_than_one_that_meets_red() -> None:
    leaving = np.where(np.arange(CYCLE) < 15, 0.4, 0.0)
    assert link_cost(leaving, (20.0, 25.0), 1, 20.0) < 0.3 * link_cost(leaving, (45.0, 25.0), 1, 20.0)


@pytest.mark.parametrize(
    ("signals", "travel"),
    [([_signal(1, 1)], []), ([_signal(1, 1)] * 2, []), ([CorridorSignal((0, 70), (0, 20), 1, 1)] * 2, [5.0])],
)
def test_a_corridor_that_is_none_is_refused(signals: list[CorridorSignal], travel: list[float]) -> None:
    with pytest.raises(CorridorError, match="corridor"):
        plan_green_wave(signals, travel, CYCLE)
