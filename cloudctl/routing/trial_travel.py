"""Travel times as vehicles drive them: time spent over way driven, by lane (Edie 1963), fading in a few minutes."""

import math

import numpy as np
from numpy.typing import NDArray

from cloudctl.routing.outlook import turn_delays
from maps.link_graph import LinkGraph
from maps.network import RoadNetwork

MEMORY = 120.0
"""Time after which what was seen counts for a third, s."""
PRIOR = 12.0
"""Seconds of free driving that every lane is taken to have seen: an empty road is free."""
TURN_PRIOR = 60.0
"""Seconds of driving as on the whole link that every turn is taken to have seen."""
FLOW_MEMORY = 300.0
Columns = NDArray[np.float64]


class TravelMeter:
    """Sums of vehicles' seconds and metres by lane, and of entries by link."""

    def __init__(self, network: RoadNetwork, graph: LinkGraph) -> None:
        self._network, self._graph = network, graph
        lanes, links = len(network.lanes.link), len(network.links.id)
        self._seconds, self._metres, self._entries = np.zeros(lanes), np.zeros(lanes), np.zeros(links)
        self._pace = 1.0 / np.maximum(network.lanes.speed.astype(np.float64), 1.0)
        self._length = network.links.length.astype(np.float64)
        self._watched = 0.0
        connections = network.connections
        keys = graph.tails.astype(np.int64) * links + graph.heads
        tail, head = network.lanes.link[connections.from_lane], network.lanes.link[connections.to_lane]
        self._arc = np.searchsorted(keys, tail.astype(np.int64) * links + head)
        self._lane = connections.from_lane

    def add(self, lanes: NDArray[np.int64], speeds: Columns, entered: NDArray[np.int64], seconds: float) -> None:
        """Take what was seen over `seconds` s: lane and speed (m/s) of each vehicle, links entered."""
        fade, forget = math.exp(-seconds / MEMORY), math.exp(-seconds / FLOW_MEMORY)
        size = len(self._seconds)
        self._seconds = self._seconds * fade + np.bincount(lanes, minlength=size) * seconds
        self._metres = self._metres * fade + np.bincount(lanes, speeds, size) * seconds
        self._entries = self._entries * forget + np.bincount(entered, minlength=len(self._entries))
        self._watched = self._watched * forget + seconds

    def flow(self) -> Columns:
        """Vehicles an hour that enter each link."""
        return self._entries * (3600.0 / max(self._watched, 1.0))

    def present(self) -> Columns:
        """Time on each link now, s, (links,)."""
        lanes = self._network.lanes.link
        links = len(self._length)
        free = np.bincount(lanes, PRIOR / self._pace, links)
        seconds = np.bincount(lanes, self._seconds + PRIOR, links)
        return self._length * seconds / (np.bincount(lanes, self._metres, links) + free)

    def turns(self, present: Columns) -> Columns:
        """What each turn takes beyond its link, s, (arcs,) of the graph."""
        arcs = len(self._graph.heads)
        metres_per_second = np.maximum(self._length / np.maximum(present, 1e-9), 1e-3)[self._graph.tails]
        seconds = np.bincount(self._arc, self._seconds[self._lane], arcs) + TURN_PRIOR
        metres = np.bincount(self._arc, self._metres[self._lane], arcs) + TURN_PRIOR * metres_per_second
        return turn_delays(self._graph, present, self._length[self._graph.tails] * seconds / metres)
