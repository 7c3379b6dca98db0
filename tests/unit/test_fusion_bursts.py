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
