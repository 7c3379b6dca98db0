"""The parts of live signal control: layouts of the map, observed rows, learned times, estimated lights."""

import dataclasses

import numpy as np
import pytest
from advice_city import NOW, Vehicle, tracks_of
from live_signals_city import DURATIONS, STATES, network, picture, queue, sensors, shown
from maps_city import imported

from cloudctl.signals.live.approach_coverage import ApproachCoverage
from cloudctl.signals.live.change_times import LEAST, LearnedChanges
from cloudctl.signals.live.estimated_state import GREEN, RED, StateEstimator
from cloudctl.signals.live.network_layout import layout_of, programs_of
from cloudctl.signals.live.observed import NOWHERE, ObservedPrograms
from cloudctl.signals.live.pedestrians import PATIENCE, Waiting, stage_for
from cloudctl.signals.live.saving import Savings, planned_stages, recommended_stages
from cloudctl.signals.live.track_source import TrackNumbers, TrackSource
from cloudctl.signals.safety import SafetyLayer
from fusion.picture import SignalStates, TrafficPicture
from maps.participants import ParticipantKind


def test_the_layout_of_the_map_has_the_stages_lanes_and_outlets_of_its_program() -> None:
    programs = programs_of(network())
    layout = layout_of(network(), programs, [0])
    assert programs[0].greens == (0, 3)
    assert programs[0].min_greens == (8.0, 8.0)
    assert [layout.roads.ids[lane] for lane in layout.lane_road.tolist()] == ["AB_0", "DB_0"]
    assert {layout.roads.ids[lane] for lane in layout.link_out.tolist()} == {"BC_0", "BE_0"}
    assert layout.shown.reshape(2, -1)[0].tolist() == [2 if layout.link_lane[n] == 0 else 0 for n in range(4)]


def test_every_signal_of_an_imported_network_has_a_safe_layout_with_yielding_links_and_their_rivals() -> None:
    city = imported().network
    programs = programs_of(city)
    layout = layout_of(city, programs, list(programs))
    assert layout.signals == len(city.signals.id) == 3
    SafetyLayer(layout.programs, 0.0)  # refuses changes with conflicting greens
    assert (np.diff(layout.foe_start) > 0).any()
    assert all(program.crossings for program in programs.values())


def test_a_map_without_programs_controls_nothing() -> None:
    bare = dataclasses.replace(
        network(), signals=dataclasses.replace(network().signals, program_count=np.zeros(1, np.int32))
    )
    assert programs_of(bare) == {}


def test_the_row_of_the_program_is_read_off_the_lights_in_the_order_of_the_program() -> None:
    observed = ObservedPrograms(network(), programs_of(network()))
    rows, second = [], 0.0
    for row, duration in enumerate(DURATIONS):
        observed.follow(shown(row, NOW + second), NOW + second)
        rows.append((observed.shown[0].row, observed.shown[0].since - NOW))
        second += duration
    assert rows == [(0, 0.0), (1, 30.0), (2, 33.0), (3, 35.0), (4, 65.0), (5, 68.0)]


@pytest.mark.parametrize("state", [(6, 6), (0, 3), (6, 0), (7, 7)])
def test_lights_of_no_row_or_unknown_ones_are_at_no_row(state: tuple[int, int]) -> None:
    observed = ObservedPrograms(network(), programs_of(network()))
    observed.follow(dataclasses.replace(shown(0, NOW), state=np.array(state, np.uint8)), NOW)
    assert observed.shown[0].row == NOWHERE


def test_permissive_and_protected_green_mean_the_same_row() -> None:
    observed = ObservedPrograms(network(), programs_of(network()))
    observed.follow(dataclasses.replace(shown(0, NOW), state=np.array([5, 3], np.uint8)), NOW)
    assert observed.shown[0].row == 0


def test_numbers_of_tracks_stay_small_however_large_their_ids_grow() -> None:
    numbers, highest = TrackNumbers(), 0
    for start in range(0, 100_000, 50):
        ids = np.array([start + 70, start, start + 10], np.int64)
        given = numbers.follow(ids)
        assert len(set(given.tolist())) == 3
        highest = max(highest, int(given.max()))
    assert highest < 60


def test_a_track_keeps_its_number_while_it_is_there() -> None:
    numbers = TrackNumbers()
    first = numbers.follow(np.array([5, 900], np.int64))
    second = numbers.follow(np.array([900, 7, 5], np.int64))
    assert second[[2, 0]].tolist() == first.tolist()


