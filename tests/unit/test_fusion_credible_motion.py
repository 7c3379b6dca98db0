"""Rules of whose motion can be believed."""

from collections.abc import Callable

import numpy as np
import pytest
from fusion_city import User, street, tracks
from fusion_reports import NOW

from fusion.credible_motion import DISTRUST, CredibleMotion
from fusion.lane_match import LaneMatcher
from fusion.picture import LinkStates
from fusion.queues import QueueParameters, lane_order
from fusion.scene import Scene

STREET = street()
REAL = np.zeros(0, np.float32)
LINKS = LinkStates(
    REAL, REAL, REAL, REAL, np.zeros(0, np.uint16), REAL, np.zeros(0, np.uint16), np.zeros(0, np.uint8), REAL
)


def believed(
    speed: Callable[[float], float],
    span: float = 0.1,
    seconds: float = 6.0,
    hidden: tuple[float, float] = (0.0, 0.0),
    sigma: float = 0.2,
) -> list[tuple[float, bool]]:
    """When one road user with this speed, whom nobody reports while `hidden` (from, until; s), is believed."""
    credible, matcher, before = CredibleMotion(), LaneMatcher(STREET), np.zeros(0, np.uint32)
    covariance = np.tile(np.eye(4, dtype=np.float32) * sigma**2, (1, 1, 1))
    told = []
    for cycle in range(round(seconds / span)):
        time = cycle * span
        unseen = time - hidden[0] if hidden[0] < time < hidden[1] else 0.0
        user = User(-100.0, speed=speed(time - unseen), unseen=unseen)
        table = matcher.match(tracks([user], NOW + time, covariance=covariance), span)
        order = lane_order(table, STREET, QueueParameters())
        scene = Scene(NOW + time, span, table, matcher.lateral, order, LINKS, np.zeros(0), before=before)
        before = table.track_id
        told.append((time, bool(credible.follow(scene)[0])))
    return told


@pytest.mark.parametrize("span", [0.05, 0.1, 0.2])
@pytest.mark.parametrize("rate", [-9.0, -4.0, 4.0])
def test_who_brakes_or_speeds_up_as_vehicles_can_is_believed(rate: float, span: float) -> None:
    assert all(sure for _, sure in believed(lambda time: float(np.clip(14.0 + rate * (time - 2.0), 0.1, 25.0)), span))


@pytest.mark.parametrize("span", [0.05, 0.1])
def test_who_is_fast_from_one_moment_to_the_next_is_not_believed_then_and_for_a_while_after(span: float) -> None:
    told = believed(lambda time: 8.0 if 2.0 <= time < 2.4 else 1.0, span)
    doubted = [time for time, sure in told if not sure]
    assert doubted[0] == pytest.approx(2.0)
    assert 2.4 + DISTRUST - 1.0 <= doubted[-1] <= 2.4 + 2 * DISTRUST
    assert [time for time, _ in told if doubted[0] <= time <= doubted[-1]] == doubted


def test_noise_of_a_speed_is_no_reason_for_doubt() -> None:
    rng = np.random.default_rng(1)
    assert all(sure for _, sure in believed(lambda _: float(10.0 + rng.normal(0.0, 0.4))))


@pytest.mark.parametrize(("sigma", "sure"), [(0.2, False), (1.0, True)])
def test_who_seems_to_brake_too_hard_is_believed_where_its_velocity_is_unsure(sigma: float, sure: bool) -> None:
    told = believed(lambda time: 8.0 if time < 2.0 else 3.8, sigma=sigma)
    assert all(believed for _, believed in told) == sure


def test_what_a_vehicle_may_have_lost_while_nobody_saw_it_is_believed() -> None:
    def speed(time: float) -> float:
        return float(np.clip(14.0 - 9.0 * (time - 2.0), 0.1, 14.0))

    assert all(sure for _, sure in believed(speed, hidden=(1.95, 2.75)))
    assert not all(sure for _, sure in believed(lambda time: 2.0 * speed(time), hidden=(1.95, 2.75)))
