"""A device whose clock or position is wrong is found out and put right, on a crossing that several units watch."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from fusion_reports import NOW, join, reports
from numpy.typing import NDArray

from fusion.sensors import SensorTable
from fusion.tracker import Tracker
from ingest.observation import ObservationBatch, Source

UNITS = np.array([[-60.0, -60.0], [60.0, -60.0], [-60.0, 60.0], [60.0, 60.0]])
CARS = 12
NOISE = 0.3


@dataclass(frozen=True)
class Fault:
    """What is wrong with unit 0."""

    east: float = 0.0
    clock: float = 0.0


def places(time: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cars that drive round on circles, each way, at 8 to 14 m/s: places and velocities (n, 2)."""
    radius, speed = np.linspace(18.0, 52.0, CARS), np.where(np.arange(CARS) % 2, 1.0, -1.0) * np.linspace(8, 14, CARS)
    angle = np.arange(CARS) + time * speed / radius
    way = np.column_stack((-np.sin(angle), np.cos(angle)))
    return radius[:, None] * np.column_stack((np.cos(angle), np.sin(angle))), speed[:, None] * way


def said(unit: int, time: float, fault: Fault, rng: np.random.Generator) -> ObservationBatch:
    """Reports of one unit at one moment."""
    place, velocity = places(time)
    place = place + rng.normal(0, NOISE, place.shape) + (fault.east, 0.0)
    velocity = velocity + rng.normal(0, NOISE, velocity.shape)
    stamp = NOW + time + fault.clock
    return reports(stamp, *place.T, *velocity.T, device=unit, names=np.arange(CARS) + 1, sigma=NOISE)


@cache
def follow(fault: Fault, *, units: int, seconds: float = 30.0, terminals: bool = False) -> tuple[Tracker, float, float]:
    """Let units watch; returns the tracker, and over the last third RMSE (m) and mean NEES a component."""
    rng, tracker, squares = np.random.default_rng(3), Tracker(), list[float]()
    errors = list[float]()
    count = units + (CARS if terminals else 0)
    sensors = SensorTable(*(np.full(count, np.nan) for _ in range(3)))
    sensors.x[:units], sensors.y[:units] = UNITS[:units].T
    sensors.radius[:units] = 200.0
    drift = rng.normal(0, 0.7, (CARS, 2))
    for cycle in range(round(seconds * 10)):
        time = 0.1 * cycle
        batches = [said(unit, time + 0.02 * unit, fault if unit == 0 else Fault(), rng) for unit in range(units)]
        for car in range(CARS if terminals else 0):
            place, velocity = (values[car] for values in places(time + 0.01))
            drift[car] += rng.normal(0, 0.1, 2) - 0.01 * drift[car]
            spot = place + drift[car] + rng.normal(0, 0.3, 2)
            stamp = NOW + time + 0.01
            batches.append(reports(stamp, *spot, *velocity, device=units + car, source=Source.SELF, sigma=0.8, names=0))
        tracker.update(join(*batches), NOW + time + 0.1, sensors)
        if cycle >= 20 * seconds / 3:
            table, truth = tracker.table(NOW + time + 0.1), places(time + 0.1)[0]
            gaps = np.hypot(truth[:, None, 0] - table.x, truth[:, None, 1] - table.y)
            squares += np.square(gaps.min(axis=1)).tolist()
            off = truth - np.column_stack((table.x, table.y))[gaps.argmin(axis=1)]
            covariance = table.covariance[gaps.argmin(axis=1), :2, :2].astype(np.float64)
            errors += (0.5 * np.einsum("ni,nij,nj->n", off, np.linalg.inv(covariance), off)).tolist()
    return tracker, float(np.sqrt(np.mean(squares))), float(np.mean(errors))


def test_a_unit_that_is_two_metres_off_among_four_is_found_to_a_tenth_within_half_a_minute() -> None:
    tracker, *_ = follow(Fault(east=2.0), units=4)
    assert tracker.device_errors(0)[0] == pytest.approx(2.0, rel=0.1)
    for unit in range(1, 4):
        assert np.hypot(*tracker.device_errors(unit)[:2]) < 0.25


def test_a_clock_that_is_300_ms_ahead_among_four_is_found_to_a_tenth_within_half_a_minute() -> None:
    tracker, *_ = follow(Fault(clock=0.3), units=4)
    assert tracker.device_errors(0)[3] == pytest.approx(0.3, rel=0.1)
    for unit in range(1, 4):
        assert abs(tracker.device_errors(unit)[3]) < 0.03


@pytest.mark.parametrize("fault", [Fault(east=2.0), Fault(clock=0.3), Fault(east=-1.0, clock=-0.1)])
def test_a_wrong_unit_among_four_costs_little_accuracy(fault: Fault) -> None:
    assert follow(fault, units=4)[1] < 1.15 * follow(Fault(), units=4)[1] + 0.02


def test_between_two_units_the_terminals_of_vehicles_tell_which_is_wrong() -> None:
    tracker, *_ = follow(Fault(east=2.0), units=2, terminals=True)
    assert tracker.device_errors(0)[0] == pytest.approx(2.0, rel=0.15)
    assert abs(tracker.device_errors(1)[0]) < 0.3


def test_units_that_are_right_are_left_alone() -> None:
    tracker, error, _ = follow(Fault(), units=3)
    for unit in range(3):
        east, north, yaw, clock = tracker.device_errors(unit)
        assert np.hypot(east, north) < 0.15
        assert abs(yaw) < 0.004
        assert abs(clock) < 0.01
    assert error < 0.2


def test_the_scale_of_the_noise_is_learnt() -> None:
    assert 0.6 < follow(Fault(), units=3)[0].noise_scale(0) < 1.1


@pytest.mark.parametrize("fault", [Fault(), Fault(clock=0.3)])
def test_covariances_do_not_promise_too_much(fault: Fault) -> None:
    assert 0.1 < follow(fault, units=4)[2] < 1.3
