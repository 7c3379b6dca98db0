"""Which trip a bus runs, and what a bus far off every line does to the others."""

import numpy as np
import pytest
import transit_world as world
from transit_world import EAST, HEADWAY, LEG, SIX, Bus, fix, status, stop_x

from cloudctl.transit.trip_assignment import lateness, scheduled_at


def test_a_way_runs_along_the_roads_and_has_its_stops_in_order() -> None:
    pattern = world.pattern()
    assert pattern.length == pytest.approx(6000.0, abs=1.0)
    assert np.allclose(pattern.stop_at, [stop_x(n) for n in range(world.BLOCKS)], atol=1.0)
    along, off, heading = pattern.locate((1234.0, 7.0), (0.0, pattern.length))
    assert np.allclose((along, off, heading), (1234.0, 7.0, EAST))


def test_a_stop_between_two_directions_drawn_as_one_line_lies_on_the_side_of_its_line() -> None:
    names = world.network().links.id[world.pattern().links]
    assert all(str(name).startswith("E") for name in names)


def test_a_bus_that_names_its_trip_has_it_however_late_it_is() -> None:
    desk, now = world.desk(), SIX + 3000.0
    desk.turn([fix("B", 400.0, now)], {"B": status(trip="e2")}, world.quiet_road(), now)
    for _ in range(5):
        now += 1.0
        desk.turn([fix("B", 400.0, now)], {"B": status(trip="e2")}, world.quiet_road(), now)
    bus = desk.buses["B"]
    assert bus.run.trip is not None
    assert bus.run.trip.key == f"e2@{world.DAY}"
    assert bus.late is not None
    assert bus.late > 2000.0


def test_buses_that_name_their_line_alone_get_trips_in_the_order_of_the_road() -> None:
    desk = world.desk()
    buses = [Bus("A", stop_x(6)), Bus("B", stop_x(3)), Bus("C", stop_x(0))]
    world.drive(desk, buses, 30, SIX + 6 * LEG)
    given = {name: bus.run.trip.trip.id for name, bus in desk.buses.items() if bus.run.trip}
    assert given == {"A": "e0", "B": "e1", "C": "e2"}


def test_a_silent_bus_is_found_by_where_it_runs_once_only_one_line_is_left() -> None:
    desk, bus = world.desk(), Bus("B", 2800.0)
    now = world.drive(desk, [bus], 15, SIX, {})
    assert "B" not in desk.buses, "both lines run here"
    world.drive(desk, [bus], 60, now, {})
    assert desk.buses["B"].pattern.line == "1", "line 2 ended behind it"


def test_a_bus_on_the_other_side_of_the_road_is_not_on_the_line() -> None:
    desk, now = world.desk(), SIX
    for second in range(60):
        now += 1.0
        desk.turn([fix("B", 3000.0 - 10 * second, now, heading=world.WEST)], {}, world.quiet_road(), now)
    assert desk.buses == {}


def test_a_bus_far_off_every_line_is_told_and_leaves_the_others_as_they_are() -> None:
    desk, other = world.desk(), Bus("GOOD", stop_x(2))
    now = SIX + 2 * LEG
    for second in range(90):
        now += 1.0
        speed = other.second()
        astray = 400.0 + 10 * second
        fixes = [fix("LOST", astray, now, y=0.0 if second < 30 else -800.0), fix("GOOD", other.x, now, speed)]
        desk.turn(fixes, {"LOST": status(), "GOOD": status()}, world.quiet_road(), now)
    assert [finding.vehicle for finding in desk.findings if finding.kind == "off_route"] == ["LOST"]
    assert desk.buses["GOOD"].run.trip is not None
    assert not desk.buses["GOOD"].run.astray
    assert desk.buses["GOOD"].arrivals


def test_a_bus_that_was_never_near_a_line_is_no_bus_of_the_network() -> None:
    desk, now = world.desk(), SIX
    for _ in range(60):
        now += 1.0
        desk.turn([fix("FAR", 1000.0, now, y=50_000.0)], {"FAR": status()}, world.quiet_road(), now)
    assert desk.buses == {}
    assert all(finding.vehicle != "FAR" for finding in desk.findings)


@pytest.mark.parametrize(("along", "due"), [(300.0, 20.0), (550.0, 50.0), (0.0, 20.0), (6000.0, 11 * LEG)])
def test_between_stops_a_trip_is_due_in_proportion(along: float, due: float) -> None:
    timetable, _, _ = world.city()
    trip = next(trip for trip in timetable.between(SIX - 60, SIX + 60) if trip.trip.id == "e0")
    assert scheduled_at(trip, world.pattern(), along) == pytest.approx(SIX + due, abs=0.1)
    assert lateness(trip, world.pattern(), along, SIX + due - 30.0) == pytest.approx(-30.0, abs=0.1)


def test_an_early_bus_keeps_its_trip_until_the_one_before_fits_much_better() -> None:
    desk, bus = world.desk(), Bus("B", stop_x(0))
    start = SIX + HEADWAY - 60.0
    now = world.drive(desk, [bus], 20, start)
    trip = desk.buses["B"].run.trip
    assert trip is not None
    assert trip.trip.id == "e1"
    now = world.drive(desk, [bus], 200, now)
    assert desk.buses["B"].run.trip == trip
    assert (desk.buses["B"].late or 0.0) < 0.0
