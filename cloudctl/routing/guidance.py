"""Who is told to take another way, and which: a split of guided traffic over ways that does not jam the detour.

Every known route is laid on the links in slots of time. Each vehicle in its turn takes the way with the lowest price
under the load of all others: its own time and a share of what it costs them (Peeta and Mahmassani 1995: between user
and system optimum). The next one sees the load of the one before, so traffic splits over several streets (incremental
assignment, Ortuzar and Willumsen, Modelling Transport, 10.5). Nobody is told for a small saving, nor too often.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cloudctl.routing.outlook import Outlook
from cloudctl.routing.turn_search import Loads, Rule, Times, load_route, load_routes, search_turns, walk
from maps.link_graph import LinkGraph
from maps.network import Ints
from maps.participants import ParticipantKind
from maps.shortest_path import Arcs


@dataclass(frozen=True)
class GuidanceRules:
    """When a way is worth telling."""

    least_saving: float = 60.0
    """s of its own time and its part of what it costs others."""
    least_share: float = 0.1
    """Part of what the remaining way costs so far."""
    others: float = 0.5
    """Part of what a vehicle costs others that it reckons as its own, 0 (selfish) .. 1 (system optimum)."""
    sensitivity: float = 15.0
    """Time that a link used to capacity takes beyond an empty one, s."""
    settle: float = 120.0
    """A vehicle that was told is left alone for this long, s."""
    tellings: int = 8
    """A vehicle is told at most so often."""


COMMITTED, COMMITTED_LEAST = 6.0, 15.0
"""Time (s), and at least way (m), ahead in which a driver does not change his turn any more; in a queue he can."""


def committed_links(route: Ints, length: NDArray[np.floating], position: float, speed: float) -> int:
    """Links of `route` that a driver cannot leave any more.

    Args:
        route: Rows of links.
        length: Of all links, m.
        position: Of the driver on the first link, m.
        speed: m/s.
    """
    way, ahead = max(COMMITTED * speed, COMMITTED_LEAST), -position
    for count, link in enumerate(route.tolist(), 1):
        ahead += float(length[link])
        if ahead >= way:
            return count
    return len(route)


@dataclass(frozen=True)
class Traveller:
    """A vehicle whose way is known."""

    name: str
    route: Ints
    """Rows of the links ahead, the one that it is on first."""
    fixed: int = 1
    """Links of `route`, from the first on, that it cannot leave any more."""
    fresh: bool = False
    """Whether it sets out now and may be given any way."""
    open_to_advice: bool = True
    """Whether it may be told now; else its way only counts as load."""
    kind: ParticipantKind = ParticipantKind.CAR
    weight: float = 1.0
    """Vehicles that its way counts as: less than one where it is not sure that the driver takes it."""


@dataclass(frozen=True)
class Change:
    """Another way for one vehicle."""

    name: str
    route: Ints
    """From the link that it is on to the last."""
    saves: float
    """s against its way so far, with the load of all others."""
    time: float
    """Expected time of the new way, s."""


@dataclass
class _Told:
    last: float = -np.inf
    times: int = 0


@dataclass
class Guidance:
    """Plans ways for guided vehicles, round by round."""

    graph: LinkGraph
    capacity: NDArray[np.float64]
    """Vehicles an hour, (links,)."""
    begins: NDArray[np.float64]
    """Where links begin, (links, 2), m."""
    free: NDArray[np.float64]
    """Times of the empty links, s, (links,)."""
    rules: GuidanceRules = field(default_factory=GuidanceRules)
    fastest: float = 35.0
    """Speed that no way exceeds, m/s."""
    _told: dict[str, _Told] = field(default_factory=dict)

    def plan(
        self, now: float, travellers: Sequence[Traveller], outlook: Outlook, flow: NDArray[np.float64]
    ) -> list[Change]:
        """Give the vehicles that are better off on another way, in the order given.

        Args:
            now: s.
            travellers: All vehicles whose way is known, told or not.
            outlook: Travel times ahead.
            flow: Vehicles an hour that enter each link now, all vehicles, (links,); NaN where unknown.
        """
        if not travellers:
            return []
        board = self._board(travellers, outlook, flow)
        changes = [
            change
            for traveller in travellers
            if traveller.open_to_advice and self._may_be_told(traveller, now)
            for change in (self._improve(board, traveller),)
            if change is not None
        ]
        for change in changes:
            told = self._told.setdefault(change.name, _Told())
            told.last, told.times = now, told.times + 1
        return changes

    def forget(self, present: set[str]) -> None:
        """Forget vehicles that are not there any more."""
        self._told = {name: told for name, told in self._told.items() if name in present}

    def _may_be_told(self, traveller: Traveller, now: float) -> bool:
        told = self._told.get(traveller.name)
        return told is None or (now - told.last >= self.rules.settle and told.times < self.rules.tellings)

    def _board(self, travellers: Sequence[Traveller], outlook: Outlook, flow: NDArray[np.float64]) -> "_Board":
        arcs: Arcs = (self.graph.starts, self.graph.heads, self.graph.seconds, self.graph.allowed)
        times: Times = (np.ascontiguousarray(outlook.times), outlook.turn, outlook.slot)
        links = np.concatenate([traveller.route for traveller in travellers]).astype(np.int32)
        begins = np.concatenate([[0], np.cumsum([len(one.route) for one in travellers])]).astype(np.int64)
        weights = np.array([traveller.weight for traveller in travellers])
        held = np.nan_to_num(flow) * (outlook.slot / 3600.0)
        # What passes now can pass: a capacity by program is no more than a guess.
        capacity = np.maximum(self.capacity * (outlook.slot / 3600.0), held)
        empty: Loads = (np.zeros_like(outlook.times), held, held, capacity, self.free)
        rule = (self.rules.sensitivity, self.rules.others)
        planned = load_routes((links, begins, weights), arcs, times, empty, rule)
        return _Board(arcs, times, (planned, np.maximum(held - planned[0], 0.0), held, capacity, self.free), rule)

    def _improve(self, board: "_Board", traveller: Traveller) -> Change | None:
        route, fixed = traveller.route, max(traveller.fixed, 1)
        if fixed >= len(route):
            return None
        price, time, entries = board.walk(route)
        board.load(route, entries, -traveller.weight)
        found = self._search(board, int(route[fixed - 1]), int(route[-1]), traveller.kind)
        if found is not None:
            way = np.concatenate([route[: fixed - 1], found]).astype(np.int32)
            new_price, new_time, new_entries = board.walk(way)
            if self._is_worth(traveller, (price, time), (new_price, new_time)) and not np.array_equal(way, route):
                board.load(way, new_entries, traveller.weight)
                return Change(traveller.name, way, time - new_time, new_time)
        board.load(route, entries, traveller.weight)
        return None

    def _is_worth(self, traveller: Traveller, old: tuple[float, float], new: tuple[float, float]) -> bool:
        saved = old[0] - new[0]
        if traveller.fresh:
            return saved > 1.0
        needed = max(self.rules.least_saving, self.rules.least_share * old[0])
        return saved >= needed and new[1] <= old[1]

    def _search(self, board: "_Board", source: int, target: int, kind: ParticipantKind) -> Ints | None:
        guide = self.begins, self.fastest
        price, before = search_turns(
            board.arcs, board.times, board.loads, board.rule, np.uint32(kind.bit), (source, target), guide
        )
        if not np.isfinite(price[target]):
            return None
        links = [target]
        while links[-1] != source:
            links.append(int(before[links[-1]]))
        return np.array(links[::-1], np.int32)


@dataclass(frozen=True)
class _Board:
    """Times and loads of one round; loads change as vehicles are told."""

    arcs: Arcs
    times: Times
    loads: Loads
    rule: Rule

    def walk(self, route: Ints) -> tuple[float, float, NDArray[np.float64]]:
        return walk(route, self.arcs, self.times, self.loads, self.rule)

    def load(self, route: Ints, entries: NDArray[np.float64], weight: float) -> None:
        load_route(route, entries, self.times[2], self.loads[0], weight)
