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
    hold_at_start,
    hold_for,
    speed_for,
    wait_needed,
)

seconds = st.floats(0.0, 3000.0)
GAPS = st.builds(Gaps, seconds, st.none() | seconds, st.none() | st.floats(60.0, 1800.0))


def test_a_bus_close_to_the_one_ahead_waits_for_a_share_of_half_the_difference() -> None:
    assert wait_needed(Gaps(240.0, 360.0, None)) == 0.0
    assert wait_needed(Gaps(150.0, 370.0, None)) == pytest.approx(GAIN * 110.0)
    assert hold_for(Gaps(280.0, 300.0, 300.0)) == 0.0


def test_a_bus_that_is_late_itself_is_never_held() -> None:
    assert hold_for(Gaps(500.0, 100.0, 300.0)) == 0.0


def test_without_a_bus_behind_the_plan_takes_its_place() -> None:
    assert Gaps(100.0, None, 300.0).following == 300.0
    assert hold_for(Gaps(100.0, None, 300.0)) == hold_for(Gaps(100.0, 300.0, None))
    assert hold_for(Gaps(100.0, None, None)) == 0.0


def test_at_the_first_stop_part_of_the_difference_to_the_plan_is_made_up() -> None:
    assert hold_at_start(Gaps(150.0, 280.0, 300.0), None) == pytest.approx(GAIN_AT_START * 150.0)
    assert hold_at_start(Gaps(290.0, 280.0, 300.0), None) == 0.0
    assert hold_at_start(None, None) == 0.0


def test_no_bus_leaves_its_first_stop_before_its_time() -> None:
    assert hold_at_start(None, 70.0) == 70.0
    assert hold_at_start(Gaps(400.0, None, 300.0), 70.0) == 70.0
    assert hold_at_start(Gaps(150.0, None, 300.0), 20.0) == pytest.approx(GAIN_AT_START * 150.0)
    assert hold_at_start(Gaps(400.0, None, 300.0), -70.0) == 0.0


def test_what_the_trip_has_lost_already_bounds_the_next_hold() -> None:
    gaps = Gaps(50.0, 500.0, 300.0)
    assert hold_for(gaps, BUDGET) == min(LONGEST, BUDGET)
    assert hold_for(gaps, 10.0) == 10.0
    assert hold_for(gaps, SHORTEST - 1.0) == 0.0
    assert speed_for(gaps, 400.0, 10.0, SHORTEST - 1.0) == 0.0


def test_advice_on_the_way_makes_no_trip_later_by_more_than_three_in_two_hundred() -> None:
    assert budget_of(500.0) == 7.5
    assert budget_of(3600.0) == BUDGET


@given(GAPS, st.none() | st.floats(-600.0, 600.0))
def test_a_hold_is_short_or_nothing(gaps: Gaps, early: float | None) -> None:
    assert (found := hold_for(gaps)) == 0.0 or SHORTEST <= found <= LONGEST
    assert (found := hold_at_start(gaps, early)) == 0.0 or SHORTEST <= found <= LONGEST_AT_START


@given(st.floats(1.0, 3000.0), st.floats(1.0, 3000.0))
def test_holding_never_makes_the_headways_less_even(ahead: float, behind: float) -> None:
    hold = hold_for(Gaps(ahead, behind, None))
    assert abs((behind - hold) - (ahead + hold)) <= abs(behind - ahead)


@given(GAPS, st.floats(0.0, 3000.0), st.floats(1.0, 20.0))
def test_a_speed_is_between_the_slowest_and_the_usual(gaps: Gaps, way: float, usual: float) -> None:
    speed = speed_for(gaps, way, usual)
    assert speed == 0.0 or SLOWEST * usual <= speed <= usual
    if speed:
        assert way / speed - way / usual <= LONGEST_SLOW + 1e-6


def test_right_before_a_stop_no_speed_is_said() -> None:
    assert speed_for(Gaps(60.0, 300.0, 300.0), 50.0, 10.0) == 0.0
    assert speed_for(Gaps(60.0, 300.0, 300.0), 400.0, 10.0) < 10.0
