"""How long a bus is held and how slowly it is told to drive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudctl.dispatch.holding import (
    GAIN,
    LONGEST,
    LONGEST_AT_START,
    LONGEST_SLOW,
    SHORTEST,
    SLOWEST,
    Gaps,
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


def test_at_the_first_stop_nearly_the_whole_difference_to_the_plan_is_made_up() -> None:
    assert hold_for(Gaps(150.0, 280.0, 300.0), at_start=True) == pytest.approx(GAIN * 150.0)


@given(GAPS, st.booleans())
def test_a_hold_is_short_or_nothing(gaps: Gaps, start: bool) -> None:
    found = hold_for(gaps, at_start=start)
    assert found == 0.0 or SHORTEST <= found <= (LONGEST_AT_START if start else LONGEST)


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
