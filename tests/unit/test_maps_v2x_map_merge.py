"""A surveyed MAP corrects a network by position and heading, and leaves alone what it does not speak of."""

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from maps_city import SIGNALS, imported

from maps.importers.report import Imported
from maps.network import RoadNetwork
from maps.network_file import open_network, save_network
from maps.v2x_map_export import map_message
from maps.v2x_map_merge import merge_v2x_map

SOURCE = Path("survey.json")


def _message(row: int = 1, network: RoadNetwork | None = None) -> Any:
    return copy.deepcopy(map_message(network or imported().network, row, msg_cnt=0, moy=0))


def _merge(*messages: Any) -> Imported:
    return merge_v2x_map(imported().network, messages, SOURCE)


def _lanes(message: Any) -> list[Any]:
    return [lane for link in message["nodes"][0]["inLinks"] for lane in link["lanes"]]


def _shift(message: Any, lat: int) -> None:
    for lane in _lanes(message):
        for point in lane["points"]:
            point["posOffset"]["offsetLL"]["position-LatLon"]["lat"] += lat


def _lane_end(network: RoadNetwork, lane: int) -> Any:
    return network.points[network.lanes.shape_start[lane] + network.lanes.shape_count[lane] - 1]


def _phase_of(network: RoadNetwork) -> list[int]:
    return [int(network.groups.phase_id[row]) if row >= 0 else -1 for row in network.connections.group]


def test_its_own_maps_change_nothing_that_matters() -> None:
    network = imported().network
    merged, report = _merge(*map(_message, range(len(SIGNALS))))
    assert report.counts["matched_signals"] == len(SIGNALS)
    assert not +report.dropped
    assert _phase_of(merged) == _phase_of(network)
    for lane in range(len(network.lanes.id)):
        assert np.hypot(*(_lane_end(merged, lane) - _lane_end(network, lane))) < 0.02
    np.testing.assert_allclose(merged.lanes.width, network.lanes.width, atol=0.006)
    np.testing.assert_allclose(merged.lanes.length, network.lanes.length, atol=0.05)
    np.testing.assert_array_equal(merged.program_states, network.program_states)
    np.testing.assert_array_equal(merged.crossings.group, network.crossings.group)
    assert merged.signal_rows == network.signal_rows


def test_numbers_of_the_map_win_and_no_two_signals_share_one() -> None:
    message = _message(1)
    message["nodes"][0]["id"] = {"region": 4301, "id": 258}
    merged, report = _merge(message)
    network = imported().network
    row = network.signals.id.tolist().index("n1_1")
    assert (merged.signals.region[row], merged.signals.node_id[row]) == (4301, 258)
    assert len(merged.signal_rows) == len(SIGNALS)
    assert report.dropped["node_id_taken_by_map"] == 1


def test_stop_lines_move_and_lanes_and_connections_follow(tmp_path: Path) -> None:
    message = _message()
    link = message["nodes"][0]["inLinks"][0]
    for lane in link["lanes"]:
        first, last = (lane["points"][end]["posOffset"]["offsetLL"]["position-LatLon"] for end in (0, -1))
        size = np.hypot(last["lat"] - first["lat"], last["lon"] - first["lon"])
        for axis in ("lat", "lon"):
            last[axis] -= round((last[axis] - first[axis]) / size * 800)
    network = imported().network
    merged, report = _merge(message)
    assert not +report.dropped
    shortened = network.lanes.length - merged.lanes.length
    assert (shortened > 5).sum() == len(link["lanes"])
    for row in np.flatnonzero(shortened[merged.connections.from_lane] > 5).tolist():
        start = merged.points[merged.connections.shape_start[row]]
        assert np.hypot(*(start - _lane_end(merged, int(merged.connections.from_lane[row])))) < 1e-6
    save_network(merged, tmp_path / "merged.v2xmap")
    assert open_network(tmp_path / "merged.v2xmap").source.endswith("V2X MAP survey.json, 1 intersections")


def test_stop_lines_out_of_reach_stay() -> None:
    message = _message()
    _shift(message, 600)
    merged, report = _merge(message)
    assert report.dropped["stop_line_out_of_reach"] > 0
    assert (np.abs(merged.lanes.length - imported().network.lanes.length) < 8).all()


def test_widths_of_the_map_win() -> None:
    message = _message()
    for lane in _lanes(message):
        lane["laneWidth"] = 291
    merged, report = _merge(message)
    assert (merged.lanes.width == np.float32(2.91)).sum() == report.counts["matched_lanes"] > 0


def test_phases_of_the_map_win_and_lights_stay_what_they_were() -> None:
    message = _message()
    for lane in _lanes(message):
        for entry in lane["connectsTo"]:
            entry["phaseId"] += 40
    network, (merged, _) = imported().network, _merge(message)
    row = 1
    own = network.connections.signal == row
    assert [phase + 40 for phase in np.array(_phase_of(network))[own]] == np.array(_phase_of(merged))[own].tolist()
    for connection in np.flatnonzero(network.connections.group >= 0).tolist():
        assert _lights(network, connection) == _lights(merged, connection)


