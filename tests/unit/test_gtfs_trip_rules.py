"""That each rule about trips, their stops and shapes can be broken, and that a trip by headway is told as such."""

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest
import transit_world as world
from google.transit import gtfs_realtime_pb2 as pb
from gtfs_rules import Iteration
from gtfs_trip_rules import OF_TRIPS
from transit_samples import transit_state

from cloudctl.feeds.gtfs_realtime import alerts, trip_updates, vehicle_positions
from cloudctl.transit.state import TransitState
from cloudctl.transit.timetable import Timetable

NOW = world.SIX + 6 * world.LEG + 30


def read(state: TransitState) -> Iteration:
    parts = (vehicle_positions(state, NOW), trip_updates(state, NOW), alerts(state, {}, NOW))
    first, second, third = (pb.FeedMessage.FromString(body) for body in parts)
    return Iteration(NOW, first, second, third)


def timetable(*, exact: bool = True, twice: bool = False) -> Timetable:
    """The world's timetable with a shape along the road; by headway, or with a stop that is called at twice."""
    plain = world.city()[0]
    points = tuple((stop.lon, stop.lat) for stop in plain.stops.values())
    trips = {}
    for name, trip in plain.trips.items():
        calls = (*trip.calls[:-1], replace(trip.calls[-1], stop=trip.calls[0].stop)) if twice else trip.calls
        trips[name] = replace(trip, shape="road", exact=exact, calls=calls)
    return replace(plain, shapes={"road": points}, trips=trips)


def stops(each: Iteration) -> list[pb.TripUpdate.StopTimeUpdate]:
    return list(each.updates.entity[0].trip_update.stop_time_update)


def _of_trip(field: str, value: object) -> Callable[[Iteration], None]:
    return lambda each: setattr(each.updates.entity[0].trip_update.trip, field, value)


def _of_stop(field: str, value: object) -> Callable[[Iteration], None]:
    return lambda each: setattr(stops(each)[1], field, value)


def _like_the_one_before(field: str) -> Callable[[Iteration], None]:
    return lambda each: setattr(stops(each)[1], field, getattr(stops(each)[0], field))


def _unnamed(each: Iteration) -> None:
    stop = stops(each)[0]
    stop.ClearField("stop_id")
    stop.ClearField("stop_sequence")


def _empty_event(each: Iteration) -> None:
    arrival = stops(each)[0].arrival
    arrival.ClearField("time")
    arrival.ClearField("delay")


def _empty_selector(each: Iteration) -> None:
    each.alerts.entity[0].alert.informed_entity[0].Clear()


BROKEN: dict[str, Callable[[Iteration], None]] = {
    "E002": _of_stop("stop_sequence", 999), "E006": lambda _: None,
    "E009": lambda each: stops(each)[0].ClearField("stop_sequence"),
    "E011": _of_stop("stop_id", "nowhere"), "E013": lambda _: None, "E020": _of_trip("start_time", "25:61:00"),
    "E021": _of_trip("start_date", "20261332"), "E023": _of_trip("start_time", "06:00:00"),
    "E024": _of_trip("direction_id", 1),
    "E029": lambda each: setattr(each.positions.entity[0].vehicle.position, "latitude", 28.21),
    "E032": lambda each: each.alerts.entity[0].alert.ClearField("informed_entity"), "E033": _empty_selector,
    "E035": _of_trip("route_id", "2"), "E036": _like_the_one_before("stop_sequence"),
    "E037": _like_the_one_before("stop_id"), "E040": _unnamed,
    "E041": lambda each: each.updates.entity[0].trip_update.ClearField("stop_time_update"),
    "E043": lambda each: stops(each)[0].ClearField("arrival"), "E044": _empty_event,
    "E048": lambda each: each.alerts.header.ClearField("timestamp"),
    "E049": lambda each: each.updates.header.ClearField("incrementality"), "E051": _of_stop("stop_sequence", 3),
    "W003": lambda each: each.updates.ClearField("entity"), "W006": _of_trip("trip_id", ""),
}  # fmt: skip


@pytest.mark.parametrize("rule", sorted(OF_TRIPS))
def test_a_feed_that_breaks_the_rule_is_found(rule: str) -> None:
    each, by_headway = read(transit_state(NOW)), rule in {"E006", "E013"}
    assert not list(OF_TRIPS[rule](each, timetable()))
    BROKEN[rule](each)
    assert list(OF_TRIPS[rule](each, timetable(exact=not by_headway, twice=rule == "E009")))


def test_a_trip_by_headway_is_unscheduled_and_named_with_its_start() -> None:
    state = transit_state(NOW)
    buses = tuple(msgspec.structs.replace(bus, exact=False, start_time="06:00:20") for bus in state.buses)
    each = read(msgspec.structs.replace(state, buses=buses))
    for rule in ("E006", "E013", "E020"):
        assert not list(OF_TRIPS[rule](each, timetable(exact=False)))


def test_a_bus_that_has_passed_its_last_stop_is_in_neither_feed() -> None:
    state = transit_state(NOW)
    buses = (msgspec.structs.replace(state.buses[0], arrivals=()), *state.buses[1:])
    each = read(msgspec.structs.replace(state, buses=buses))
    assert state.buses[0].vehicle not in {entity.id for entity in each.positions.entity}
    assert not list(OF_TRIPS["W003"](each, timetable()))
