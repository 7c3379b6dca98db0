"""Rules of desk work: which incident comes first, how floods fold, who is told of an event, what a corridor asks."""

import dataclasses

import pytest
from advice_city import NOW, Vehicle, build_network, lights, scene_of
from hypothesis import given
from hypothesis import strategies as st

from cloudctl.advice.bus_priority import BusPriority, PriorityRequest
from cloudctl.advice.scene import Scene
from cloudctl.incidents.corridor_plan import plan_corridor, planned_pace
from cloudctl.incidents.corridors import Corridors
from cloudctl.incidents.errors import UnusableWorkError
from cloudctl.incidents.folding import NEIGHBOURHOOD_M, Spot, apart, fold, sizes
from cloudctl.incidents.operator_events import OperatorEvents, targets
from cloudctl.incidents.priority import Sign, points, priority
from cloudctl.incidents.work import CorridorOrder, EventOrder
from cloudctl.publish.payloads import rsi_message
from ingest.messages.enumerations import EventSource

PLACES = {"A": (0.0, 0.0), "B": (500.0, 0.0), "C": (1000.0, 0.0), "D": (500.0, 400.0), "E": (1500.0, 0.0)}
ROADS = [("AB", "A", "B", 1), ("BC", "B", "C", 1), ("DB", "D", "B", 1), ("CE", "C", "E", 1)]
NETWORK = build_network(PLACES, ROADS, ["B", "C"])
LON, LAT = (float(each) for each in NETWORK.plane.inverse(500.0, 0.0))


def sign(kind: str = "congestion", road: int | None = 2, confidence: float = 0.8, age: float = 60.0) -> Sign:
    return Sign(kind, road, confidence, age)


def test_danger_to_life_comes_before_blocked_lanes_before_nuisance() -> None:
    kinds = ["wrong_way", "blocked_lane", "congestion", "illegal_parking"]
    assert [priority(sign(kind)) for kind in kinds] == [1, 1, 3, 4]
    assert sorted(kinds, key=lambda kind: -points(sign(kind))) == kinds


@given(st.sampled_from([1, 2, 3, 4, 5]), st.floats(0, 1), st.floats(0, 3600))
def test_a_faster_road_a_surer_sign_and_waiting_never_lower_the_priority(road: int, sure: float, age: float) -> None:
    here = points(sign(road=road, confidence=sure, age=age))
    assert points(sign(road=max(road - 1, 1), confidence=sure, age=age)) >= here
    assert points(sign(road=road, confidence=min(sure + 0.1, 1.0), age=age)) >= here
    assert points(sign(road=road, confidence=sure, age=age + 60.0)) >= here


def test_an_unknown_kind_off_the_network_without_confidence_still_gets_a_priority() -> None:
    assert priority(Sign("new_kind", None, float("nan"), -5.0)) == 4
    assert points(sign(road=0)) == points(sign(road=None))


def test_a_flood_folds_into_the_earliest_and_other_kinds_stay_apart() -> None:
    row = [Spot(f"i{number}", "congestion", NOW - number, LON + number * 0.002, LAT) for number in range(5)]
    other = Spot("o", "wrong_way", NOW, LON, LAT)
    far = Spot("f", "congestion", NOW - 99, LON + 0.5, LAT)
    groups = fold([*row, other, far])
    assert {groups[spot.id] for spot in row} == {"i4"}
    assert groups["o"] == "o"
    assert sizes(groups) == {"i4": 5, "o": 1, "f": 1}


@given(st.lists(st.tuples(st.floats(-0.01, 0.01), st.floats(-0.01, 0.01)), max_size=25), st.floats(-80, 80))
def test_folding_joins_exactly_what_hangs_together(offsets: list[tuple[float, float]], lat: float) -> None:
    spots = [Spot(str(n), "debris", float(n), 10 + east, lat + north) for n, (east, north) in enumerate(offsets)]
    groups = fold(spots)
    joined = {spot.id: {spot.id} for spot in spots}
    for one in spots:
        for other in spots:
            if apart(one.lon, one.lat, other.lon, other.lat) <= NEIGHBOURHOOD_M:
                together = joined[one.id] | joined[other.id]
                for name in together:
                    joined[name] = together
    assert groups == {name: min(members, key=int) for name, members in joined.items()}


