"""Whether a difference is more than chance: judged against what was put in."""

import numpy as np
import pytest
from advice_city import build_network
from scipy import stats

from cloudctl.experiments.comparison import compare, independent, judge
from cloudctl.experiments.errors import UnusableExperimentError
from cloudctl.experiments.plan import Measure, Period, check_links, check_periods, links_within
from cloudctl.experiments.series import LinkBin, MovementBin, Series, link_series, movement_series

BIN = 900
DAY = 86400.0
NETWORK = build_network(
    {"A": (0.0, 0.0), "B": (500.0, 0.0), "C": (900.0, 0.0)}, [("AB", "A", "B", 1), ("BC", "B", "C", 1)]
)


def days(first: int, count: int, shift: float, seed: int, noise: float = 4.0) -> Series:
    """Delays with a daily shape, so many days of them."""
    t = np.arange(first * DAY, (first + count) * DAY, BIN)
    shape = 30 + 20 * np.sin(2 * np.pi * (t % DAY) / DAY)
    return Series(t, shape + shift + np.random.default_rng(seed).normal(0, noise, len(t)))


def test_a_real_change_is_found_with_an_interval_that_holds_it() -> None:
    found = judge([compare(days(0, 3, 0.0, 1), days(10, 3, -5.0, 2), BIN)])[0]
    assert found.method == "paired"
    assert found.significant
    assert found.low < -5.0 < found.high < 0.0
    assert found.relative == pytest.approx(-5.0 / 30.0, abs=0.03)


def test_pairing_by_time_of_day_finds_what_the_daily_shape_hides() -> None:
    before, after = days(0, 1, 0.0, 3), days(10, 1, -3.0, 4)
    paired = compare(before, after, BIN)
    plain = stats.ttest_ind(after.value, before.value, equal_var=False)
    assert paired.p_value < 0.01 < float(plain.pvalue)


def test_no_change_looks_changed_about_as_often_as_it_should() -> None:
    wrong = sum(
        compare(days(0, 1, 0.0, seed), days(9, 1, 0.0, 10_000 + seed), BIN).p_value < 0.05 for seed in range(300)
    )
    assert wrong / 300 < 0.08


def test_values_that_resemble_their_neighbours_count_for_less() -> None:
    noise = np.random.default_rng(5).normal(0, 1, 400)
    walk = np.zeros(400)
    for place in range(1, 400):
        walk[place] = 0.9 * walk[place - 1] + noise[place]
    assert independent(noise) > 300
    assert independent(walk) < 60


def test_different_hours_are_compared_as_two_samples() -> None:
    before = Series(np.arange(0.0, 4 * 3600.0, BIN), np.random.default_rng(1).normal(20, 2, 16))
    after = Series(np.arange(DAY + 8 * 3600, DAY + 12 * 3600, BIN), np.random.default_rng(2).normal(14, 2, 16))
    found = compare(before, after, BIN)
    assert found.method == "welch"
    assert found.high < 0.0


def test_too_little_says_nothing() -> None:
    few = Series(np.array([0.0, 900.0]), np.array([3.0, 4.0]))
    found = judge([compare(few, few, BIN)])[0]
    assert (found.method, found.significant, np.isnan(found.p_value)) == ("none", False, True)


def test_of_many_measures_without_a_change_hardly_any_set_shows_one() -> None:
    shown = 0
    for seed in range(60):
        found = [compare(days(0, 1, 0.0, 50 * seed + k), days(9, 1, 0.0, 50 * seed + 20 + k), BIN) for k in range(5)]
        shown += any(each.significant for each in judge(found))
    assert shown <= 8


def bins(t: float, speeds: dict[int, float | None]) -> list[LinkBin]:
    return [LinkBin(t, link, speed, 100.0) for link, speed in speeds.items()]


def test_travel_time_is_that_of_all_links_and_a_link_unseen_for_a_while_changes_nothing() -> None:
    whole = [*bins(0.0, {0: 10.0, 1: 20.0}), *bins(900.0, {0: 10.0, 1: 20.0})]
    partly = [*bins(5000.0, {0: 10.0}), *bins(5900.0, {0: 10.0, 1: 20.0})]
    before, after = link_series(NETWORK, [0, 1], Measure.TRAVEL_TIME, whole, partly)
    assert before.value.tolist() == [70.0, 70.0]
    assert after.value.tolist() == [70.0, 70.0]
    speed, _ = link_series(NETWORK, [0, 1], Measure.SPEED, whole, partly)
    assert speed.value.tolist() == pytest.approx([900.0 / 70.0] * 2)


def test_an_interval_that_knows_less_than_half_of_the_area_is_left_out() -> None:
    before, _ = link_series(NETWORK, [0, 1], Measure.SPEED, [*bins(0.0, {0: 9.0, 1: 9.0}), *bins(900.0, {1: 9.0})], [])
    assert before.t.tolist() == [0.0]


def test_delay_is_weighted_by_the_flow_that_each_link_has_over_both_periods() -> None:
    busy = [MovementBin(0.0, 0, 10.0, 1.0, 900.0), MovementBin(0.0, 1, 30.0, 0.0, 100.0)]
    before, after = movement_series([0, 1], Measure.DELAY, busy, busy)
    assert before.value.tolist() == after.value.tolist() == pytest.approx([12.0])
    stops, _ = movement_series([0, 1], Measure.STOPS, busy, busy)
    assert stops.value.tolist() == pytest.approx([0.9])


def test_an_area_holds_the_links_whose_middle_lies_in_it() -> None:
    corners = [NETWORK.plane.inverse(x, y) for x, y in ((-10.0, -50.0), (600.0, -50.0), (600.0, 50.0), (-10.0, 50.0))]
    polygon = [(float(lon), float(lat)) for lon, lat in corners]
    assert links_within(NETWORK, polygon) == ["AB"]
    with pytest.raises(UnusableExperimentError, match="no link"):
        links_within(NETWORK, [(0.0, 0.0), (0.1, 0.0), (0.0, 0.1)])
    assert check_links(NETWORK, ["BC", "AB", "BC"]) == ["BC", "AB"]
    with pytest.raises(UnusableExperimentError, match="nowhere"):
        check_links(NETWORK, ["nowhere"])


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ((0.0, 9000.0), (8000.0, 20_000.0), "begins before"),
        ((0.0, 1000.0), (8000.0, 20_000.0), "before lasts 1000 s"),
        ((0.0, 9000.0), (9000.0, 9e7), "after lasts"),
    ],
)
def test_periods_that_cannot_be_compared_are_refused(
    before: tuple[float, float], after: tuple[float, float], said: str
) -> None:
    with pytest.raises(UnusableExperimentError, match=said):
        check_periods(Period(*before), Period(*after), BIN)
