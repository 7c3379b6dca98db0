"""MAP messages of both dialects become a network; what makes no sense is named by its path."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from maps_city import SIGNALS, imported

from maps.errors import MapSourceError
from maps.importers.report import Imported
from maps.importers.v2x_map import import_v2x_map
from maps.importers.v2x_map_drafts import curve, direction, turn_between
from maps.network import RoadNetwork, Turn
from maps.participants import ParticipantKind
from maps.routing import Router
from maps.v2x_map_export import map_message

SOURCE = Path("roadside.json")


def _message(row: int = 1) -> Any:
    return copy.deepcopy(map_message(imported().network, row, msg_cnt=3, moy=9))


def _read(*messages: Any) -> Imported:
    return import_v2x_map(messages, SOURCE)


def _openv2x(value: Any, name: str = "") -> Any:
    """Turn a standard message into OpenV2X's JSON: texts for numbers, lists within an object."""
    inner = {
        "nodes": "Node",
        "inLinks": "Link",
        "lanes": "Lane",
        "points": "RoadPoint",
        "movements": "Movement",
        "connectsTo": "Connection",
        "speedLimits": "RegulatorySpeedLimit",
    }
    if isinstance(value, dict):
        value = {key: _openv2x(item, key) for key, item in value.items()}
        if "type" in value:
            value["type"] = {value["type"]: None}
        if name == "refPos":
            value = {"lat": value["lat"], "lon": value["long"], "ele": "300"}
        return {key.replace("-", "_"): item for key, item in value.items()}
    if isinstance(value, list):
        elements = [_openv2x(item) for item in value]
        return {inner[name]: elements[0] if len(elements) == 1 else elements}
    return str(value)


def _same(a: RoadNetwork, b: RoadNetwork) -> None:
    for name in ("links", "lanes", "connections", "signals", "groups"):
        for field in vars(getattr(a, name)):
            np.testing.assert_array_equal(getattr(getattr(a, name), field), getattr(getattr(b, name), field))
    np.testing.assert_array_equal(a.points, b.points)


def test_one_intersection_becomes_links_lanes_and_a_signal() -> None:
    network, report = _read(_message())
    source = _message()["nodes"][0]
    assert report.counts["signals"] == 1
    assert (network.signals.region[0], network.signals.node_id[0]) == (4301, 257)
    assert network.signals.name_en[0] == "Avenue 1 & Road 1"
    into = [row for row, node in enumerate(network.links.to_node) if network.nodes.signal[node] == 0]
    assert len(into) == len(source["inLinks"])
    assert report.guessed["outgoing_link"] > 0
    lanes = {lane["laneID"] for link in source["inLinks"] for lane in link["lanes"]}
    assert len(lanes) > 1
    phases = {entry["phaseId"] for link in source["inLinks"] for lane in link["lanes"] for entry in lane["connectsTo"]}
    assert set(network.groups.phase_id.tolist()) == phases
    assert report.counts["connections"] == sum(
        len(lane["connectsTo"]) for link in source["inLinks"] for lane in link["lanes"]
    )


def test_routes_lead_over_an_intersection_that_came_from_a_map() -> None:
    network, _ = _read(_message())
    connection = int(np.flatnonzero(network.connections.turn == Turn.STRAIGHT)[0])
    first = int(network.lanes.link[network.connections.from_lane[connection]])
    last = int(network.lanes.link[network.connections.to_lane[connection]])
    assert Router(network).route(first, last).links.tolist() == [first, last]


def test_openv2x_json_gives_the_same_network() -> None:
    standard, _ = _read(_message(0), _message(1))
    dialect, _ = _read(*({"map": _openv2x(_message(row)), "mapSlice": "4x"} for row in (0, 1)))
    _same(standard, dialect)


def test_offsets_from_the_reference_are_positions_too() -> None:
    message = _message()
    node = message["nodes"][0]
    for link in node["inLinks"]:
        for part in (link, *link["lanes"]):
            for point in part["points"]:
                place = point["posOffset"]["offsetLL"].pop("position-LatLon")
                point["posOffset"]["offsetLL"]["position-LL6"] = {
                    "lon": place["lon"] - node["refPos"]["long"],
                    "lat": place["lat"] - node["refPos"]["lat"],
                }
    np.testing.assert_allclose(_read(message).network.points, _read(_message()).network.points, atol=1e-6)


