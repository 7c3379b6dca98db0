"""Who comes in at the edge of a view is believed at once; what appears in the midst of it has to last."""

import numpy as np
import pytest
from fusion_reports import new_walk, one_sensor, reports

RADIUS, SPEED = 150.0, 10.0


def _reports_until_shown(x: float, vx: float) -> int:
    walk = new_walk(one_sensor(radius=RADIUS))
    for _ in range(3):
        walk.cycle(reports(walk.now + 0.1, 0.0, 40.0, names=9))
    for count in range(1, 20):
        walk.cycle(
            reports(walk.now + 0.1, x + vx * 0.1 * count, 0.0, vx, names=7),
            reports(walk.now + 0.1, 0.0, 40.0, names=9),
        )
        if np.any(walk.tracker.table(walk.now).y < 20.0):
            return count
    return 20


def test_a_newcomer_at_the_edge_is_shown_sooner_than_one_in_the_midst() -> None:
    assert _reports_until_shown(-RADIUS + 1.0, SPEED) == 3
    assert _reports_until_shown(-0.5 * RADIUS, SPEED) == 5


@pytest.mark.parametrize("vx", [0.0, -SPEED])
def test_who_does_not_move_inwards_did_not_come_in_there(vx: float) -> None:
    assert _reports_until_shown(-RADIUS + 8.0, vx) == 5
