"""A road user that swerves, or brakes hard while unseen, keeps its track as long as its device keeps its name."""

import numpy as np
import pytest
from fusion_reports import new_walk, reports

SIDESTEP = 3.2
"""m; one lane."""
SPEED, BRAKING = 13.0, 9.0
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


def _ids_after_braking_unseen(
    *, unseen: int, name: int = 7, deceleration: float = BRAKING, jump: float = 0.0
) -> tuple[set[int], bool]:
    """Lose a vehicle for some cycles when it begins to brake; return its new ids, and whether the old one is left.

    It is `jump` m farther on after that.
    """
    walk, rng = new_walk(), np.random.default_rng(5)
    x, speed = 0.0, SPEED
    for step in range(SWERVES_AT + 30):
        braking = step >= SWERVES_AT
        speed = max(speed - 0.1 * deceleration, 0.0) if braking else SPEED
        x += 0.1 * speed + (jump if step == SWERVES_AT else 0.0)
        seen = not braking or step >= SWERVES_AT + unseen
        noise = rng.normal(0.0, 0.1, 2)
        named = name if braking else 7
        told = reports(walk.now + 0.1, x + noise[0], noise[1], vx=speed, names=named, sigma=0.2)
        walk.cycle(*((told,) if seen else ()))
        if step == SWERVES_AT - 1:
            before = set(walk.ids)
    return set(walk.ids) - before, bool(before & set(walk.ids))


@pytest.mark.parametrize("unseen", [7, 9, 10])
def test_who_brakes_hard_while_unseen_keeps_the_track(unseen: int) -> None:
    assert _ids_after_braking_unseen(unseen=unseen) == (set(), True)


def test_behind_its_way_under_another_name_is_another_road_user() -> None:
    assert _ids_after_braking_unseen(unseen=9, name=8)[0]


def test_no_name_carries_a_track_farther_than_tyres_allow() -> None:
    assert _ids_after_braking_unseen(unseen=9, deceleration=0.0, jump=-14.0)[0]
