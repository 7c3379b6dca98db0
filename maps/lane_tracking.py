"""Online lane-level map matching of moving tracks: position, heading, history and topology.

Each track carries a belief over a few lanes (a hidden Markov model that is filtered forward): a lane weighs by the
distance and heading now and by whether the lanes believed before lead to it. Noise of one cycle does not throw a track
from lane to lane, and a lane across the road or on a bridge is not entered without a way to it.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maps.lane_grid import build_grid
from maps.lane_index import MAX_CELLS, LaneMatch, as_column
from maps.lane_steps import HYPOTHESES, step_beliefs
from maps.network import Ints, RoadNetwork
from maps.polyline import Segments


@dataclass(frozen=True)
class LaneTrackingParameters:
    """Tuning of the belief."""

    reach: float = 30.0
    """Lanes further away are not considered however uncertain a position is, m."""
    change_rate: float = 0.05
    """Changes to one neighbouring lane a second."""
    jump_rate: float = 0.001
    """Moves a second to lanes that no connection leads to."""
    forget: float = 30.0
    """A track unseen this long begins anew, s."""


class LaneTracker:
    """Matches tracks to lanes cycle by cycle and remembers what it believed of each."""

    def __init__(self, network: RoadNetwork, parameters: LaneTrackingParameters | None = None) -> None:
        self.parameters = parameters or LaneTrackingParameters()
        lanes = network.lanes
        segments = Segments.of(network.points, lanes.shape_start, lanes.shape_count)
        grid = build_grid(segments, self.parameters.reach, 20.0, MAX_CELLS)
        self._frame = np.array([grid.x0, grid.y0, grid.cell, self.parameters.reach])
        self._cells = (grid.columns, grid.rows, grid.starts, grid.entries, grid.owner, grid.table)
        starts, ways = _ways_on(network)
        self._rules = (lanes.allowed.copy(), starts, ways, lanes.link.copy())
        self._ids: NDArray[np.uint32] = np.empty(0, np.uint32)
        self._seen = np.empty(0)
        self._lanes = np.empty((0, HYPOTHESES), np.int32)
        self._weights = np.empty((0, HYPOTHESES))

    def update(
        self,
        track_id: ArrayLike,
        time: float,
        x: ArrayLike,
        y: ArrayLike,
        heading: ArrayLike | None = None,
        kind: ArrayLike | None = None,
        *,
        sigma: ArrayLike = 1.5,
    ) -> LaneMatch:
        """Match the tracks of one cycle; a track not named keeps its belief for a while.

        Args:
            track_id: Different numbers (n,) in any order.
            time: Time of the cycle, s; not before that of the last one.
            x: East (n,), m, in the network's plane.
            y: North (n,), m.
            heading: rad, clockwise from north, NaN where unknown.
            kind: `ParticipantKind`; lanes closed to the kind are not considered.
            sigma: 1-sigma of the positions, m.
        """
        ids = np.asarray(track_id, np.uint32)
        count = len(ids)
        tracks = (
            as_column(x, count, np.float64),
            as_column(y, count, np.float64),
            as_column(np.nan if heading is None else heading, count, np.float32),
            as_column(0 if kind is None else kind, count, np.uint8),
            as_column(sigma, count, np.float32),
        )
        memory, since = self._recall(ids, time)
        out = np.full(count, -1, np.int32), np.zeros((3, count), np.float32)
        own = self.parameters
        change, jump = (1 - math.exp(-rate * since) for rate in (own.change_rate, own.jump_rate))
        step_beliefs(self._frame, self._cells, self._rules, tracks, (change, jump), memory, out)
        self._remember(ids, time, memory)
        return LaneMatch(out[0], out[1][0], out[1][1], out[1][2])

    def _recall(self, ids: NDArray[np.uint32], time: float) -> tuple[tuple[Ints, NDArray[np.float64]], float]:
        """Beliefs of the tracks in their order, and the time since the last cycle, s."""
        lanes, weights = np.full((len(ids), HYPOTHESES), -1, np.int32), np.zeros((len(ids), HYPOTHESES))
        if not len(self._ids):
            return (lanes, weights), 0.1
        row = np.minimum(np.searchsorted(self._ids, ids), len(self._ids) - 1)
        known = (self._ids[row] == ids) & (time - self._seen[row] <= self.parameters.forget)
        lanes[known], weights[known] = self._lanes[row[known]], self._weights[row[known]]
        return (lanes, weights), max(time - float(self._seen.max()), 1e-3)

    def _remember(self, ids: NDArray[np.uint32], time: float, memory: tuple[Ints, NDArray[np.float64]]) -> None:
        old = ~np.isin(self._ids, ids) & (time - self._seen <= self.parameters.forget)
        every = np.concatenate([self._ids[old], ids])
        order = np.argsort(every, kind="stable")
        self._ids = every[order]
        self._seen = np.concatenate([self._seen[old], np.full(len(ids), time)])[order]
        self._lanes = np.concatenate([self._lanes[old], memory[0]])[order]
        self._weights = np.concatenate([self._weights[old], memory[1]])[order]


def _ways_on(network: RoadNetwork) -> tuple[NDArray[np.int64], Ints]:
    """Lanes that each lane leads to over one node or over a short link between two nodes."""
    connections, count = network.connections, len(network.lanes.id)
    order = np.argsort(connections.from_lane, kind="stable")
    tails, heads = connections.from_lane[order], connections.to_lane[order]
    first = np.searchsorted(tails, np.arange(count + 1))
    fan = np.diff(first)[heads]
    offset = np.arange(int(fan.sum())) - np.repeat(np.cumsum(fan) - fan, fan)
    second = heads[np.repeat(first[heads], fan) + offset]
    every_tail, every_head = np.concatenate([tails, np.repeat(tails, fan)]), np.concatenate([heads, second])
    pairs = np.unique(np.column_stack([every_tail, every_head]), axis=0)
    starts = np.searchsorted(pairs[:, 0], np.arange(count + 1)).astype(np.int64)
    return starts, np.ascontiguousarray(pairs[:, 1], np.int32)
