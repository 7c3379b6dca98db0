"""When a bus goes on with the lights ahead counted, and what a trip bears."""

import pytest

from cloudctl.dispatch.holding import LONGEST_AT_START, SHORTEST
from cloudctl.dispatch.release import FURTHEST, SHARE, STEP, wait_for_lights, wait_that_pays

CYCLE, GREEN = 90.0, 40.0


def light(ahead: float, after: float = 60.0, begins: float = 0.0) -> "Drive":
    """A drive with one light `ahead` s on, and the last stop `after` s behind it."""
    return Drive(ahead, after, begins)


class Drive:
    """Arrivals behind a light that turns green each `CYCLE` s."""

    def __init__(self, ahead: float, after: float, begins: float) -> None:
        self.ahead, self.after, self.begins = ahead, after, begins

    def __call__(self, wait: float) -> tuple[float, float]:
        at = wait + self.ahead
        phase = (at - self.begins) % CYCLE
        passed = at if phase < GREEN else at + CYCLE - phase
        return passed, passed + self.after


def free(wait: float) -> tuple[float, float]:
    """A drive without lights."""
    return wait + 100.0, wait + 500.0


@pytest.mark.parametrize("even", [0.0, 33.0, 90.0])
def test_without_lights_a_bus_leaves_at_the_even_time(even: float) -> None:
    assert wait_for_lights(even, 0.0, 360.0, free) == even


def test_a_bus_leaves_a_little_off_the_even_time_where_that_spares_a_red() -> None:
    on_time = light(10.0)  # leaves at 45: comes at 55, 15 s after the end of the green
    wait = wait_for_lights(45.0, 0.0, 360.0, on_time)
    assert on_time(45.0)[1] - 45.0 > on_time(wait)[1] - wait + 30.0
    assert abs(wait - 45.0) <= SHARE * 360.0


def test_a_short_red_is_not_worth_an_uneven_headway() -> None:
    soon_green = light(0.0, begins=50.0)  # leaves at 48: waits 2 s
    assert abs(wait_for_lights(48.0, 0.0, 360.0, soon_green) - 48.0) <= STEP


def test_no_bus_leaves_before_its_time_or_waits_without_end() -> None:
    always_worse_later = light(80.0)
    assert wait_for_lights(60.0, 60.0, 360.0, always_worse_later) >= 60.0
    assert wait_for_lights(500.0, 0.0, 3600.0, free) == LONGEST_AT_START
    early = wait_for_lights(200.0, 0.0, 3600.0, lambda wait: (wait, 100.0 * wait))
    assert 200.0 - FURTHEST <= early <= 200.0 - FURTHEST + 3.0


def test_a_late_bus_waits_only_where_a_red_costs_more_than_its_lateness() -> None:
    assert wait_for_lights(-30.0, 0.0, 360.0, free) == 0.0
    assert wait_for_lights(-200.0, 0.0, 360.0, light(10.0)) == 0.0


def test_on_the_way_a_bus_is_not_made_to_miss_a_green() -> None:
    catches = light(30.0)  # 10 s before the end of the green
    assert wait_that_pays(15.0, 20.0, catches) == (9.0, 9.0)
    barely = light(36.0)
    assert wait_that_pays(15.0, 20.0, barely) == (0.0, 0.0)


def test_a_wait_that_the_next_red_would_have_cost_anyway_is_not_said() -> None:
    assert wait_that_pays(15.0, 20.0, light(50.0)) == (0.0, 0.0)


def test_a_trip_gets_no_later_than_it_bears_and_what_later_lights_give_back_is_not_charged() -> None:
    assert wait_that_pays(15.0, 12.0, free) == (12.0, 12.0)
    assert wait_that_pays(15.0, SHORTEST - 1.0, free) == (0.0, 0.0)
    assert wait_that_pays(15.0, 4.0, lambda wait: (wait, max(wait, 12.0))) == (15.0, 3.0)
