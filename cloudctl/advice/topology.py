"""What the advisors look up in the road network again and again, computed once: turns, lights of lanes, cycles."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from cloudctl.advice.approaches import Approaches, find_approaches
from maps.network import Ints, RoadNetwork, Turn

GREENS = (4, 5, 6)
"""Flashing, permissive and protected green of LightState (T/CSAE 53-2020)."""
_TURN_WEIGHT = np.array([1.0, 0.4, 0.4, 0.02])
"""How likely a turn is against going straight where nothing else is known, by `Turn`."""
_DEFAULT_CYCLE = 90.0
_DEFAULT_GREEN = 5.0


@dataclass(frozen=True)
class Moves:
    """Ways from link to link, (m,), sorted by `source`; `share` of one source adds up to 1."""

    source: Ints
    target: Ints
    share: NDArray[np.float64]
    straight: NDArray[np.bool_]


@dataclass(frozen=True)
class Topology:
    """The network and what follows from it for advice. Immutable; every member is computed at first use."""

    network: RoadNetwork

    def prepare(self) -> Self:
        """Compute everything now, so that no advisor is held up by it."""
        _ = self.successors, self.predecessors, self.approaches, self.group_green, self.signal_cycle, self.link_middle
        return self

    @cached_property
    def moves(self) -> Moves:
        """Turns between links with the share of traffic that a plain driver population would give each."""
        connections, lanes = self.network.connections, self.network.lanes
        source = lanes.link[connections.from_lane].astype(np.int64)
        target = lanes.link[connections.to_lane].astype(np.int64)
        size = len(self.network.links.id)
        pairs, where = np.unique(source * size + target, return_inverse=True)
        weight = np.bincount(where, _TURN_WEIGHT[connections.turn], len(pairs))
        straight = np.bincount(where, connections.turn == Turn.STRAIGHT, len(pairs)) > 0
        first, second = pairs // size, pairs % size
        total = np.bincount(first, weight, size)
        return Moves(first.astype(np.int32), second.astype(np.int32), weight / total[first], straight)

    @cached_property
    def successors(self) -> dict[int, NDArray[np.int64]]:
        """Rows of `moves` that leave a link."""
        return _rows_by(self.moves.source)

    @cached_property
    def predecessors(self) -> dict[int, NDArray[np.int64]]:
        """Rows of `moves` that enter a link."""
        return _rows_by(self.moves.target)

    @cached_property
    def approaches(self) -> Approaches:
        """The light ahead of every lane."""
        return find_approaches(self.network)

    @cached_property
    def link_signal(self) -> Ints:
        """Signal at the end of each link, -1 where there is none."""
        return self.network.nodes.signal[self.network.links.to_node]

    @cached_property
    def signal_cycle(self) -> NDArray[np.float64]:
        """Length of each signal's default program, s; 90 s where the map has none."""
        program = self.network.program
        total = np.bincount(program.signal, program.duration, len(self.network.signals.id))
        return np.where(total > 0, total, _DEFAULT_CYCLE)

    @cached_property
    def group_green(self) -> NDArray[np.float64]:
        """Shortest green that each group's program promises, s; 5 s where the map has no program."""
        network = self.network
        shortest = np.full(len(network.groups.signal), _DEFAULT_GREEN)
        for row in range(len(network.signals.id)):
            start, count = int(network.signals.program_start[row]), int(network.signals.program_count[row])
            first, groups = int(network.signals.group_start[row]), int(network.signals.group_count[row])
            if count == 0 or groups == 0:
                continue
            where = network.program.state_start[start : start + count, None] + np.arange(groups)
            green = np.isin(network.program_states[where], GREENS)
            minimum = network.program.minimum[start : start + count]
            for group in range(groups):
                shortest[first + group] = _shortest_run(green[:, group], minimum)
        return shortest

    @cached_property
    def link_middle(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Longitude and latitude of the middle of each link's shape, deg."""
        links, points = self.network.links, self.network.points
        middle = points[links.shape_start + links.shape_count // 2]
        return self.network.plane.inverse(middle[:, 0], middle[:, 1])


def _rows_by(column: Ints) -> dict[int, NDArray[np.int64]]:
    order = np.argsort(column, kind="stable")
    keys, starts = np.unique(column[order], return_index=True)
    return dict(zip(keys.tolist(), np.split(order, starts[1:]), strict=True))


def _shortest_run(green: NDArray[np.bool_], minimum: NDArray[np.float32]) -> float:
    """Length of the shortest run of green steps of a cyclic program, s."""
    if not green.any():
        return _DEFAULT_GREEN
    if green.all():
        return float(minimum.sum())
    shift = int(np.flatnonzero(~green)[0])
    runs: list[float] = []
    previous = False
    for lit, length in zip(np.roll(green, -shift).tolist(), np.roll(minimum, -shift).tolist(), strict=True):
        if lit and previous:
            runs[-1] += length
        elif lit:
            runs.append(length)
        previous = lit
    return max(min(runs), 1.0)
