"""Network -> MAP in UPER -> network: stop lines, lane centre lines and movements come back, in every profile."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from maps_city import SIGNALS, imported

from ingest.uper.codec import codec_for
from ingest.uper.schema import Profile
from maps.importers.v2x_map import import_v2x_map, node_name
from maps.network import RoadNetwork
from maps.participants import VEHICLE_KINDS
from maps.participants import ParticipantKind as Kind
from maps.v2x_map_bounds import BOUNDS, estimated_bytes, split_node
from maps.v2x_map_export import map_messages, node_reference


def _over_the_air(network: RoadNetwork, profile: Profile, max_bytes: int | None = None) -> list[Any]:
    codec = codec_for(profile)
    messages: list[Any] = []
    for row in range(len(network.signals.id)):
        parts = map_messages(network, row, msg_cnt=1, moy=2, bounds=BOUNDS[profile], max_bytes=max_bytes)
        for part in parts:
            whole: Any = {"mapFrame": part}
            encoded = codec.encode(whole)
            nodes: Any = part["nodes"]
            assert len(encoded) <= estimated_bytes(nodes[0])
            messages.append(codec.decode(encoded))
    return messages


def _into_signals(network: RoadNetwork) -> list[int]:
    """Lanes for vehicles of all links that a MAP tells."""
    links, lanes, connections = network.links, network.lanes, network.connections
    lit = np.unique(lanes.link[connections.from_lane[connections.signal >= 0]])
    found = [
        lane for link in lit for lane in range(links.lane_start[link], links.lane_start[link] + links.lane_count[link])
    ]
    return [lane for lane in found if lanes.allowed[lane] & np.uint32(VEHICLE_KINDS)]


def _movements(network: RoadNetwork, lanes: list[int]) -> set[tuple[Any, ...]]:
    """Whence, lane counted from the left, whither, turn and phase of every connection of some lanes."""
    links, connections = network.links, network.connections
    told = set()
    for row in np.flatnonzero(np.isin(connections.from_lane, lanes)).tolist():
        lane, goal = int(connections.from_lane[row]), int(connections.to_lane[row])
        link, onward = int(network.lanes.link[lane]), int(network.lanes.link[goal])
        group = int(connections.group[row])
        told.add(
            (
                _reference(network, int(links.from_node[link])),
                _reference(network, int(links.to_node[link])),
                int(links.lane_start[link] + links.lane_count[link]) - lane,
                _reference(network, int(links.to_node[onward])),
                int(connections.turn[row]),
                int(network.groups.phase_id[group]) if group >= 0 else None,
            )
        )
    return told


def _reference(network: RoadNetwork, node: int) -> str:
    reference: Any = node_reference(network, node)
    return node_name((reference["region"], reference["id"]))


def _shape(network: RoadNetwork, lane: int) -> Any:
    return network.shape(network.lanes.shape_start[lane], network.lanes.shape_count[lane])


def _line_gaps(network: RoadNetwork, back: RoadNetwork, lanes: list[int], twins: list[int]) -> list[float]:
    gaps = []
    for lane, twin in zip(lanes, twins, strict=True):
        degrees = back.plane.inverse(*_shape(back, twin).T)
        moved = np.column_stack(network.plane.forward(*degrees))
        gaps.append(
            float(shapely.hausdorff_distance(shapely.LineString(_shape(network, lane)), shapely.LineString(moved)))
        )
    return gaps


def _ends(network: RoadNetwork, lanes: list[int]) -> Any:
    return network.plane.inverse(*np.array([_shape(network, lane)[-1] for lane in lanes]).T)


@pytest.mark.parametrize("profile", list(Profile))
def test_stop_lines_centre_lines_and_movements_come_back(profile: Profile) -> None:
    network = imported().network
    back = import_v2x_map(_over_the_air(network, profile), Path("air")).network
    lanes, twins = _into_signals(network), _into_signals(back)
    assert len(lanes) == len(twins)
    ends, found = (
        np.column_stack(net.plane.forward(*_ends(net, rows))) for net, rows in ((network, lanes), (back, twins))
    )
    moved = np.column_stack(network.plane.forward(*back.plane.inverse(*found.T)))
    nearest = np.hypot(*(ends[:, None] - moved[None]).transpose(2, 0, 1))
    pairs = nearest.argmin(axis=1)
    assert sorted(pairs.tolist()) == list(range(len(twins)))
    assert nearest.min(axis=1).max() < 0.2
    assert max(_line_gaps(network, back, lanes, [twins[row] for row in pairs])) < 0.5
    assert _movements(back, twins) == _movements(network, lanes)
    paired = [twins[row] for row in pairs]
    speeds = network.lanes.speed[lanes], back.lanes.speed[paired]
    np.testing.assert_allclose(*speeds, atol=0.011)
    told = np.uint32(sum(kind.bit for kind in (Kind.CAR, Kind.BUS, Kind.CYCLIST, Kind.PEDESTRIAN)))
    np.testing.assert_array_equal(network.lanes.allowed[lanes] & told, back.lanes.allowed[paired] & told)
    if profile is not Profile.V3:
        widths = network.lanes.width[lanes], back.lanes.width[[twins[row] for row in pairs]]
        np.testing.assert_allclose(*widths, atol=0.01)


@pytest.mark.parametrize("max_bytes", [300, 600])
def test_small_messages_tell_as_much_as_large_ones(max_bytes: int) -> None:
    network = imported().network
    whole, parts = (_over_the_air(network, Profile.V4, limit) for limit in (None, max_bytes))
    assert len(parts) > len(whole) == len(SIGNALS)
    codec = codec_for(Profile.V4)
    for part in parts:
        assert len(codec.encode(part)) <= max_bytes or len(part["mapFrame"]["nodes"][0]["inLinks"]) == 1
    a, b = (import_v2x_map(messages, Path("air")).network for messages in (whole, parts))
    np.testing.assert_array_equal(a.points, b.points)
    np.testing.assert_array_equal(a.connections.group, b.connections.group)


def test_a_lane_with_more_ways_on_than_the_profile_allows_is_split_and_joined_again() -> None:
    network = imported().network
    message: Any = map_messages(network, 1, msg_cnt=126, moy=0)[0]
    lane = message["nodes"][0]["inLinks"][0]["lanes"][0]
    lane["connectsTo"] = [
        {**lane["connectsTo"][0], "remoteIntersection": {"region": 1, "id": number}} for number in range(20)
    ]
    parts: Any = split_node(message["nodes"][0], BOUNDS["vn4"])
    told = [
        entry["remoteIntersection"]["id"]
        for part in parts
        for link in part["inLinks"]
        for own in link["lanes"]
        if own["laneID"] == lane["laneID"]
        and link["upstreamNodeId"] == message["nodes"][0]["inLinks"][0]["upstreamNodeId"]
        for entry in own.get("connectsTo", [])
    ]
    assert sorted(told) == list(range(20))
    codec = codec_for(Profile.VN4)
    frames = [codec.encode({"mapFrame": {"msgCnt": 0, "nodes": [part]}}) for part in parts]
    back = import_v2x_map([codec.decode(frame) for frame in frames], Path("air")).network
    lanes = np.bincount(back.connections.from_lane)
    assert lanes.max() == 20
