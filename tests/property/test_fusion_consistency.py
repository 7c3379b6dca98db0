"""The covariance of a track says how wrong it is: normalised errors lie in their band, also of drifting terminals."""

import numpy as np
import pytest
from fusion_reports import NOW, Walk, new_walk, reports
from numpy.typing import NDArray

from fusion.sensors import SensorTable
from ingest.observation import ObservationBatch, Source

COUNT = 60
SPEED, STATED, SLOW_SHARE, SLOW_TIME = 10.0, 1.2, 0.8, 10.0
STAGGER = 7.0
ROADSIDE_SIGMA, VELOCITY_SIGMA = 0.3, 0.15
Values = NDArray[np.float64]


class Drift:
    """Errors of terminals: a first-order Gauss-Markov process and white noise, as satellite positions have them."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng, self._slow = rng, rng.normal(0.0, STATED * np.sqrt(SLOW_SHARE), (2, COUNT))

    def next(self) -> Values:
        kept = np.exp(-0.1 / SLOW_TIME)
        noise = self._rng.normal(0.0, STATED * np.sqrt(SLOW_SHARE), (2, COUNT))
        self._slow = kept * self._slow + np.sqrt(1.0 - kept * kept) * noise
        drifted: Values = self._slow + self._rng.normal(0.0, STATED * np.sqrt(1.0 - SLOW_SHARE), (2, COUNT))
        return drifted

    def velocity(self) -> Values:
        return self._rng.normal(0.0, VELOCITY_SIGMA, (2, COUNT))


def _roadside(time: float, x: Values, y: Values, rng: np.random.Generator) -> ObservationBatch:
    noise = rng.normal(0.0, ROADSIDE_SIGMA, (2, COUNT))
    return reports(time, x + noise[0], y + noise[1], vx=SPEED, device=0, sigma=ROADSIDE_SIGMA)


def _terminals(time: float, x: Values, y: Values, drift: Drift) -> ObservationBatch:
    error, swing = drift.next(), drift.velocity()
    return reports(
        time,
        x + error[0],
        y + error[1],
        SPEED + swing[0],
        swing[1],
        device=np.arange(COUNT) + 1,
        names=0,
        source=Source.SELF,
        sigma=STATED,
    )


def _drive(seed: int, seen_for: float, alone_for: float) -> tuple[Walk, Values]:
    """Drive in echelon, first under a roadside unit, then out of its sight; return the end with the true places.

    Reports of one instant are applied in the order of their places: of vehicles abreast it would follow their errors.
    """
    rng = np.random.default_rng(seed)
    walk, drift = new_walk(SensorTable.unknown(COUNT + 1)), Drift(rng)
    y: Values = np.arange(COUNT, dtype=np.float64) * 40.0
    x: Values = np.arange(COUNT, dtype=np.float64) * STAGGER
    while walk.now < NOW + seen_for + alone_for - 0.05:
        time = walk.now + 0.1
        x = SPEED * (time - NOW) + np.arange(COUNT, dtype=np.float64) * STAGGER
        batches = [_terminals(time, x, y, drift)]
        if time < NOW + seen_for + 0.05:
            batches.append(_roadside(time, x, y, rng))
        walk.cycle(*batches)
    return walk, x


def _normalised(walk: Walk, x: Values) -> Values:
    """Squared error by the covariance of each."""
    tracks = walk.tracker.table(walk.now)
    row = np.rint(tracks.y / 40.0).astype(np.int64)
    error = np.column_stack((tracks.x - x[row], tracks.y - 40.0 * row))
    covariance = tracks.covariance[:, :2, :2].astype(np.float64)
    squares: Values = np.einsum("ni,nij,nj->n", error, np.linalg.inv(covariance), error)
    return squares


def _mean_normalised(walk: Walk, x: Values) -> float:
    """Squared error by the covariance, per degree of freedom, mean over all."""
    return float(_normalised(walk, x).mean() / 2.0)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_terminal_that_left_the_view_of_a_unit_is_as_uncertain_again_as_its_drift(seed: int) -> None:
    """20 s later its error is another; what the unit told of it no longer holds.

    The unit is right here, but nothing says so: errors are smaller than told.
    """
    walk, x = _drive(seed, seen_for=4.0, alone_for=20.0)
    assert len(walk.ids) == COUNT
    assert 0.25 < _mean_normalised(walk, x) < 1.5


@pytest.mark.parametrize("seed", [1, 2])
def test_a_terminal_that_nobody_else_sees_is_as_uncertain_as_it_states(seed: int) -> None:
    walk, x = _drive(seed, seen_for=0.0, alone_for=8.0)
    assert len(walk.ids) == COUNT
    assert 0.5 < _mean_normalised(walk, x) < 1.5


@pytest.mark.parametrize(("seen_for", "most"), [(0.0, 0.99), (4.0, 1.0)])
def test_nineteen_of_twenty_terminals_that_nobody_else_sees_lie_in_their_ellipses(seen_for: float, most: float) -> None:
    """Of those that a unit saw before more do: it is right here, but nothing says so."""
    squares = [_normalised(*_drive(seed, seen_for, alone)) for seed in (3, 4) for alone in (2.0, 8.0, 16.0)]
    assert 0.91 < float((np.concatenate(squares) < 5.99).mean()) <= most


@pytest.mark.parametrize("seed", [1, 2])
def test_what_unit_and_terminal_both_see_is_not_believed_too_much(seed: int) -> None:
    walk, x = _drive(seed, seen_for=6.0, alone_for=0.0)
    assert len(walk.ids) == COUNT
    assert _mean_normalised(walk, x) < 1.3


@pytest.mark.parametrize("seed", [1, 2])
def test_the_slow_error_of_a_terminal_counts_once_where_a_unit_sees_its_vehicle(seed: int) -> None:
    """It is in the state; as an error of the device besides, it would make the place seem three times as uncertain."""
    walk, _ = _drive(seed, seen_for=6.0, alone_for=0.0)
    variance = walk.tracker.table(walk.now).covariance[:, :2, :2].trace(axis1=1, axis2=2) / 2.0
    assert 0.01 < float(variance.mean()) < 0.1


@pytest.mark.parametrize("seed", [1, 2])
def test_units_that_nobody_overlaps_are_believed_no_more_than_they_are_right(seed: int) -> None:
    """Nothing tells their errors, and that nothing is told is no sign that there are none."""
    rng = np.random.default_rng(seed)
    offset, yaw = rng.normal(0.0, 0.3, (2, COUNT)), rng.normal(0.0, 0.005, COUNT)
    y: Values = np.arange(COUNT, dtype=np.float64) * 1000.0
    walk = new_walk(SensorTable(np.zeros(COUNT), y, np.full(COUNT, 150.0)))
    x: Values = np.zeros(COUNT)
    for cycle in range(1, 101):
        x = np.full(COUNT, SPEED * 0.1 * cycle)
        noise = rng.normal(0.0, 0.5, (2, COUNT))
        told = (x + offset[0] + noise[0], y + offset[1] + yaw * x + noise[1])
        walk.cycle(reports(walk.now + 0.1, *told, vx=SPEED, device=np.arange(COUNT), names=1, sigma=0.5))
    tracks = walk.tracker.table(walk.now)
    assert len(tracks) == COUNT
    row = np.rint(tracks.y / 1000.0).astype(np.int64)
    error = np.column_stack((tracks.x - x[row], tracks.y - y[row]))
    covariance = tracks.covariance[:, :2, :2].astype(np.float64)
    normalised = np.einsum("ni,nij,nj->n", error, np.linalg.inv(covariance), error)
    assert 0.6 < float(normalised.mean()) / 2.0 < 1.5
    assert float((normalised < 5.99).mean()) > 0.88
