"""Traffic of a load test: vehicles that drive the lanes of a network at one speed, each seen by the nearest unit."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from maps.network import RoadNetwork
from maps.participants import ParticipantKind
from simulators.errors import SimulatorsError
from simulators.fleet_units import degrees_e7, heading_raw

SPEED = 11.0
"""m/s"""
LARGEST_NAME = 65_535
"""ptcId"""
_AHEAD = 1.0
"""Distance over which the direction of motion is measured, m."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class TooFewNodesError(SimulatorsError):
    """The network has fewer nodes than roadside units were asked for."""

    def __init__(self, wanted: int, nodes: int) -> None:
        super().__init__(f"{wanted} roadside units need as many nodes with roads; the network has {nodes}")
        self.wanted = wanted


@dataclass(frozen=True)
class Site:
    """Where a roadside unit stands."""

    lon: float
    lat: float


@dataclass(frozen=True)
class Tick:
    """All vehicles at one tick, sorted by unit."""

    start: Ints
    """(units + 1,) first row of each unit, and the number of rows."""
    values: Ints
    """(n, 4) name, longitude and latitude (1e-7 deg), heading (0.0125 deg)."""


class LoadTraffic:
    """Vehicles on random walks through the streets around the middle of the network; the seed makes them the same."""

    def __init__(self, network: RoadNetwork, units: int, vehicles: int, seconds: float, seed: int = 1) -> None:
        self._network = network
        self._rng = np.random.default_rng(seed)
        self._vehicles = vehicles
        self._nodes = _central_nodes(network, units)
        self._places = np.column_stack((network.nodes.x[self._nodes], network.nodes.y[self._nodes]))
        lon, lat = network.plane.inverse(self._places[:, 0], self._places[:, 1])
        self.sites = [Site(*place) for place in zip(lon.tolist(), lat.tolist(), strict=True)]
        self._behind: list[float] = []
        self._points, self._keys, self._stride = self._paths(seconds * SPEED + 2 * _AHEAD)

    def ticks(self, count: int, period: float, phase: Floats) -> Iterator[Tick]:
        """Yield `count` ticks `period` s apart; unit k looks `phase[k]` s after the tick."""
        tree = cKDTree(self._places)
        for number in range(count):
            unit = tree.query(self._at(np.full(self._vehicles, number * period * SPEED)))[1]
            run = SPEED * (number * period + phase[unit])
            here, ahead = self._at(run), self._at(run + _AHEAD)
            heading = np.arctan2(*(ahead - here).T) % (2.0 * np.pi)
            lon, lat = self._network.plane.inverse(here[:, 0], here[:, 1])
            names = np.arange(self._vehicles) % LARGEST_NAME + 1
            values = np.column_stack((names, degrees_e7(lon), degrees_e7(lat), heading_raw(heading)))
            order = np.argsort(unit, kind="stable")
            yield Tick(np.searchsorted(unit[order], np.arange(len(self._places) + 1)), values[order])

    def _at(self, run: Floats) -> Floats:
        """Place (n, 2) of every vehicle `run` m behind its start."""
        key = np.arange(self._vehicles) * self._stride + np.asarray(self._behind) + run
        return np.column_stack([np.interp(key, self._keys, self._points[:, axis]) for axis in (0, 1)])

    def _paths(self, reach: float) -> tuple[Floats, Floats, float]:
        """Draw a way of `reach` m for every vehicle: all points one after another and their keys."""
        network, lanes = self._network, self._network.lanes
        chosen = np.zeros(len(network.nodes.id), np.bool_)
        chosen[self._nodes] = True
        inside = chosen[network.links.to_node]
        both = inside & chosen[network.links.from_node]
        car = (lanes.allowed & ParticipantKind.CAR.bit) > 0
        starts = np.flatnonzero(car & (both if both[lanes.link].any() else inside)[lanes.link])
        ways = _ways(network, inside[lanes.link] & car, car)
        first = self._rng.choice(starts, self._vehicles)
        self._behind = (self._rng.uniform(0.0, 1.0, self._vehicles) * lanes.length[first] * 0.99).tolist()
        shapes = [self._way(ways, int(lane), reach + behind) for lane, behind in zip(first, self._behind, strict=True)]
        runs = [np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(shape, axis=0).T))]) for shape in shapes]
        stride = 2.0 * max(float(run[-1]) for run in runs) + reach
        keys = np.concatenate([run + number * stride for number, run in enumerate(runs)])
        return np.concatenate(shapes), keys, stride

    def _way(self, ways: dict[int, list[int]], lane: int, reach: float) -> Floats:
        network = self._network
        lanes, connections = network.lanes, network.connections
        pieces, length = [network.shape(int(lanes.shape_start[lane]), int(lanes.shape_count[lane]))], 0.0
        length += float(lanes.length[lane])
        while length < reach and ways.get(lane):
            row = ways[lane][int(self._rng.integers(len(ways[lane])))]
            lane = int(connections.to_lane[row])
            pieces.append(network.shape(int(connections.shape_start[row]), int(connections.shape_count[row])))
            pieces.append(network.shape(int(lanes.shape_start[lane]), int(lanes.shape_count[lane])))
            length += float(lanes.length[lane])
        return np.concatenate(pieces)


def _central_nodes(network: RoadNetwork, units: int) -> Ints:
    """Nodes nearest to the middle of the network, as many as units."""
    used = np.unique(np.concatenate([network.links.from_node, network.links.to_node]))
    if len(used) < units:
        raise TooFewNodesError(units, len(used))
    x, y = network.nodes.x[used], network.nodes.y[used]
    distance = np.maximum(np.abs(x - np.median(x)), np.abs(y - np.median(y)))
    return used[np.argsort(distance, kind="stable")[:units]].astype(np.int64)


def _ways(network: RoadNetwork, inside: NDArray[np.bool_], car: NDArray[np.bool_]) -> dict[int, list[int]]:
    """Connections by the lane they leave; those that stay near the units before any other."""
    connections = network.connections
    found: dict[int, list[int]] = {}
    kept: dict[int, list[int]] = {}
    pairs = zip(connections.from_lane.tolist(), connections.to_lane.tolist(), strict=True)
    for row, (lane, onto) in enumerate(pairs):
        if car[onto]:
            found.setdefault(lane, []).append(row)
            if inside[onto]:
                kept.setdefault(lane, []).append(row)
    return {**found, **kept}
