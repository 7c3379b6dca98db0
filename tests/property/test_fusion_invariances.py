"""What must hold for any input: no order, name, place or time of day matters; covariances stay covariances."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from fusion_reports import NOW, join, one_sensor, picked, reports
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fusion.association import solve_assignment
from fusion.columns import PARAMETERS, make_parameters
from fusion.motion import move
from fusion.parameters import TrackerParameters
from fusion.queues import mark_queues
from fusion.sensors import SensorTable
from fusion.tracker import Tracker
from fusion.tracks import TrackTable
from ingest.observation import ObservationBatch, Source

CALM = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def scene(seed: int, cycles: int = 15) -> list[ObservationBatch]:
    """Reports of three sensors and one vehicle about ten road users, cycle by cycle."""
    rng = np.random.default_rng(seed)
    place, velocity = rng.uniform(-40, 40, (10, 2)), rng.uniform(-8, 8, (10, 2))
    batches = []
    for cycle in range(cycles):
        parts = []
        for device in range(4):
            time = 0.1 * cycle + 0.017 * device
            seen = np.flatnonzero(rng.random(10) < 0.9) if device < 3 else np.array([0])
            at = place[seen] + time * velocity[seen] + rng.normal(0, 0.2, (len(seen), 2))
            source = Source.ROADSIDE if device < 3 else Source.SELF
            way = velocity[seen]
            parts.append(reports(NOW + time, *at.T, *way.T, device=device, names=seen + 1, source=source, sigma=0.2))
        batches.append(join(*parts))
    return batches


def run(batches: list[ObservationBatch], *, start: float = NOW, sensors: SensorTable | None = None) -> TrackTable:
    """Tracks after these cycles."""
    tracker = Tracker()
    table = sensors or one_sensor(radius=150.0, count=4)
    for cycle, batch in enumerate(batches):
        tracker.update(batch, start + 0.1 * cycle + 0.08, table)
    return tracker.table(start + 0.1 * len(batches))


def same(first: TrackTable, second: TrackTable, *, shift: float = 0.0, accuracy: float = 1e-9) -> None:
    assert first.track_id.tolist() == second.track_id.tolist()
    np.testing.assert_allclose(first.x + shift, second.x, atol=accuracy)
    np.testing.assert_allclose(first.y, second.y, atol=accuracy)
    np.testing.assert_allclose(first.covariance, second.covariance, atol=max(accuracy, 1e-7))


@CALM
@given(seed=st.integers(0, 1000), order=st.randoms(use_true_random=False))
def test_the_order_of_reports_within_a_cycle_does_not_matter(seed: int, order: Random) -> None:
    batches = scene(seed)
    shuffled = []
    for batch in batches:
        rows = list(range(len(batch)))
        order.shuffle(rows)
        shuffled.append(picked(batch, rows))
    same(run(batches), run(shuffled))


@CALM
@given(seed=st.integers(0, 1000))
def test_the_numbers_of_devices_do_not_matter(seed: int) -> None:
    names = np.array([7, 2, 11, 5], np.int32)
    renamed = [replace(batch, device=names[batch.device]) for batch in scene(seed)]
    same(run(scene(seed)), run(renamed, sensors=one_sensor(radius=150.0, count=12)))


@CALM
@given(seed=st.integers(0, 1000), metres=st.sampled_from([1024.0, -4096.0, 65536.0]))
def test_where_the_city_lies_does_not_matter(seed: int, metres: float) -> None:
    moved = [replace(batch, x=batch.x + metres) for batch in scene(seed)]
    sensors = one_sensor(x=metres, radius=150.0, count=4)
    same(run(scene(seed)), run(moved, sensors=sensors), shift=metres, accuracy=1e-5)


@CALM
@given(seed=st.integers(0, 1000), seconds=st.sampled_from([3600.0, -86400.0]))
def test_the_time_of_day_does_not_matter(seed: int, seconds: float) -> None:
    later = [replace(batch, event_time=batch.event_time + seconds) for batch in scene(seed)]
    same(run(scene(seed)), run(later, start=NOW + seconds), accuracy=1e-4)


NUMBER = st.floats(-80, 80)
REPORT = st.tuples(NUMBER, NUMBER, NUMBER, NUMBER, st.floats(0.0, 9.0), st.floats(-0.8, 0.3), st.integers(0, 5))


@CALM
@given(cycles=st.lists(st.lists(REPORT, max_size=12), min_size=2, max_size=12))
def test_covariances_stay_positive_and_ids_unique_under_any_input(cycles: list[list[tuple[float, ...]]]) -> None:
    tracker, sensors = Tracker(), one_sensor(count=6)
    for cycle, rows in enumerate(cycles):
        now = NOW + 0.1 * cycle
        batches = [
            reports(now + late, x, y, vx, vy, device=int(device), sigma=sigma, source=Source(int(device) % 2))
            for x, y, vx, vy, sigma, late, device in rows
        ]
        tracker.update(join(*batches), now, sensors)
        table = tracker.table(now)
        assert len(set(table.track_id.tolist())) == len(table)
        assert np.linalg.eigvalsh(table.covariance.astype(float)).min(initial=1.0) > 0
        np.testing.assert_allclose(table.covariance, table.covariance.transpose(0, 2, 1), atol=1e-5)
        for name in ("x", "y", "vx", "vy", "heading", "length", "width", "existence"):
            assert np.isfinite(getattr(table, name)).all()


@CALM
@given(first=st.floats(0.01, 2.0), second=st.floats(0.01, 2.0), east=NUMBER, north=NUMBER, kind=st.integers(0, 8))
def test_two_short_moves_are_one_long_move(first: float, second: float, east: float, north: float, kind: int) -> None:
    tuning = make_parameters(TrackerParameters())
    start = np.diag([0.2, 0.3, 0.5, 0.4])
    ends = []
    for spans in ((first, second), (first + second,)):
        state, covariance = np.array([1.0, 2.0, east, north]), start.copy()
        for span in spans:
            move(state, covariance, kind, span, tuning[0])
        ends.append((state, covariance))
    np.testing.assert_allclose(ends[0][0], ends[1][0], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(ends[0][1], ends[1][1], rtol=1e-9, atol=1e-9)


def cheapest(cost: NDArray[np.float64]) -> float:
    """The least total cost by trying every assignment of rows to columns."""
    if len(cost) == 0:
        return 0.0
    free = range(cost.shape[1])
    return min(float(cost[0, column]) + cheapest(np.delete(cost, column, axis=1)[1:]) for column in free)


@CALM
@given(seed=st.integers(0, 10_000), rows=st.integers(1, 5), extra=st.integers(0, 2))
def test_assignments_are_the_cheapest_there_are(seed: int, rows: int, extra: int) -> None:
    cost = np.random.default_rng(seed).uniform(-20, 20, (rows, rows + extra))
    chosen = solve_assignment(cost)
    assert len(set(chosen.tolist())) == rows
    assert cost[np.arange(rows), chosen].sum() == pytest.approx(cheapest(cost))


@CALM
@given(
    gaps=st.lists(st.floats(0.5, 40.0), min_size=1, max_size=12),
    speeds=st.lists(st.floats(0, 4), min_size=12, max_size=12),
)
def test_nobody_queues_behind_someone_who_does_not(gaps: list[float], speeds: list[float]) -> None:
    count = len(gaps)
    ahead = np.cumsum(np.array(gaps) + 4.5) - 4.5
    gap = np.concatenate([[np.inf], ahead[1:] - ahead[:-1] - 4.5])
    speed = np.array(speeds[:count])
    queued = mark_queues(np.zeros(count, np.int32), ahead, gap, speed, 1.5, 18.0, 14.0)
    assert np.all(np.diff(queued.astype(int)) <= 0)
    assert not np.any(queued & (speed >= 1.5))


def test_every_parameter_reaches_the_compiled_code() -> None:
    tuning = make_parameters(TrackerParameters(gate=12.5, merge_after=0.9))
    assert set(PARAMETERS.names or ()) >= set(TrackerParameters._fields)
    assert (tuning[0]["gate"], tuning[0]["merge_after"]) == (12.5, 0.9)