def test_neighbours_in_one_import_share_the_link_between_them() -> None:
    network, report = _read(_message(0), _message(1))
    pair = [
        row
        for row in range(len(network.links.id))
        if network.nodes.signal[network.links.from_node[row]] >= 0
        and network.nodes.signal[network.links.to_node[row]] >= 0
    ]
    assert len(pair) == 2
    alone = _read(_message(0)).report.guessed["outgoing_link"] + _read(_message(1)).report.guessed["outgoing_link"]
    assert report.guessed["outgoing_link"] == alone - 2


def test_lanes_lie_right_to_left_whatever_their_numbers() -> None:
    message = _message()
    for link in message["nodes"][0]["inLinks"]:
        most = max(lane["laneID"] for lane in link["lanes"])
        for lane in link["lanes"]:
            lane["laneID"] = most + 1 - lane["laneID"]
    network, plain = _read(message).network, _read(_message()).network
    into = plain.links.to_node[plain.lanes.link] == plain.links.to_node[0]
    np.testing.assert_allclose(network.lanes.length[into], plain.lanes.length[into])


def test_lanes_without_points_are_spread_beside_their_link() -> None:
    message = _message()
    for link in message["nodes"][0]["inLinks"]:
        for lane in link["lanes"]:
            del lane["points"], lane["laneWidth"]
    network, report = _read(message)
    assert report.guessed["lane_points"] == report.guessed["lane_width"] > 0
    link = int(np.argmax(network.links.lane_count[: len(message["nodes"][0]["inLinks"])]))
    first, count = int(network.links.lane_start[link]), int(network.links.lane_count[link])
    ends = [
        network.shape(network.lanes.shape_start[row], network.lanes.shape_count[row])[-1] for row in (first, first + 1)
    ]
    assert count > 1
    assert np.hypot(*(ends[0] - ends[1])) == pytest.approx(float(network.lanes.width[first]), rel=1e-3)


def test_a_lane_without_points_among_drawn_ones_is_dropped_and_counted() -> None:
    message = _message()
    link = max(message["nodes"][0]["inLinks"], key=lambda item: len(item["lanes"]))
    del link["lanes"][0]["points"]
    _, report = _read(message)
    assert report.dropped["lane_without_points"] == 1


def test_attributes_say_who_may_drive() -> None:
    message = _message()
    link = message["nodes"][0]["inLinks"][0]
    link["speedLimits"] = [{"type": "truckMaxSpeed", "speed": 500}, {"type": "vehicleMaxSpeed", "speed": 833}]
    lanes = link["lanes"]
    lanes[0]["laneAttributes"] = {"laneType": {"vehicle": "00010000"}}
    lanes[1]["laneAttributes"] = {"laneType": {"bikeLane": "0" * 16}}
    network = _read(message).network
    assert network.links.speed[0] == pytest.approx(16.66)
    bus, bicycle = network.lanes.allowed[:2].tolist()
    assert bus & ParticipantKind.BUS.bit
    assert not bus & ParticipantKind.CAR.bit
    assert bicycle & ParticipantKind.CYCLIST.bit
    assert not bicycle & ParticipantKind.CAR.bit


@pytest.mark.parametrize(
    ("attributes", "allowed"),
    [
        ({"laneType": {"vehicle": 0}}, ParticipantKind.CAR),
        ({"laneType": {"sidewalk": "0" * 16}}, ParticipantKind.PEDESTRIAN),
        ({"shareWith": "0" * 10}, ParticipantKind.CAR),
    ],
)
def test_other_attributes_open_a_lane(attributes: Any, allowed: ParticipantKind) -> None:
    message = _message()
    message["nodes"][0]["inLinks"][0]["lanes"][0]["laneAttributes"] = attributes
    assert int(_read(message).network.lanes.allowed[0]) & allowed.bit