def test_people_on_foot_and_tracks_off_lanes_are_no_vehicles_of_an_approach() -> None:
    layout = layout_of(network(), programs_of(network()), [0])
    source = TrackSource(network(), np.ones(len(layout.roads.ids), bool))
    vehicles = [Vehicle("AB", 400.0), Vehicle("AB", 450.0, kind=ParticipantKind.PEDESTRIAN), Vehicle("DB", 100.0)]
    seen = picture(0.0, 0, vehicles)
    lane = seen.tracks.lane.copy()
    lane[2] = -1
    tracks = source.read(dataclasses.replace(seen, tracks=dataclasses.replace(seen.tracks, lane=lane)))
    assert tracks.rest.tolist() == pytest.approx([500.0 - 400.0 - 2.5])


def test_coverage_is_the_share_of_the_last_metres_within_reach_of_a_sensor() -> None:
    layout = layout_of(network(), programs_of(network()), [0])
    coverage = ApproachCoverage(network(), layout)
    assert coverage.follow(sensors(200.0)).tolist() == [1.0]
    assert coverage.follow(sensors(60.0))[0] == pytest.approx(0.5, abs=0.1)
    assert coverage.follow(sensors(float("nan"))).tolist() == [0.0]


def test_who_stands_at_the_end_of_a_crossing_waits_and_is_counted_without_a_break() -> None:
    city = imported().network
    crossing = int(np.flatnonzero(city.crossings.group >= 0)[0])
    place = city.points[int(city.crossings.shape_start[crossing])]
    group = int(city.crossings.group[crossing])
    walker = tracks_of(city, [Vehicle(str(city.links.id[0]), 1.0, 0.0, kind=ParticipantKind.PEDESTRIAN)])
    there = dataclasses.replace(walker, x=np.array([place[0]]), y=np.array([place[1] + 0.3]))
    waiting = Waiting(city)
    for second in range(4):
        waiting.follow(there, NOW + second)
    assert (waiting.count[group], waiting.seconds[group]) == (1, 3.0)
    waiting.follow(dataclasses.replace(there, vx=np.array([1.2], np.float32)), NOW + 4)
    assert (waiting.count[group], waiting.seconds[group]) == (0, 0.0)


def test_pedestrians_who_have_waited_too_long_get_the_stage_in_which_they_may_walk() -> None:
    program = next(iter(programs_of(imported().network).values()))
    waited = np.zeros(len(program.phases[0].state))
    light = min(program.crossings)
    walks = [stage for stage in range(len(program.greens)) if program.stage_state(stage)[light] in "Gg"]
    stands = next(stage for stage in range(len(program.greens)) if stage not in walks)
    assert stage_for(program, waited, stands) is None
    waited[light] = PATIENCE
    assert stage_for(program, waited, stands) in walks
    assert stage_for(program, waited, walks[0]) is None


def test_the_plan_is_followed_second_by_second_through_its_changes() -> None:
    program = programs_of(network())[0]
    assert planned_stages(program, 0, 28.0, 10).tolist() == [0, 0, -1, -1, -1, -1, -1, 1, 1, 1]
    assert recommended_stages(program, program.change(0, 1), 1, 3.0, 10).tolist() == [-1] * 5 + [1, 1, 1, -1, -1]


def test_serving_a_queue_sooner_saves_what_it_waits_less() -> None:
    layout = layout_of(network(), programs_of(network()), [0])
    savings, program = Savings(layout), programs_of(network())[0]
    source = TrackSource(network(), np.ones(len(layout.roads.ids), bool))
    savings.look(source.read(picture(0.0, 0, queue("DB", 5))))
    planned = planned_stages(program, 0, 10.0)
    sooner = recommended_stages(program, program.change(0, 1), 1, 20.0)
    assert savings.of(0, planned, sooner) == pytest.approx(5 * 20.0, rel=0.05)
    assert savings.of(0, planned, planned) == 0.0
    assert (savings.demand(0, 1, 15), savings.demand(0, 0, 15)) == (5.0, 0.0)


def cycles(learned: LearnedChanges, greens: list[float], red: float = 20.0) -> float:
    """Show one group these greens in turn, each after a red; gives the time."""
    now = NOW
    for green in greens:
        for state, lasts in ((3, red), (6, green), (7, 3.0)):
            for _ in range(round(lasts * 2)):
                learned.follow(np.array([state], np.uint8), now)
                now += 0.5
    return now


