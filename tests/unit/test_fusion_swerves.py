"""A road user that swerves keeps its track as long as its device keeps its name."""

import numpy as np
from fusion_reports import new_walk, reports

SIDESTEP = 3.2
"""m; one lane."""
SWERVES_AT = 150
"""Cycles; by then the device has shown that it keeps its names."""


def _offset(step: int) -> float:
    """A change of lanes within half a second, which no motion model foresees."""
    return SIDESTEP * min(max((step - SWERVES_AT) / 5.0, 0.0), 1.0)


def _ids_while_changing_lanes() -> tuple[set[int], float]:
    walk, rng, ids = new_walk(), np.random.default_rng(5), set[int]()
    for step in range(SWERVES_AT + 20):
        x, y = 1.3 * step, _offset(step)
        noise = rng.normal(0.0, 0.1, 2)
        walk.cycle(reports(walk.now + 0.1, x + noise[0], y + noise[1], vx=13.0, names=7, sigma=0.2))
        ids |= set(walk.ids)
    tracks = walk.tracker.table(walk.now)
    return ids, float(np.abs(tracks.y - SIDESTEP).min())


def test_a_sidestep_under_one_name_keeps_the_track() -> None:
    ids, off = _ids_while_changing_lanes()
    assert len(ids) == 1
    assert off < 0.5


def test_another_name_far_off_is_another_road_user() -> None:
    walk = new_walk()
    for step in range(30):
        walk.cycle(reports(walk.now + 0.1, 1.3 * step, 0.0, vx=13.0, names=7, sigma=0.2))
    before = set(walk.ids)
    for step in range(30, 45):
        walk.cycle(reports(walk.now + 0.1, 1.3 * step, 4.5, vx=13.0, names=8, sigma=0.2))
    assert set(walk.ids) - before
