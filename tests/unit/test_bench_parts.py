"""The parts of the benchmarks: percentiles of histograms, the search for a rate, load traffic, packets, baseline."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from engine_messages import NETWORK
from fusion_reports import NOW, reports
from hypothesis import given
from hypothesis import strategies as st

from cloudctl.commands.bench import ObjectCountError, _sizes
from cloudctl.commands.bench_histogram import percentile, share_within
from cloudctl.commands.bench_output import text_of, write
from cloudctl.commands.bench_pipeline import Patience, engine_shares, search
from cloudctl.commands.bench_step import Step
from cloudctl.errors import CloudctlError
from fusion.benchmark_baseline import DenseTracker
from fusion.benchmark_scene import PERIOD, START, Scene
from ingest.mqtt_packets import PacketReader
from simulators.load import main, publish_packet
from simulators.load_traffic import SPEED, LoadTraffic, TooFewNodesError

BOUNDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


def histogram(values: list[float]) -> dict[float, float]:
    return {bound: float(sum(value <= bound for value in values)) for bound in (*BOUNDS, np.inf)}


@given(st.lists(st.floats(0.0, 0.5), min_size=1, max_size=50), st.floats(0.01, 1.0))
def test_a_percentile_of_a_histogram_lies_in_the_bucket_of_the_true_one(values: list[float], share: float) -> None:
    true = float(np.quantile(values, share, method="inverted_cdf"))
    bucket = next(place for place, bound in enumerate(BOUNDS) if true <= bound)
    lower = BOUNDS[bucket - 1] if bucket else 0.0
    assert lower - 1e-12 <= percentile(histogram(values), share) <= BOUNDS[bucket] + 1e-12


def test_a_percentile_beyond_the_last_bound_is_that_bound() -> None:
    assert percentile(histogram([9.0, 9.0]), 0.5) == BOUNDS[-1]


def test_an_empty_histogram_has_no_percentile_and_no_share() -> None:
    assert np.isnan(percentile(histogram([]), 0.5))
    assert np.isnan(share_within(histogram([]), 0.1))


def test_the_share_within_a_bound_is_exact() -> None:
    assert share_within(histogram([0.01, 0.09, 0.1, 0.11]), 0.1) == 0.75


def step(units: int, *, holds: bool) -> Step:
    rates = (units * 200.0, 0.0, 0.0)
    return Step(units, units * 20, holds, "", *rates, 0, 0, 0, 0, 0, 0.0, 0.0, 1.0, 20.0, 0, 0.0, {}, {}, {}, {})


class Clock:
    """Goes on by what each step takes."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def for_ever() -> Patience:
    return Patience(math.inf, Clock())