def order(
    revision: int = 1, radius: float = 100.0, links: tuple[str, ...] = (), until: float = NOW + 600
) -> EventOrder:
    return EventOrder(
        id="e1", revision=revision, event_type=401, lon=LON, lat=LAT, radius_m=radius, links=links,
        text="Debris behind the junction", started=NOW, until=until,
    )  # fmt: skip


def scene(*vehicles: Vehicle, second: float = 0.0, units: dict[int, str] | None = None) -> Scene:
    red = lights(NETWORK, green=False, change=NOW + second + 40.0, received=NOW + second)
    made = scene_of(NETWORK, list(vehicles), now=NOW + second, signals=red)
    standing = {0: "RSU00001", 1: "RSU00002"} if units is None else units
    names = [f"CAR{row:05d}" for row in range(10)]
    return dataclasses.replace(made, roadside_units=standing, device_names=names)


def test_units_and_equipped_vehicles_of_the_area_are_told_and_others_are_not() -> None:
    inside, outside = Vehicle("AB", 450.0, device=3), Vehicle("AB", 10.0, device=4)
    silent = Vehicle("AB", 460.0)
    assert targets(scene(inside, outside, silent), order()) == ["rsu:RSU00001", "obu:CAR00003"]
    assert set(targets(scene(outside), order(links=("AB",)))) == {"rsu:RSU00001", "obu:CAR00004"}


def test_where_no_unit_stands_in_the_area_the_nearest_one_is_told() -> None:
    assert targets(scene(units={1: "RSU00002"}), order(radius=10.0)) == ["rsu:RSU00002"]
    assert targets(scene(units={}), order()) == []


def test_an_event_is_told_once_then_to_newcomers_and_again_when_it_is_changed() -> None:
    events = OperatorEvents()
    events.publish(order())
    first = events.advise(scene())
    assert [advisory.target for advisory in first] == ["rsu:RSU00001"]
    assert events.advise(scene(second=1.0)) == []
    (newcomer,) = events.advise(scene(Vehicle("AB", 450.0, device=3), second=2.0))
    assert newcomer.target == "obu:CAR00003"
    events.publish(order(revision=2))
    changed = events.advise(scene(second=3.0))
    assert [(advisory.target, advisory.replaces) for advisory in changed] == [("rsu:RSU00001", first[0].id)]


def test_what_became_of_the_messages_is_told_and_vehicles_are_only_counted() -> None:
    events = OperatorEvents()
    events.publish(order())
    unit, car = events.advise(scene(Vehicle("AB", 450.0, device=3)))
    events.settled(unit.id, "accepted", NOW + 1)
    events.settled(car.id, "rejected", NOW + 1)
    events.settled("unheard of", "accepted", NOW + 1)
    (state,) = events.states()
    assert state.units == {"RSU00001": "accepted"}
    assert state.vehicles == {"rejected": 1}


def test_a_unit_that_did_not_answer_is_told_again_a_minute_later() -> None:
    events = OperatorEvents()
    events.publish(order())
    (first,) = events.advise(scene())
    events.settled(first.id, "connection_abnormal", NOW + 12)
    assert events.advise(scene(second=30.0)) == []
    assert [advisory.replaces for advisory in events.advise(scene(second=75.0))] == [first.id]


@pytest.mark.parametrize("how", ["by hand", "by time"])
def test_all_who_were_told_hear_that_it_is_over(how: str) -> None:
    events = OperatorEvents()
    events.publish(order())
    events.advise(scene(Vehicle("AB", 450.0, device=3)))
    if how == "by hand":
        assert events.end("e1")
    over = events.advise(scene(second=5.0 if how == "by hand" else 601.0))
    assert [(each.target, each.content["ended"]) for each in over] == [("rsu:RSU00001", True), ("obu:CAR00003", True)]
    assert events.states() == ()
    assert not events.end("e1")


def test_the_unit_reads_an_event_of_the_police_with_its_text_and_no_path() -> None:
    events = OperatorEvents()
    events.publish(order())
    (advisory,) = events.advise(scene())
    message = rsi_message(advisory, 7, 1)
    assert message.rtes is not None
    (event,) = message.rtes
    assert (event.event_type, event.event_source, event.priority) == (401, EventSource.POLICE, "C0")
    assert event.description is not None
    assert event.description.text_string == "Debris behind the junction"
    assert event.reference_paths is None
    assert event.event_radius == 1000