def test_a_fixed_green_is_told_without_spread_and_an_actuated_one_with_its_own() -> None:
    fixed, actuated = LearnedChanges(1), LearnedChanges(1)
    for learned, greens in ((fixed, [25.0] * 12), (actuated, [10.0, 40.0, 20.0, 30.0] * 3)):
        now = cycles(learned, greens)
        for _ in range(48):
            learned.follow(np.array([3], np.uint8), now)
            now += 0.5
            if now % 1 == 0 and learned.remaining(now).p50[0] < 0.6:
                break
        learned.follow(np.array([6], np.uint8), now)
        left = learned.remaining(now + 5.0)
        if learned is fixed:
            assert left.p10[0] == left.p50[0] == left.p90[0] == pytest.approx(20.0, abs=0.6)
        else:
            assert left.p10[0] < 7.0
            assert left.p90[0] > 30.0
        assert left.samples[0] >= LEAST


def test_what_has_lasted_longer_than_most_is_judged_by_the_longer_ones_alone() -> None:
    learned = LearnedChanges(1)
    now = cycles(learned, [10.0, 40.0] * 6)
    learned.follow(np.array([3], np.uint8), now)
    learned.follow(np.array([6], np.uint8), now + 0.5)
    late = learned.remaining(now + 0.5 + 15.0)
    assert late.p10[0] == pytest.approx(25.0, abs=0.6)
    assert late.samples[0] == 6
    assert np.isnan(learned.remaining(now + 0.5 + 50.0).p50[0])


def test_nothing_is_said_after_few_cycles_or_after_a_gap() -> None:
    few = LearnedChanges(1)
    now = cycles(few, [20.0] * (LEAST - 1))
    few.follow(np.array([3], np.uint8), now)
    few.follow(np.array([6], np.uint8), now + 0.5)
    assert np.isnan(few.remaining(now + 1.0).p50[0])
    gap = LearnedChanges(1)
    now = cycles(gap, [20.0] * 10)
    gap.follow(np.array([6], np.uint8), now + 30.0)
    assert np.isnan(gap.remaining(now + 31.0).p50[0])


def silent(second: float, vehicles: list[Vehicle]) -> TrafficPicture:
    """A picture without any SPAT."""
    none = np.full(2, np.nan)
    no_word = SignalStates(np.zeros(2, np.uint8), none, none, none, none, np.zeros(2, np.float32), none)
    return picture(second, 0, vehicles, no_word)


def test_who_crosses_a_stop_line_shows_green_and_red_to_what_conflicts() -> None:
    estimator = StateEstimator(network(), programs_of(network()))
    estimator.follow(silent(0.0, [Vehicle("AB", 495.0)]))
    found = estimator.follow(silent(1.0, [Vehicle("BC", 8.0)]))
    assert found.state.tolist() == [GREEN, RED]
    assert found.confidence[0] > found.confidence[1] > 0.5
    assert estimator.follow(silent(20.0, [])).state.tolist() == [0, 0]


def test_who_stands_at_a_stop_line_waits_at_red() -> None:
    straight = dataclasses.replace(
        network(), connections=dataclasses.replace(network().connections, turn=np.zeros(4, np.uint8))
    )
    estimator = StateEstimator(straight, programs_of(straight))
    for second in range(5):
        found = estimator.follow(silent(float(second), queue("DB", 1)))
    assert found.state[1] == RED


def test_where_spat_comes_nothing_is_estimated() -> None:
    estimator = StateEstimator(network(), programs_of(network()))
    estimator.follow(picture(0.0, 0, [Vehicle("AB", 495.0)]))
    assert estimator.follow(picture(1.0, 0, [Vehicle("BC", 8.0)])).state.tolist() == [0, 0]


def test_a_cycle_learned_from_crossings_goes_on_while_nobody_comes() -> None:
    estimator = StateEstimator(network(), programs_of(network()))
    second = 0.0
    for _ in range(6):  # 30 s in which vehicles from A cross, 30 s in which those from D do
        for way in (("AB", "BC"), ("DB", "BE")):
            for step in range(30):
                link = way[step % 2]
                at = (float(network().links.length[network().link_rows[link]]) - 3.0) if step % 2 == 0 else 5.0
                estimator.follow(silent(second, [Vehicle(link, at)]))
                second += 1.0
    assert estimator.cycles.cycle[0] == pytest.approx(60.0, abs=4.0)
    for _ in range(12):
        found = estimator.follow(silent(second, []))
        second += 1.0
    assert found.state.tolist() == [GREEN, RED]
    assert 0.0 < found.confidence[0] < 0.6


def test_states_of_the_program_are_those_the_tests_say() -> None:
    program = programs_of(network())[0]
    letters = {6: "G", 7: "y", 3: "r"}
    assert [phase.state for phase in program.phases] == ["".join(letters[code] for code in row) for row in STATES]
