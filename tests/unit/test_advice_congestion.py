"""Congestion events: raised when sustained, repeated while they last, ended once, sent upstream."""

import dataclasses

import pytest
from advice_city import NOW, build_network, free_links, scene_of

from cloudctl.advice.advisory import Advisory
from cloudctl.advice.congestion import Congestion, upstream_units
from cloudctl.advice.scene import Scene
from cloudctl.incidents.event_types import BY_CODE
from fusion.incidents import Incident, IncidentKind

PLACES = {name: (400.0 * i, 0.0) for i, name in enumerate("ABCDEF")}
ROADS = [(f"{a}{b}", a, b, 1) for a, b in zip("ABCDE", "BCDEF", strict=True)]
NETWORK = build_network(PLACES, ROADS, ["B", "C", "D", "E"])
UNITS = {row: f"RSU{row:05d}" for row in range(4)}
JAMMED = NETWORK.link_rows["EF"]


JAM = Incident("i2", IncidentKind.CONGESTION, NOW, NOW, None, 0, 0, JAMMED, -1, (), 0.9, "It is jammed.")


def scene(second: float, *, incidents: tuple[Incident, ...] = ()) -> Scene:
    links = free_links(NETWORK)
    return scene_of(NETWORK, now=NOW + second, links=links, incidents=incidents, roadside_units=UNITS)


def run(advisor: Congestion, jammed: dict[int, bool]) -> dict[int, list[Advisory]]:
    return {second: advisor.advise(scene(second, incidents=(JAM,) * jam)) for second, jam in jammed.items()}


def test_units_upstream_within_reach_are_found_nearest_first() -> None:
    assert upstream_units(scene(0), JAMMED) == ("RSU00003", "RSU00002", "RSU00001")


def test_a_jam_is_told_at_once_and_repeated_twice_a_minute() -> None:
    told = run(Congestion(), dict.fromkeys(range(61), True))
    assert [second for second, advisories in told.items() if advisories] == [0, 30, 60]
    assert [advisory.target for advisory in told[0]] == ["rsu:RSU00003", "rsu:RSU00002", "rsu:RSU00001"]
    assert {str(advisory.content["alert"]) for second in (0, 30, 60) for advisory in told[second]} == {
        str(told[0][0].content["alert"])
    }
    assert told[30][1].replaces == told[0][1].id
    assert told[0][0].content["event_type"] == 707


def test_the_end_is_told_once_to_those_who_were_told() -> None:
    told = run(Congestion(), {second: second < 35 for second in range(60)})
    assert [second for second, advisories in told.items() if advisories] == [0, 30, 44]
    assert [advisory.content["ended"] for advisory in told[44]] == [True] * 3


def test_an_incident_is_told_at_once_with_its_own_code() -> None:
    stopped = Incident("i1", IncidentKind.STOPPED_VEHICLE, NOW, NOW, None, 0, 0, JAMMED, -1, (1,), 0.9, "It stands.")
    advisories = Congestion().advise(scene(0, incidents=(stopped,)))
    assert {advisory.content["event_type"] for advisory in advisories} == {903}
    closed = dataclasses.replace(stopped, ended=NOW)
    assert Congestion().advise(scene(0, incidents=(closed,))) == []


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (IncidentKind.BLOCKED_LANE, 401),
        (IncidentKind.DEBRIS, 401),
        (IncidentKind.ANIMAL_ON_CARRIAGEWAY, 406),
        (IncidentKind.PEDESTRIAN_ON_CARRIAGEWAY, 405),
        (IncidentKind.CONGESTION_TAIL, 707),
        (IncidentKind.SPILL_BACK, 707),
        (IncidentKind.SLOW_VEHICLE, 902),
        (IncidentKind.WRONG_WAY, 904),
    ],
)
def test_each_hazard_has_a_code_that_the_platform_knows_by_name(kind: IncidentKind, code: int) -> None:
    found = Incident("i1", kind, NOW, NOW, None, 0, 0, JAMMED, -1, (1,), 0.9, "It is there.")
    advisories = Congestion().advise(scene(0, incidents=(found,)))
    assert {advisory.content["event_type"] for advisory in advisories} == {code}
    assert code in BY_CODE


@pytest.mark.parametrize("kind", [IncidentKind.NEAR_MISS, IncidentKind.SUDDEN_BRAKING, IncidentKind.RED_LIGHT_PASSAGE])
def test_what_is_over_in_a_moment_is_not_told_upstream(kind: IncidentKind) -> None:
    found = Incident("i1", kind, NOW, NOW, None, 0, 0, JAMMED, -1, (1,), 0.9, "It was there.")
    assert Congestion().advise(scene(0, incidents=(found,))) == []
