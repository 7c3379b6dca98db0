"""Who stands is where his reports lie, though their speeds are told without a sign; and drives off in time."""

import numpy as np
from fusion_reports import NOW, Walk, new_walk, one_sensor, reports
from numpy.typing import NDArray

from ingest.observation import ObservationBatch

COUNT, STANDS, PULL = 40, 8.0, 2.0
"""Vehicles, how long they stand, s, and how they drive off, m/s2."""
Values = NDArray[np.float64]


def _speed_and_way(time: float) -> tuple[float, float]:
    rolling = max(time - STANDS, 0.0)
    return PULL * rolling, 0.5 * PULL * rolling * rolling


def _seen(walk: Walk, rng: np.random.Generator) -> ObservationBatch:
    speed, way = _speed_and_way(walk.now + 0.1 - NOW)
    x, y, v = rng.normal(0.0, 1.0, (3, COUNT)) * np.array([[0.5], [0.5], [0.4]])
    told = np.maximum(speed + v, 0.0)
    return reports(walk.now + 0.1, way + x, np.arange(COUNT) * 20.0 + y, told, sigma=0.5, heading=0.5 * np.pi)


def _watch(until: float) -> tuple[list[Values], list[Values]]:
    """Errors along and across of all vehicles in each cycle."""
    rng, walk, along, across = np.random.default_rng(2), new_walk(one_sensor(radius=2000.0)), [], []
    while walk.now < NOW + until - 0.01:
        walk.cycle(_seen(walk, rng))
        table = walk.tracker.table(walk.now)
        along.append(table.x - _speed_and_way(walk.now - NOW)[1])
        across.append(table.y - 20.0 * np.rint(table.y / 20.0))
    return along, across


def test_who_stands_is_neither_pushed_ahead_nor_shaken() -> None:
    along, across = _watch(STANDS)
    late = slice(30, None)
    assert abs(np.concatenate(along[late]).mean()) < 0.05
    assert np.concatenate(along[late]).std() < 0.14
    assert np.concatenate(across[late]).std() < 0.14


def test_who_drives_off_is_followed() -> None:
    along, _ = _watch(STANDS + 3.0)
    moving = along[round(10 * STANDS) :]
    assert max(abs(errors.mean()) for errors in moving) < 0.5
    assert abs(moving[-1].mean()) < 0.15
