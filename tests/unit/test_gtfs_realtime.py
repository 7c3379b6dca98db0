"""Ten minutes of GTFS-Realtime, read by protoc, against the MobilityData rules; and that each rule can be broken."""

from collections.abc import Callable
from pathlib import Path

import gtfs_rules as rules
import msgspec
import pytest
import transit_world as world
from google.transit import gtfs_realtime_pb2 as pb
from gtfs_rules import Iteration
from gtfs_trip_rules import OF_TRIPS
from transit_samples import transit_state

from cloudctl.feeds.gtfs_realtime import NEWEST, alerts, trip_updates, vehicle_positions
from cloudctl.transit.describe import describe
from cloudctl.transit.gtfs_import import import_gtfs
from cloudctl.transit.state import TransitState

OF_ONE = {**rules.OF_ONE, **OF_TRIPS}
RULES = sorted([*OF_ONE, *rules.BETWEEN])


def feeds_of(state: TransitState, now: float) -> tuple[bytes, bytes, bytes]:
    return vehicle_positions(state, now), trip_updates(state, now), alerts(state, {"1": "1路"}, now)


def read(state: TransitState, now: float) -> Iteration:
    parts = [pb.FeedMessage.FromString(body) for body in feeds_of(state, now)]
    return Iteration(now, parts[0], parts[1], parts[2])


@pytest.fixture(scope="module")
def ten_minutes(tmp_path_factory: pytest.TempPathFactory) -> list[Iteration]:
    """A feed every 15 s of ten minutes in which four buses drive, one of them away from the line; by protoc."""
    schema = rules.schema_file(tmp_path_factory.mktemp("schema"))
    desk, now = world.desk(), world.SIX + 6 * world.LEG
    buses = [world.Bus(f"B{n}", world.stop_x(n) + 20.0) for n in (0, 3, 6)]
    found = []
    for _ in range(41):
        now = world.drive(desk, buses, 15, now)
        state = describe(desk, world.network().plane, lambda _: 3, {}, now)
        parts = [rules.by_protoc(body, schema) for body in feeds_of(state, now + 0.4)]
        found.append(Iteration(now + 0.4, parts[0], parts[1], parts[2]))
    return found


@pytest.mark.parametrize("rule", RULES)
def test_ten_minutes_keep_the_rule(ten_minutes: list[Iteration], rule: str) -> None:
    assert rules.check(ten_minutes, world.city()[0], OF_ONE)[rule] == []


def test_ten_minutes_tell_of_every_bus_and_its_stops(ten_minutes: list[Iteration]) -> None:
    assert {len(each.positions.entity) for each in ten_minutes[:5]} == {3}
    first = ten_minutes[0].updates.entity[0].trip_update
    assert len(first.stop_time_update) == world.BLOCKS - 1
    assert first.stop_time_update[0].stop_sequence == world.SEQUENCES[1]
    assert all(stop.arrival.uncertainty > 0 for stop in first.stop_time_update)
    assert ten_minutes[0].positions.entity[0].vehicle.congestion_level == pb.VehiclePosition.STOP_AND_GO


def _break(name: str) -> Callable[[Iteration], None]:
    def late_arrival(each: Iteration) -> None:
        update = each.updates.entity[0].trip_update
        update.stop_time_update[1].arrival.time = update.stop_time_update[0].arrival.time

    def early_departure(each: Iteration) -> None:
        stop = each.updates.entity[0].trip_update.stop_time_update[0]
        stop.departure.time = stop.arrival.time - 5

    def vehicle(field: str, value: object) -> Callable[[Iteration], None]:
        return lambda each: setattr(each.positions.entity[0].vehicle, field, value)

    def position(field: str, value: float) -> Callable[[Iteration], None]:
        return lambda each: setattr(each.positions.entity[0].vehicle.position, field, value)

    def trip(field: str, value: str) -> Callable[[Iteration], None]:
        return lambda each: setattr(each.updates.entity[0].trip_update.trip, field, value)

    def header(field: str, value: object) -> Callable[[Iteration], None]:
        return lambda each: setattr(each.positions.header, field, value)

    return {
        "E001": vehicle("timestamp", 17), "E003": trip("trip_id", "none"), "E004": trip("route_id", "none"),
        "E012": vehicle("timestamp", 1_900_000_000), "E022": late_arrival, "E025": early_departure,
        "E026": position("latitude", 91.0), "E027": position("bearing", 361.0), "E028": position("longitude", 10.0),
        "E038": header("gtfs_realtime_version", "3"),
        "E039": lambda each: setattr(each.positions.entity[0], "is_deleted", True),
        "E045": vehicle("current_stop_sequence", 7), "E047": trip("trip_id", "e9"),
        "E050": header("timestamp", 2_000_000_000),
        "E052": lambda each: setattr(each.positions.entity[0], "id", each.positions.entity[1].id),
        "W001": vehicle("timestamp", 0),
        "W002": lambda each: each.positions.entity[0].vehicle.vehicle.ClearField("id"),
        "W004": position("speed", 40.0), "W008": header("timestamp", 1_700_000_000),
        "W009": lambda each: each.updates.entity[0].trip_update.trip.ClearField("schedule_relationship"),
    }[name]  # fmt: skip


