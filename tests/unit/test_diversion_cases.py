"""Diversion from the first offer to its end: roadside units, compliance, measured effect."""

import dataclasses

import pytest
from advice_city import NOW, Vehicle, build_network, free_links, scene_of

from cloudctl.advice.advisory import Advisory
from cloudctl.advice.diversion import Diversion
from cloudctl.advice.diversion_cases import ANSWER_TIME, Told, followed_share, open_case
from cloudctl.advice.live_routes import LiveRoutes
from cloudctl.advice.scene import Scene
from cloudctl.publish.payloads import rsi_message
from fusion.incidents import Incident, IncidentKind

PLACES = {
    "A": (0.0, 0.0),
    "B": (400.0, 0.0),
    "C": (800.0, 0.0),
    "D": (1200.0, 0.0),
    "N": (400.0, 300.0),
    "O": (800.0, 300.0),
}
ROADS = [
    *[("AB", "A", "B", 1), ("BC", "B", "C", 1), ("CD", "C", "D", 1)],
    *[("BN", "B", "N", 1), ("NO", "N", "O", 1), ("OC", "O", "C", 1)],
]
NETWORK = build_network(PLACES, ROADS, signal_nodes=["B"])
BLOCKED = NETWORK.link_rows["BC"]
INCIDENT = Incident("i1", IncidentKind.BLOCKED_LANE, NOW, NOW, None, 0, 0, BLOCKED, -1, (), 0.9, "A lane is blocked.")
DETOUR = tuple(NETWORK.link_rows[link] for link in ("AB", "BN", "NO", "OC", "CD"))


def scene(
    second: float, *, blocked: bool = True, queue: float = 0.0, routes: dict[int, tuple[int, ...]] | None = None
) -> Scene:
    links = free_links(NETWORK)
    length = links.queue_length.copy()
    length[BLOCKED] = queue
    links = dataclasses.replace(links, queue_length=length)
    incidents = (INCIDENT,) if blocked else ()
    made = scene_of(
        NETWORK, [Vehicle("AB", 50.0, device=3)], now=NOW + second, incidents=incidents, routes=routes, links=links
    )
    return dataclasses.replace(made, roadside_units={0: "RSU-B"})


def by_target(advisories: list[Advisory]) -> dict[str, Advisory]:
    return {advisory.target: advisory for advisory in advisories}


def test_roadside_units_upstream_hear_of_a_diversion_as_an_event() -> None:
    told = by_target(Diversion(LiveRoutes(NETWORK)).advise(scene(0.0)))
    assert set(told) == {"obu:CAR00003", "rsu:RSU-B"}
    event = rsi_message(told["rsu:RSU-B"], 1, 0).rtes
    assert event is not None
    assert event[0].description is not None
    assert "saves" in str(event[0].description.text_string)
    assert told["rsu:RSU-B"].content["links"] == told["obu:CAR00003"].content["links"]


def test_the_end_of_the_cause_ends_the_diversion_for_vehicles_and_units() -> None:
    diversion = Diversion(LiveRoutes(NETWORK))
    first = by_target(diversion.advise(scene(0.0)))
    last = by_target(diversion.advise(scene(30.0, blocked=False)))
    assert set(last) == set(first)
    for target, advisory in last.items():
        assert advisory.replaces == first[target].id
        assert advisory.content["ended"] is True
        assert advisory.content["links"] == []
        assert advisory.valid_until == NOW + 30.0
    assert diversion.advise(scene(31.0, blocked=False)) == []


def test_the_last_word_carries_how_many_followed_and_what_was_measured() -> None:
    diversion = Diversion(LiveRoutes(NETWORK))
    diversion.advise(scene(0.0, queue=200.0))
    diversion.advise(scene(10.0, queue=150.0, routes={3: DETOUR}))
    last = by_target(diversion.advise(scene(30.0, blocked=False, queue=20.0)))["obu:CAR00003"]
    assert last.content["told"] == 1
    assert last.content["followed"] == 1
    effect = last.content["effect"]
    assert isinstance(effect, dict)
    assert effect["before"]["queue_m"] == 200.0
    assert effect["now"]["queue_m"] == 20.0
    assert effect["saved_s"] > 0


def test_a_route_that_keeps_to_the_closed_link_does_not_count_as_followed() -> None:
    case = open_case(scene(0.0), "i1", BLOCKED)
    case.told["CAR00003"] = Told("a", 100.0, 3, NOW)
    case.watch(scene(1.0, routes={3: (DETOUR[0], BLOCKED)}))
    assert not case.followed


@pytest.mark.parametrize(("age", "expected"), [(ANSWER_TIME - 1, 0.7), (ANSWER_TIME + 1, 7 / 30)])
def test_drivers_have_a_minute_to_follow_before_they_count(age: float, expected: float) -> None:
    case = open_case(scene(0.0), "i1", BLOCKED)
    case.told = {f"v{number}": Told("a", 60.0, number, NOW) for number in range(20)}
    assert followed_share([case], NOW + age) == pytest.approx(expected)
