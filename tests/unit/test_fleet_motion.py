"""The world between two steps: smooth, continuous, and honest about what it does not know."""

import numpy as np
import pytest
from fleet_world import STEP, make_frame, network
from hypothesis import given
from hypothesis import strategies as st

from simulators.fleet_motion import Slots, degrees_per_metre, join
from simulators.fleet_playback import Cursor, Playback, Step

ALL = np.arange(1)


def test_a_road_user_on_a_circle_stays_on_it() -> None:
    radius, speed = 12.0, 8.0
    angles = np.array([0.3, 0.3 + speed / radius * STEP])
    a, b = (
        make_frame(
            STEP * k, np.array([radius * np.sin(t)]), np.array([radius * np.cos(t)]), speed, np.array([t + np.pi / 2])
        )
        for k, t in enumerate(angles)
    )
    segment = join(a, ALL, b, ALL, network().plane)
    for time in np.linspace(0.0, STEP, 11):
        motion = segment.at(float(time), ALL)
        assert np.hypot(motion.x[0], motion.y[0]) == pytest.approx(radius, abs=0.01)
        assert motion.speed[0] == pytest.approx(speed, rel=0.02)


def test_degrees_agree_with_the_projection() -> None:
    x, y = np.array([800.0]), np.array([-900.0])
    segment = join(make_frame(0.0, x, y), ALL, make_frame(STEP, x, y), ALL, network().plane)
    lon, lat = segment.degrees(ALL, x + 12.0, y - 9.0)
    back = np.stack(network().plane.forward(lon, lat))
    np.testing.assert_allclose(back, [x + 12.0, y - 9.0], atol=0.02)


def test_a_degree_of_latitude_has_the_length_of_wgs84() -> None:
    per_lon, per_lat = degrees_per_metre(np.array([28.2]))
    assert 1 / per_lat[0] == pytest.approx(110_815, abs=20)
    assert 1 / per_lon[0] == pytest.approx(98_197, abs=50)


def test_one_who_was_put_elsewhere_is_left_out() -> None:
    a = make_frame(0.0, np.array([0.0, 5.0]), np.zeros(2))
    b = make_frame(STEP, np.array([300.0, 6.0]), np.zeros(2))
    assert join(a, np.arange(2), b, np.arange(2), network().plane).slot.tolist() == [1]


@given(st.lists(st.sets(st.integers(0, 12)), min_size=1, max_size=20))
def test_slots_are_unique_stable_and_not_more_than_ever_needed(steps: list[set[int]]) -> None:
    slots, known = Slots(), dict[str, int]()
    for present in steps:
        ids = [f"v{n}" for n in sorted(present)]
        given_slots, fresh, gone = slots.assign(ids)
        now = dict(zip(ids, given_slots.tolist(), strict=True))
        assert len(set(now.values())) == len(ids)
        assert all(now[name] == slot for name, slot in known.items() if name in now)
        assert gone == {name: slot for name, slot in known.items() if name not in now}
        assert {now[name] for name in ids if name not in known} == set(fresh.tolist())
        known = now
    assert slots.capacity <= max(map(len, steps)) + max(map(len, steps))


def playback(*times: float) -> tuple[Playback, Cursor, list[Step]]:
    made = Playback(network().plane)
    entered = list[Step]()
    for time in times:
        made.add(make_frame(time, np.array([time]), np.zeros(1), 1.0, np.array([np.pi / 2])))
    return made, Cursor(made, entered.append), entered


def test_each_step_is_entered_once_and_in_order() -> None:
    made, cursor, entered = playback(10.0, 10.5, 11.0, 11.5)
    for time in (10.1, 10.3, 11.2):
        assert cursor.advance(0, time) is not None
    assert [step.number for step in entered] == [0, 1, 2]
    assert made.newest == 11.5


def test_a_sample_is_never_repeated_when_the_world_stands_still() -> None:
    _, cursor, _ = playback(10.0, 10.5)
    known = cursor.advance(0, 10.9)
    assert known is not None
    assert known[1] == 10.5
    assert cursor.advance(0, 11.0) is None
    assert cursor.advance(1, 11.0) is not None


def test_time_that_the_city_let_go_is_not_driven_through_slowly() -> None:
    made, _, _ = playback(10.0, 10.5, 14.0)
    assert made.steps[-1].segment.duration == STEP
