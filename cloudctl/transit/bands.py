"""How wide the 90 % band of an arrival must be, learned from the errors of former predictions of like horizon.

Conformal prediction (Vovk, Gammerman and Shafer, 2005) on errors over the raw band's half width, with levels that give
way after each miss (adaptive conformal inference; Gibbs and Candes, 2021), so that the share that lies inside holds
also while traffic changes.
"""

from collections import deque

import numpy as np

HORIZONS = (180.0, 480.0, float("inf"))
"""Ends of the classes of horizon, s."""
UNTAUGHT = (1.5, 2.2)
"""How far the band reaches down and up while no errors are known; buses are rather late than early."""
ENOUGH, KEPT = 30, 120
"""Errors of a class from which the band is taken, and how many are remembered."""
OUTSIDE = 0.04
"""Share of arrivals below the band, and above it."""
GIVE = 0.03
"""Step by which a level gives way."""
NARROWEST = 0.3
BEYOND = 0.25
"""How much wider than the widest error remembered the band may become, relative."""


class ErrorBands:
    """Scales of the band by class of horizon."""

    def __init__(self) -> None:
        self._errors: tuple[deque[float], ...] = tuple(deque(maxlen=KEPT) for _ in HORIZONS)
        self._scale: list[tuple[float, float]] = [UNTAUGHT] * len(HORIZONS)
        self._levels: list[tuple[float, float]] = [(OUTSIDE, OUTSIDE)] * len(HORIZONS)

    def add(self, horizon: float, error: float, half: float) -> None:
        """Note by how much a bus came later (positive) than expected, and half the raw band's width, s."""
        kind = self._kind(horizon)
        relative = error / max(half, 1.0)
        (low, high), (down, up) = self._levels[kind], self._scale[kind]
        low += GIVE * (OUTSIDE - float(relative < -down))
        high += GIVE * (OUTSIDE - float(relative > up))
        self._levels[kind] = min(max(low, -OUTSIDE), 0.3), min(max(high, -OUTSIDE), 0.3)
        kept = self._errors[kind]
        kept.append(relative)
        if len(kept) >= ENOUGH:
            self._scale[kind] = self._fitted(kind)

    def of(self, horizon: float) -> tuple[float, float]:
        """How far the band reaches down and up, in half widths of the raw band."""
        return self._scale[self._kind(horizon)]

    def _fitted(self, kind: int) -> tuple[float, float]:
        errors, (low, high) = np.array(self._errors[kind]), self._levels[kind]
        down = -float(np.quantile(errors, max(low, 0.0))) * _stretch(low)
        up = float(np.quantile(errors, 1.0 - max(high, 0.0))) * _stretch(high)
        return max(down, NARROWEST), max(up, NARROWEST)

    @staticmethod
    def _kind(horizon: float) -> int:
        return next((number for number, end in enumerate(HORIZONS) if horizon <= end), len(HORIZONS) - 1)


def _stretch(level: float) -> float:
    """Widen beyond the widest error where even that was not wide enough."""
    return 1.0 + BEYOND * max(-level, 0.0) / OUTSIDE
