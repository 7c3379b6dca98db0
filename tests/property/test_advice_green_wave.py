"""Green-wave arithmetic: the advised speed keeps within the limits and arrives while the light is green."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudctl.advice.green_wave import COMFORT, LOWEST_SHARE, arrival_time, count_ahead, speed_band

STEP = 0.002


def drive(distance: float, speed: float, advised: float) -> float:
    """Arrival time by small steps of a vehicle that changes its speed at the comfortable rate."""
    time = way = 0.0
    while way < distance:
        speed += float(np.clip(advised - speed, -COMFORT * STEP, COMFORT * STEP))
        way += speed * STEP
        time += STEP
    return time


def one(value: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([value])


@settings(max_examples=60, deadline=None)
@given(
    distance=st.floats(25, 600),
    limit=st.floats(5, 33),
    share=st.floats(0.05, 1.2),
    earliest=st.floats(0, 60),
    green=st.floats(1, 60),
)
def test_advised_speed_is_within_limits_and_arrives_in_green(
    distance: float, limit: float, share: float, earliest: float, green: float
) -> None:
    speed = max(share * limit, 1.5)
    band = speed_band(one(distance), one(speed), one(limit), one(earliest), one(earliest + green))
    lowest, highest = float(band.lowest[0]), float(band.highest[0])
    if np.isnan(highest):
        return
    assert LOWEST_SHARE * limit - 1e-9 <= lowest <= highest <= limit + 1e-9
    assert earliest - 0.05 <= drive(distance, speed, highest) <= earliest + green + 0.05


@given(distance=st.floats(25, 600), speed=st.floats(2, 20), limit=st.floats(10, 30))
def test_no_speed_is_refused_that_arrives_in_an_open_window(distance: float, speed: float, limit: float) -> None:
    speed = min(speed, limit)
    quickest = float(arrival_time(one(distance), one(speed), one(limit))[0])
    band = speed_band(one(distance), one(speed), one(limit), one(0.0), one(quickest + 1.0))
    assert float(band.highest[0]) == limit


@given(
    st.lists(st.tuples(st.integers(-1, 3), st.floats(0, 100, width=32), st.booleans()), max_size=20),
)
def test_counting_ahead_equals_counting_by_hand(vehicles: list[tuple[int, float, bool]]) -> None:
    vehicles = [(lane, offset + row * 1e-3, queued) for row, (lane, offset, queued) in enumerate(vehicles)]
    lane = np.array([v[0] for v in vehicles], np.int32)
    offset = np.array([v[1] for v in vehicles], np.float32)
    queued = np.array([v[2] for v in vehicles], bool)
    ahead = count_ahead(lane, offset, queued)
    for row in range(len(vehicles)):
        order = np.lexsort((offset, lane)).tolist()
        further = [i for i in order[order.index(row) + 1 :] if lane[i] == lane[row]]
        assert ahead.all[row] == len(further)
        assert ahead.queued[row] == sum(bool(queued[i]) for i in further)
