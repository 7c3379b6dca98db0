"""How long each group stays without green between two greens, learned from what its light showed.

A controller announces the end of a green, seldom the green after it. Where the last two reds were alike the signal is
taken to repeat itself; where they differ (an actuated signal) nothing is said.
"""

import numpy as np
from numpy.typing import NDArray

from cloudctl.advice.topology import GREENS
from fusion.picture import SignalStates

ALIKE = 1.0
"""s"""


class RedTimes:
    """Remembers the last two reds of every group."""

    def __init__(self) -> None:
        self._time = np.nan
        self._green: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._change = np.zeros(0)
        self._ended, self._last, self._before = np.zeros(0), np.zeros(0), np.zeros(0)

    def observe(self, signals: SignalStates, now: float) -> None:
        """Take in the lights of one moment, UTC epoch, s."""
        green = np.isin(signals.state, GREENS)
        expected = np.where(green, signals.likely_end, signals.next_green)
        if len(green) != len(self._green):
            self._green, self._change = green, expected
            self._ended, self._last, self._before = (np.full(len(green), np.nan) for _ in range(3))
        moment = np.where(np.isfinite(self._change), np.clip(self._change, self._time, now), now)
        began, ended = green & ~self._green, ~green & self._green
        self._before = np.where(began, self._last, self._before)
        self._last = np.where(began, moment - self._ended, self._last)
        self._ended = np.where(ended, moment, self._ended)
        self._time, self._green, self._change = now, green, expected

    def known(self) -> NDArray[np.float64]:
        """Seconds from the end of a green to the next, the longer of the last two; NaN where they are not alike."""
        with np.errstate(invalid="ignore"):
            alike = np.abs(self._last - self._before) <= ALIKE
        return np.where(alike, np.fmax(self._last, self._before), np.nan)
