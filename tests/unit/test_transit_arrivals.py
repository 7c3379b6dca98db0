"""Arrivals ahead against hand calculations, what is learned from runs, and how wide the bands become."""

import itertools

import numpy as np
import pytest
import transit_world as world
from transit_world import SIX, Bus, stop_x

from cloudctl.transit.arrivals import STOP_LOSS, ArrivalPredictor, RoadNow, _queues, cut
from cloudctl.transit.bands import NARROWEST, UNTAUGHT, ErrorBands
from cloudctl.transit.passage import DISCHARGE, deviates, drive_on, spread_of
from cloudctl.transit.run_times import Duration, LearnedTimes
from fusion.signal_cycles import CycleTable

NOW = 10_000.0
CALM = np.zeros((1, 5))
"""One drive at exactly the expected speed and dwell."""
SEEN = np.ones(1, np.int32)


def one_drive(
    *, moving: list[float], groups: list[int], stops: list[int], queue: float = 0.0, start: float = NOW,
    left: float = 1.0, wait: float = 0.0,
) -> list[float]:  # fmt: skip
    """Arrivals of a drive over pieces, a light with 30 s of green in 90 s, dwells of 20 s."""
    pieces = len(moving)
    out = np.full((1, sum(stop >= 0 for stop in stops)), np.nan)
    lights = (np.array([start]), np.array([30.0]), np.array([90.0]), np.array([0.0]))
    drive_on(
        (np.array(moving), np.zeros(pieces), np.array(groups), np.array(stops)),
        (np.full(out.shape[1], 20.0), np.zeros(out.shape[1])),
        lights,
        np.full(pieces, queue),
        0.0,
        (0, left, NOW, wait),
        CALM,
        out,
    )
    return [float(value) - NOW for value in out[0]]


def test_a_drive_without_lights_takes_its_pieces_and_dwells() -> None:
    assert one_drive(moving=[40.0, 50.0], groups=[-1, -1], stops=[0, 1]) == [40.0, 40.0 + 20.0 + 50.0]


def test_what_is_left_of_the_first_piece_and_of_the_dwell_count() -> None:
    assert one_drive(moving=[40.0], groups=[-1], stops=[0], left=0.25, wait=7.0) == [7.0 + 10.0]


@pytest.mark.parametrize(("drive", "waits"), [(20.0, 0.0), (29.0, 0.0), (50.0, 40.0), (89.0, 1.0), (100.0, 0.0)])
def test_a_light_is_waited_for_by_its_cycle(drive: float, waits: float) -> None:
    found = one_drive(moving=[drive, 10.0], groups=[0, -1], stops=[-1, 0])
    assert found == [pytest.approx(drive + waits + 10.0)]


def test_behind_a_queue_the_green_begins_later() -> None:
    found = one_drive(moving=[50.0, 10.0], groups=[0, -1], stops=[-1, 0], queue=5.0)
    assert found == [pytest.approx(90.0 + 5.0 * DISCHARGE + 10.0)]


def test_a_queue_that_one_green_does_not_clear_costs_whole_cycles() -> None:
    found = one_drive(moving=[10.0, 10.0], groups=[0, -1], stops=[-1, 0], queue=40.0)
    assert found[0] == pytest.approx(2 * 90.0 + 10.0 + 10.0, abs=12.0)


def test_a_queue_counts_for_the_light_ahead_and_only_what_of_it_is_ahead_of_the_bus() -> None:
    way, queue = cut(world.pattern(), world.network()), np.zeros(len(world.network().links.id))
    queue[world.network().link_rows["E1"]] = 10.0
    road = RoadNow(dark().cycles, queue)
    light = int(np.flatnonzero(way.group >= 0)[0])
    assert _queues(way, road, 0, 1.0)[light] == 10.0
    assert _queues(way, road, 3, 0.5)[light] == 5.0
    assert _queues(way, road, 4, 1.0).sum() == 0.0


def test_a_light_of_unknown_phase_costs_about_its_mean_wait() -> None:
    out, drives = np.full((24, 1), np.nan), deviates()
    drive_on(
        (np.array([50.0]), np.zeros(1), np.array([0]), np.array([0])),
        (np.zeros(1), np.zeros(1)),
        (np.array([np.nan]), np.array([30.0]), np.array([90.0]), np.array([0.0])),
        np.zeros(1),
        0.0,
        (0, 1.0, NOW, 0.0),
        drives,
        out,
    )
    assert float(out.mean()) - NOW - 50.0 == pytest.approx(60.0**2 / 2 / 90.0, abs=4.0)


def test_the_quantiles_of_drives_are_those_of_numpy() -> None:
    drives = np.random.default_rng(1).normal(100.0, 20.0, (24, 7))
    assert np.allclose(spread_of(drives), np.quantile(drives, (0.05, 0.5, 0.95), axis=0).T)


