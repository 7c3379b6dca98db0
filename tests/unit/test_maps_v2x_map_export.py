"""The MAP message keeps to the bounds and names of T/CSAE 53-2020 and says what the network says."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from maps_city import SIGNALS, imported

from maps.network import RoadNetwork, Turn
from maps.v2x_map_export import map_message, node_reference


def _network() -> RoadNetwork:
    return imported().network


def _node(row: int, network: RoadNetwork | None = None) -> Any:
    message: Any = map_message(network or _network(), row, msg_cnt=130, moy=77)
    assert (message["msgCnt"], message["timeStamp"], len(message["nodes"])) == (2, 77, 1)
    return message["nodes"][0]


def _lanes(row: int) -> list[tuple[Any, Any]]:
    return [(link, lane) for link in _node(row)["inLinks"] for lane in link["lanes"]]


@pytest.mark.parametrize("row", range(len(SIGNALS)))
def test_node_is_the_signal(row: int) -> None:
    network, node = _network(), _node(row)
    lon, lat = network.plane.inverse(network.signals.x[row], network.signals.y[row])
    assert node["id"] == {"region": 4301, "id": 256 + row}
    assert node["refPos"]["long"] == pytest.approx(float(lon) * 1e7, abs=1)
    assert node["refPos"]["lat"] == pytest.approx(float(lat) * 1e7, abs=1)
    assert node["name"] == f"Avenue {row} & Road 1"


@pytest.mark.parametrize("row", range(len(SIGNALS)))
def test_every_link_with_a_light_leads_in(row: int) -> None:
    network = _network()
    lit = network.connections.from_lane[network.connections.signal == row]
    wanted = {str(network.links.name_en[link]) for link in np.unique(network.lanes.link[lit])}
    links = _node(row)["inLinks"]
    assert len(links) == len(np.unique(network.lanes.link[lit]))
    assert {link["name"] for link in links} == wanted


def test_bounds_of_the_standard_hold() -> None:
    for row in range(len(SIGNALS)):
        assert 1 <= len(_node(row)["inLinks"]) <= 32
        for link, lane in _lanes(row):
            assert 1 <= len(link["lanes"]) <= 32
            assert 1 <= len(link["movements"]) <= 32
            assert 2 <= len(link["points"]) <= 31
            assert 2 <= len(lane["points"]) <= 31
            assert 1 <= len(lane["connectsTo"]) <= 16
            assert 1 <= lane["laneID"] <= 254
            assert len(lane["maneuvers"]) == 12
            assert set(lane["maneuvers"]) <= {"0", "1"}


def test_pavements_are_left_out() -> None:
    for _, lane in _lanes(1):
        assert lane["laneID"] >= 2


def test_every_connection_of_the_network_is_told_with_its_phase() -> None:
    network = _network()
    for row in range(len(SIGNALS)):
        told = [entry for _, lane in _lanes(row) for entry in lane["connectsTo"]]
        own = np.flatnonzero(network.connections.signal == row)
        assert sorted(entry["phaseId"] for entry in told) == sorted(
            network.groups.phase_id[network.connections.group[own]].tolist()
        )


def test_maneuvers_are_the_turns_of_the_lane() -> None:
    letters = {Turn.STRAIGHT: 0, Turn.LEFT: 1, Turn.RIGHT: 2, Turn.U_TURN: 3}
    network = _network()
    for link, lane in _lanes(1):
        bits = {at for at, bit in enumerate(lane["maneuvers"]) if bit == "1"}
        told = {
            at
            for entry in lane["connectsTo"]
            for at, bit in enumerate(entry["connectingLane"]["maneuver"])
            if bit == "1"
        }
        assert bits == told
        assert bits <= set(letters.values())
        assert link["linkWidth"] == sum(other["laneWidth"] for other in link["lanes"])
    assert len(network.signals.id) == len(SIGNALS)


def test_signalised_neighbours_bear_their_own_number_and_others_a_stable_one() -> None:
    network = _network()
    ids = network.nodes.id.tolist()
    assert node_reference(network, ids.index("n1_2")) == {"region": 4301, "id": 258}
    plain = [node_reference(network, row)["id"] for row in range(len(ids)) if network.nodes.signal[row] < 0]
    assert len(set(map(str, plain))) == len(plain)
    assert {link["upstreamNodeId"]["id"] for link in _node(1)["inLinks"]} >= {256, 258}


def test_movements_name_the_next_node_and_phase_once() -> None:
    for link in _node(1)["inLinks"]:
        pairs = [(entry["remoteIntersection"]["id"], entry["phaseId"]) for entry in link["movements"]]
        assert len(set(pairs)) == len(pairs)
        told = {(e["remoteIntersection"]["id"], e["phaseId"]) for lane in link["lanes"] for e in lane["connectsTo"]}
        assert set(pairs) == told


def test_names_that_ascii_cannot_hold_fall_back_to_the_id_and_are_cut() -> None:
    network = _network()
    chinese = replace(network, signals=replace(network.signals, name_en=np.array(["橘子洲", "x" * 70, ""])))
    assert _node(0, chinese)["name"] == "n1_0"
    assert _node(1, chinese)["name"] == "x" * 63
    assert _node(2, chinese)["name"] == "n1_2"


def test_long_shapes_are_thinned_to_the_bound_and_keep_their_ends() -> None:
    network = _network()
    row = int(network.lanes.link[network.connections.from_lane[network.connections.signal == 1]][0])
    angle = np.linspace(0, 40, 400)
    wild = np.column_stack([np.cumsum(np.cos(angle) * 30), np.cumsum(np.sin(angle) * 30)])
    links = network.links
    start, count = links.shape_start.copy(), links.shape_count.copy()
    start[row], count[row] = len(network.points), len(wild)
    long = replace(
        network, points=np.vstack([network.points, wild]), links=replace(links, shape_start=start, shape_count=count)
    )
    points = max((link["points"] for link in _node(1, long)["inLinks"]), key=len)
    assert 25 <= len(points) <= 31
    last = points[-1]["posOffset"]["offsetLL"]["position-LatLon"]
    lon, lat = network.plane.inverse(*wild[-1])
    assert (last["lon"], last["lat"]) == (round(float(lon) * 1e7), round(float(lat) * 1e7))


def test_an_intersection_without_links_is_still_a_node() -> None:
    network = _network()
    dark = replace(
        network, connections=replace(network.connections, signal=np.full_like(network.connections.signal, -1))
    )
    assert set(_node(0, dark)) == {"name", "id", "refPos"}
