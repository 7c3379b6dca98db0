"""The lights on a way over links, and when one who drives it at a given pace reaches each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cloudctl.incidents.errors import UnusableWorkError
from maps.network import RoadNetwork

FASTER = 1.2
"""An emergency vehicle drives this many times the speed limit where the road is free."""
SLOWEST = 5.0
"""It makes way for itself at this pace in any queue, m/s."""


@dataclass(frozen=True)
class PlannedStop:
    """One light on the way."""

    signal: int
    """Row of the signal."""
    group: int
    """Row of the signal group that the way passes."""
    along: float
    """Stop line from the start of the way, m."""


@dataclass(frozen=True)
class CorridorPlan:
    """A way over links."""

    links: tuple[int, ...]
    starts: NDArray[np.float64]
    """Where each link begins, (n + 1,) with the end of the way last, m."""
    stops: tuple[PlannedStop, ...]

    @property
    def length(self) -> float:
        """Of the whole way, m."""
        return float(self.starts[-1])

    def seconds(self, along: float, to: float, pace: NDArray[np.float64]) -> float:
        """Time from one place on the way to another (m) with the pace (m/s) of each link of the way."""
        low = np.clip(self.starts[:-1], along, max(to, along))
        high = np.clip(self.starts[1:], along, max(to, along))
        return float(((high - low) / pace).sum())


def plan_corridor(network: RoadNetwork, links: Sequence[str]) -> CorridorPlan:
    """Lay out a way over the links of these ids.

    Raises:
        UnusableWorkError: a link is unknown, or no connection leads from one to the next.
    """
    unknown = [link for link in links if link not in network.link_rows]
    if unknown or not links:
        raise UnusableWorkError(f"links {unknown or 'none'} are not on the map")
    rows = tuple(network.link_rows[link] for link in links)
    starts = np.concatenate([[0.0], np.cumsum(network.links.length[list(rows)], dtype=np.float64)])
    stops = []
    for number, (first, second) in enumerate(pairwise(rows)):
        group = _group_between(network, first, second)
        if group >= 0:
            stops.append(PlannedStop(int(network.groups.signal[group]), group, float(starts[number + 1])))
    return CorridorPlan(rows, starts, tuple(stops))


def planned_pace(network: RoadNetwork, plan: CorridorPlan) -> NDArray[np.float64]:
    """Pace of an emergency vehicle on each link of a free way, m/s."""
    return np.maximum(network.links.speed[list(plan.links)].astype(np.float64) * FASTER, SLOWEST)


def _group_between(network: RoadNetwork, first: int, second: int) -> int:
    """Give the light between two links that follow one another, -1 where there is none."""
    connections, lanes = network.connections, network.lanes
    leads = (lanes.link[connections.from_lane] == first) & (lanes.link[connections.to_lane] == second)
    if not leads.any():
        one, other = network.links.id[first], network.links.id[second]
        raise UnusableWorkError(f"no way from link {one!s} to link {other!s}")
    return int(connections.group[np.flatnonzero(leads)].max())
