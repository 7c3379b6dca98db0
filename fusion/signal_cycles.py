"""How each signal group repeats: cycle and green learned from its changes, with the map's program until then.

A group that keeps a fixed cycle is told far ahead; one that does not has a large spread, and whoever uses the
forecast can see it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.network import RoadNetwork

GREEN_CODES = (4, 5, 6)
"""LightState of flashing, permissive and protected green (DE_LightState)."""
LEARN = 0.2
"""Weight of a new cycle."""
SHORTEST, LONGEST = 15.0, 400.0
"""Cycles outside are no cycles: a change was missed, s."""
STALE = 3.0
"""A pause in the reports longer than this hides changes, s."""
Reals = NDArray[np.float64]


@dataclass(frozen=True)
class CycleTable:
    """The repetition of every group of the network, (n,); NaN where nothing is known."""

    start: Reals
    """Start of a green, the newest that was seen, UTC epoch s."""
    green: Reals
    """s"""
    cycle: Reals
    """From green to green, s."""
    spread: Reals
    """Mean absolute difference of a cycle from the usual, s."""
    seen: NDArray[np.int32]
    """Cycles behind it."""


class SignalCycles:
    """Learns from the states of all groups."""

    def __init__(self, network: RoadNetwork) -> None:
        count = len(network.groups.signal)
        self._start, self._spread = np.full(count, np.nan), np.full(count, np.nan)
        self._cycle, self._green = _planned(network)
        self._seen = np.zeros(count, np.int32)
        self._lit = np.zeros(count, np.bool_)
        self._known = np.zeros(count, np.bool_)
        self._time = -np.inf

    def follow(self, state: NDArray[np.uint8], now: float) -> None:
        """Take the lights of all groups (n,) at UTC epoch `now`, s; 0 where unknown."""
        known, lit = state > 0, np.isin(state, GREEN_CODES)
        watched = known & self._known & (now - self._time <= STALE)
        begins, ends = watched & lit & ~self._lit, watched & ~lit & self._lit
        lost = ~watched & known
        self._start[lost & ~lit] = np.nan
        self._learn_cycle(np.flatnonzero(begins), now)
        rows = np.flatnonzero(ends & np.isfinite(self._start))
        self._green[rows] = _blend(self._green[rows], now - self._start[rows])
        self._known, self._lit, self._time = known, lit, now

    def _learn_cycle(self, rows: NDArray[np.intp], now: float) -> None:
        took = now - self._start[rows]
        fits = (took >= SHORTEST) & (took <= LONGEST)
        learned, cycles = rows[fits], took[fits]
        usual = np.where(self._seen[learned] == 0, np.nan, self._cycle[learned])  # what was seen beats the plan
        off = np.abs(cycles - usual)
        self._spread[learned] = np.where(np.isnan(off), self._spread[learned], _blend(self._spread[learned], off))
        self._cycle[learned] = _blend(usual, cycles)
        self._seen[learned] += 1
        self._start[rows] = now

    def table(self) -> CycleTable:
        """Give what is known now, as columns of their own."""
        return CycleTable(
            self._start.copy(), self._green.copy(), self._cycle.copy(), self._spread.copy(), self._seen.copy()
        )


def _blend(before: Reals, fresh: Reals) -> Reals:
    return np.where(np.isnan(before), fresh, before + LEARN * (fresh - before))


def _planned(network: RoadNetwork) -> tuple[Reals, Reals]:
    """Cycle and total green of each group by the map's programs, s; NaN where the map has none."""
    groups, signals, program = network.groups, network.signals, network.program
    cycle, green = np.full(len(groups.signal), np.nan), np.full(len(groups.signal), np.nan)
    for row in range(len(signals.id)):
        steps = slice(int(signals.program_start[row]), int(signals.program_start[row] + signals.program_count[row]))
        duration = program.duration[steps].astype(float)
        first, count = int(signals.group_start[row]), int(signals.group_count[row])
        if not len(duration) or not count:
            continue
        states = network.program_states[program.state_start[steps][:, None] + np.arange(count)]
        cycle[first : first + count] = duration.sum()
        green[first : first + count] = (np.isin(states, GREEN_CODES) * duration[:, None]).sum(axis=0)
    return cycle, green