def test_turns_that_no_field_names_follow_from_the_lane_or_the_geometry() -> None:
    message = _message()
    plain = _read(_message()).network
    for link in message["nodes"][0]["inLinks"]:
        for lane in link["lanes"]:
            for entry in lane["connectsTo"]:
                del entry["connectingLane"]["maneuver"]
    network, report = _read(message, _message(0), _message(2))
    assert report.guessed["turn"] > 0
    told = np.flatnonzero(plain.connections.turn == Turn.RIGHT)
    assert len(told)
    found = network.connections.turn[: len(plain.connections.turn)]
    assert (found == plain.connections.turn).mean() > 0.8


def test_a_node_without_links_or_signals_is_counted() -> None:
    message = _message()
    message["nodes"].append({"id": {"id": 9}, "refPos": message["nodes"][0]["refPos"]})
    _, report = _read(message)
    assert report.dropped["node_without_links"] == 1


def test_a_map_without_any_phase_has_no_signal() -> None:
    message = _message()
    for link in message["nodes"][0]["inLinks"]:
        for lane in link["lanes"]:
            for entry in lane["connectsTo"]:
                entry["phaseId"] = 0
    network, report = _read(message)
    assert report.counts["signals"] == 0
    assert (network.connections.group == -1).all()


def _lane(message: Any) -> Any:
    return message["nodes"][0]["inLinks"][0]["lanes"][0]


def _swap(message: Any) -> None:
    place = message["nodes"][0]["refPos"]
    place["lat"], place["long"] = place["long"], place["lat"]


def _far(message: Any) -> None:
    _lane(message)["points"][1]["posOffset"]["offsetLL"]["position-LatLon"]["lat"] = -309_500_000


def _one_place(message: Any) -> None:
    _lane(message)["points"] = [_lane(message)["points"][0]] * 2


def _pointless(message: Any) -> None:
    link = message["nodes"][0]["inLinks"][0]
    del link["points"]
    for lane in link["lanes"]:
        del lane["points"]


BAD: list[tuple[Callable[[Any], object], str, str]] = [
    (lambda m: m.pop("nodes"), "", "field 'nodes' is missing"),
    (lambda m: m["nodes"][0].pop("inLinks"), "nodes", "no node has a link"),
    (lambda m: m["nodes"][0].pop("refPos"), "nodes[0] (node 4301/257)", "field 'refPos' is missing"),
    (lambda m: m["nodes"].append(7), "nodes[1]", "'7' is not an object"),
    (lambda m: _lane(m).update(points=_lane(m)["points"][:1]), ".lanes[0] (lane 2)", "has 1 point, a line needs two"),
    (_one_place, ".lanes[0] (lane 2)", "all its points are the same place"),
    (_pointless, "nodes[0] (node 4301/257).inLinks[0]", "neither the link nor its lanes have points"),
    (_swap, "nodes[0] (node 4301/257).refPos.lat", "are latitude and longitude swapped?"),
    (_far, ".lanes[0] (lane 2).points[1]", "is far from the node"),
    (lambda m: _lane(m).update(laneID="x"), ".lanes[0].laneID", "'x' is not a number"),
    (lambda m: _lane(m).update(laneID=None), ".lanes[0]", "field 'laneID' is missing"),
    (lambda m: _lane(m).update(laneID=[1]), ".lanes[0].laneID", "'[1]' is not a number"),
    (lambda m: _lane(m).update(maneuvers="12"), ".maneuvers", "'12' is not a string of bits"),
    (lambda m: m["nodes"][0]["id"].update(id=70000), "nodes[0].id", "not within 0..65535"),
    (lambda m: m["nodes"][0]["refPos"].update(lat=900_000_001), ".refPos", "marked as unknown"),
    (lambda m: m["nodes"][0]["refPos"].update(long=2_000_000_000), ".refPos.long", "beyond 180 deg"),
]


@pytest.mark.parametrize(("spoil", "element", "reason"), BAD)
def test_a_part_that_makes_no_sense_is_named(spoil: Callable[[Any], object], element: str, reason: str) -> None:
    message = _message()
    spoil(message)
    with pytest.raises(MapSourceError) as caught:
        _read(message)
    assert element in caught.value.element
    assert reason in caught.value.reason
    assert caught.value.path == SOURCE


