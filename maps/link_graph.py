"""The graph that routes are searched in: links are its vertices, turns from link to link its arcs.

Turn restrictions hold because an arc exists only where a connection does. The cost of an arc is the time across the
junction; the cost of a link comes from `Router.set_travel_times`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.network import Connections, Ints, Masks, RoadNetwork, Turn
from maps.polyline import lengths

TURN_PENALTY = {Turn.STRAIGHT: 0.0, Turn.RIGHT: 1.0, Turn.LEFT: 3.0, Turn.U_TURN: 15.0}
"""Time that slowing down and yielding costs, s."""


@dataclass(frozen=True)
class LinkGraph:
    """Arcs sorted by the link they leave; link `row` owns arcs `starts[row] .. starts[row + 1]`."""

    starts: NDArray[np.int64]
    heads: Ints
    """Link that each arc leads to."""
    seconds: NDArray[np.float64]
    """Time across the junction, s."""
    metres: NDArray[np.float64]
    """Length across the junction, m."""
    allowed: Masks
    """Kinds that may take the arc."""
    link_allowed: Masks
    """Kinds that may drive on each link."""
    ends: NDArray[np.float64]
    """Last point (n, 2) of each link, m."""

    @property
    def tails(self) -> Ints:
        """Link that each arc leaves."""
        return np.repeat(np.arange(len(self.starts) - 1, dtype=np.int32), np.diff(self.starts))


def link_graph(network: RoadNetwork) -> LinkGraph:
    """Fold the connections between lanes into arcs between links; the quickest connection of a pair counts."""
    links, lanes, connections = network.links, network.lanes, network.connections
    metres = lengths(network.points, connections.shape_start, connections.shape_count)
    seconds = _crossing_time(network, connections, metres)
    allowed = lanes.allowed[connections.from_lane] & lanes.allowed[connections.to_lane]
    tail, head = lanes.link[connections.from_lane], lanes.link[connections.to_lane]
    order = np.lexsort((seconds, head, tail))
    fresh = np.ones(len(order), bool)
    fresh[1:] = (np.diff(tail[order]) != 0) | (np.diff(head[order]) != 0)
    first = order[fresh]
    masks = np.bitwise_or.reduceat(allowed[order], np.flatnonzero(fresh)) if len(order) else allowed
    counts = np.bincount(tail[first], minlength=len(links.id))
    return LinkGraph(
        starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        heads=head[first].astype(np.int32),
        seconds=seconds[first],
        metres=metres[first],
        allowed=masks.astype(np.uint32),
        link_allowed=np.bitwise_or.reduceat(lanes.allowed, links.lane_start),
        ends=network.points[links.shape_start + links.shape_count - 1],
    )


def _crossing_time(network: RoadNetwork, connections: Connections, metres: NDArray[np.float64]) -> NDArray[np.float64]:
    speed = np.minimum(network.lanes.speed[connections.from_lane], network.lanes.speed[connections.to_lane])
    penalty = np.array([TURN_PENALTY[turn] for turn in Turn])
    seconds: NDArray[np.float64] = metres / speed + penalty[connections.turn]
    return seconds
