"""Position errors of vehicle terminals: mostly a slow drift (multipath, ionosphere), a little white noise."""

import numpy as np

from simulators.fleet_motion import Rows, Values

SLOW_SHARE = 0.8
"""Share of the variance that drifts."""
CORRELATION_TIME = 10.0
"""s"""


class GnssErrors:
    """Errors of many terminals, by slot; a first-order Gauss-Markov process plus white noise per axis."""

    def __init__(self, sigma: float, rng: np.random.Generator) -> None:
        """`sigma` is the standard deviation per axis, m."""
        self._slow_sigma, self._white_sigma = sigma * np.sqrt(SLOW_SHARE), sigma * np.sqrt(1.0 - SLOW_SHARE)
        self._rng = rng
        self._slow = np.zeros((2, 256))

    def enter(self, capacity: int, fresh: Rows) -> None:
        """Draw the errors of terminals that appear in `fresh` slots."""
        if capacity > self._slow.shape[1]:
            grown = np.zeros((2, max(capacity, 2 * self._slow.shape[1])))
            grown[:, : self._slow.shape[1]] = self._slow
            self._slow = grown
        self._slow[:, fresh] = self._rng.normal(0.0, self._slow_sigma, (2, len(fresh)))

    def sample(self, slots: Rows, period: float) -> tuple[Values, Values]:
        """Errors east and north (m) of the terminals in `slots`, `period` s after their last sample."""
        kept = np.exp(-period / CORRELATION_TIME)
        draws = self._rng.normal(0.0, 1.0, (2, 2, len(slots)))
        slow = kept * self._slow[:, slots] + np.sqrt(1.0 - kept * kept) * self._slow_sigma * draws[0]
        self._slow[:, slots] = slow
        error = slow + self._white_sigma * draws[1]
        return error[0], error[1]
