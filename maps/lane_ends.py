"""What the ends of lanes draw on the road: stop lines and the areas of junctions."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from maps.network import Ints, Points, RoadNetwork, Turn

Geometries = NDArray[np.object_]
_LEFT_FIRST = {Turn.U_TURN: 0, Turn.LEFT: 1, Turn.STRAIGHT: 2, Turn.RIGHT: 3}


@dataclass(frozen=True)
class StopLines:
    """One line a lane and group, (n,); lanes with several groups share their width, left turns on the left."""

    shapes: Geometries
    group: Ints
    link: Ints


def stop_lines(network: RoadNetwork) -> StopLines:
    """Stop lines of all lanes whose way on is governed by a light, in the network's plane."""
    connections, lanes = network.connections, network.lanes
    side = np.array([_LEFT_FIRST[turn] for turn in Turn])[connections.turn]
    lit = np.flatnonzero(connections.group >= 0)
    lit = lit[np.lexsort((side[lit], connections.from_lane[lit]))]
    pairs = dict.fromkeys(zip(connections.from_lane[lit].tolist(), connections.group[lit].tolist(), strict=True))
    table = np.array(list(pairs), np.int32).reshape(-1, 2)
    lane, group = table[:, 0], table[:, 1]
    shares = np.bincount(lane, minlength=len(lanes.id))[lane] if len(lane) else np.empty(0, np.int64)
    fresh = np.ones(len(lane), bool)
    fresh[1:] = np.diff(lane) != 0
    nth = np.arange(len(lane)) - np.maximum.accumulate(np.where(fresh, np.arange(len(lane)), 0))
    end, direction = _last(network, lane)
    left = np.column_stack([-direction[:, 1], direction[:, 0]]) * lanes.width[lane][:, None]
    from_left, to_left = (0.5 - (nth + step) / np.maximum(shares, 1) for step in (0, 1))
    points = np.stack([end + left * from_left[:, None], end + left * to_left[:, None]], axis=1)
    return StopLines(shapely.linestrings(points), group, lanes.link[lane])


def junction_areas(network: RoadNetwork) -> tuple[NDArray[np.int64], Geometries]:
    """Rows of the nodes that cover ground, and the convex hull of the lane ends that meet at each, in the plane."""
    links, lanes = network.links, network.lanes
    every = np.arange(len(lanes.id), dtype=np.int32)
    corners, owners = [], []
    for node, (point, direction) in (
        (links.to_node[lanes.link], _last(network, every)),
        (links.from_node[lanes.link], _first(network, every)),
    ):
        left = np.column_stack([-direction[:, 1], direction[:, 0]]) * lanes.width[:, None] / 2
        corners += [point + left, point - left]
        owners += [node, node]
    owner, points = np.concatenate(owners), np.concatenate(corners)
    order = np.argsort(owner, kind="stable")
    nodes, indices = np.unique(owner[order], return_inverse=True)
    hulls = shapely.convex_hull(shapely.multipoints(points[order], indices=indices))
    solid = shapely.area(hulls) > 1.0
    return nodes[solid].astype(np.int64), hulls[solid]


def _last(network: RoadNetwork, lane: Ints) -> tuple[Points, Points]:
    """Last point (n, 2) and direction (n, 2) of lanes."""
    end = network.lanes.shape_start[lane] + network.lanes.shape_count[lane] - 1
    return network.points[end], _unit(network.points[end] - network.points[end - 1])


def _first(network: RoadNetwork, lane: Ints) -> tuple[Points, Points]:
    """First point (n, 2) and direction (n, 2) of lanes."""
    start = network.lanes.shape_start[lane]
    return network.points[start], _unit(network.points[start + 1] - network.points[start])


def _unit(vectors: Points) -> Points:
    return vectors / np.maximum(np.hypot(vectors[:, 0], vectors[:, 1]), 1e-9)[:, None]
