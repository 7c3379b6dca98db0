"""Visits, headways, findings and the desk that ties them together."""

import math

import pytest
import transit_world as world
from transit_world import HEADWAY, LEG, SIX, Bus, fix, status, stop_x

from cloudctl.transit.describe import describe
from cloudctl.transit.desk import TransitDesk
from cloudctl.transit.findings import BROKEN_DOWN, GIVEN_UP, LATE_DEPARTURE
from cloudctl.transit.headways import mean_wait, variation
from cloudctl.transit.lines import describe_lines
from cloudctl.transit.stop_visits import StopVisit


def kinds(desk: TransitDesk) -> set[str]:
    return {finding.kind.value for finding in desk.findings}


def test_every_stop_is_visited_once_with_the_time_it_stood() -> None:
    desk, bus = world.desk(), Bus("B", stop_x(0) - 200.0)
    visits: list[StopVisit] = []
    now = SIX - 20.0
    for _ in range(500):
        now = world.drive(desk, [bus], 1, now)
        visits += desk.visits
    assert [visit.number for visit in visits] == list(range(len(visits)))
    assert len(visits) >= 6
    assert all(visit.departure - visit.arrival == pytest.approx(21.0, abs=4.0) for visit in visits)
    assert visits[0].missed_before
    assert not visits[1].missed_before
    assert {visit.trip for visit in visits} == {f"e0@{world.DAY}"}


def test_a_stop_that_is_passed_without_stopping_counts_as_visited() -> None:
    desk, now, numbers = world.desk(), SIX, []
    for second in range(120):
        now += 1.0
        desk.turn([fix("B", 10.0 * second, now)], {"B": status()}, world.quiet_road(), now)
        numbers += [(visit.number, visit.departure - visit.arrival) for visit in desk.visits]
    assert numbers == [(0, 0.0), (1, 0.0)]


def test_a_headway_is_the_time_since_the_bus_ahead_was_here() -> None:
    desk = world.desk()
    front, back = Bus("F", stop_x(0) - 200.0), Bus("R", stop_x(0) - 200.0)
    now = world.drive(desk, [front], 170, SIX - 20.0)
    world.drive(desk, [front, back], 150, now)
    ahead, behind = desk.buses["R"].headway, desk.buses["F"].headway
    assert ahead is not None
    assert behind is not None
    assert ahead.ahead == pytest.approx(170.0, abs=6.0)
    assert (ahead.vehicle_ahead, ahead.behind, ahead.vehicle_behind) == ("F", None, None)
    assert (behind.vehicle_behind, behind.ahead) == ("R", None)
    assert ahead.planned == HEADWAY


def test_buses_close_together_are_bunched_and_one_far_behind_has_a_gap() -> None:
    for distance, kind in ((250.0, "bunching"), (9 * 500.0, "gap")):
        desk = world.desk()
        front = Bus("F", stop_x(1) + distance)
        world.drive(desk, [front, Bus("R", stop_x(1))], 12, SIX + 10 * LEG)
        assert kind in kinds(desk), kind


def test_even_buses_give_no_finding() -> None:
    desk = world.desk()
    buses = [Bus("A", stop_x(9)), Bus("B", stop_x(5)), Bus("C", stop_x(1))]
    world.drive(desk, buses, 20, SIX + 9 * LEG)
    assert kinds(desk) <= {"late_departure"}


def test_a_trip_that_nobody_runs_is_late_until_it_is_given_up() -> None:
    desk = world.desk()
    seen = {}
    for late in (LATE_DEPARTURE - 30.0, LATE_DEPARTURE + 30.0, GIVEN_UP + 60.0):
        now = SIX + 20.0 + late
        desk.turn([], {}, world.quiet_road(), now)
        seen[late] = {finding.trip for finding in desk.findings if finding.line == "1"}
    assert f"e0@{world.DAY}" not in seen[LATE_DEPARTURE - 30.0]
    assert f"e0@{world.DAY}" in seen[LATE_DEPARTURE + 30.0]
    assert f"e0@{world.DAY}" not in seen[GIVEN_UP + 60.0]


def test_a_bus_that_stands_away_from_stops_has_broken_down_and_one_at_a_stop_has_not() -> None:
    for x, broken in ((stop_x(2) + 150.0, True), (stop_x(2), False)):
        desk = world.desk()
        now = world.drive(desk, [Bus("B", x - 100.0, dwell=0.0)], 8, SIX + 2 * LEG)
        for _ in range(int(BROKEN_DOWN) + 5):
            now += 1.0
            desk.turn([fix("B", x, now, 0.0)], {"B": status()}, world.quiet_road(), now)
        assert ("breakdown" in kinds(desk)) is broken


def test_variation_and_wait_are_those_of_the_textbook() -> None:
    assert variation([300.0, 300.0, 300.0]) == 0.0
    assert mean_wait([300.0, 300.0]) == 150.0
    assert variation([100.0, 500.0]) == pytest.approx(2 / 3)
    assert mean_wait([100.0, 500.0]) == pytest.approx(150.0 * (1 + (2 / 3) ** 2))
    assert math.isnan(variation([300.0]))
    assert math.isnan(mean_wait([]))


def test_a_bus_that_is_gone_leaves_nothing_behind() -> None:
    desk = world.desk()
    now = world.drive(desk, [Bus("B", stop_x(1))], 20, SIX + LEG)
    desk.turn([], {}, world.quiet_road(), now + 1.0)
    assert desk.buses == {}
    assert desk.log._waiting == {}


def test_what_is_published_names_stops_by_the_timetables_own_sequence() -> None:
    desk = world.desk()
    now = world.drive(desk, [Bus("B", stop_x(1) + 20.0)], 20, SIX + LEG)
    state = describe(desk, world.network().plane, lambda _: 2, {}, now)
    (bus,) = state.buses
    assert [arrival.sequence for arrival in bus.arrivals] == list(world.SEQUENCES[2:])
    assert (bus.trip_id, bus.service_day, bus.start_time) == ("e0", world.DAY, None)
    assert bus.level_of_service == 2
    assert bus.bearing == pytest.approx(90.0, abs=0.2)


def test_predictions_are_judged_when_the_bus_has_come_and_beat_nothing_learned() -> None:
    desk = world.desk()
    buses = [Bus(f"B{n}", stop_x(0) - 200.0, dwell=25.0) for n in range(5)]
    now = SIX - 20.0
    for number in range(1, 6):
        now = world.drive(desk, buses[:number], 250, now)
    accuracy = desk.log.accuracy()
    assert accuracy.judged >= 10
    assert accuracy.median_error_s < 40.0
    assert accuracy.band_width_s > 0.0


def test_lines_are_described_with_their_ways_and_what_was_left_out() -> None:
    timetable, patterns, of_trip = world.city()
    lines = describe_lines(timetable, patterns, of_trip, world.network().plane)
    assert {line.id for line in lines.lines} == {"1", "2"}
    assert {place.trips for place in lines.patterns} == {24}
    assert len(lines.stops) == world.BLOCKS
    assert lines.finding_count == 0
