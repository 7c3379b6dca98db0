"""When lights change, as a distribution learned from how long each group showed each light before.

Given that a light has lasted `e` seconds, what is left is spread as `d - e` over the durations `d > e` that were seen:
the residual life of the empirical distribution. A fixed-time signal shows almost no spread, an actuated one a true one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cloudctl.signals.live.observed import MEANING, UNKNOWN

Reals = NDArray[np.float64]
KEPT = 40
"""Durations remembered of each group and light; the oldest go first."""
LEAST = 4
"""Durations without which nothing is said."""
QUANTILES = (0.1, 0.5, 0.9)
GAP = 2.0
"""A pause in the reports longer than this hides changes, s."""
_LIGHTS = 3


@dataclass(frozen=True)
class ChangeTimes:
    """Time until the present light of each group ends, s, (n,) each; NaN where nothing can be said."""

    p10: Reals
    p50: Reals
    p90: Reals
    samples: NDArray[np.int64]
    """Durations behind it."""


class LearnedChanges:
    """Learns from the lights of all groups."""

    def __init__(self, groups: int) -> None:
        self._meaning = np.full(groups, UNKNOWN, np.int8)
        self._since = np.full(groups, np.nan)
        """Start of the present light, NaN where it was not seen to start."""
        self._time = -np.inf
        self._durations = np.full((groups, _LIGHTS, KEPT), np.inf)
        self._count = np.zeros((groups, _LIGHTS), np.int64)

    def follow(self, state: NDArray[np.uint8], now: float) -> None:
        """Take the LightState of all groups at UTC epoch s; 0 where unknown."""
        meaning = MEANING[np.minimum(state, 8)]
        known = (meaning != UNKNOWN) & (self._meaning != UNKNOWN) & (now - self._time <= GAP)
        ended = known & (meaning != self._meaning)
        rows = np.flatnonzero(ended & np.isfinite(self._since))
        light = self._meaning[rows].astype(np.int64)
        self._durations[rows, light, self._count[rows, light] % KEPT] = now - self._since[rows]
        self._count[rows, light] += 1
        self._since[ended] = now
        self._since[~known] = np.nan
        self._meaning, self._time = meaning, now

    def remaining(self, now: float) -> ChangeTimes:
        """What is left of the present lights at UTC epoch s."""
        rows = np.arange(len(self._since))
        light = np.maximum(self._meaning, 0).astype(np.int64)
        durations = np.sort(self._durations[rows, light], axis=1)
        seen = np.minimum(self._count[rows, light], KEPT)
        elapsed = now - self._since
        first = (durations <= elapsed[:, None]).sum(axis=1)
        left = seen - first
        usable = (self._meaning != UNKNOWN) & np.isfinite(elapsed) & (seen >= LEAST) & (left > 0)
        found = [self._quantile(durations, first, left, share) - elapsed for share in QUANTILES]
        p10, p50, p90 = (np.where(usable, each, np.nan) for each in found)
        return ChangeTimes(p10, p50, p90, np.where(usable, left, 0))

    @staticmethod
    def _quantile(durations: Reals, first: NDArray[np.int64], left: NDArray[np.int64], share: float) -> Reals:
        place = np.minimum(first + np.round(share * np.maximum(left - 1, 0)).astype(np.int64), KEPT - 1)
        found: Reals = np.take_along_axis(durations, place[:, None], axis=1)[:, 0]
        return found