def test_a_way_is_cut_at_links_and_stops() -> None:
    way = cut(world.pattern(), world.network())
    assert len(way.ends) == 2 * world.BLOCKS
    assert way.stop.tolist()[:4] == [0, -1, 1, -1]
    assert (way.group >= 0).sum() == 3
    assert way.moving[0] == pytest.approx(300.0 / min(15.0 * 0.82, 13.9) + STOP_LOSS, rel=1e-3)
    assert np.allclose(np.bincount(way.leg, way.share), 1.0)


def dark() -> RoadNow:
    """Lights that never were: no cycle is known."""
    count = len(world.network().groups.signal)
    nothing = np.full(count, np.nan)
    table = CycleTable(nothing, nothing, np.zeros(count), nothing, np.zeros(count, np.int32))
    return RoadNow(table, np.zeros(len(world.network().links.id)))


def test_predictions_keep_order_and_their_band_holds_them() -> None:
    desk = world.desk()
    now = world.drive(desk, [Bus("B", stop_x(1) + 50.0)], 10, SIX + 100.0)
    bus = desk.buses["B"]
    found = ArrivalPredictor(world.network()).predict(bus.run, bus.pattern, (2, None), dark(), now)
    assert [arrival.number for arrival in found] == list(range(2, world.BLOCKS))
    assert all(a.expected < b.expected for a, b in itertools.pairwise(found))
    assert all(a.earliest <= a.expected <= a.latest for a in found)
    assert found[0].expected - now == pytest.approx(350.0 / 12.3 + STOP_LOSS, abs=6.0)


def test_a_bus_that_rolled_beyond_its_stop_is_still_expected_at_the_next() -> None:
    desk = world.desk()
    now = world.drive(desk, [Bus("B", stop_x(1) + 50.0)], 10, SIX + 100.0)
    bus = desk.buses["B"]
    bus.run.along = float(bus.pattern.stop_at[2]) + 8.0
    found = desk.predictor.predict(bus.run, bus.pattern, (2, None), dark(), now)
    assert np.isfinite([(a.expected, a.earliest, a.latest) for a in found]).all()


def test_a_bus_at_a_stop_is_there_and_leaves_after_what_is_left_of_its_dwell() -> None:
    desk = world.desk()
    now = world.drive(desk, [Bus("B", stop_x(1) + 50.0)], 10, SIX + 100.0)
    bus = desk.buses["B"]
    bus.run.along = float(bus.pattern.stop_at[2])
    fresh, long = (desk.predictor.predict(bus.run, bus.pattern, (2, now - stood), dark(), now) for stood in (0.0, 15.0))
    assert fresh[0].expected == now
    assert fresh[1].expected - long[1].expected == pytest.approx(15.0, abs=0.5)


def test_learned_times_fade_towards_what_is_usual() -> None:
    times, usual = LearnedTimes(), Duration(20.0, 81.0)
    assert times.estimate("a", NOW, usual) == usual
    for _ in range(10):
        times.add("a", NOW, 40.0)
    fresh, old = times.estimate("a", NOW, usual), times.estimate("a", NOW + 7200.0, usual)
    assert 36.0 < fresh.mean < 40.0
    assert 20.0 < old.mean < 22.0
    assert times.estimate("b", NOW, usual) == usual
    assert fresh.variance < usual.variance


def test_dwells_that_were_seen_are_expected_again() -> None:
    desk = world.desk()
    world.drive(desk, [Bus("A", stop_x(0) - 200.0, dwell=45.0)], 500, SIX - 20.0)
    assert desk.predictor.dwell(world.pattern(), 3, SIX + 600.0).mean > 28.0


def test_bands_that_were_never_taught_are_wide_and_learn_their_width() -> None:
    bands, random = ErrorBands(), np.random.default_rng(5)
    assert bands.of(300.0) == UNTAUGHT
    inside = 0
    for number in range(1500):
        error = float(random.standard_t(2.0)) * 10.0
        down, up = bands.of(300.0)
        inside += number >= 300 and -down * 20.0 <= error <= up * 20.0
        bands.add(300.0, error, 20.0)
    assert 0.88 <= inside / 1200 <= 0.97
    assert bands.of(60.0) == UNTAUGHT, "other horizons learn for themselves"


def test_bands_follow_when_traffic_gets_worse() -> None:
    bands, random = ErrorBands(), np.random.default_rng(6)
    inside = 0
    for number in range(900):
        error = float(random.normal(0.0, 5.0 if number < 300 else 30.0))
        down, up = bands.of(300.0)
        inside += number >= 300 and -down * 10.0 <= error <= up * 10.0
        bands.add(300.0, error, 10.0)
    assert inside / 600 >= 0.87


def test_bands_never_vanish() -> None:
    bands = ErrorBands()
    for _ in range(200):
        bands.add(300.0, 0.0, 20.0)
    assert bands.of(300.0) == (NARROWEST, NARROWEST)


def test_a_horizon_that_is_no_number_is_taken_for_the_farthest() -> None:
    assert ErrorBands().of(float("nan")) == UNTAUGHT
