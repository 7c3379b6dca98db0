"""Tracks keep to lanes that their history leads to."""

import numpy as np
import pytest
from maps_city import imported
from numpy.typing import NDArray

from maps.lane_index import LaneIndex
from maps.lane_tracking import LaneTracker, LaneTrackingParameters
from maps.network import RoadNetwork
from maps.participants import ParticipantKind

CAR = int(ParticipantKind.CAR)
EAST = np.pi / 2
SIDE = np.array([0.0, 1.0])


def _network() -> RoadNetwork:
    return imported().network


def _at(lane: str, offset: float) -> NDArray[np.float64]:
    row = _network().lane_rows[lane]
    shape = _network().shape(_network().lanes.shape_start[row], _network().lanes.shape_count[row])
    way = (shape[-1] - shape[0]) / np.hypot(*(shape[-1] - shape[0]))
    place: NDArray[np.float64] = shape[0] + way * offset
    return place


def _step(tracker: LaneTracker, time: float, place: NDArray[np.float64], *, sigma: float = 1.5, track: int = 7) -> str:
    found = tracker.update([track], time, place[:1], place[1:], [EAST], [CAR], sigma=sigma)
    return str(_network().lanes.id[found.lane[0]]) if found.lane[0] >= 0 else ""


def test_the_first_look_is_that_of_the_lane_index() -> None:
    rng = np.random.default_rng(1)
    box = _network().points.min(axis=0), _network().points.max(axis=0)
    x, y = (rng.uniform(box[0][axis], box[1][axis], 3000) for axis in (0, 1))
    heading, kinds = rng.uniform(-np.pi, np.pi, 3000), rng.integers(0, 9, 3000)
    tracked = LaneTracker(_network()).update(np.arange(3000), 0.0, x, y, heading, kinds)
    single = LaneIndex(_network()).match(x, y, heading, kinds, max_distance=12.0)
    near = single.probability > 0.2
    assert near.sum() > 30
    np.testing.assert_array_equal(tracked.lane[near], single.lane[near])
    np.testing.assert_allclose(tracked.offset[near], single.offset[near], atol=1e-3)
    np.testing.assert_allclose(tracked.lateral[near], single.lateral[near], atol=1e-3)


def test_one_bad_position_does_not_change_the_lane_and_a_real_change_does() -> None:
    tracker = LaneTracker(_network())
    for step in range(10):
        assert _step(tracker, step * 0.1, _at("e_n0_1_n1_1_1", 50 + step)) == "e_n0_1_n1_1_1"
    assert _step(tracker, 1.0, _at("e_n0_1_n1_1_2", 60)) == "e_n0_1_n1_1_1"
    lanes = [_step(tracker, 1.1 + step * 0.1, _at("e_n0_1_n1_1_2", 61 + step)) for step in range(15)]
    assert lanes[-1] == "e_n0_1_n1_1_2"


def test_a_track_follows_connections_across_a_node() -> None:
    tracker = LaneTracker(_network())
    for step in range(8):
        _step(tracker, step, _at("e_n0_1_n1_1_2", 250 + 10 * step))
    start = _at("e_n1_1_n2_1_2", 3)
    assert _step(tracker, 8.5, start - SIDE * 1.9, sigma=3.0) == "e_n1_1_n2_1_2"
    fresh = LaneTracker(_network())
    assert _step(fresh, 8.5, start - SIDE * 1.9, sigma=3.0) == "e_n1_1_n2_1_1"


def test_history_outlives_a_gap_but_not_a_long_one() -> None:
    for gap, wanted in ((5.0, "e_n0_1_n1_1_1"), (500.0, "e_n0_1_n1_1_2")):
        tracker = LaneTracker(_network(), LaneTrackingParameters(forget=30.0, change_rate=0.01))
        for step in range(10):
            _step(tracker, step * 0.1, _at("e_n0_1_n1_1_1", 50))
        tracker.update([8], 0.9 + gap, [0.0], [0.0])
        assert _step(tracker, 1.0 + gap, _at("e_n0_1_n1_1_1", 80) + SIDE * 1.7) == wanted


def test_order_of_the_tracks_does_not_matter() -> None:
    rng = np.random.default_rng(2)
    points = _network().points[rng.integers(0, len(_network().points), 200)]
    one, other = LaneTracker(_network()), LaneTracker(_network())
    for step in range(3):
        order = rng.permutation(200)
        x, y = (points + rng.normal(0, 2, points.shape)).T
        a = one.update(np.arange(200), step, x, y)
        b = other.update(order, step, x[order], y[order])
        np.testing.assert_array_equal(a.lane[order], b.lane)
        np.testing.assert_array_equal(a.probability[order], b.probability)


@pytest.mark.parametrize("place", [(1e6, 1e6), (150.0, 150.0)])
def test_off_the_roads_there_is_no_lane_and_nothing_is_forgotten(place: tuple[float, float]) -> None:
    tracker = LaneTracker(_network())
    _step(tracker, 0.0, _at("e_n0_1_n1_1_1", 50))
    assert _step(tracker, 0.1, np.array(place)) == ""
    assert _step(tracker, 0.2, _at("e_n0_1_n1_1_1", 52)) == "e_n0_1_n1_1_1"


def test_pedestrians_headings_are_not_looked_at() -> None:
    place = _at("e_n0_1_n1_1_0", 50)
    found = LaneTracker(_network()).update([1], 0.0, place[:1], place[1:], [-EAST], [int(ParticipantKind.PEDESTRIAN)])
    assert _network().lanes.id[found.lane[0]] == "e_n0_1_n1_1_0"


def test_no_tracks_are_no_matter() -> None:
    assert not len(LaneTracker(_network()).update([], 0.0, [], []).lane)
