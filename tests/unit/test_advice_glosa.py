"""Green-wave speed: who is advised, what, and when nobody is."""

import dataclasses

import numpy as np
import pytest
from advice_city import LIMIT, NOW, Vehicle, build_network, lights, scene_of

from cloudctl.advice.advisory import Advisory
from cloudctl.advice.glosa import Glosa
from cloudctl.advice.green_wave import arrival_time
from cloudctl.advice.scene import Scene
from maps.network import RoadNetwork
from maps.participants import ParticipantKind

PLACES = {"A": (0.0, 0.0), "B": (500.0, 0.0), "C": (900.0, 0.0), "D": (500.0, 400.0)}
ROADS = [("AB", "A", "B", 1), ("BC", "B", "C", 1), ("DB", "D", "B", 1), ("BD", "B", "D", 1)]
NETWORK = build_network(PLACES, ROADS, ["B"])


def advise(scene: Scene) -> list[Advisory]:
    return Glosa().advise(scene)


def red_scene(
    vehicles: list[Vehicle], *, green_in: float, now: float = NOW, age: float = 0.1, conf: float = 1.0
) -> Scene:
    signals = lights(NETWORK, green=False, change=now + green_in, received=now - age, conf=conf)
    return scene_of(NETWORK, vehicles, now=now, signals=signals)


def test_before_a_red_the_speed_arrives_after_it_turns_green() -> None:
    (advisory,) = advise(red_scene([Vehicle("AB", 200.0, 14.0, device=7)], green_in=25.0))
    assert advisory.target == "obu:CAR00007"
    speed, distance = (
        np.array([advisory.content["speed_mps"]], float),
        np.array([advisory.content["distance_m"]], float),
    )
    assert LIMIT / 2 <= speed[0] <= LIMIT
    arrival = NOW + float(arrival_time(distance, np.array([14.0]), speed)[0])
    assert float(str(advisory.content["green_start"])) <= arrival <= float(str(advisory.content["green_end"]))
    assert advisory.content["phase_id"] == 1
    assert advisory.content["signal"] == "SB"


def test_a_queue_ahead_makes_the_advised_arrival_later() -> None:
    alone = advise(red_scene([Vehicle("AB", 200.0, 14.0, device=7)], green_in=15.0))
    queue = [Vehicle("AB", 490.0, 0.0), Vehicle("AB", 483.0, 0.0)]
    behind = advise(red_scene([Vehicle("AB", 200.0, 14.0, device=7), *queue], green_in=15.0))
    assert float(str(behind[0].content["speed_mps"])) < float(str(alone[0].content["speed_mps"]))


def test_a_green_that_lasts_long_enough_is_confirmed_at_the_limit() -> None:
    scene = scene_of(
        NETWORK, [Vehicle("AB", 200.0, 14.0, device=7)], signals=lights(NETWORK, green=True, change=NOW + 40.0)
    )
    assert advise(scene)[0].content["speed_mps"] == LIMIT


@pytest.mark.parametrize(
    ("age", "conf", "green_in"),
    [(2.5, 1.0, 25.0), (0.1, 0.4, 25.0), (0.1, 1.0, 120.0), (0.1, 1.0, float("nan"))],
    ids=["stale SPAT", "unsure SPAT", "green too far off", "green unknown"],
)
def test_no_advice_is_given_rather_than_wrong_advice(age: float, conf: float, green_in: float) -> None:
    vehicle = Vehicle("AB", 200.0, 14.0, device=7)
    assert advise(red_scene([vehicle], green_in=green_in, age=age, conf=conf)) == []


@pytest.mark.parametrize(
    "vehicle",
    [
        Vehicle("AB", 200.0, 14.0),
        Vehicle("AB", 485.0, 14.0, device=7),
        Vehicle("AB", 200.0, 0.5, device=7),
        Vehicle("AB", 200.0, 14.0, device=7, kind=ParticipantKind.CYCLIST),
        Vehicle("BC", 100.0, 14.0, device=7),
    ],
    ids=["no terminal", "at the stop line", "standing", "cyclist", "no light ahead"],
)
def test_who_has_no_use_for_advice_gets_none(vehicle: Vehicle) -> None:
    assert advise(red_scene([vehicle], green_in=20.0)) == []


def split_lane_network() -> RoadNetwork:
    """Let the left turn from AB into BD obey the light of DB."""
    group = NETWORK.connections.group.copy()
    lanes = NETWORK.lanes
    group[(lanes.id[NETWORK.connections.from_lane] == "AB_0") & (lanes.id[NETWORK.connections.to_lane] == "BD_0")] = 1
    return dataclasses.replace(NETWORK, connections=dataclasses.replace(NETWORK.connections, group=group))


def split_scene(routes: dict[int, tuple[int, ...]] | None = None) -> Scene:
    network = split_lane_network()
    signals = lights(network, green=False, change=NOW + 25.0)
    later = np.array([NOW + 25.0, NOW + 29.0])
    signals = dataclasses.replace(signals, next_green=later, likely_end=later, min_end=later)
    return scene_of(network, [Vehicle("AB", 200.0, 14.0, device=7)], signals=signals, routes=routes)


def test_a_lane_whose_turns_have_different_lights_gets_no_advice() -> None:
    assert advise(split_scene()) == []


def test_a_known_route_tells_which_light_counts() -> None:
    route = (NETWORK.link_rows["AB"], NETWORK.link_rows["BD"])
    (advisory,) = advise(split_scene(routes={7: route}))
    assert advisory.content["phase_id"] == 2


def test_the_same_advice_is_not_repeated_within_five_seconds() -> None:
    glosa = Glosa()
    given = [
        glosa.advise(red_scene([Vehicle("AB", 200.0 + 12 * t, 12.0, device=7)], green_in=25.0 - t, now=NOW + t))
        for t in (0.0, 0.5, 1.0, 5.0)
    ]
    assert [len(advisories) for advisories in given] == [1, 0, 0, 1]
    assert given[3][0].replaces == given[0][0].id


def test_a_changed_light_is_told_at_once() -> None:
    glosa = Glosa()
    vehicle = Vehicle("AB", 200.0, 14.0, device=7)
    assert len(glosa.advise(red_scene([vehicle], green_in=30.0))) == 1
    assert len(glosa.advise(red_scene([vehicle], green_in=22.0, now=NOW + 0.5))) == 1
