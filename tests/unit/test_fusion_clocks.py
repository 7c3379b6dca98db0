"""Vehicles with a terminal that brake and set off tell how far the clock of the unit that sees them is out."""

import numpy as np
import pytest
from fusion_reports import NOW, Walk, new_walk, one_sensor, reports
from numpy.typing import NDArray

from fusion.columns import REPORT, Record, make_devices
from fusion.registration_clocks import take_gap
from ingest.observation import Source

COUNT, SIGMA, GNSS = 6, 0.4, 1.2
NOISE = SIGMA * SIGMA
Values = NDArray[np.float64]


def _watch(clock: float, swing: float, seed: int = 1, seconds: int = 10) -> Walk:
    """Let a unit whose clock is ahead watch terminals whose speed swings; satellite positions drift."""
    rng, walk = np.random.default_rng(seed), new_walk(one_sensor(radius=400.0).padded(COUNT + 1))
    y, start, phase = 12.0 * np.arange(COUNT) - 40.0, 9.0 * np.arange(COUNT) - 150.0, np.arange(COUNT) * 0.8
    drift, kept = rng.normal(0.0, GNSS, (2, COUNT)), np.exp(-0.01)
    for cycle in range(10 * seconds):
        time = 0.1 * cycle
        x, speed = start + 10.0 * time - swing * np.cos(phase + time), 10.0 + swing * np.sin(phase + time)
        drift = kept * drift + np.sqrt(1.0 - kept * kept) * rng.normal(0.0, GNSS, (2, COUNT))
        noise = rng.normal(0.0, SIGMA, (2, COUNT))
        now, rows, own = NOW + time + 0.05, np.arange(COUNT) + 1, Source.SELF
        walk.cycle(
            reports(now, x + drift[0], y + drift[1], speed, device=rows, names=0, source=own, sigma=GNSS),
            reports(now + clock, x + noise[0], y + noise[1], speed, sigma=SIGMA),
        )
    return walk


@pytest.mark.parametrize("clock", [0.05, 0.3])
def test_the_clock_of_a_lone_unit_is_learnt_from_vehicles_that_change_their_speed(clock: float) -> None:
    errors = [_watch(clock, 5.0, seed).tracker.device_errors(0)[3] - clock for seed in (1, 2, 3, 4)]
    assert np.sqrt(np.mean(np.square(errors))) < 0.01


def _gaps(terminal: Record, speeds: Values, gaps: Values, unit: int = 3) -> list[tuple[float, float]]:
    """Hold gaps along the motion against a path, one every 0.1 s."""
    found = []
    report = np.zeros(1, REPORT)[0]
    report["device"] = unit
    for step, (speed, gap) in enumerate(zip(speeds, gaps, strict=True)):
        terminal["told"][0], report["time"] = (speed, 0.0), NOW + 0.1 * step
        found.append(take_gap(terminal, report, (gap, 0.0), NOISE))
    return found


def test_gaps_that_follow_the_speed_give_the_difference_of_the_clocks() -> None:
    speeds = np.linspace(14.0, 0.0, 40)
    found = np.array(_gaps(make_devices(1)[0], speeds, 7.0 - 0.05 * speeds))
    assert found[:, 1].sum() / found[:, 0].sum() == pytest.approx(0.05)


def test_an_even_speed_tells_nothing_of_clocks() -> None:
    assert not np.any(_gaps(make_devices(1)[0], np.full(20, 12.0), np.linspace(3.0, 4.0, 20)))


def test_a_place_far_off_the_path_is_that_of_another_vehicle() -> None:
    gaps = np.where(np.arange(20) < 19, 3.0, 9.0)
    assert _gaps(make_devices(1)[0], np.linspace(12.0, 11.0, 20), gaps)[-1] == (0.0, 0.0)


def test_another_unit_starts_anew() -> None:
    terminal = make_devices(1)[0]
    _gaps(terminal, np.linspace(12.0, 8.0, 20), np.full(20, 3.0))
    assert _gaps(terminal, np.array([6.0]), np.array([3.5]), unit=4) == [(0.0, 0.0)]


def test_a_terminal_that_was_silent_has_a_path_of_which_nothing_is_known() -> None:
    walk = _watch(0.0, 5.0, seconds=2)
    devices = walk.tracker._devices
    assert devices["path_weight"][1] > 5.0
    walk.now += 1.0
    walk.cycle(reports(walk.now, 0.0, -40.0, 9.0, device=1, names=0, source=Source.SELF, sigma=GNSS))
    assert walk.tracker._devices["path_weight"][1] == 0.0