@given(st.integers(1, 500), st.integers(0, 600))
def test_the_search_ends_beside_the_highest_rate_that_holds(most: int, limit: int) -> None:
    tried = search(lambda units: step(units, holds=units <= limit), most, 20, for_ever())
    best = max((each.units for each in tried if each.holds), default=0)
    assert min(most, limit) - max(1, most // 32) <= best <= min(most, limit)
    assert tried[0].units == most
    assert len(tried) == 1 or limit < most


def test_the_search_ends_after_so_many_steps() -> None:
    assert len(search(lambda units: step(units, holds=False), 500, 3, for_ever())) == 3


@given(st.lists(st.floats(1.0, 30.0), min_size=6, max_size=6), st.floats(0.0, 200.0))
def test_no_rate_is_tried_that_would_end_after_the_time_is_up(lengths: list[float], until: float) -> None:
    clock, taken = Clock(), iter(lengths)
    patience = Patience(until, clock)

    def attempt(units: int) -> Step:
        clock.now += next(taken)
        return step(units, holds=False)

    tried = search(attempt, 500, 6, patience)
    assert clock.now <= max(until + max(lengths) - min(lengths), lengths[0])
    done = len(tried)
    assert done in {5, 6} or sum(lengths[:done]) + max(lengths[:done]) > until


@given(st.lists(st.floats(0.0, 0.5), min_size=4, max_size=4), st.floats(0.01, 1.5))
def test_the_parts_of_the_engine_add_up_to_its_processor_time(times: list[float], cores: float) -> None:
    stages = dict(zip(("decode", "fuse_track", "fuse_incidents", "publish"), times, strict=True))
    shares = engine_shares(stages, cores)
    assert sum(shares.values()) == pytest.approx(cores, abs=0.003)
    assert shares["ingest"] <= times[0] + 0.001
    assert min(shares.values()) >= 0.0


@given(st.text(min_size=1, max_size=40), st.binary(max_size=20_000), st.none() | st.integers(1, 65_535))
def test_a_packet_is_read_as_it_was_made(topic: str, payload: bytes, packet_id: int | None) -> None:
    heard: list[tuple[bytes, bytes]] = []
    packet = publish_packet(topic.encode(), payload, packet_id)
    PacketReader(lambda name, body: heard.append((name, body))).feed(packet)
    assert heard == [(topic.encode(), payload)]


def traffic(units: int = 3, vehicles: int = 30, seed: int = 1) -> LoadTraffic:
    return LoadTraffic(NETWORK, units, vehicles, 5.0, seed)


def test_each_vehicle_is_reported_by_one_unit_at_each_tick() -> None:
    for tick in traffic().ticks(5, 0.1, np.array([0.0, 0.03, 0.06])):
        assert sorted(tick.values[:, 0].tolist()) == list(range(1, 31))
        assert tick.start[0] == 0
        assert tick.start[-1] == 30
        assert (np.diff(tick.start) >= 0).all()


def test_vehicles_drive_on_at_their_speed_and_are_seen_by_the_nearest_unit() -> None:
    made = traffic()
    places = []
    for tick in made.ticks(20, 0.1, np.zeros(3)):
        x, y = NETWORK.plane.forward(tick.values[:, 1] * 1e-7, tick.values[:, 2] * 1e-7)
        sites = [NETWORK.plane.forward(site.lon, site.lat) for site in made.sites]
        distance = np.array([np.hypot(x - float(site[0]), y - float(site[1])) for site in sites])
        unit = np.repeat(np.arange(3), np.diff(tick.start))
        assert (distance[unit, np.arange(30)] <= distance.min(axis=0) + 0.1).all()
        places.append(np.column_stack((x, y))[np.argsort(tick.values[:, 0])])
    moved = np.hypot(*(places[1] - places[0]).T)
    assert moved.max() == pytest.approx(SPEED * 0.1, abs=0.05)
    assert np.median(moved) == pytest.approx(SPEED * 0.1, abs=0.05)


def test_the_seed_makes_the_traffic() -> None:
    first, same, other = (next(traffic(seed=seed).ticks(1, 0.1, np.zeros(3))).values.tolist() for seed in (1, 1, 2))
    assert first == same
    assert first != other


def test_more_units_than_nodes_are_refused() -> None:
    with pytest.raises(TooFewNodesError, match="the network has 4"):
        traffic(units=5)


def test_a_load_without_broker_or_map_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--broker", "mqtt://127.0.0.1:1", "--map", str(tmp_path / "none.v2xmap")]) == 1
    assert capsys.readouterr().err.count("error: ") == 1


def test_the_scene_reports_every_vehicle_twice_near_its_true_place() -> None:
    scene = Scene.of(50)
    for now, batch in scene.cycles(3):
        assert np.bincount(batch.object_id).tolist() == [2] * 50
        true = scene.place[batch.object_id] + (batch.event_time - START)[:, None] * scene.velocity[batch.object_id]
        assert np.abs(np.column_stack((batch.x, batch.y)) - true).max() < 2.0
        assert ((batch.event_time <= now) & (batch.event_time >= now - PERIOD)).all()


def test_the_baseline_keeps_the_ids_of_two_cars_and_forgets_them_when_they_are_gone() -> None:
    tracker = DenseTracker()
    for tick in range(20):
        time = NOW + 0.1 * tick
        tracker.update(reports(time, [tick * 1.0, 50.0 - tick * 1.0], [0.0, 30.0], [10.0, -10.0], 0.0), time)
    ids, places = tracker.tracks()
    assert ids.tolist() == [1, 2]
    assert places == pytest.approx(np.array([[19.0, 0.0], [31.0, 30.0]]), abs=0.2)
    nothing = reports(NOW + 4.0, np.zeros(0), np.zeros(0))
    tracker.update(nothing, NOW + 4.0)
    assert len(tracker.tracks()[0]) == 0


@pytest.mark.parametrize("text", ["", "a", "10,", "0", "10,-5", "1.5"])
def test_wrong_sizes_are_refused(text: str) -> None:
    with pytest.raises(ObjectCountError, match="whole numbers"):
        _sizes(text)


def test_sizes_are_read() -> None:
    assert _sizes("1000,10000") == [1000, 10000]


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "yes"), (12345, "12,345"), (12345.6, "12,346"), (1.234, "1.23"), (0.01234, "0.0123"), (None, "-")],
)
def test_figures_are_written_for_people(value: object, text: str) -> None:
    assert text_of(value) == text


def test_figures_go_to_a_file_with_the_machine_beside_them(tmp_path: Path) -> None:
    write({"a": 1}, tmp_path / "x.json")
    read = json.loads((tmp_path / "x.json").read_text())
    assert read["a"] == 1
    assert read["machine"]["cores"] >= 1
    write({"a": 1}, None)
    with pytest.raises(CloudctlError, match="missing"):
        write({}, tmp_path / "missing" / "x.json")
