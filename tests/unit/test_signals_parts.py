"""Parts of signal control: arrivals, queue model, search, turning, coverage, measures, comparison."""

import numpy as np
import pytest

from cloudctl.signals.approach_counts import count_on_lanes, count_towards, served_by_stage
from cloudctl.signals.arrivals import CAPACITY, insert, time_to_stop_line
from cloudctl.signals.baselines import Greedy, MaxPressure
from cloudctl.signals.catalogue import NAMES, strategy_named
from cloudctl.signals.coverage import Coverage
from cloudctl.signals.errors import UnknownControllerError
from cloudctl.signals.evaluation.comparison import Comparison, table
from cloudctl.signals.evaluation.measures import Measures, mean, measure
from cloudctl.signals.layout import Layout, Lights, Roads, Scene, Tracks
from cloudctl.signals.layout_build import Link, Way, build_layout
from cloudctl.signals.program import Phase, Program
from cloudctl.signals.rolling_horizon import RollingHorizon
from cloudctl.signals.safety import FOLLOW_PLAN, SafetyLayer
from cloudctl.signals.strategy import Strategy
from cloudctl.signals.turning import Turning, lanes_room, room_behind

PROGRAM = Program("x", (Phase("GGrr", 30), Phase("yyrr", 3), Phase("rrGG", 30), Phase("rryy", 3)))
ROADS = Roads(
    ("north", "east", "far", "south_out", "west_out", ":x_0", ":x_1"),
    np.array([100.0, 100.0, 200.0, 60.0, 60.0, 12.0, 12.0]),
    np.full(7, 13.9),
)


@pytest.fixture
def layout() -> Layout:
    """One signal: two lanes of two links each; `far` leads into `north`."""
    links = [
        Link("north", "south_out", ":x_0", 0),
        Link("north", "west_out", ":x_0", 1, frozenset({"east"})),
        Link("east", "west_out", ":x_1", 2),
        Link("east", "south_out", ":x_1", 3),
    ]
    return build_layout(ROADS, [PROGRAM], {"x": links}, [Way("far", "north", "")])


def _tracks(*rows: tuple[int, int, float, float]) -> Tracks:
    """Tracks of (id, road, rest m, speed m/s), 5 m long."""
    table = np.array(rows, np.float64).reshape(-1, 4)
    road, track = table[:, 1].astype(np.int32), table[:, 0].astype(np.int64)
    return Tracks(track, road, table[:, 2], table[:, 3], np.full(len(rows), 5.0))


def _scene(now: float, tracks: Tracks, stage: int = 0, green_for: float = 20.0) -> Scene:
    lights = Lights(np.array([stage], np.int32), np.array([green_for]), np.zeros(1))
    return Scene(now, tracks, lights)


def test_lanes_upstream_reach_the_stop_line_ahead(layout: Layout) -> None:
    assert count_towards(layout, _tracks((0, 2, 50.0, 10.0)), 160.0).tolist() == [1.0, 0.0]
    assert count_towards(layout, _tracks((0, 2, 50.0, 10.0)), 140.0).tolist() == [0.0, 0.0]


def test_counts_keep_to_their_sight_and_to_what_stands(layout: Layout) -> None:
    tracks = _tracks((0, 0, 10.0, 0.0), (1, 0, 60.0, 9.0), (2, 1, 20.0, 0.0))
    assert count_on_lanes(layout, tracks)[:2].tolist() == [2.0, 1.0]
    assert count_on_lanes(layout, tracks, 50.0)[:2].tolist() == [1.0, 1.0]
    assert count_on_lanes(layout, tracks, standing=True)[:2].tolist() == [1.0, 1.0]
    assert served_by_stage(layout, 0).tolist() == [[True, False], [False, True]]


@pytest.mark.parametrize(("speed", "distance", "seconds"), [(13.9, 139.0, 10.0), (0.0, 5.2, 2.0), (13.9, 0.0, 0.0)])
def test_time_to_the_stop_line_counts_speeding_up(speed: float, distance: float, seconds: float) -> None:
    assert time_to_stop_line(distance, speed, 13.9) == pytest.approx(seconds)


def test_arrivals_stay_sorted_and_the_last_falls_out() -> None:
    number, (due, share, value) = np.zeros(1, np.int32), np.zeros((3, 1, CAPACITY))
    for time in np.random.default_rng(1).permutation(CAPACITY + 20).astype(float):
        insert(0, time, 1.0, 3.0, number, due, share, value)
    assert due[0].tolist() == [float(i) for i in range(CAPACITY)]
    assert set(value[0].tolist()) == {3.0}


