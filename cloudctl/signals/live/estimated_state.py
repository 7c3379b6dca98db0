"""Lights of signals that report none, estimated from who crosses stop lines and who stands at them.

Whoever crosses a stop line drives on green; what conflicts with it in the program is red; who stands at the line of a
lane with one light waits at red. Where nobody is, the cycle that was learned from such signs goes on for a while.
Right turns tell nothing: they are made on red too.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cloudctl.signals.program import Program, programs_conflicts
from fusion.picture import TrafficPicture
from fusion.signal_cycles import CycleTable, SignalCycles
from fusion.track_memory import TrackMemory
from maps.network import RoadNetwork, Turn
from maps.participants import ParticipantKind

RED, GREEN = 3, 6
SILENT = 10.0
"""A group without SPAT for so long is estimated, s."""
LASTS = 4.0
"""s for which a crossing shows that it is green"""
JUNCTION = 15.0
"""s within which a vehicle that left its approach lane shows up behind the junction"""
HEAD, STANDS, PATIENCE = 7.0, 0.5, 2.0
"""m before the line, m/s, s: who stands there for so long waits at red."""
BY_CROSSING, BY_CONFLICT, BY_QUEUE, BY_CYCLE = 0.8, 0.7, 0.65, 0.6
"""Confidence of each sign."""
LEAST_CYCLES, LARGEST_SPREAD = 3, 5.0
"""Cycles that must have been seen, and how much they may differ, s."""
NEVER = -1e12
"""UTC epoch s before everything."""
FORGOTTEN = 3.0
"""A cycle goes on by itself for so many rounds."""


@dataclass(frozen=True)
class Estimated:
    """Lights of all groups, (n,): 0 with confidence 0 where nothing is estimated."""

    state: NDArray[np.uint8]
    confidence: NDArray[np.float32]


class StateEstimator:
    """Follows the picture, about once a second."""

    def __init__(self, network: RoadNetwork, programs: dict[int, Program]) -> None:
        table, count = network.connections, len(network.groups.signal)
        self._lanes = len(network.lanes.id)
        ruled = (table.group >= 0) & (table.turn != Turn.RIGHT) & (table.from_lane >= 0) & (table.to_lane >= 0)
        pairs = table.from_lane[ruled].astype(np.int64) * self._lanes + table.to_lane[ruled]
        order = np.argsort(pairs, kind="stable")
        self._pairs, self._pair_group = pairs[order], table.group[ruled][order]
        self._only = _only_group(network)
        self._length = network.lanes.length.astype(np.float64)
        self._conflicts = _conflicts(network, programs)
        self._memory = TrackMemory(lane=-1.0, seen=-np.inf, stood=0.0)
        self._crossed, self._stands = np.full(count, NEVER), np.full(count, NEVER)
        self._cycles = SignalCycles(network)
        self._time = -np.inf
        self.newest = Estimated(np.zeros(count, np.uint8), np.zeros(count, np.float32))

    @property
    def cycles(self) -> CycleTable:
        """How each group repeats, learned from SPAT where there is any, else from the estimate."""
        return self._cycles.table()

    def follow(self, picture: TrafficPicture) -> Estimated:
        """Take a picture; give the lights of the groups without SPAT."""
        now = picture.time
        self._look(picture, min(max(now - self._time, 0.0), 5.0))
        self._time = now
        age = now - picture.signals.received
        silent = ~(age <= SILENT)
        state, confidence = self._signs(now)
        state[~silent], confidence[~silent] = 0, 0.0
        self._cycles.follow(np.where(silent, state, picture.signals.state).astype(np.uint8), now)
        self._continue(state, confidence, silent, now)
        self.newest = Estimated(state, confidence)
        return self.newest

    def _look(self, picture: TrafficPicture, span: float) -> None:
        """Note crossings and who stands at a line."""
        tracks, now = picture.tracks, picture.time
        memory = self._memory.follow(tracks.track_id)
        on_lane = (tracks.lane >= 0) & (tracks.kind != ParticipantKind.PEDESTRIAN)
        before = memory["lane"].astype(np.int64)
        moved = on_lane & (before >= 0) & (before != tracks.lane) & (now - memory["seen"] <= JUNCTION)
        if len(self._pairs):
            pair = before[moved] * self._lanes + tracks.lane[moved]
            place = np.minimum(np.searchsorted(self._pairs, pair), len(self._pairs) - 1)
            self._crossed[self._pair_group[place[self._pairs[place] == pair]]] = now
        rest = self._length[tracks.lane] - tracks.lane_offset - np.nan_to_num(tracks.length, nan=4.5) / 2
        halted = on_lane & (rest < HEAD) & (tracks.speed < STANDS) & (before == tracks.lane)
        memory["stood"][:] = np.where(halted, memory["stood"] + span, 0.0)
        group = self._only[tracks.lane]
        self._stands[group[(memory["stood"] >= PATIENCE) & (group >= 0)]] = now
        memory["lane"][:] = np.where(on_lane, tracks.lane, memory["lane"])
        memory["seen"][:] = np.where(on_lane, now, memory["seen"])

    def _signs(self, now: float) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Lights by what was seen in the last seconds; the newer sign counts, two that are as new count for nothing."""
        crossed = (now - self._crossed <= LASTS) & (self._crossed >= self._stands)
        stands = (now - self._stands <= LASTS) & ~crossed
        first, second = self._conflicts
        newer = self._crossed[first] - self._crossed[second]
        against = np.zeros(len(crossed), bool)
        against[second[crossed[first] & ~(newer < 0)]] = True
        against[first[crossed[second] & ~(newer > 0)]] = True
        green = crossed & ~against
        doubtful = np.zeros(len(crossed), bool)
        tied = crossed[first] & crossed[second] & (newer == 0)
        doubtful[first[tied]] = doubtful[second[tied]] = True
        state = np.where(green, GREEN, np.where((stands | against) & ~doubtful, RED, 0)).astype(np.uint8)
        trust = np.where(green, BY_CROSSING, np.where(against, BY_CONFLICT, BY_QUEUE))
        return state, np.where(state > 0, trust, 0.0).astype(np.float32)

    def _continue(
        self, state: NDArray[np.uint8], confidence: NDArray[np.float32], silent: NDArray[np.bool_], now: float
    ) -> None:
        """Let learned cycles go on where there is no sign."""
        table = self._cycles.table()
        known = (table.seen >= LEAST_CYCLES) & (table.spread <= LARGEST_SPREAD) & np.isfinite(table.start)
        rounds = np.where(known, (now - table.start) / np.maximum(table.cycle, 1.0), np.inf)
        use = silent & (state == 0) & known & (rounds <= FORGOTTEN) & np.isfinite(table.green)
        into = np.where(use, now - table.start, 0.0) % np.maximum(np.nan_to_num(table.cycle, nan=1.0), 1.0)
        state[use] = np.where(into[use] < table.green[use], GREEN, RED)
        doubt = np.nan_to_num(table.spread, nan=LARGEST_SPREAD)[use] / LARGEST_SPREAD + rounds[use] / FORGOTTEN
        confidence[use] = BY_CYCLE * np.clip(1.0 - doubt / 2.5, 0.1, 1.0)


def _only_group(network: RoadNetwork) -> NDArray[np.int64]:
    """Light of each lane all of whose ways obey the same one, else -1; a last -1 for tracks off lanes."""
    table = network.connections
    found = np.full(len(network.lanes.id) + 1, -1, np.int64)
    mixed = np.zeros(len(found), bool)
    for lane, group, turn in zip(table.from_lane.tolist(), table.group.tolist(), table.turn.tolist(), strict=True):
        mixed[lane] |= group < 0 or turn == Turn.RIGHT or found[lane] not in {-1, group}
        found[lane] = group
    found[mixed] = -1
    found[-1] = -1
    return found


def _conflicts(network: RoadNetwork, programs: dict[int, Program]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of groups (rows) that no program shows green together."""
    pairs = [
        (int(network.signals.group_start[row]) + i, int(network.signals.group_start[row]) + j)
        for row, program in programs.items()
        for i, j in programs_conflicts([phase.state for phase in program.phases])
    ]
    table = np.array(pairs, np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]
