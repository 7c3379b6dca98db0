"""Compiles the search of ways under load by planning one vehicle; nothing of it is kept."""

import numpy as np

from cloudctl.routing.capacity import link_begins, link_capacities
from cloudctl.routing.guidance import Guidance, Traveller
from cloudctl.routing.outlook import free_usual, make_outlook
from cloudctl.routing.ways import WayFinder, Wish
from maps.network import RoadNetwork


def warm_up(network: RoadNetwork) -> None:
    """Find a way and plan a detour on a network that has links."""
    ways = WayFinder(network)
    graph = ways.graph
    outlook = make_outlook(ways.free, np.zeros(len(graph.heads)), free_usual(ways.free))
    ways.find(Wish(0, 0), outlook)
    guidance = Guidance(graph, link_capacities(network), link_begins(network), ways.free)
    onward = int(graph.heads[graph.starts[0]]) if graph.starts[1] > graph.starts[0] else 0
    traveller = Traveller("first", np.array([0, onward], np.int32))
    guidance.plan(0.0, [traveller], outlook, np.zeros(len(ways.free)))
