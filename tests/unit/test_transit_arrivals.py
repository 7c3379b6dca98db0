"""Arrivals ahead against hand calculations, what is learned from runs, and how wide the bands become."""

import itertools

import numpy as np
import pytest
import transit_world as world
from transit_world import SIX, Bus, stop_x

from cloudctl.transit.arrivals import STOP_LOSS, ArrivalPredictor, RoadNow, _queues, cut
from cloudctl.transit.bands import LEAST, NARROWEST, UNTAUGHT, ErrorBands, Miss, Place
from cloudctl.transit.passage import DISCHARGE, deviates, drive_on, spread_of
from cloudctl.transit.run_times import Duration, LearnedTimes
from cloudctl.transit.standing_queues import StandingQueues
from fusion.signal_cycles import CycleTable

NOW = 10_000.0
CALM = np.zeros((1, 5))
"""One drive at exactly the expected speed and dwell."""
SEEN = np.ones(1, np.int32)


def one_drive(
    *, moving: list[float], groups: list[int], stops: list[int], queue: float = 0.0, standing: float = 0.0,
    start: float = NOW, left: float = 1.0, wait: float = 0.0,
) -> list[float]:  # fmt: skip
    """Arrivals of a drive over pieces, a light with 30 s of green in 90 s, dwells of 20 s."""
    pieces = len(moving)
    out = np.full((1, sum(stop >= 0 for stop in stops)), np.nan)
    lights = (np.array([start]), np.array([30.0]), np.array([90.0]), np.array([0.0]))
    drive_on(
        (np.array(moving), np.zeros(pieces), np.array(groups), np.array(stops)),
        (np.full(out.shape[1], 20.0), np.zeros(out.shape[1])),
        lights,
        (np.full(pieces, queue), np.full(pieces, standing)),
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
    assert found[0] == pytest.approx(2 * 90.0 + 10.0 + 10.0 + 15.0, abs=3.0)


def test_a_light_that_usually_leaves_a_queue_behind_costs_whole_cycles_also_later() -> None:
    soon = one_drive(moving=[10.0, 10.0], groups=[0, -1], stops=[-1, 0], standing=40.0)
    later = one_drive(moving=[190.0, 10.0], groups=[0, -1], stops=[-1, 0], standing=40.0)
    assert soon == [20.0], "the queue of now is known"
    assert later[0] - 200.0 > 2 * 90.0


def test_what_no_green_clears_is_the_least_of_a_queue_in_a_cycle() -> None:
    queues, now = StandingQueues(2), 0.0
    for second in range(1000):
        now = float(second)
        waiting = 6.0 if second % 90 < 60 else 0.0
        queues.follow(np.array([waiting, 4.0 + waiting]), now)
    assert queues.usual[0] == 0.0
    assert queues.usual[1] == pytest.approx(4.0, abs=0.2)


def test_a_queue_counts_for_the_light_ahead_and_only_what_of_it_is_ahead_of_the_bus() -> None:
    way, queue = cut(world.pattern(), world.network()), np.zeros(len(world.network().lanes.length))
    queue[np.flatnonzero(world.network().lanes.link == world.network().link_rows["E1"])] = 10.0
    road = RoadNow(dark().cycles, queue, np.zeros(len(queue)))
    light = int(np.flatnonzero(way.group >= 0)[0])
    assert _queues(way, road, 0, 1.0)[0][light] == 10.0
    assert _queues(way, road, 3, 0.15)[0][light] == pytest.approx(4.0, abs=0.01), "30 m of the road hold four vehicles"
    assert _queues(way, road, 4, 1.0)[0].sum() == 0.0


def test_a_light_of_unknown_phase_costs_about_its_mean_wait() -> None:
    out, drives = np.full((24, 1), np.nan), deviates()
    drive_on(
        (np.array([50.0]), np.zeros(1), np.array([0]), np.array([0])),
        (np.zeros(1), np.zeros(1)),
        (np.array([np.nan]), np.array([30.0]), np.array([90.0]), np.array([0.0])),
        (np.zeros(1), np.zeros(1)),
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
    return RoadNow(table, *np.zeros((2, len(world.network().lanes.length))))


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


def miss(error: float, band: tuple[float, float], horizon: float = 300.0) -> Miss:
    """How a prediction with a band turned out."""
    return Miss(horizon, error, error < -band[0], error > band[1])


def share_inside(bands: ErrorBands, errors: list[float], place: Place = ("1/0/x", 3), half: float = 10.0) -> float:
    """Teach errors one after the other; give the share inside the band of its moment, the first 200 left out."""
    inside = 0
    for number, error in enumerate(errors):
        band = bands.of(place, 300.0, half)
        inside += number >= 200 and -band[0] <= error <= band[1]
        bands.add(place, miss(error, band))
    return inside / (len(errors) - 200)


def test_nine_of_ten_arrivals_lie_inside_whatever_the_errors_are_like() -> None:
    random = np.random.default_rng(5)
    for errors in (random.standard_t(2.0, 2000) * 10.0, random.exponential(60.0, 2000) - 20.0, np.zeros(2000)):
        assert 0.89 <= share_inside(ErrorBands(), errors.tolist()) <= 1.0


def test_bands_follow_when_traffic_gets_worse() -> None:
    random = np.random.default_rng(6)
    errors = [*random.normal(0.0, 5.0, 300).tolist(), *random.normal(0.0, 30.0, 600).tolist()]
    assert share_inside(ErrorBands(), errors) >= 0.87


def test_a_stop_with_small_errors_has_a_narrow_band_beside_one_with_large_errors() -> None:
    bands, random = ErrorBands(), np.random.default_rng(7)
    for _ in range(200):
        for place, spread in ((("1/0/x", 2), 5.0), (("1/0/x", 7), 100.0)):
            bands.add(place, miss(float(random.normal(0.0, spread)), bands.of(place, 300.0, 40.0)))
    narrow, wide = (sum(bands.of(("1/0/x", number), 300.0, 40.0)) for number in (2, 7))
    assert wide > 2.0 * narrow


def test_bands_learn_their_width_by_horizon_and_never_vanish() -> None:
    bands, place = ErrorBands(), ("1/0/x", 1)
    for _ in range(3000):
        bands.add(place, miss(0.0, bands.of(place, 300.0, 20.0)))
    down, up = bands.of(place, 300.0, 20.0)
    assert NARROWEST * LEAST <= down == up < 4.0
    assert bands.of(place, 60.0, 20.0) == (UNTAUGHT[0][0] * 20.0, UNTAUGHT[0][1] * 20.0), "other horizons learn alone"
    assert bands.of(place, 300.0, 0.0)[0] >= NARROWEST * LEAST


def test_a_horizon_that_is_no_number_is_taken_for_the_farthest() -> None:
    assert ErrorBands().of(("1/0/x", 1), float("nan"), 10.0) == (10.0 * UNTAUGHT[-1][0], 10.0 * UNTAUGHT[-1][1])
