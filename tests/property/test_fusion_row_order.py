"""Where tracks lie in memory and what is known in advance of a pair changes nothing of the tracks."""

import math

import numpy as np
import pytest
from fusion_reports import NOW, join, new_walk, one_sensor, reports
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fusion import tracker as tracker_module
from fusion.association import PLACE
from fusion.columns import COUNT, REPORT, TRACK, make_devices, make_parameters, make_tracks
from fusion.gating import FINE, insert, make_grid, near
from fusion.motion import move_track
from fusion.pair_cost import is_far, motion_cost
from fusion.parameters import TrackerParameters
from fusion.tracker import Tracker
from fusion.tracks import TrackTable
from ingest.observation import ObservationBatch

CALM = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def crossing(seed: int, cycles: int = 12) -> list[ObservationBatch]:
    """Reports of three sensors about forty road users that cross an area of several cells."""
    rng = np.random.default_rng(seed)
    place, velocity = rng.uniform(-150, 150, (40, 2)), rng.uniform(-15, 15, (40, 2))
    batches = []
    for cycle in range(cycles):
        parts = []
        for device in range(3):
            time = 0.1 * cycle + 0.02 * device
            seen = np.flatnonzero(rng.random(40) < 0.85)
            at = place[seen] + time * velocity[seen] + rng.normal(0, 0.3, (len(seen), 2))
            parts.append(reports(NOW + time, *at.T, *velocity[seen].T, device=device, names=seen + 1))
        batches.append(join(*parts))
    return batches


def tracked(batches: list[ObservationBatch]) -> TrackTable:
    """Tracks after these cycles."""
    tracker, sensors = Tracker(), one_sensor(radius=250.0, count=3)
    for cycle, batch in enumerate(batches):
        tracker.update(batch, NOW + 0.1 * cycle + 0.08, sensors)
    return tracker.table(NOW + 0.1 * len(batches))


@CALM
@given(seed=st.integers(0, 1000))
def test_sorting_tracks_by_place_changes_no_track(seed: int) -> None:
    batches = crossing(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tracker_module, "TIDY_AFTER", math.inf)
        left = tracked(batches)
        patch.setattr(tracker_module, "TIDY_AFTER", 0.0)
        patch.setattr(tracker_module, "TIDY_CELL", 20.0)
        sorted_by_place = tracked(batches)
    assert len(left) > 20
    for name in vars(left):
        np.testing.assert_array_equal(getattr(left, name), getattr(sorted_by_place, name), err_msg=name)


def test_tracks_are_sorted_by_place_now_and_then() -> None:
    batches = crossing(3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tracker_module, "TIDY_AFTER", 0.0)
        tracker = Tracker()
        for cycle, batch in enumerate(batches):
            tracker.update(batch, NOW + 0.1 * cycle + 0.08, one_sensor(radius=250.0, count=3))
    count = int(tracker._counters[COUNT])
    cell = tracker._tracks["state"][:count, 1] // tracker_module.TIDY_CELL
    assert count > 20
    assert (np.diff(cell) >= 0).all()


def test_a_crowd_too_large_to_be_looked_at_together_keeps_one_track_each() -> None:
    x, y = (grid.ravel() for grid in np.meshgrid(np.arange(13) * 1.5, np.arange(13) * 1.5))
    walk = new_walk(one_sensor(radius=100.0))
    for _ in range(8):
        walk.cycle(reports(walk.now + 0.1, x, y, sigma=0.1))
        ids = walk.ids
    walk.cycle(reports(walk.now + 0.1, x, y, sigma=0.1))
    table = walk.tracker.table(walk.now)
    assert len(table) == len(x)
    assert walk.ids == ids
    assert np.abs(np.sort(table.x) - np.sort(x)).max() < 0.3


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    span=st.floats(-0.6, 1.5),
    distance=st.floats(0.0, 14.0),
    speed=st.floats(0.0, 30.0),
    wide=st.floats(0.01, 4.0),
    kind=st.integers(0, 8),
)
def test_what_is_called_far_is_outside_of_the_gate(
    seed: int, span: float, distance: float, speed: float, wide: float, kind: int
) -> None:
    rng = np.random.default_rng(seed)
    tuning = make_parameters(TrackerParameters())[0]
    tracks, report, place = make_tracks(1), np.zeros(1, REPORT), np.zeros(1, PLACE)
    root = rng.normal(0, math.sqrt(wide), (4, 4))
    way, ahead = rng.uniform(0, 2 * math.pi, 2)
    velocity = speed * np.array([math.sin(way), math.cos(way)])
    tracks["state"][0], tracks["covariance"][0] = (1.0, 2.0, *velocity), root @ root.T + 0.01 * np.eye(4)
    tracks["kind"], tracks["time"] = kind, NOW
    spot = np.array([1.0, 2.0]) + span * velocity + distance * np.array([math.sin(ahead), math.cos(ahead)])
    report["z"], report["variance"], report["moment"] = (*spot, *velocity), 0.1, NOW + span
    report["roadside"] = True
    device = make_devices(1)[0]
    far = is_far(tracks[0], device, report[0], tuning)
    move_track(tracks[0], NOW + span, tuning)
    lag = max(float(tracks["time"][0]) - NOW - span, 0.0)
    cost = motion_cost(tracks[0], device, report[0], place[0], lag, named=False, parameters=tuning)
    assert not (far and math.isfinite(cost))
    assert far or distance > 0.0 or math.isfinite(cost)


@CALM
@given(seed=st.integers(0, 10**6))
def test_a_search_finds_all_that_is_near_and_each_once(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(-60, 60, (2, 300))
    grid, found = make_grid(300), np.zeros(512, np.int32)
    for row in range(300):
        insert(grid, FINE, row, float(x[row]), float(y[row]))
    count = near(grid, FINE, 3.0, -2.0, 9.0, found)
    rows = found[:count].tolist()
    inside = np.flatnonzero((np.abs(x - 3.0) <= 9.0) & (np.abs(y + 2.0) <= 9.0))
    assert len(set(rows)) == count
    assert set(inside.tolist()) <= set(rows)
    assert count < 300


def test_rows_of_tracks_fill_whole_pairs_of_cache_lines() -> None:
    assert TRACK.itemsize % 128 == 0
    assert make_tracks(5).ctypes.data % 128 == 0
