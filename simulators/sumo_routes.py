"""Shortest ways through a SUMO network, and random trips made of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from simulators.sumo_net import NetConnection, SumoNet

TURN_COST = {"s": 4.0, "r": 6.0, "R": 5.0, "l": 14.0, "L": 10.0, "t": 60.0}
"""Mean waiting time that a turn adds, s."""

Route = tuple[str, ...]
Weights = NDArray[np.float64]


@dataclass(frozen=True)
class RouteGraph:
    """Edges that one vehicle class may use, and the turns between them."""

    ids: tuple[str, ...]
    rows: dict[str, int]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    cost: Weights
    """Seconds from the end of one edge to the end of the next."""
    length: Weights
    """Length of each edge, m."""
    lanes: Weights
    """Lanes of each edge that the class may use."""

    def routes_from(self, origin: str, goals: Sequence[str], noise: Weights | None = None) -> list[Route]:
        """Quickest route to each goal; goals that cannot be reached give an empty route.

        Args:
            origin: Edge id.
            goals: Edge ids.
            noise: Factor on the cost of each edge, so that drivers differ.
        """
        cost = self.cost if noise is None else self.cost * noise[self.end]
        size = len(self.ids)
        matrix = csr_matrix((cost, (self.start, self.end)), shape=(size, size))
        _, before = dijkstra(matrix, indices=self.rows[origin], return_predecessors=True)
        return [self._back(before, self.rows[origin], self.rows[goal]) for goal in goals]

    def _back(self, before: NDArray[np.int32], origin: int, goal: int) -> Route:
        way = [goal]
        while way[-1] != origin:
            previous = int(before[way[-1]])
            if previous < 0:
                return ()
            way.append(previous)
        return tuple(self.ids[row] for row in reversed(way))

    def first_gap(self, route: Sequence[str]) -> tuple[str, str] | None:
        """First two neighbours of a route between which there is no turn."""
        turns = self._turns
        return next((p for p in pairwise(route) if p not in turns), None)

    @cached_property
    def _turns(self) -> set[tuple[str, str]]:
        return {(self.ids[a], self.ids[b]) for a, b in zip(self.start.tolist(), self.end.tolist(), strict=True)}

    def distance(self, route: Iterable[str]) -> float:
        """Length of a route, m."""
        return float(sum(self.length[self.rows[edge]] for edge in route))


def route_graph(net: SumoNet, vehicle_class: str) -> RouteGraph:
    """Graph of a network for one vehicle class."""
    ids = tuple(edge.id for edge in net.edges.values() if edge.lane_for(vehicle_class))
    rows = {edge: row for row, edge in enumerate(ids)}
    turns: dict[tuple[int, int], float] = {}
    for link in net.connections:
        if link.start in rows and link.end in rows and _usable(net, link, vehicle_class):
            edge = net.edges[link.end]
            turns[rows[link.start], rows[link.end]] = edge.length / edge.speed + TURN_COST.get(link.direction, 8.0)
    pairs = np.array(list(turns), np.int64).reshape(-1, 2)
    return RouteGraph(
        ids,
        rows,
        pairs[:, 0],
        pairs[:, 1],
        np.array(list(turns.values())),
        np.array([net.edges[edge].length for edge in ids]),
        np.array([float(sum(lane.admits(vehicle_class) for lane in net.edges[edge].lanes)) for edge in ids]),
    )


def _usable(net: SumoNet, link: NetConnection, vehicle_class: str) -> bool:
    start, end = net.edges[link.start].lanes[link.from_lane], net.edges[link.end].lanes[link.to_lane]
    return start.admits(vehicle_class) and end.admits(vehicle_class)


@dataclass(frozen=True)
class TripDraw:
    """How random trips are drawn."""

    origins: Weights
    """Weight of each edge as origin."""
    goals: Weights
    per_origin: int
    shortest: float
    """m"""
    longest: float
    spread: float = 0.25
    """Sigma of the logarithm of the noise on the edges' costs."""
    zones: NDArray[np.int64] | None = None
    """Part of the city in which each edge lies."""
    leaving: float = 1.0
    """Weight of goals in another zone than the origin's."""
    relief: float = 0.025
    """Share of all trips on one lane at which drivers find a street twice as slow; they then spread over others."""

    def goals_from(self, origin: int) -> Weights:
        """Weight of each edge as goal of a trip from an edge (row)."""
        if self.zones is None:
            return self.goals
        return np.asarray(self.goals * np.where(self.zones == self.zones[origin], 1.0, self.leaving))


def random_routes(graph: RouteGraph, draw: TripDraw, count: int, rng: np.random.Generator) -> list[Route]:
    """Draw routes between random edges; fewer than `count` where the network gives no more after ten rounds."""
    found: list[Route] = []
    used = np.zeros(len(graph.ids))
    for _ in range(10 * count // draw.per_origin + 10):
        start = int(rng.choice(len(graph.ids), p=draw.origins / draw.origins.sum()))
        weights = draw.goals_from(start)
        goals = rng.choice(len(graph.ids), size=draw.per_origin, p=weights / weights.sum())
        noise = rng.lognormal(0.0, draw.spread, len(graph.ids))
        load = used / graph.lanes / max(50, len(found))
        routes = graph.routes_from(
            graph.ids[start], [graph.ids[row] for row in goals], noise * (1 + (load / draw.relief) ** 2)
        )
        kept = [r for r in routes if r and draw.shortest <= graph.distance(r) <= draw.longest]
        found += kept
        np.add.at(used, [graph.rows[edge] for route in kept for edge in route], 1)
        if len(found) >= count:
            break
    return found[:count]
