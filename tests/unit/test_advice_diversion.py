"""Diversion: who is offered a way around, which, and how offers spread over streets."""

import dataclasses
from collections import Counter

import numpy as np
import pytest
from advice_city import NOW, Vehicle, build_network, free_links, scene_of

from cloudctl.advice.advisory import Advisory
from cloudctl.advice.diversion import Diversion
from cloudctl.advice.likely_paths import likely_exit, reach_probabilities
from cloudctl.advice.live_routes import LiveRoutes
from cloudctl.advice.scene import Scene
from cloudctl.advice.topology import Topology
from fusion.incidents import Incident, IncidentKind
from maps.participants import ParticipantKind

PLACES = {
    "A": (0.0, 0.0),
    "B": (400.0, 0.0),
    "C": (800.0, 0.0),
    "D": (1200.0, 0.0),
    "N": (400.0, 300.0),
    "O": (800.0, 300.0),
    "S": (400.0, -330.0),
    "T": (800.0, -330.0),
}
ROADS = [
    *[("AB", "A", "B", 1), ("BC", "B", "C", 1), ("CD", "C", "D", 1)],
    *[("BN", "B", "N", 1), ("NO", "N", "O", 1), ("OC", "O", "C", 1)],
    *[("BS", "B", "S", 1), ("ST", "S", "T", 1), ("TC", "T", "C", 1)],
]
NETWORK = build_network(PLACES, ROADS)
BLOCKED = NETWORK.link_rows["BC"]
INCIDENT = Incident("i1", IncidentKind.BLOCKED_LANE, NOW, NOW, None, 0, 0, BLOCKED, -1, (), 0.9, "A lane is blocked.")


def car(device: int, link: str = "AB", kind: ParticipantKind = ParticipantKind.CAR) -> Vehicle:
    return Vehicle(link, 50.0 + device, device=device, kind=kind)


def blocked(*vehicles: Vehicle, second: float = 0.0, routes: dict[int, tuple[int, ...]] | None = None) -> Scene:
    return scene_of(NETWORK, vehicles, now=NOW + second, incidents=(INCIDENT,), routes=routes)


def jammed(seconds: float, count: int) -> Scene:
    links = free_links(NETWORK)
    travel_time, level = links.travel_time.copy(), links.level.copy()
    travel_time[BLOCKED], level[BLOCKED] = seconds, 5
    links = dataclasses.replace(links, travel_time=travel_time, level=level)
    return scene_of(NETWORK, [car(device) for device in range(count)], links=links)


def advisor() -> Diversion:
    return Diversion(LiveRoutes(NETWORK))


def links_of(advisory: Advisory) -> tuple[str, ...]:
    links = advisory.content["links"]
    assert isinstance(links, list)
    return tuple(links)


def test_a_car_before_a_blocked_link_is_led_around_it_to_the_road_beyond() -> None:
    (advisory,) = advisor().advise(blocked(car(3)))
    assert advisory.target == "obu:CAR00003"
    assert links_of(advisory) in {("AB", "BN", "NO", "OC", "CD"), ("AB", "BS", "ST", "TC", "CD")}
    assert advisory.content["avoid"] == ["BC"]
    assert advisory.content["incident"] == "i1"


@pytest.mark.parametrize(
    "vehicle",
    [
        car(3, kind=ParticipantKind.BUS),
        car(3, link="CD"),
        car(3, link="NO"),
        dataclasses.replace(car(3), device=-1),
        car(3, kind=ParticipantKind.PEDESTRIAN),
    ],
    ids=["bus", "past it", "on another street", "no terminal", "on foot"],
)
def test_who_is_not_concerned_is_not_asked(vehicle: Vehicle) -> None:
    assert advisor().advise(blocked(vehicle)) == []


def test_a_car_with_a_known_route_elsewhere_is_not_asked() -> None:
    route = tuple(NETWORK.link_rows[link] for link in ("AB", "BN", "NO"))
    assert advisor().advise(blocked(car(3), routes={3: route})) == []


def test_each_car_is_asked_once_about_one_incident() -> None:
    diversion = advisor()
    assert len(diversion.advise(blocked(car(3)))) == 1
    assert diversion.advise(blocked(car(3), second=100.0)) == []


def test_a_jam_that_costs_less_than_the_detour_is_left_alone() -> None:
    assert advisor().advise(jammed(seconds=60.0, count=20)) == []


def test_a_jam_is_avoided_by_a_share_of_the_cars_only() -> None:
    advisories = advisor().advise(jammed(seconds=400.0, count=40))
    assert 5 <= len(advisories) < 40
    assert all(float(str(advisory.content["saves_s"])) >= 30.0 for advisory in advisories)


def test_many_cars_are_spread_over_both_streets() -> None:
    diversion = advisor()
    found: Counter[tuple[str, ...]] = Counter()
    for second in range(10):
        scene = blocked(*(car(device) for device in range(60)), second=float(second))
        found.update(links_of(advisory) for advisory in diversion.advise(scene))
    assert sum(found.values()) == 60
    assert len(found) == 2
    assert min(found.values()) >= 15


def test_probabilities_upstream_follow_the_turns() -> None:
    topology = Topology(NETWORK)
    likely = reach_probabilities(topology, BLOCKED, 2500.0, 0.2)
    share = topology.moves.share[(topology.moves.source == NETWORK.link_rows["AB"]) & topology.moves.straight]
    assert likely == {NETWORK.link_rows["AB"]: pytest.approx(float(share[0]))}
    assert likely_exit(topology, BLOCKED) == NETWORK.link_rows["CD"]
    assert likely_exit(topology, NETWORK.link_rows["CD"]) is None
    assert np.bincount(topology.moves.source, topology.moves.share)[0] == pytest.approx(1.0)
