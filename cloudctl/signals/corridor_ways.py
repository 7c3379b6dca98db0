"""The ways along a corridor of signals: links from each light to the next, there and back, and the lights they pass."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cloudctl.signals.errors import CorridorError
from fusion.movements import Movements
from maps.network import RoadNetwork, Turn

LONGEST = 600.0
"""Lights further apart than this much driving time are not coordinated, s."""


@dataclass(frozen=True, slots=True)
class Leg:
    """The way from the stop line of one signal to that of the next, over links (rows)."""

    links: tuple[int, ...]
    length: float
    """m"""
    seconds: float
    """At free speed."""


@dataclass(frozen=True, slots=True)
class Passage:
    """How the corridor passes one signal in one direction."""

    group: int
    """Row of the signal group."""
    approach: int
    """Row of the link before the stop line; that of the strongest way in where the corridor begins."""
    onward: int
    lanes: int


@dataclass(frozen=True, slots=True)
class Direction:
    """One direction of a corridor, in the order of travel."""

    legs: tuple[Leg, ...]
    passages: tuple[Passage, ...]


@dataclass(frozen=True)
class WayFinder:
    """Finds the ways between the signals of a network; no vehicle drives faster than `speed` m/s."""

    network: RoadNetwork
    speed: float = np.inf
    moves: Movements = field(init=False)
    _seconds: NDArray[np.float64] = field(init=False)
    _start: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        """Sort the movements by the link that they leave, as `Movements` has them."""
        moves, links = Movements.of(self.network), self.network.links
        pace = np.minimum(links.speed.astype(np.float64), self.speed)
        object.__setattr__(self, "moves", moves)
        object.__setattr__(self, "_seconds", links.length.astype(np.float64) / np.maximum(pace, 0.1))
        object.__setattr__(self, "_start", np.searchsorted(moves.from_link, np.arange(len(links.id) + 1)))

    def along(self, signals: Sequence[int]) -> Direction:
        """Legs and passages over signals (rows) in the order of travel.

        Raises:
            CorridorError: no way leads from one to the next, other signals stand on it, or no light is on it.
        """
        legs = tuple(self._leg(first, second) for first, second in pairwise(signals))
        ends = [None, *legs, None]
        passages = tuple(self._passage(row, ends[place], ends[place + 1]) for place, row in enumerate(signals))
        return Direction(legs, passages)

    def _leg(self, first: int, second: int) -> Leg:
        before, last = self._search(first, second)
        links, between, row = [last], [], last
        while (move := before[row]) is not None:
            row = int(self.moves.from_link[move])
            links.append(row)
            if (signal := int(self.moves.signal[move])) >= 0:
                between.append(self._name(signal))
        if between:
            named = ", ".join(reversed(between))
            raise CorridorError(f"{named} stands between {self._name(first)} and {self._name(second)}; name it too")
        metres = float(self.network.links.length[links].sum(dtype=np.float64))
        return Leg(tuple(reversed(links)), metres, float(self._seconds[links].sum()))

    def _search(self, first: int, second: int) -> tuple[dict[int, int | None], int]:
        """Movement into each link that was reached from a signal, and the quickest approach of the other (Dijkstra)."""
        moves = self.moves
        exits = {int(row) for row in moves.to_link[moves.signal == first]}
        heap: list[tuple[float, int, int | None]] = [(float(self._seconds[row]), row, None) for row in sorted(exits)]
        heapq.heapify(heap)
        before: dict[int, int | None] = {}
        while heap:
            at, row, by = heapq.heappop(heap)
            if row in before:
                continue
            before[row] = by
            ahead = range(int(self._start[row]), int(self._start[row + 1]))
            if any(moves.signal[move] == second for move in ahead):
                return before, row
            for move in ahead:
                onward = int(moves.to_link[move])
                reached = at + float(self._seconds[onward])
                if onward not in before and moves.turn[move] != Turn.U_TURN and reached <= LONGEST:
                    heapq.heappush(heap, (reached, onward, move))
        raise CorridorError(f"no way leads from {self._name(first)} to {self._name(second)}")

    def _passage(self, signal: int, before: Leg | None, after: Leg | None) -> Passage:
        """Straight on, over as many lanes as possible, from the leg before to the leg after."""
        moves = self.moves
        fits = moves.signal == signal
        if before is not None:
            fits &= moves.from_link == before.links[-1]
        if after is not None:
            fits &= moves.to_link == after.links[0]
        found = [self._over(int(move)) for move in np.flatnonzero(fits)]
        lit = [each for each in found if each[1].group >= 0]
        if not lit:
            raise CorridorError(f"no light at {self._name(signal)} is for those who drive along it")
        return max(lit, key=lambda each: (each[0], each[1].lanes))[1]

    def _over(self, move: int) -> tuple[bool, Passage]:
        moves, ways = self.moves, self.network.connections
        end = int(moves.start[move + 1]) if move + 1 < len(moves) else len(moves.connection)
        rows = moves.connection[int(moves.start[move]) : end]
        groups, counts = np.unique(ways.group[rows], return_counts=True)
        group = int(groups[counts.argmax()])
        lanes = len(np.unique(ways.from_lane[rows[ways.group[rows] == group]]))
        passage = Passage(group, int(moves.from_link[move]), int(moves.to_link[move]), lanes)
        return bool(moves.turn[move] == Turn.STRAIGHT), passage

    def _name(self, signal: int) -> str:
        return str(self.network.signals.id[signal])
