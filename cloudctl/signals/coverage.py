"""Estimates which share of the vehicles is seen, from the gaps that the unseen leave in queues.

A track that comes to a halt `d` m before the stop line has about `d / (length + gap)` vehicles before it. How many of
those are tracks, over all halts of all approaches, is the share seen. The estimate needs no knowledge of who carries an
OBU. Only who was seen to move comes to a halt: what stands from the first moment on may be parked, or may have been put
there by a simulation, and says nothing of the road before it.
"""

import numpy as np

from cloudctl.signals.layout import Layout, Tracks

MEMORY = 1800.0
"""s after which a halt counts 1/e"""
CAUTION = 2.5
"""standard deviations between the estimate and what is relied upon"""
DECLARED = 25.0
"""vehicles"""
_HALT, _MOVES = 0.1, 2.0
"""m/s"""
_GAP = 2.0
"""m between standing vehicles"""
_QUEUE = 60.0
"""m before the stop line that are looked at; farther back halts have other causes"""


class Coverage:
    """Share of vehicles seen, over the whole area."""

    def __init__(self, layout: Layout) -> None:
        self._approach = np.zeros(len(layout.roads.ids), bool)
        self._approach[np.diff(layout.reach_start) > 0] = True
        self._approach &= np.array([not name.startswith(":") for name in layout.roads.ids], bool)
        self._moving = np.zeros(1024, bool)
        self._time = -np.inf
        self._seen = 0.0
        self._expected = 0.0
        self._declared: float | None = None

    def declare(self, share: float | None) -> None:
        """Take in what is known, such as sensors on every approach, None where that no longer holds.

        It weighs as much as `DECLARED` vehicles for as long as it holds: a quiet night makes sensors no less sure.
        """
        self._declared = share

    def observe(self, now: float, tracks: Tracks) -> None:
        """Take in the tracks of one moment, s."""
        keep = 1.0 if np.isneginf(self._time) else float(np.exp(-max(now - self._time, 0.0) / MEMORY))
        self._time = now
        self._seen *= keep
        self._expected *= keep
        highest = int(tracks.track.max(initial=-1)) + 1
        if highest > self._moving.size:
            self._moving = np.concatenate([self._moving, np.zeros(highest, bool)])
        standing = (tracks.speed < _HALT) & (tracks.rest < _QUEUE) & self._approach[tracks.road]
        moved = self._moving[tracks.track]
        fresh = np.flatnonzero(standing & moved)
        self._moving[:] = False  # numbers are used again
        self._moving[tracks.track] = (tracks.speed > _MOVES) | (moved & ~standing)
        if fresh.size:
            self._count(tracks, fresh)

    def _count(self, tracks: Tracks, fresh: "np.ndarray[tuple[int], np.dtype[np.intp]]") -> None:
        before = (tracks.road == tracks.road[fresh][:, None]) & (tracks.rest < tracks.rest[fresh][:, None])
        taken = (before * (tracks.length + _GAP)).sum(axis=1)
        number = before.sum(axis=1)
        empty = np.maximum(tracks.rest[fresh] - 1.0 - taken, 0.0)
        self._seen += float(number.sum())
        self._expected += float((number + np.floor(empty / (tracks.length[fresh] + _GAP))).sum())

    @property
    def _known(self) -> tuple[float, float]:
        """Vehicles seen, and vehicles there were, with what is declared."""
        if self._declared is None:
            return self._seen, self._expected
        return self._seen + self._declared * DECLARED, self._expected + DECLARED

    @property
    def share(self) -> float:
        """Share of vehicles seen, 0 to 1; 0 where nothing is known."""
        seen, expected = self._known
        return min(seen / expected, 1.0) if expected > 0 else 0.0

    @property
    def at_least(self) -> float:
        """Share that is seen almost certainly: lower end of Wilson's interval, 0 where nothing is known."""
        number, share, z = self._known[1], self.share, CAUTION
        if number <= 0:
            return 0.0
        middle = share + z * z / (2 * number)
        spread = z * float(np.sqrt(share * (1 - share) / number + (z / (2 * number)) ** 2))
        return max((middle - spread) / (1 + z * z / number), 0.0)