@pytest.mark.parametrize("make", [Greedy, MaxPressure])
def test_a_crowded_lane_gets_its_stage(layout: Layout, make: type[Strategy]) -> None:
    strategy = make(layout, SafetyLayer(layout.programs, 0.0))
    tracks = _tracks(*[(i, 1, 5.0 + 7.5 * i, 0.0) for i in range(5)])
    assert strategy.propose(_scene(1.0, tracks)).tolist() == [1]


def _ours(layout: Layout) -> RollingHorizon:
    strategy = RollingHorizon(layout, SafetyLayer(layout.programs, 0.0))
    strategy.coverage.declare(1.0)
    return strategy


def test_ours_serves_a_waiting_queue_when_nobody_else_comes(layout: Layout) -> None:
    tracks = _tracks(*[(i, 1, 1.0 + 7.5 * i, 0.0) for i in range(5)])
    assert _ours(layout).propose(_scene(1.0, tracks)).tolist() == [1]


def test_ours_keeps_the_green_for_a_platoon_before_one_waiting(layout: Layout) -> None:
    platoon = [(i, 0, 1.0 + 8.0 * i, 10.0) for i in range(8)]
    assert _ours(layout).propose(_scene(1.0, _tracks((99, 1, 1.0, 0.0), *platoon))).tolist() == [0]


def test_ours_holds_through_the_least_green(layout: Layout) -> None:
    tracks = _tracks(*[(i, 1, 1.0 + 7.5 * i, 0.0) for i in range(5)])
    assert _ours(layout).propose(_scene(1.0, tracks, green_for=4.0)).tolist() == [0]


