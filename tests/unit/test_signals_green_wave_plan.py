"""Offsets of a corridor."""

import numpy as np
import pytest

from cloudctl.signals.errors import CorridorError
from cloudctl.signals.green_wave_plan import CorridorSignal, band, link_burden, plan_green_wave

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


def test_a_platoon_that_meets_green_waits_and_stops_less_than_one_that_meets_red() -> None:
    leaving = np.where(np.arange(CYCLE) < 15, 0.4, 0.0)
    delay, stops = link_burden(leaving, (20.0, 25.0), 1, 20.0)
    assert delay[0] < 0.3 * delay[25]
    assert stops[0] < 0.6 * stops[25]
    assert stops.max() <= leaving.sum() + 1e-9


def test_a_queue_of_the_red_leaves_at_saturation() -> None:
    leaving = np.where(np.arange(CYCLE) == 0, 5.0, 0.0)  # five at once, no way to spread on, 10 s before green
    delay, stops = link_burden(leaving, (10.0, 50.0), 1, 0.0)
    assert delay[0] == pytest.approx(5 * 10 + sum(4.5 - 0.5 * second for second in range(10)))
    assert stops[0] == pytest.approx(5.0)


@pytest.mark.parametrize(("second", "stops"), [(12, 6.0), (40, 5.0)])
def test_who_comes_upon_a_queue_that_is_moving_off_stops_too(second: int, stops: float) -> None:
    leaving = 5.0 * (np.arange(CYCLE) == 0) + (np.arange(CYCLE) == second)
    assert link_burden(leaving, (10.0, 50.0), 1, 0.0)[1][0] == pytest.approx(stops)


def test_the_way_back_has_travel_times_of_its_own() -> None:
    signals = [_signal(0.0, 0.15)] * 2
    plan = plan_green_wave(signals, [20.0], CYCLE, travel_back=[35.0])
    assert abs(plan.offsets[1] - (CYCLE - 35)) <= 6
    assert plan.out.vehicles == 0
    assert plan.back.vehicles == pytest.approx(0.15 * CYCLE)


def test_without_todays_offsets_before_is_the_mean_of_all() -> None:
    signals = [_signal(0.1, 0.05)] * 2
    plan = plan_green_wave(signals, [20.0], CYCLE)
    each = [plan_green_wave(signals, [20.0], CYCLE, [0.0, float(at)]).cost_before for at in range(CYCLE)]
    assert plan.cost_before == pytest.approx(np.mean(each))
    assert plan.cost == pytest.approx(min(each))


@pytest.mark.parametrize(("offsets", "width"), [([0.0, 20.0, 40.0], 25.0), ([0.0, 30.0, 40.0], 15.0), ([0, 0, 0], 0.0)])
def test_the_band_is_what_passes_all_greens(offsets: list[float], width: float) -> None:
    assert band([(5.0, 25.0)] * 3, offsets, [20.0, 20.0], CYCLE) == width


def test_the_band_of_lights_that_are_always_green_is_the_cycle() -> None:
    assert band([(0.0, 60.0)] * 2, [0.0, 7.0], [20.0], CYCLE) == CYCLE


@pytest.mark.parametrize(
    ("signals", "travel"),
    [([_signal(1, 1)], []), ([_signal(1, 1)] * 2, []), ([CorridorSignal((0, 70), (0, 20), 1, 1)] * 2, [5.0])],
)
def test_a_corridor_that_is_none_is_refused(signals: list[CorridorSignal], travel: list[float]) -> None:
    with pytest.raises(CorridorError, match="corridor"):
        plan_green_wave(signals, travel, CYCLE)
