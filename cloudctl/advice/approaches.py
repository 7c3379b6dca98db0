"""The way from every lane to the next light, over the short lanes that maps put before a stop line (turn bays)."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from maps.network import Ints, RoadNetwork
from maps.polyline import lengths

MAX_GROUPS = 4
MAX_HOPS = 8
REACH = 600.0
"""A light further than this behind the end of a lane is not looked for, m."""


@dataclass(frozen=True)
class Approaches:
    """Lanes, (n,), and the light ahead of them."""

    network: RoadNetwork
    following: Ints
    """Lane that most take next where no light stands at the end of this one, -1 at a light or where no light comes."""
    beyond: NDArray[np.float64]
    """From the end of the lane to the stop line of the light, m; inf where no light comes within REACH."""
    groups: Ints
    """Signal groups that the traffic of the lane may obey, (n, MAX_GROUPS), the straightest first, then -1."""

    def chain_sum(self, lane: Ints, amount: NDArray[np.int64]) -> NDArray[np.int64]:
        """Sum of `amount` (by lane) over the lanes between each of `lane` (m,) and its light, the lane left out."""
        total, at = np.zeros(len(lane), np.int64), lane
        for _ in range(MAX_HOPS):
            at = np.where(at >= 0, self.following[at], -1)
            total += np.where(at >= 0, amount[at], 0)
        return total

    def group_on_route(self, link: int, route: Sequence[int]) -> int | None:
        """Group of the first light that a route over links meets from `link` on; None where that is not known."""
        if link not in route:
            return None
        ahead = route[route.index(link) :]
        for pair in itertools.pairwise(ahead):
            found = self._turns.get(pair)
            if found is not None:
                return found
        return None

    @cached_property
    def _turns(self) -> dict[tuple[int, int], int]:
        """Signal group of the way from link to link; -1 where its lanes obey different ones."""
        connections, lanes = self.network.connections, self.network.lanes
        found: dict[tuple[int, int], int] = {}
        columns = (lanes.link[connections.from_lane], lanes.link[connections.to_lane], connections.group)
        for source, target, group in zip(*(column.tolist() for column in columns), strict=True):
            if group >= 0:
                found[source, target] = group if found.get((source, target), group) == group else -1
        return found


def find_approaches(network: RoadNetwork) -> Approaches:
    """Look for the light ahead of every lane, straight on."""
    connections, count = network.connections, len(network.lanes.id)
    order = np.lexsort((connections.turn, connections.from_lane))
    lit = np.zeros(count, bool)
    lit[connections.from_lane[connections.group >= 0]] = True
    first = order[np.unique(connections.from_lane[order], return_index=True)[1]]
    straight, step = np.full(count, -1, np.int32), np.zeros(count)
    straight[connections.from_lane[first]] = connections.to_lane[first]
    across = lengths(network.points, connections.shape_start, connections.shape_count)
    step[connections.from_lane[first]] = across[first] + network.lanes.length[connections.to_lane[first]]
    straight[lit] = -1
    beyond = _distances(straight, step, lit)
    following = np.where(np.isfinite(beyond), straight, -1).astype(np.int32)
    return Approaches(network, following, beyond, _groups(network, order, beyond, lit))


def _distances(straight: Ints, step: NDArray[np.float64], lit: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Follow the straight ways, all lanes at once."""
    at, total = np.arange(len(straight)), np.zeros(len(straight))
    for _ in range(MAX_HOPS):
        on = ~lit[at] & (straight[at] >= 0)
        total = np.where(on, total + step[at], total)
        at = np.where(on, straight[at], at)
    return np.where(lit[at] & (total <= REACH), total, np.inf)


def _groups(network: RoadNetwork, order: NDArray[np.intp], beyond: NDArray[np.float64], lit: NDArray[np.bool_]) -> Ints:
    """Collect groups from the lights backwards; `order` lists connections by lane, straight ones first."""
    connections = network.connections
    ways: dict[int, list[int]] = {}
    for row in order.tolist():
        ways.setdefault(int(connections.from_lane[row]), []).append(row)
    found: dict[int, list[int]] = {}
    for lane in np.argsort(beyond, kind="stable").tolist():
        if not np.isfinite(beyond[lane]):
            break
        rows = ways.get(lane, [])
        if lit[lane]:
            groups = [int(connections.group[row]) for row in rows if connections.group[row] >= 0]
        else:
            targets = [int(connections.to_lane[row]) for row in rows]
            groups = [group for target in targets if beyond[target] < beyond[lane] for group in found.get(target, [])]
        found[lane] = list(dict.fromkeys(groups))
    table = np.full((len(network.lanes.id), MAX_GROUPS), -1, np.int32)
    for lane, groups in found.items():
        table[lane, : len(groups[:MAX_GROUPS])] = groups[:MAX_GROUPS]
    return table