@pytest.mark.parametrize("rule", sorted(rules.OF_ONE))
def test_a_feed_that_breaks_a_rule_is_found(rule: str) -> None:
    now = world.SIX + 6 * world.LEG + 30
    each = read(transit_state(now), now)
    timetable = world.city()[0]
    assert not list(rules.OF_ONE[rule](each, timetable))
    _break(rule)(each)
    if rule == "E003":
        assert list(rules.e003(each, timetable))
        return
    assert list(rules.OF_ONE[rule](each, timetable))


def test_headers_that_stand_still_go_back_or_come_rarely_are_found() -> None:
    now = world.SIX + 6 * world.LEG + 30
    state = transit_state(now)
    first, still = read(state, now), read(state, now)
    still.positions.entity[0].vehicle.position.speed += 1.0
    assert rules.between(first, still)["E017"]
    late = read(msgspec.structs.replace(state, time=now + 60), now + 60)
    assert rules.between(first, late)["W007"]
    assert rules.between(late, first)["E018"]


def test_a_city_without_buses_has_empty_feeds_that_are_valid() -> None:
    now = world.SIX
    each = read(TransitState.empty(now), now)
    assert all(not feed.entity for feed in each.all())
    assert not any(rules.check([each], world.city()[0], OF_ONE).values())


def test_a_bus_not_heard_of_lately_off_its_route_or_without_trip_is_left_out() -> None:
    now = world.SIX + 6 * world.LEG + 30
    state = transit_state(now)
    old, away, lost, kept = state.buses
    changed = (
        msgspec.structs.replace(old, updated=now - NEWEST - 1),
        msgspec.structs.replace(away, astray=True),
        msgspec.structs.replace(lost, trip=None),
        kept,
    )
    each = read(msgspec.structs.replace(state, buses=changed), now)
    assert [entity.id for entity in each.positions.entity] == [kept.vehicle]


def test_a_trip_that_two_buses_claim_is_told_once() -> None:
    now = world.SIX + 6 * world.LEG + 30
    state = transit_state(now)
    first, second = state.buses[:2]
    twin = msgspec.structs.replace(second, trip=first.trip, trip_id=first.trip_id, lateness=(first.lateness or 0) + 900)
    each = read(msgspec.structs.replace(state, buses=(first, twin)), now)
    assert [entity.id for entity in each.positions.entity] == [first.vehicle]


def test_a_trip_by_frequency_is_named_with_its_start(tmp_path: Path) -> None:
    rows = "trip_id,start_time,end_time,headway_secs\ne0,06:00:20,07:00:00,600\n"
    trips = import_gtfs(world.write_gtfs(tmp_path / "g.zip", frequencies=rows)).timetable.trips
    repeated = [trip for trip in trips.values() if trip.template]
    assert {trip.published_id for trip in repeated} == {"e0"}
    assert sorted(trip.start_time for trip in repeated)[:2] == ["06:00:20", "06:10:20"]
    assert [call.sequence for call in repeated[0].calls] == list(world.SEQUENCES)
    now = world.SIX + 6 * world.LEG + 30
    bus = msgspec.structs.replace(transit_state(now).buses[0], start_time="06:10:20")
    each = read(msgspec.structs.replace(transit_state(now), buses=(bus,)), now)
    assert each.positions.entity[0].vehicle.trip.start_time == "06:10:20"


def test_alerts_are_in_both_languages() -> None:
    now = world.SIX + 6 * world.LEG + 30
    each = read(transit_state(now), now)
    texts = [[part.language for part in entity.alert.header_text.translation] for entity in each.alerts.entity]
    assert texts == [["zh", "en"], ["zh", "en"]]
    assert each.alerts.entity[0].alert.header_text.translation[0].text == "1路：间隔过大"