def corridor(until: float = NOW + 600, vehicle: str = "CAR00003") -> CorridorOrder:
    return CorridorOrder(id="c1", revision=1, vehicle=vehicle, links=("AB", "BC", "CE"), opened=NOW, until=until)


def opened(held: frozenset[int] = frozenset(), vehicle: str = "CAR00003") -> tuple[Corridors, list[PriorityRequest]]:
    asked: list[PriorityRequest] = []
    corridors = Corridors(NETWORK, asked.append, lambda _: "", held.__contains__)
    corridors.open(corridor(vehicle=vehicle))
    return corridors, asked


def test_the_plan_names_every_light_on_the_way_with_its_place() -> None:
    plan = plan_corridor(NETWORK, ["AB", "BC", "CE"])
    assert [(stop.signal, stop.along) for stop in plan.stops] == [(0, 500.0), (1, 1000.0)]
    assert plan.length == 1500.0
    assert plan.seconds(250.0, 500.0, planned_pace(NETWORK, plan)) == pytest.approx(250.0 / 18.0)


@pytest.mark.parametrize("links", [["AB", "CE"], ["nowhere"], []], ids=["gap", "unknown", "none"])
def test_links_that_do_not_join_are_no_way(links: list[str]) -> None:
    with pytest.raises(UnusableWorkError):
        plan_corridor(NETWORK, links)


def test_signals_are_asked_a_minute_ahead_of_the_vehicle_and_not_behind_it() -> None:
    corridors, asked = opened()
    corridors.follow(scene(Vehicle("AB", 480.0, device=3)))
    assert [(request.group, request.urgent) for request in asked] == [(0, True), (2, True)]
    asked.clear()
    corridors.follow(scene(Vehicle("BC", 100.0, device=3), second=10.0))
    assert [request.group for request in asked] == [2]
    (state,) = corridors.states()
    assert state.seen
    assert state.along_m == 600.0
    assert [stop.status for stop in state.stops] == ["passed", "ahead"]


def test_a_vehicle_that_is_not_heard_is_reckoned_to_drive_on() -> None:
    corridors, _ = opened(vehicle="")
    corridors.follow(scene())
    corridors.follow(scene(second=10.0))
    (state,) = corridors.states()
    assert not state.seen
    assert 140.0 < state.along_m < 190.0
    for second in range(20, 200, 10):
        corridors.follow(scene(second=float(second)))
    assert corridors.states() == ()


def test_a_closed_corridor_asks_nothing_more() -> None:
    corridors, asked = opened()
    assert corridors.close("c1")
    corridors.follow(scene(Vehicle("AB", 480.0, device=3)))
    assert asked == []
    assert not corridors.close("c1")


def request(vehicle: str, group: int, *, urgent: bool = False, lateness: float = 0.0) -> PriorityRequest:
    return PriorityRequest(vehicle, group, NOW + 20.0, NOW, NOW + 60.0, f"r-{vehicle}", lateness, urgent)


def test_an_emergency_comes_before_the_latest_bus_and_does_not_wait_for_recovery() -> None:
    desk = BusPriority()
    desk.request(request("BUS00001", 0, lateness=900.0))
    desk.request(request("EMERG001", 1, urgent=True))
    (first,) = desk.advise(scene())
    assert (first.content["vehicle"], first.content["urgent"]) == ("EMERG001", True)
    assert "Emergency vehicle" in first.reason
    assert desk.advise(scene(second=1.0)) == []
    desk.request(request("EMERG002", 1, urgent=True))
    (second,) = desk.advise(scene(second=2.0))
    assert second.content["vehicle"] == "EMERG002"
    assert desk.answer_of("r-EMERG001") == "asked"
    desk.answer(first.id, granted=True, now=NOW + 2)
    assert desk.answer_of("r-EMERG001") == "granted"


def test_nothing_is_asked_of_a_held_signal_until_the_hold_is_over() -> None:
    desk = BusPriority()
    desk.held[0] = NOW + 10
    desk.request(request("BUS00001", 0))
    desk.request(request("EMERG001", 1, urgent=True))
    desk.request(request("BUS00002", 2))
    assert [advisory.content["vehicle"] for advisory in desk.advise(scene())] == ["BUS00002"]
    assert desk.held_back == {0: 1}
    assert [advisory.content["vehicle"] for advisory in desk.advise(scene(second=11.0))] == ["EMERG001"]
    assert desk.held == {}
