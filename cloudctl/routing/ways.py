"""Ways that reckon with travel times ahead and with turns, for one vehicle: at any departure of the next hour."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cloudctl.routing.capacity import link_begins
from cloudctl.routing.outlook import FADE, Outlook
from cloudctl.routing.turn_search import Loads, Times, search_turns, walk
from maps.errors import NoRouteError
from maps.link_graph import link_graph
from maps.network import Ints, RoadNetwork
from maps.participants import ParticipantKind
from maps.shortest_path import Arcs

FASTEST = 40.0
"""Speed that no way exceeds, m/s."""
PENALTY = 1.5
MAX_OVERLAP = 0.7
MAX_STRETCH = 1.6
_Z80 = 1.2816


@dataclass(frozen=True)
class Wish:
    """What is looked for."""

    source: int
    target: int
    kind: ParticipantKind = ParticipantKind.CAR
    departure: float = 0.0
    """s from now."""
    closed: Ints | tuple[int, ...] = ()
    pace: float = 1.0
    delay: float = 1.0
    """As in `ClassRules`."""
    count: int = 1


@dataclass(frozen=True)
class TimedRoute:
    """A way with the times that are expected on it."""

    links: Ints
    entered: NDArray[np.float64]
    """When each link is entered, s after departure."""
    travel_time: float
    low: float
    high: float
    """80 % of trips take between these, s; links vary together by half."""
    length: float
    """m"""


class WayFinder:
    """Finds ways on one network."""

    def __init__(self, network: RoadNetwork) -> None:
        self._network = network
        self.graph = link_graph(network)
        graph = self.graph
        self._arcs: Arcs = (graph.starts, graph.heads, graph.seconds, graph.allowed)
        self._begins = link_begins(network)
        self.free = network.links.length.astype(np.float64) / network.links.speed
        links = len(self.free)
        self._ones, self._zeros = np.ones(links), np.zeros(links)

    def find(self, wish: Wish, outlook: Outlook) -> list[TimedRoute]:
        """Up to `count` ways that really differ, the quickest first.

        Raises:
            NoRouteError: no way is open.
            IndexError: a link is none of this network.
        """
        count = len(self.free)
        if not (0 <= wish.source < count and 0 <= wish.target < count):
            raise IndexError(f"link rows {wish.source}, {wish.target} are not within 0..{count - 1}")
        table, turn, spread = self._seen_by(wish, outlook)
        found = [self._measure(self._search(wish, table, turn, outlook.slot), table, turn, spread, outlook.slot)]
        raised, tries, last = (table.copy() if wish.count > 1 else table), 0, found[0].links
        while len(found) < wish.count and tries < 2 * wish.count:
            tries += 1
            raised[:, last] *= PENALTY
            last = self._search(wish, raised, turn, outlook.slot)
            way = self._measure(last, table, turn, spread, outlook.slot)
            fresh = all(self._overlap(way, other) <= MAX_OVERLAP for other in found)
            if fresh and way.travel_time <= MAX_STRETCH * found[0].travel_time:
                found.append(way)
        return sorted(found, key=lambda way: way.travel_time)

    def _seen_by(
        self, wish: Wish, outlook: Outlook
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Times, turns and spread from the departure on, as this vehicle will find them."""
        first = min(int(wish.departure / outlook.slot), len(outlook.times) - 1)
        table = outlook.times[first:]
        if wish.pace != 1.0 or wish.delay != 1.0:
            free = self.free * wish.pace
            table = np.maximum(free + wish.delay * (table - self.free), 0.5 * free)
        if len(wish.closed):
            table = table.copy()
            kept = table[:, wish.source].copy()
            table[:, np.asarray(wish.closed, np.int64)] = np.inf
            table[:, wish.source] = kept
        fade = np.exp(-wish.departure / FADE)
        return np.ascontiguousarray(table), outlook.turn * (wish.delay * fade), outlook.spread[first:]

    def _loads(self, table: NDArray[np.float64]) -> Loads:
        return np.zeros_like(table), self._zeros, self._ones, self._ones * 1e12, self.free

    def _search(self, wish: Wish, table: NDArray[np.float64], turn: NDArray[np.float64], slot: float) -> Ints:
        times: Times = (table, turn, slot)
        ends = wish.source, wish.target
        guide, bit = (self._begins, FASTEST), np.uint32(wish.kind.bit)
        price, before = search_turns(self._arcs, times, self._loads(table), (0.0, 0.0), bit, ends, guide)
        if not np.isfinite(price[wish.target]) or not np.isfinite(table[0, wish.target]):
            first, last = (str(self._network.links.id[row]) for row in ends)
            raise NoRouteError(first, last, f"no way is open to {wish.kind.label}")
        links = [wish.target]
        while links[-1] != wish.source:
            links.append(int(before[links[-1]]))
        return np.array(links[::-1], np.int32)

    def _measure(
        self,
        links: Ints,
        table: NDArray[np.float64],
        turn: NDArray[np.float64],
        spread: NDArray[np.float64],
        slot: float,
    ) -> TimedRoute:
        _, seconds, entered = walk(links, self._arcs, (table, turn, slot), self._loads(table), (0.0, 0.0))
        rows = np.minimum((entered / slot).astype(np.int64), len(spread) - 1)
        each = spread[rows, links]
        noise = float(np.sqrt(0.5 * (each**2).sum() + 0.5 * each.sum() ** 2 / max(len(each), 1)))
        length = float(self._network.links.length[links].sum(dtype=np.float64))
        low = max(seconds - _Z80 * noise, 0.5 * seconds)
        return TimedRoute(links, entered, seconds, low, seconds + _Z80 * noise, length)

    def _overlap(self, way: TimedRoute, other: TimedRoute) -> float:
        length = self._network.links.length
        shared = np.isin(way.links, other.links)
        return float(length[way.links[shared]].sum() / length[way.links].sum())
