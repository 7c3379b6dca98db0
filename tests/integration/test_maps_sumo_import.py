"""The importer agrees with SUMO's own reader of networks."""

import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sumolib
from maps_city import BUS_LANE, NO_LEFT, SIGNALS, city, imported

from maps.importers.sumo import import_sumo
from maps.network import RoadClass, RoadNetwork, Turn
from maps.participants import MOTOR_KINDS, ParticipantKind

SHARED = Path(os.environ.get("V2X_SHARED", Path(__file__).parents[2].parent / "shared"))
YUELU = SHARED / "data" / "changsha_yuelu" / "yuelu.net.xml.gz"


def _network() -> RoadNetwork:
    return imported().network


def _reader(path: Path) -> Any:
    return sumolib.net.readNet(str(path), withInternal=True, withPrograms=True, withPedestrianConnections=True)


def _street_edges(reader: Any) -> list[Any]:
    return [edge for edge in reader.getEdges() if edge.getFunction() == ""]


def _street_connections(reader: Any) -> int:
    return sum(
        to.getFunction() == ""
        for edge in _street_edges(reader)
        for to, connections in edge.getOutgoing().items()
        for _ in connections
    )


def _assert_same_counts(path: Path, network: RoadNetwork) -> None:
    reader = _reader(path)
    edges = _street_edges(reader)
    assert len(network.links.id) == len(edges)
    assert len(network.lanes.id) == sum(edge.getLaneNumber() for edge in edges)
    assert len(network.nodes.id) == len(reader.getNodes())
    assert len(network.connections.from_lane) == _street_connections(reader)
    assert set(network.signals.id) == {light.getID() for light in reader.getTrafficLights()}
    assert set(network.links.id) == {edge.getID() for edge in edges}


def test_counts_equal_sumolib() -> None:
    _assert_same_counts(city().net, _network())


@pytest.mark.skipif(not YUELU.is_file(), reason="the Yuelu network is not on this machine")
def test_counts_of_the_real_yuelu_network_equal_sumolib() -> None:
    network, report = import_sumo(YUELU)
    _assert_same_counts(YUELU, network)
    assert report.counts["signals"] == 218
    assert report.counts["links"] == len(network.links.id)


def test_every_lane_point_lies_where_sumo_puts_it_on_the_earth() -> None:
    network, reader = _network(), _reader(city().net)
    for row, name in enumerate(network.lanes.id):
        shape = network.shape(network.lanes.shape_start[row], network.lanes.shape_count[row])
        lon, lat = network.plane.inverse(shape[:, 0], shape[:, 1])
        wanted = [reader.convertXY2LonLat(x, y) for x, y in reader.getLane(str(name)).getShape()]
        np.testing.assert_allclose(np.column_stack([lon, lat]), wanted, rtol=0, atol=2e-8)


def test_lane_lengths_are_true_metres() -> None:
    network, reader = _network(), _reader(city().net)
    sumo = np.array([reader.getLane(str(name)).getLength() for name in network.lanes.id])
    np.testing.assert_allclose(network.lanes.length, sumo, rtol=1e-3)


def test_lanes_are_open_to_whom_sumo_opens_them() -> None:
    network, reader = _network(), _reader(city().net)
    for row, name in enumerate(network.lanes.id):
        lane = reader.getLane(str(name))
        for kind, sumo_class in ((ParticipantKind.CAR, "passenger"), (ParticipantKind.PEDESTRIAN, "pedestrian")):
            assert bool(network.lanes.allowed[row] & kind.bit) == lane.allows(sumo_class)


def test_bus_lane_is_closed_to_cars() -> None:
    lanes = _network().lanes
    allowed = int(lanes.allowed[_network().lane_rows[BUS_LANE]])
    assert allowed & ParticipantKind.BUS.bit
    assert allowed & MOTOR_KINDS == ParticipantKind.BUS.bit


def test_connections_join_the_ends_of_their_lanes() -> None:
    network = _network()
    connections, lanes = network.connections, network.lanes
    for row in range(len(connections.from_lane)):
        shape = network.shape(connections.shape_start[row], connections.shape_count[row])
        origin, goal = connections.from_lane[row], connections.to_lane[row]
        last = network.points[lanes.shape_start[origin] + lanes.shape_count[origin] - 1]
        first = network.points[lanes.shape_start[goal]]
        assert math.dist(shape[0], last) < 0.1
        assert math.dist(shape[-1], first) < 0.1


def test_left_turns_through_two_internal_lanes_are_followed_to_their_end() -> None:
    network = _network()
    left = np.flatnonzero(network.connections.turn == Turn.LEFT)
    assert len(left)
    assert (network.connections.shape_count[left] > 2).all()


def test_forbidden_turn_is_no_connection() -> None:
    network = _network()
    pairs = {
        (str(network.links.id[network.lanes.link[a]]), str(network.links.id[network.lanes.link[b]]))
        for a, b in zip(network.connections.from_lane, network.connections.to_lane, strict=True)
    }
    assert NO_LEFT not in pairs
    assert (NO_LEFT[0], "e_n1_1_n2_1") in pairs


def test_names_are_split_into_chinese_and_english() -> None:
    network = _network()
    row = network.link_rows["e_n0_1_n1_1"]
    assert (network.links.name_zh[row], network.links.name_en[row]) == ("street 1", "Avenue 1")
    other = network.link_rows["e_n0_0_n0_1"]
    assert (network.links.name_zh[other], network.links.name_en[other]) == ("Road 0", "Road 0")