def test_a_connection_to_a_lane_that_its_neighbour_lacks_is_dropped_and_counted() -> None:
    first, second = _message(0), _message(1)
    for link in first["nodes"][0]["inLinks"]:
        for lane in link["lanes"]:
            for entry in lane["connectsTo"]:
                if entry["remoteIntersection"]["id"] == 257:
                    entry["connectingLane"]["lane"] = 77
    _, report = _read(first, second)
    assert report.dropped["connection_without_target_lane"] > 0


def test_all_signals_of_the_city_are_there() -> None:
    network, report = _read(*map(_message, range(len(SIGNALS))))
    assert report.counts["signals"] == len(SIGNALS)
    assert network.signal_rows == {(4301, 256 + row): row for row in range(len(SIGNALS))}
    lon, lat = network.plane.inverse(network.signals.x, network.signals.y)
    old = imported().network
    wanted = old.plane.inverse(old.signals.x, old.signals.y)
    np.testing.assert_allclose([lon, lat], wanted, atol=1e-7)


def test_a_way_out_without_a_way_in_beside_it_is_drawn_where_the_turn_leads() -> None:
    message = _message()
    links = message["nodes"][0]["inLinks"]
    gone = links.pop()["upstreamNodeId"]
    network, _ = _read(message)
    name = f"map:{gone['region']}:{gone['id']}"
    row = next(row for row, node in enumerate(network.links.to_node) if network.nodes.id[node] == name)
    start, end = network.shape(network.links.shape_start[row], network.links.shape_count[row])[[0, -1]]
    assert np.hypot(*(end - start)) == pytest.approx(40, abs=1)
    connection = int(np.flatnonzero(network.lanes.link[network.connections.to_lane] == row)[0])
    lane = int(network.connections.from_lane[connection])
    before = network.shape(network.lanes.shape_start[lane], network.lanes.shape_count[lane])
    change = turn_between(direction(*before[-2:]), direction(start, end))
    assert change == Turn(int(network.connections.turn[connection]))


def test_a_network_from_a_map_tells_the_same_numbers_again() -> None:
    network = _read(_message(0), _message(1)).network
    again: Any = map_message(network, 0, msg_cnt=3, moy=9)["nodes"]
    known = {link["upstreamNodeId"]["id"] for link in _message(0)["nodes"][0]["inLinks"]}
    assert {link["upstreamNodeId"]["id"] for link in again[0]["inLinks"]} == known


@pytest.mark.parametrize(
    ("change", "turn"),
    [(0.3, Turn.STRAIGHT), (1.5, Turn.LEFT), (-1.5, Turn.RIGHT), (3.0, Turn.U_TURN), (-3.1, Turn.U_TURN)],
)
def test_turns_follow_from_the_change_of_direction(change: float, turn: Turn) -> None:
    assert turn_between(3.0, 3.0 + change) is turn


def test_ways_across_a_node_bend_only_where_the_directions_meet_ahead() -> None:
    start, end = np.array([0.0, 0.0]), np.array([10.0, 10.0])
    bent = curve(start, 0.0, end, np.pi / 2)
    assert len(bent) == 9
    assert bent[4].tolist() == pytest.approx([7.5, 2.5])
    assert len(curve(start, 0.0, end, -np.pi / 2)) == 2
    assert len(curve(start, 0.0, end, 0.0)) == 2


def test_lanes_that_do_not_run_point_by_point_have_the_line_of_the_rightmost() -> None:
    message = _message()
    link = max(message["nodes"][0]["inLinks"], key=lambda item: len(item["lanes"]))
    del link["points"]
    first, second = link["lanes"][0]["points"][:2]
    places = [point["posOffset"]["offsetLL"]["position-LatLon"] for point in (first, second)]
    middle = {axis: (places[0][axis] + places[1][axis]) // 2 for axis in ("lat", "lon")}
    link["lanes"][0]["points"].insert(1, {"posOffset": {"offsetLL": {"position-LatLon": middle}}})
    network = _read(message).network
    row = int(np.argmax(network.links.shape_count[: len(message["nodes"][0]["inLinks"])]))
    assert network.links.shape_count[row] == 3