def _lights(network: RoadNetwork, connection: int) -> list[int]:
    group, signal = int(network.connections.group[connection]), int(network.connections.signal[connection])
    place = group - int(network.signals.group_start[signal])
    steps = np.flatnonzero(network.program.signal == signal)
    return [int(network.program_states[network.program.state_start[step] + place]) for step in steps]


def test_groups_split_where_the_map_tells_them_apart_and_join_where_it_does_not() -> None:
    apart, together = _message(1), _message(2)
    number = 100
    for lane in _lanes(apart):
        for entry in lane["connectsTo"]:
            entry["phaseId"] = number = number + 1
    for lane in _lanes(together):
        for entry in lane["connectsTo"]:
            entry["phaseId"] = 9
    merged, _ = _merge(apart, together)
    for row, count in ((1, None), (2, 1)):
        own = merged.connections.group[merged.connections.signal == row]
        first, groups = int(merged.signals.group_start[row]), int(merged.signals.group_count[row])
        walkers = int(merged.groups.pedestrian[first : first + groups].sum())
        assert groups - walkers == (count if count is not None else len(set(own.tolist())))
        assert ((own >= first) & (own < first + groups)).all()
    assert (merged.groups.signal == np.repeat(np.arange(len(SIGNALS)), merged.signals.group_count)).all()


def test_a_phase_that_the_map_takes_moves_the_pedestrians_to_another() -> None:
    network = imported().network
    first, count = int(network.signals.group_start[1]), int(network.signals.group_count[1])
    walkers = network.groups.phase_id[first : first + count][network.groups.pedestrian[first : first + count]]
    message = _message()
    for lane in _lanes(message):
        for entry in lane["connectsTo"]:
            entry["phaseId"] = int(walkers[0])
    merged, report = _merge(message)
    assert report.dropped["phase_taken_by_map"] == 1
    first, count = int(merged.signals.group_start[1]), int(merged.signals.group_count[1])
    phases = merged.groups.phase_id[first : first + count].tolist()
    assert len(set(phases)) == count
    lit = merged.crossings.group[merged.crossings.group >= 0]
    assert merged.groups.pedestrian[lit].all()


def test_a_turn_without_a_word_keeps_its_group_and_is_counted() -> None:
    message = _message()
    for lane in _lanes(message):
        lane["connectsTo"] = [entry for entry in lane["connectsTo"] if entry["connectingLane"]["maneuver"][1] == "0"]
    merged, report = _merge(message)
    assert report.dropped["connection_without_phase"] > 0
    assert _phase_of(merged) == _phase_of(imported().network)


def test_one_nameless_way_on_stands_for_the_turn() -> None:
    message = _message()
    for lane in _lanes(message):
        if len(lane["connectsTo"]) == 1:
            del lane["connectsTo"][0]["connectingLane"]
    _, report = _merge(message)
    assert not +report.dropped


def test_a_map_far_away_changes_nothing_and_is_counted() -> None:
    message = _message()
    node = message["nodes"][0]
    node["refPos"]["lat"] += 1_000_000
    for link in node["inLinks"]:
        for part in (link, *link["lanes"]):
            for point in part["points"]:
                point["posOffset"]["offsetLL"]["position-LatLon"]["lat"] += 1_000_000
    merged, report = _merge(message)
    assert report.dropped["link_without_twin"] == len(node["inLinks"])
    assert report.dropped["node_without_signal"] == 1
    np.testing.assert_array_equal(merged.lanes.length, imported().network.lanes.length)


def test_links_are_told_apart_by_heading() -> None:
    message = _message()
    merged, _ = _merge(message)
    assert report_lanes(message) == sum(merged.nodes.signal[merged.links.to_node[merged.lanes.link]] == 1) - _pavements(
        merged
    )


def report_lanes(message: Any) -> int:
    return _merge(message).report.counts["matched_lanes"]


def _pavements(network: RoadNetwork) -> int:
    into = network.nodes.signal[network.links.to_node[network.lanes.link]] == 1
    return int((into & (network.lanes.index == 0)).sum())


def test_lanes_pair_with_the_nearest_where_one_source_has_more() -> None:
    message = _message()
    link = max(message["nodes"][0]["inLinks"], key=lambda item: len(item["lanes"]))
    gone = link["lanes"].pop(0)
    _, report = _merge(message)
    assert gone["laneID"] == 2
    assert report.dropped["lane_without_twin"] == 1
    assert report.counts["matched_lanes"] == len(_lanes(message))


@pytest.mark.parametrize("signals", [True, False])
def test_an_intersection_without_a_light_of_its_own_is_counted(signals: bool) -> None:
    network = imported().network
    nodes = replace(network.nodes, signal=np.full_like(network.nodes.signal, -1))
    bare = replace(network, nodes=nodes)
    if not signals:
        message = _message()
        message["nodes"][0]["refPos"]["lat"] += 50_000
        _, report = merge_v2x_map(bare, [message], SOURCE)
        assert report.dropped["node_without_signal"] == 1
    else:
        _, report = merge_v2x_map(bare, [_message()], SOURCE)
        assert report.counts["matched_signals"] == 1
