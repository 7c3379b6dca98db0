"""What usually stays of a queue when its green ends: the least that was seen of it within the longest cycle."""

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
WINDOW = 150.0
"""Longer than a cycle: the least of a queue within it is what no green cleared, s."""
WEIGHT = 0.5
"""Share of the newest window."""


class StandingQueues:
    """Learns the standing queue of every lane."""

    def __init__(self, lanes: int) -> None:
        self.usual: Reals = np.zeros(lanes)
        """Vehicles, (lanes,)."""
        self._least: Reals = np.full(lanes, np.inf)
        self._since: float | None = None

    def follow(self, queue: Reals, now: float) -> Reals:
        """Take the queues of now (UTC epoch, s) in, vehicles (lanes,); gives `usual`."""
        if self._since is None or now < self._since:
            self._since = now
        self._least = np.minimum(self._least, queue)
        if now - self._since >= WINDOW:
            self.usual = self.usual + WEIGHT * (self._least - self.usual)
            self._least, self._since = np.full(len(queue), np.inf), now
        return self.usual
