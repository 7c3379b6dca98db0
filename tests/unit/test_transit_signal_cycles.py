"""Cycles of lights, learned from their changes."""

import numpy as np
import pytest
import transit_world as world

from fusion.signal_cycles import STALE, SignalCycles

GREEN, RED, UNKNOWN = 6, 3, 0
NOW = 1_000.0


def follow(cycles: SignalCycles, seconds: int, green: float, cycle: float, begin: float = NOW) -> float:
    """Let all groups change together; gives the time afterwards."""
    count = len(world.network().groups.signal)
    now = begin
    for second in range(seconds):
        now = begin + second
        state = np.full(count, GREEN if second % cycle < green else RED, np.uint8)
        cycles.follow(state, now)
    return now


def test_a_map_with_programs_gives_the_cycle_before_anything_was_seen() -> None:
    table = SignalCycles(world.network()).table()
    assert np.all(table.cycle == 60.0)
    assert np.all(table.green == 30.0)
    assert np.isnan(table.start).all()


def test_a_fixed_cycle_is_learned_with_its_green_and_hardly_any_spread() -> None:
    cycles = SignalCycles(world.network())
    follow(cycles, 1500, 40.0, 100.0)
    table = cycles.table()
    assert table.cycle == pytest.approx(100.0, abs=2.0)
    assert table.green == pytest.approx(40.0, abs=1.5)
    assert table.start == pytest.approx(NOW + 1400.0)
    assert (table.seen >= 10).all()
    assert (table.spread < 1.0).all()


def test_a_light_that_changes_its_cycle_has_a_large_spread() -> None:
    cycles, now = SignalCycles(world.network()), NOW
    for number in range(12):
        cycle = 60 if number % 2 else 120
        now = follow(cycles, cycle, 30.0, cycle, now) + 1.0
    assert (cycles.table().spread > 15.0).all()


def test_a_pause_in_the_reports_hides_a_change_and_nothing_wrong_is_learned() -> None:
    cycles = SignalCycles(world.network())
    now = follow(cycles, 350, 40.0, 100.0)
    before = cycles.table().cycle
    count = len(before)
    cycles.follow(np.full(count, RED, np.uint8), now + 10 * STALE)
    assert np.isnan(cycles.table().start).all()
    assert (cycles.table().cycle == before).all()


def test_unknown_lights_teach_nothing() -> None:
    cycles = SignalCycles(world.network())
    for second in range(200):
        cycles.follow(np.full(len(world.network().groups.signal), UNKNOWN, np.uint8), NOW + second)
    assert (cycles.table().seen == 0).all()


def test_a_table_stays_what_it_was() -> None:
    cycles = SignalCycles(world.network())
    table = cycles.table()
    follow(cycles, 500, 20.0, 50.0)
    assert np.isnan(table.start).all()
