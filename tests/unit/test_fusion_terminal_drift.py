"""The slow error of a terminal is told apart from the motion of its vehicle, remembered and forgotten in its time."""

from dataclasses import replace

import numpy as np
import pytest
from fusion_reports import NOW, Walk, new_walk, one_sensor, reports
from numpy.typing import NDArray

from fusion.lane_centres import LaneSides
from fusion.sensors import SensorTable
from ingest.observation import ObservationBatch, Source

COUNT, SPEED, STATED = 40, 10.0, 1.2
LEFT, AWAY = 4.0, 1.5
"""How long a unit sees the vehicles, s, and how far off their terminals are, m."""
Values = NDArray[np.float64]


def _walk() -> Walk:
    return new_walk(SensorTable.unknown(COUNT + 1))


def _rows() -> Values:
    rows: Values = np.arange(COUNT, dtype=np.float64) * 40.0
    return rows


def _terminals(walk: Walk, off: float | Values, rng: np.random.Generator, *, noise: float = 0.0) -> ObservationBatch:
    """Vehicles that drive side by side say where they are, `off` m too far left."""
    place = SPEED * (walk.now + 0.1 - NOW)
    x, y, vx, vy = rng.normal(0.0, 1.0, (4, COUNT)) * np.array([[0.4], [0.4], [noise], [noise]])
    where = (place + x, _rows() + off + y, SPEED + vx, vy)
    devices = np.arange(COUNT) + 1
    return reports(walk.now + 0.1, *where, device=devices, names=0, source=Source.SELF, sigma=STATED)


def _unit(walk: Walk, rng: np.random.Generator) -> ObservationBatch:
    place = SPEED * (walk.now + 0.1 - NOW)
    x, y = rng.normal(0.0, 0.3, (2, COUNT))
    return reports(walk.now + 0.1, place + x, _rows() + y, SPEED, sigma=0.3)


def _side(walk: Walk) -> Values:
    """How far left of their ways the vehicles are believed."""
    y = walk.tracker.table(walk.now).y
    return y - 40.0 * np.rint(y / 40.0)


def _leave(*, silent: float, alone: float) -> Walk:
    """See vehicles with unit and terminals, then nobody for some time, then with their terminals alone."""
    rng, walk = np.random.default_rng(4), _walk()
    while walk.now < NOW + LEFT:
        walk.cycle(_terminals(walk, AWAY, rng), _unit(walk, rng))
    while walk.now < NOW + LEFT + silent - 0.01:
        walk.cycle()
    while walk.now < NOW + LEFT + silent + alone - 0.01:
        walk.cycle(_terminals(walk, AWAY, rng))
    return walk


def test_out_of_sight_a_vehicle_is_carried_on_by_its_velocity_and_not_by_what_its_terminal_is_off() -> None:
    assert np.abs(_side(_leave(silent=0.0, alone=3.0)).mean()) < 0.5 * AWAY


def test_what_a_unit_showed_of_a_terminal_outlives_the_track() -> None:
    walk = _leave(silent=4.0, alone=0.5)
    assert walk.tracker.ids_given == 2 * COUNT
    assert _side(walk).mean() < 0.6 * AWAY


def test_a_minute_later_a_terminal_is_a_stranger_again() -> None:
    walk, fresh, rng = _leave(silent=60.0, alone=0.5), _walk(), np.random.default_rng(4)
    for _ in range(5):
        fresh.cycle(_terminals(fresh, AWAY, rng))
    assert _side(walk).mean() > 0.9 * AWAY
    one, other = (each.tracker.table(each.now).covariance[:, 1, 1].mean() for each in (walk, fresh))
    assert one == pytest.approx(other, rel=0.05)


def test_a_terminal_with_noisy_velocities_is_trusted_less_on_its_way() -> None:
    spread = []
    for noise in (0.05, 1.0):
        rng, walk = np.random.default_rng(4), _walk()
        while walk.now < NOW + LEFT + 10.0:
            seen = [_unit(walk, rng)] if walk.now < NOW + LEFT else []
            walk.cycle(_terminals(walk, 0.0, rng, noise=noise), *seen)
        spread.append(float(walk.tracker.table(walk.now).covariance[:, 1, 1].mean()))
    assert spread[1] > 1.3 * spread[0]


@pytest.mark.parametrize(("seen", "least", "most"), [(False, 0.0, 0.5), (True, 0.85, 1.15)])
def test_lanes_draw_only_those_that_nobody_else_sees(*, seen: bool, least: float, most: float) -> None:
    """A unit that sees vehicles keep off the middle of their lanes, each to its side, is right."""
    rng, walk = np.random.default_rng(4), new_walk(replace(one_sensor(), x=np.array([np.nan])))
    off = np.where(np.arange(COUNT) % 2, 1.0, -1.0)
    for _ in range(60):
        place = SPEED * (walk.now + 0.1 - NOW)
        x, y = rng.normal(0.0, 0.1, (2, COUNT))
        unit = [reports(walk.now + 0.1, place + x, _rows() + off + y, SPEED, sigma=0.1)] if seen else []
        walk.cycle(_terminals(walk, off, rng), *unit)
        table = walk.tracker.table(walk.now)
        nothing = np.zeros(len(table))
        walk.tracker.learn_from_lanes(LaneSides(nothing, nothing + 1.0, 40.0 * np.rint(table.y / 40.0)), walk.now)
    assert least < np.abs(_side(walk)).mean() < most
