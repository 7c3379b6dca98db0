"""How long a bus is held and how slowly it is told to drive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudctl.dispatch.holding import (
    BUDGET,
    GAIN,
    GAIN_AT_START,
    LONGEST,
    LONGEST_AT_START,
    LONGEST_SLOW,
    SHORTEST,
    SLOWEST,
    Gaps,
    budget_of,
    delay_wanted,
    even_wait,
    hold_at_start,
    hold_wanted,
    wait_needed,
)

seconds = st.floats(0.0, 3000.0)
GAPS = st.builds(Gaps, seconds, st.none() | seconds, st.none() | st.floats(60.0, 1800.0))


def test_a_bus_close_to_the_one_ahead_waits_for_a_share_of_half_the_difference() -> None:
    assert wait_needed(Gaps(240.0, 360.0, None)) == 0.0
    assert wait_needed(Gaps(150.0, 370.0, None)) == pytest.approx(GAIN * 110.0)
    assert hold_wanted(Gaps(280.0, 300.0, 300.0)) == 0.0


def test_a_bus_that_is_late_itself_is_never_held() -> None:
    assert hold_wanted(Gaps(500.0, 100.0, 300.0)) == 0.0


def test_without_a_bus_behind_the_plan_takes_its_place() -> None:
    assert Gaps(100.0, None, 300.0).following == 300.0
    assert hold_wanted(Gaps(100.0, None, 300.0)) == hold_wanted(Gaps(100.0, 300.0, None))
    assert hold_wanted(Gaps(100.0, None, None)) == 0.0


def test_at_the_first_stop_part_of_the_difference_to_the_plan_is_made_up() -> None:
    assert hold_at_start(Gaps(150.0, 280.0, 300.0), None) == pytest.approx(GAIN_AT_START * 150.0)
    assert hold_at_start(Gaps(290.0, 280.0, 300.0), None) == 0.0
    assert hold_at_start(None, None) == 0.0


def test_no_bus_leaves_its_first_stop_before_its_time() -> None:
    assert hold_at_start(None, 70.0) == 70.0
    assert hold_at_start(Gaps(400.0, None, 300.0), 70.0) == 70.0
    assert hold_at_start(Gaps(150.0, None, 300.0), 20.0) == pytest.approx(GAIN_AT_START * 150.0)
    assert hold_at_start(Gaps(400.0, None, 300.0), -70.0) == 0.0


def test_the_even_time_is_before_now_for_a_late_bus_and_never_before_the_timetable() -> None:
    assert even_wait(Gaps(150.0, None, 300.0), None) == pytest.approx(GAIN_AT_START * 150.0)
    assert even_wait(Gaps(340.0, None, 300.0), None) == -40.0
    assert even_wait(Gaps(340.0, None, 300.0), -10.0) == -10.0
    assert even_wait(Gaps(340.0, 280.0, None), 25.0) == 25.0
    assert even_wait(Gaps(340.0, None, None), None) == 0.0


def test_advice_on_the_way_makes_no_trip_later_by_more_than_three_in_two_hundred() -> None:
    assert budget_of(500.0) == 7.5
    assert budget_of(3600.0) == BUDGET


@given(GAPS, st.none() | st.floats(-600.0, 600.0))
def test_a_hold_is_short_or_nothing(gaps: Gaps, early: float | None) -> None:
    assert (found := hold_wanted(gaps)) == 0.0 or SHORTEST <= found <= LONGEST
    assert (found := hold_at_start(gaps, early)) == 0.0 or SHORTEST <= found <= LONGEST_AT_START


@given(st.floats(1.0, 3000.0), st.floats(1.0, 3000.0))
def test_holding_never_makes_the_headways_less_even(ahead: float, behind: float) -> None:
    hold = hold_wanted(Gaps(ahead, behind, None))
    assert abs((behind - hold) - (ahead + hold)) <= abs(behind - ahead)


@given(GAPS, st.floats(0.0, 3000.0), st.floats(1.0, 20.0))
def test_a_bus_is_slowed_by_little_or_nothing_and_stays_above_the_slowest_speed(
    gaps: Gaps, way: float, usual: float
) -> None:
    delay = delay_wanted(gaps, way, usual)
    assert delay == 0.0 or SHORTEST <= delay <= LONGEST_SLOW
    assert not delay or way / (way / usual + delay) >= SLOWEST * usual - 1e-6


def test_right_before_a_stop_no_speed_is_said() -> None:
    assert delay_wanted(Gaps(60.0, 300.0, 300.0), 50.0, 10.0) == 0.0
    assert delay_wanted(Gaps(60.0, 300.0, 300.0), 400.0, 10.0) > 0.0