def test_road_class_follows_the_type_and_is_guessed_without_one() -> None:
    network, report = imported()
    classes = network.links.road_class
    assert classes[network.link_rows["e_n0_1_n1_1"]] == RoadClass.ARTERIAL
    assert classes[network.link_rows["e_n0_0_n0_1"]] == RoadClass.COLLECTOR
    assert report.guessed["road_class"] == 8


def test_signals_are_numbered_in_the_order_of_their_ids() -> None:
    signals = _network().signals
    assert signals.id.tolist() == sorted(SIGNALS)
    assert signals.node_id.tolist() == [256, 257, 258]
    assert set(signals.region.tolist()) == {4301}


def test_signal_stands_on_its_junction_and_bears_the_streets_names() -> None:
    network = _network()
    for row, name in enumerate(SIGNALS):
        node = network.nodes.id.tolist().index(name)
        assert network.nodes.signal[node] == row
        assert (
            math.dist((network.signals.x[row], network.signals.y[row]), (network.nodes.x[node], network.nodes.y[node]))
            == 0
        )
    assert network.signals.name_zh[1] == "street 1-Road 1"
    assert network.signals.name_en[1] == "Avenue 1 & Road 1"


def test_groups_show_what_sumo_shows_in_every_step() -> None:
    network, reader = _network(), _reader(city().net)
    lights = {"G": 6, "g": 5, "y": 7, "r": 3}
    lane_rows = network.lane_rows
    for light in reader.getTrafficLights():
        row = network.signals.id.tolist().index(light.getID())
        phases = light.getPrograms()["0"].getPhases()
        steps = range(network.signals.program_start[row], network.signals.program_start[row] + len(phases))
        assert network.signals.program_count[row] == len(phases)
        for origin, goal, index in light.getConnections():
            if origin.getID() not in lane_rows or goal.getID() not in lane_rows:
                continue
            pair = (network.connections.from_lane == lane_rows[origin.getID()]) & (
                network.connections.to_lane == lane_rows[goal.getID()]
            )
            group = int(network.connections.group[pair][0]) - int(network.signals.group_start[row])
            shown = [int(network.program_states[network.program.state_start[step] + group]) for step in steps]
            assert shown == [lights[phase.state[index]] for phase in phases]
            assert network.program.duration[list(steps)].tolist() == [phase.duration for phase in phases]


def test_groups_of_one_signal_differ_in_their_lights() -> None:
    network = _network()
    for row in range(len(network.signals.id)):
        first, count = int(network.signals.group_start[row]), int(network.signals.group_count[row])
        steps = np.flatnonzero(network.program.signal == row)
        states = np.array([network.program_states[network.program.state_start[step] :][:count] for step in steps])
        pedestrian = network.groups.pedestrian[first : first + count]
        columns = {(*states[:, group].tolist(), bool(pedestrian[group])) for group in range(count)}
        assert len(columns) == count
        assert network.groups.phase_id[first : first + count].tolist() == list(range(1, count + 1))


def test_crossings_have_a_pedestrian_group_at_signals_and_none_elsewhere() -> None:
    network = _network()
    lit = network.crossings.group >= 0
    assert (lit == (network.nodes.signal[network.crossings.node] >= 0)).all()
    assert lit.any()
    assert network.groups.pedestrian[network.crossings.group[lit]].all()


def test_program_limits_are_kept_or_guessed() -> None:
    program = _network().program
    green = program.duration == 37
    assert (program.minimum[green] == 5).all()
    assert (program.maximum[green] == np.float32(55.5)).all()
    yellow = program.duration == 3
    assert (program.minimum[yellow] == 3).all()
    assert (program.maximum[yellow] == 3).all()


def test_limits_of_the_source_win_over_guesses(tmp_path: Path) -> None:
    path = tmp_path / "limits.net.xml"
    text = city().net.read_text("utf-8").replace('<phase duration="37"', '<phase duration="37" minDur="11" maxDur="44"')
    path.write_text(text, "utf-8")
    program = import_sumo(path).network.program
    assert (program.minimum[program.duration == 37] == 11).all()
    assert (program.maximum[program.duration == 37] == 44).all()


def test_stops_stand_on_their_lanes_with_names_and_lines() -> None:
    network = _network()
    stops = network.stops
    assert stops.name_zh.tolist() == ["橘子洲", "Stop Two"]
    assert stops.name_en.tolist() == ["Orange Isle", "Stop Two"]
    assert stops.lines.tolist() == ["1 2 K3", ""]
    assert network.lanes.id[stops.lane].tolist() == ["e_n0_1_n1_1_1", "e_n1_1_n2_1_1"]
    length = network.lanes.length[stops.lane[1]]
    np.testing.assert_allclose(stops.offset, [130, length - 20], atol=0.1)


def test_car_parks_have_capacity_and_place() -> None:
    network = _network()
    parks = network.car_parks
    assert parks.capacity.tolist() == [20, 2]
    assert parks.name_en.tolist() == ["East Park", "park_2"]
    lane = network.lane_rows["e_n0_0_n1_0_1"]
    start = network.points[network.lanes.shape_start[lane]]
    assert math.dist(start, (parks.x[0], parks.y[0])) == pytest.approx(90, abs=0.1)
    assert parks.y[1] < parks.y[0] - 20


def test_provenance_names_the_files_and_their_digests() -> None:
    source = _network().source
    assert "city.net.xml sha256:" in source
    assert "city.add.xml sha256:" in source
