"""What is recommended to a signal on the live picture, and when the plan stays."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from advice_city import NOW, Vehicle
from live_signals_city import network, picture, queue, sensors, shown

from cloudctl.signals.baselines import Fixed
from cloudctl.signals.layout import Ints, Scene
from cloudctl.signals.live.orders import Coming, Orders
from cloudctl.signals.live.recommendation import Mode, Reason, SignalRecommendation
from cloudctl.signals.live.recommender import LiveRecommender
from fusion.picture import TrafficPicture


class Second(Fixed):
    """Proposes the second stage, whatever it sees."""

    def propose(self, scene: Scene) -> Ints:
        del scene
        return np.full(self._count, 1, np.int32)


class First(Fixed):
    """Proposes the first stage."""

    def propose(self, scene: Scene) -> Ints:
        del scene
        return np.zeros(self._count, np.int32)


def run(
    recommender: LiveRecommender,
    seconds: Sequence[float],
    row: int = 0,
    vehicles: Sequence[Vehicle] = (),
    orders: Orders | None = None,
    look: Callable[[TrafficPicture], TrafficPicture] = lambda each: each,
) -> SignalRecommendation:
    for second in seconds:
        recommender.follow(look(picture(second, row, vehicles)), sensors(), orders)
    return recommender.current[0]


def test_a_queue_at_red_with_nobody_at_green_is_recommended_its_green_and_saves_delay() -> None:
    found = run(LiveRecommender(network()), range(12), vehicles=queue("DB", 6))
    assert (found.mode, found.reason, found.stage, found.phases, found.shown) == (
        Mode.RECOMMENDED, Reason.DEMAND, 1, (2,), 0,
    )  # fmt: skip
    assert found.saving_s > 20.0
    assert found.detail == "Stage 2 serves 6 vehicles within 15 s, stage 1 0."
    assert found.until == found.time + 2.0
    assert found.coverage == 1.0
    assert found.confidence == 1.0


def test_a_green_that_serves_a_queue_is_kept_and_nothing_is_saved_against_a_plan_that_keeps_it_too() -> None:
    coming = [Vehicle("AB", 300.0), Vehicle("AB", 340.0), Vehicle("AB", 390.0)]
    found = run(LiveRecommender(network()), range(12), vehicles=coming)
    assert (found.reason, found.stage, found.saving_s) == (Reason.KEEP, 0, 0.0)


def test_the_safety_layer_keeps_a_green_that_has_not_lasted_its_least_time() -> None:
    found = run(LiveRecommender(network(), Second), range(7))
    assert (found.reason, found.stage) == (Reason.LEAST_GREEN, 0)
    assert run(LiveRecommender(network(), Second), range(12)).stage == 1


def test_the_safety_layer_ends_a_green_that_has_lasted_its_longest_time() -> None:
    found = run(LiveRecommender(network(), First), range(123))
    assert (found.reason, found.stage) == (Reason.LONGEST_GREEN, 1)


@pytest.mark.parametrize(("radius", "mode"), [(300.0, Mode.RECOMMENDED), (60.0, Mode.PLAN), (float("nan"), Mode.PLAN)])
def test_a_signal_whose_approaches_are_not_seen_stays_with_its_plan(radius: float, mode: Mode) -> None:
    recommender = LiveRecommender(network())
    for second in range(12):
        recommender.follow(picture(second, 0, [Vehicle("DB", 200.0)]), sensors(radius))
    found = recommender.current[0]
    assert found.mode is mode
    if mode is Mode.PLAN:
        assert (found.reason, found.stage, found.phases, found.saving_s) == (Reason.COVERAGE, None, (), 0.0)


def test_lights_that_are_two_seconds_old_drive_nothing() -> None:
    recommender = LiveRecommender(network())
    run(recommender, range(12), vehicles=queue("DB", 6))
    for second in (12.0, 13.0, 14.0):
        old = dataclasses.replace(picture(second, 0, queue("DB", 6)), signals=shown(0, NOW + 11.0))
        recommender.follow(old, sensors())
    found = recommender.current[0]
    assert (found.mode, found.reason, found.confidence) == (Mode.PLAN, Reason.STALE, 0.0)


def test_lights_that_fit_no_row_of_the_program_drive_nothing() -> None:
    def both_green(each: TrafficPicture) -> TrafficPicture:
        return dataclasses.replace(each, signals=dataclasses.replace(each.signals, state=np.array([6, 6], np.uint8)))

    found = run(LiveRecommender(network()), range(12), vehicles=queue("DB", 6), look=both_green)
    assert (found.mode, found.reason, found.shown) == (Mode.PLAN, Reason.UNMATCHED, None)


def test_a_held_signal_is_recommended_nothing_and_is_taken_up_again_afterwards() -> None:
    recommender = LiveRecommender(network())
    held = run(recommender, range(12), vehicles=queue("DB", 6), orders=Orders(held={0: NOW + 60}))
    assert (held.mode, held.stage) == (Mode.HELD, None)
    assert run(recommender, [12.0], vehicles=queue("DB", 6)).mode is Mode.RECOMMENDED


def test_a_vehicle_with_priority_goes_before_the_strategy_and_behind_the_safety_layer() -> None:
    recommender = LiveRecommender(network(), First)
    early = run(recommender, range(5), orders=Orders(forced={0: 1}))
    assert (early.reason, early.stage) == (Reason.LEAST_GREEN, 0)
    found = run(recommender, range(5, 12), orders=Orders(forced={0: 1}))
    assert (found.reason, found.stage) == (Reason.PRIORITY, 1)


def test_a_bus_is_weighed_against_a_platoon_by_its_worth() -> None:
    there = [Vehicle("DB", 393.0, 0.0), *(Vehicle("AB", 490.0 - 9.0 * place, 11.0) for place in range(8))]
    own = {"track": 1, "group": 1}
    assert run(LiveRecommender(network()), range(9), vehicles=there).stage == 0
    empty = Orders(coming=[Coming(**own, worth=1.0)])
    assert run(LiveRecommender(network()), range(9), vehicles=there, orders=empty).stage == 0
    full = Orders(coming=[Coming(**own, worth=60.0)])
    assert run(LiveRecommender(network()), range(9), vehicles=there, orders=full).stage == 1
    calling = Orders(coming=[Coming(**own, worth=60.0, hold=45.0)])
    assert run(LiveRecommender(network()), range(9), vehicles=there, orders=calling).stage == 0


def test_since_is_kept_while_the_same_is_recommended_and_only_changes_are_told() -> None:
    recommender = LiveRecommender(network())
    told = [each for second in range(20) for each in recommender.follow(picture(second, 0, queue("DB", 6)), sensors())]
    assert [each.stage for each in told] == [0, 1] or [each.stage for each in told] == [None, 0, 1]
    assert recommender.current[0].since == told[-1].since < recommender.current[0].time


def test_signals_are_spread_over_the_second_and_each_is_decided_once_in_it() -> None:
    recommender, decided = LiveRecommender(network()), 0
    time = -1.0
    for tick in range(100):
        recommender.follow(picture(0.1 * tick, 0), sensors())
        decided += recommender.current[0].time != time
        time = recommender.current[0].time
    assert decided == 10