def test_ours_does_not_serve_a_lane_whose_exit_is_full(layout: Layout) -> None:
    queue = [(i, 1, 1.0 + 7.5 * i, 0.0) for i in range(6)]
    full = [(100 + i, 3 + i % 2, 1.0 + 7.5 * (i // 2), 0.0) for i in range(16)]
    coming = [(50, 0, 60.0, 13.0)]
    assert _ours(layout).propose(_scene(1.0, _tracks(*queue, *coming))).tolist() == [1]
    assert _ours(layout).propose(_scene(1.0, _tracks(*queue, *coming, *full))).tolist() == [0]


def test_ours_follows_the_plan_until_it_knows_that_it_sees_enough(layout: Layout) -> None:
    strategy = RollingHorizon(layout, SafetyLayer(layout.programs, 0.0))
    seen = [strategy.propose(_scene(float(s), _tracks((s, 1, 1.0, 0.0)))).tolist() for s in range(5)]
    assert seen == [[FOLLOW_PLAN]] * 5


def test_the_share_seen_follows_from_gaps_in_queues(layout: Layout) -> None:
    rng = np.random.default_rng(3)
    for share in (1.0, 0.3):
        coverage, track = Coverage(layout), 0
        for second in range(300):
            seen = [i for i in range(8) if rng.random() < share]
            for speed in (9.0, 0.0):
                tracks = _tracks(*[(track + i, 1, 1.0 + 7.0 * i, speed) for i in seen])
                coverage.observe(2.0 * second + (speed == 0.0), tracks)
            track += 8
        assert coverage.share == pytest.approx(share, abs=0.06)
        assert coverage.at_least < coverage.share + 1e-9


def test_who_stands_from_the_first_moment_on_says_nothing_of_the_road_before_it(layout: Layout) -> None:
    coverage = Coverage(layout)
    for second in range(30):
        coverage.observe(float(second), _tracks((second, 1, 50.0, 0.0)))
    assert (coverage.share, coverage.at_least) == (0.0, 0.0)
    coverage.declare(1.0)
    assert coverage.share == 1.0


def test_what_is_declared_holds_through_a_quiet_night_and_no_longer_than_it_is_declared(layout: Layout) -> None:
    coverage = Coverage(layout)
    coverage.declare(1.0)
    for second in range(0, 20_000, 50):
        coverage.observe(float(second), _tracks())
    assert coverage.at_least > 0.75
    coverage.declare(None)
    assert coverage.at_least == 0.0


def test_queues_with_gaps_outweigh_what_is_declared(layout: Layout) -> None:
    coverage = Coverage(layout)
    coverage.declare(1.0)
    for second in range(40):
        for speed in (9.0, 0.0):
            coverage.observe(2.0 * second + (speed == 0.0), _tracks((second, 1, 50.0, speed)))
    assert coverage.share < 0.2


def test_turning_learns_from_tracks_that_pass(layout: Layout) -> None:
    turning = Turning(layout)
    for number in range(40):
        turning.observe(2.0 * number, _tracks((number, 1, 1.0, 5.0)))
        turning.observe(2.0 * number + 1, _tracks((number, 4 if number % 4 else 3, 50.0, 5.0)))
    shares = turning.shares()
    assert shares[2] == pytest.approx(0.75, abs=0.05)
    assert shares[:2].tolist() == [0.5, 0.5]
    assert turning.outflow[1] > 0


def test_where_a_lane_leads_follows_from_those_who_went_before() -> None:
    names = ("north", "far", "aside", "farther", ":far_0")
    roads = Roads(names, np.array([60.0, 50.0, 60.0, 40.0, 8.0]), np.full(5, 13.9))
    links = {"x": [Link("north", "aside", "", 0), Link("aside", "north", "", 2)]}
    ways = [Way("far", "north", ":far_0"), Way("far", "aside", ""), Way("farther", "far", "")]
    layout = build_layout(roads, [PROGRAM], links, ways)
    turning = Turning(layout)
    heading = layout.reach_lane == 0
    before = dict(
        zip(np.repeat(np.arange(5), np.diff(layout.reach_start))[heading], turning.reach()[heading], strict=True)
    )
    assert before == {0: 1.0, 1: 0.5, 3: 0.5, 4: 1.0}
    for number in range(40):
        turning.observe(2.0 * number, _tracks((number, 1, 1.0, 5.0)))
        turning.observe(2.0 * number + 1, _tracks((number, 2 if number % 5 == 0 else 4, 50.0, 5.0)))
    assert turning.reach()[heading].tolist() == pytest.approx([1.0, 0.79, 0.79, 1.0], abs=0.02)
    assert turning.shares().tolist() == [1.0, 1.0]


def test_room_behind_a_lane_is_that_of_the_way_which_fills_first(layout: Layout) -> None:
    tracks = _tracks(*[(i, 3, 1.0 + 7.5 * i, 0.0) for i in range(7)])
    room, refill = room_behind(layout, tracks, np.zeros(7))
    space, growth = lanes_room(layout.link_lane, layout.link_out, np.full(4, 0.5), room, refill, 2)
    assert space[0] == space[1] == pytest.approx((60 - 7 * 7.5) / 7.5 / 0.5)
    assert growth.max() < 0.1


def _row(**changed: str) -> dict[str, str]:
    base = {"depart": "1", "arrival": "50", "departDelay": "2", "timeLoss": "10", "duration": "49", "waitingTime": "4"}
    return {**base, "waitingCount": "1", **changed}


def test_delay_counts_the_kept_out_and_the_unfinished() -> None:
    rows = [_row(), _row(arrival="-1"), _row(depart="-1", departDelay="300", timeLoss="0")]
    found = measure(rows)
    assert found.delay_s == pytest.approx((12 + 12 + 300) / 3)
    assert (found.time_loss_s, found.arrived, found.kept_out) == (10.0, 1, 1)
    assert measure([]) == Measures(0, 0, 0, 0, 0, 0, 0)


def test_comparison_gives_students_interval_and_pairs_seeds() -> None:
    runs = {
        name: [Measures(v, 0, 0, 0, 0, 0, 0) for v in row] for name, row in {"a": (1, 2, 3), "b": (3, 4, 5)}.items()
    }
    comparison = Comparison(runs)
    assert comparison.estimate("a", "delay_s").half_width == pytest.approx(4.3027 / 3**0.5, rel=1e-4)
    assert comparison.against("a", "b", "delay_s").half_width == 0
    assert table(comparison).splitlines()[1].split()[:2] == ["a", "2.00"]
    assert mean(runs["a"])["delay_s"] == 2.0


def test_unknown_controllers_are_named() -> None:
    with pytest.raises(UnknownControllerError, match="'best'"):
        strategy_named("best")
    assert {strategy_named(name) for name in NAMES} >= {RollingHorizon, Greedy}
