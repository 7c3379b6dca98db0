"""The light ahead of a lane: over turn bays, with the groups of all turns and the vehicles in between."""

import numpy as np
import pytest
from advice_city import NOW, Vehicle, build_network, lights, scene_of

from cloudctl.advice.approaches import find_approaches
from cloudctl.advice.bus_approach import approaching_buses
from cloudctl.advice.glosa import Glosa
from maps.participants import ParticipantKind

PLACES = {"A": (0.0, 0.0), "M": (400.0, 0.0), "B": (460.0, 0.0), "C": (900.0, 0.0), "Z": (-700.0, 0.0)}
ROADS = [("ZA", "Z", "A", 1), ("AM", "A", "M", 1), ("MB", "M", "B", 1), ("BC", "B", "C", 1)]
NETWORK = build_network(PLACES, ROADS, ["B"], stops=[("MB", 30.0)])
LANE = {str(name): row for row, name in enumerate(NETWORK.lanes.id)}


def test_a_lane_before_a_turn_bay_knows_the_light_behind_the_bay() -> None:
    approaches = find_approaches(NETWORK)
    assert approaches.beyond[LANE["AM_0"]] == pytest.approx(60.0)
    assert approaches.groups[LANE["AM_0"]].tolist() == [0, -1, -1, -1]
    assert approaches.following[LANE["AM_0"]] == LANE["MB_0"]
    assert approaches.beyond[LANE["MB_0"]] == 0.0
    assert approaches.following[LANE["MB_0"]] == -1


def test_behind_a_light_or_too_far_before_it_there_is_none() -> None:
    approaches = find_approaches(NETWORK)
    assert np.isinf(approaches.beyond[LANE["BC_0"]])
    assert approaches.groups[LANE["BC_0"]].tolist() == [-1] * 4
    assert approaches.beyond[LANE["ZA_0"]] == pytest.approx(460.0)


def test_amounts_on_the_way_add_up() -> None:
    amount = np.arange(1, len(NETWORK.lanes.id) + 1) * 10
    lanes = np.array([LANE["ZA_0"], LANE["AM_0"], LANE["MB_0"]], np.int32)
    assert find_approaches(NETWORK).chain_sum(lanes, amount).tolist() == [50, 30, 0]


def test_a_route_names_the_group_of_its_turn() -> None:
    approaches = find_approaches(NETWORK)
    rows = NETWORK.link_rows
    assert approaches.group_on_route(rows["AM"], [rows["ZA"], rows["AM"], rows["MB"], rows["BC"]]) == 0
    assert approaches.group_on_route(rows["AM"], [rows["ZA"], rows["AM"]]) is None
    assert approaches.group_on_route(rows["BC"], [rows["ZA"], rows["AM"]]) is None


def test_green_wave_speed_counts_from_before_the_bay_and_sees_the_queue_in_it() -> None:
    signals = lights(NETWORK, green=False, change=NOW + 20.0)
    car = Vehicle("AM", 200.0, 14.0, device=1)
    (alone,) = Glosa().advise(scene_of(NETWORK, [car], signals=signals))
    assert alone.content["distance_m"] == pytest.approx(257.5, abs=0.1)
    queued = [car, Vehicle("MB", 55.0, 0.0), Vehicle("MB", 48.0, 0.0)]
    (behind,) = Glosa().advise(scene_of(NETWORK, queued, signals=signals))
    assert float(str(behind.content["speed_mps"])) < float(str(alone.content["speed_mps"]))


def test_a_bus_before_the_bay_counts_the_stop_within_it() -> None:
    bus = Vehicle("AM", 344.0, 10.0, device=1, kind=ParticipantKind.BUS)
    (approach,) = approaching_buses(scene_of(NETWORK, [bus]))
    assert approach.arrival == pytest.approx(NOW + (460.0 - 344.0 - 2.5) / 10.0 + 15.0, abs=0.1)
