"""Misses come in bursts: one unit that loses a road user for a moment does not make it vanish, several do."""

import numpy as np
from fusion_reports import Walk, new_walk, one_sensor, reports

from ingest.observation import ObservationBatch

MISSED_FOR = 10
"""Cycles."""


def _bystander(walk: Walk, device: int) -> ObservationBatch:
    """A report of something else: the device looks on."""
    return reports(walk.now + 0.05, 60.0, 60.0, device=device, names=99)


def _shown_while_missed(units: int) -> list[bool]:
    """See a road user with all units for 4 s, then with none; whether it is shown in each cycle after that."""
    walk, shown = new_walk(one_sensor(count=units)), []
    for cycle in range(40 + MISSED_FOR):
        said = [_bystander(walk, device) for device in range(units)]
        if cycle < 40:
            said += [reports(walk.now + 0.05, 100.0, 0.0, device=device, names=7) for device in range(units)]
        walk.cycle(*said)
        if cycle >= 40:
            shown.append(bool(np.any(walk.tracker.table(walk.now).y < 10.0)))
    return shown


def test_whom_the_only_unit_misses_for_a_second_is_still_shown() -> None:
    assert all(_shown_while_missed(units=1))


def test_whom_three_units_miss_at_once_is_soon_not_shown() -> None:
    assert not any(_shown_while_missed(units=3)[8:])


def _shown_on_return(missed: int, *, speed: float = 10.0, aside: float = 0.0) -> list[bool]:
    """Miss a car until it is hidden, then report one near its way; whether it is shown in each cycle after that."""
    walk, shown, back = new_walk(), [], 30 + missed
    for cycle in range(back + 4):
        x, there = 1.0 * cycle, cycle < 30 or cycle >= back
        offset, told = (0.0, 10.0) if cycle < back else (aside, speed)
        car = (reports(walk.now + 0.1, x, offset, told, names=7 if cycle < 30 else 8),) if there else ()
        walk.cycle(_bystander(walk, 0), *car)
        shown.append(bool(np.any(walk.tracker.table(walk.now).y < 10.0)))
    assert not shown[back - 1]
    return shown[back:]


def test_who_comes_back_as_fast_and_where_he_was_expected_is_known_again_at_once() -> None:
    assert _shown_on_return(12)[0]
    assert _shown_on_return(16)[1]


def test_a_report_that_hardly_fits_does_not_bring_back_by_itself() -> None:
    assert not _shown_on_return(12, speed=8.5, aside=2.0)[0]
