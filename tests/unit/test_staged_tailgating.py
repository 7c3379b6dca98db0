"""Rules of the staged near miss: it is close, and no crash."""

import pytest

from simulators.staged_driver import HARD
from simulators.staged_tailgating import braking_way, even_pace

STEP = 0.5


def stand_still_after(speed: float) -> float:
    """Way of a vehicle that brakes fully, m, driven step by step as the simulation does."""
    way = 0.0
    while speed > 0.0:
        speed = max(speed - HARD * STEP, 0.0)
        way += speed * STEP
    return way


@pytest.mark.parametrize("speed", [3.0, 10.0, 13.5, 14.4, 22.0])
def test_the_way_of_full_braking_is_what_the_simulation_drives(speed: float) -> None:
    assert braking_way(speed, STEP) == pytest.approx(stand_still_after(speed))


@pytest.mark.parametrize("gap", [26.0, 31.0, 40.0, 55.5, 69.0])
@pytest.mark.parametrize("speed", [10.0, 13.9, 16.7])
def test_the_pace_leads_in_whole_steps_to_where_only_full_braking_helps(gap: float, speed: float) -> None:
    steps, pace = even_pace(gap, speed, STEP)
    left = gap - steps * STEP * pace
    assert left - stand_still_after(pace) == pytest.approx(0.0, abs=0.01)
    assert pace * pace / (2.0 * left) > 6.0, "braking that drivers do not do by themselves"
    assert 0.7 * speed < pace < 1.3 * speed
