"""How wide the 90 % band of an arrival must be, learned from the errors of former predictions.

A band is a scale times the raw spread of the drives, mixed with the errors that were made lately at the same stop of
the same way. The scale of each side follows the misses (quantile tracking; Angelopoulos, Candes and Tibshirani,
"Conformal PID control for time series prediction", 2023), so that the share that lies inside holds also while traffic
changes, for each class of horizon by itself.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

HORIZONS = (90.0, 240.0, 390.0, 540.0, float("inf"))
"""Ends of the classes of horizon, s."""
UNTAUGHT = ((0.8, 1.2), (1.0, 1.6), (1.1, 1.6), (1.3, 2.2), (1.6, 3.0))
"""Scale down and up by class while no errors are known; buses are rather late than early."""
OUTSIDE = 0.04
"""Share of arrivals below the band, and above it."""
STEP = 0.06
"""Relative step of a scale after a miss."""
NARROWEST, WIDEST = 0.25, 4.0
"""Scale."""
KEPT = 8
"""Errors remembered a stop and class."""
PRIOR_WEIGHT = 2.0
"""The raw spread counts as so many errors."""
RAW_SHARE = 0.3
"""Share of the raw spread that errors never outweigh."""
LARGEST = 600.0
"""A larger error counts as this, s."""
LEAST = 4.0
"""Half width before the scale at least, s."""
Place = tuple[str, int]
"""Pattern and number of the stop."""


@dataclass(frozen=True)
class Miss:
    """How a prediction turned out."""

    horizon: float
    """s"""
    error: float
    """By how much the bus came later than expected, s."""
    below: bool
    above: bool
    """Whether it came before or after its band."""


class ErrorBands:
    """Scales of the band by class of horizon, and errors by stop."""

    def __init__(self) -> None:
        self._scale: list[tuple[float, float]] = list(UNTAUGHT)
        self._errors: dict[tuple[Place, int], deque[float]] = {}

    def add(self, place: Place, miss: Miss) -> None:
        """Learn from a bus that has come to a stop."""
        kind = self._kind(miss.horizon)
        down, up = self._scale[kind]
        self._scale[kind] = _step(down, missed=miss.below), _step(up, missed=miss.above)
        self._errors.setdefault((place, kind), deque(maxlen=KEPT)).append(miss.error)

    def of(self, place: Place, horizon: float, half: float) -> tuple[float, float]:
        """How far the band reaches down and up, s; `half` is half the raw band's width, s."""
        kind = self._kind(horizon)
        down, up = self._scale[kind]
        spread = half
        if (errors := self._errors.get((place, kind))) is not None:
            squares = sum(min(abs(error), LARGEST) ** 2 for error in errors)
            learned = (PRIOR_WEIGHT * half**2 + squares) / (PRIOR_WEIGHT + len(errors))
            spread = float(np.sqrt(RAW_SHARE * half**2 + (1.0 - RAW_SHARE) * learned))
        spread = max(spread, LEAST)
        return down * spread, up * spread

    @staticmethod
    def _kind(horizon: float) -> int:
        return next((number for number, end in enumerate(HORIZONS) if horizon <= end), len(HORIZONS) - 1)


def _step(scale: float, *, missed: bool) -> float:
    """Widen after a miss, narrow a little after each hit, so that `OUTSIDE` of all are missed."""
    return float(np.clip(scale * np.exp(STEP * (missed - OUTSIDE)), NARROWEST, WIDEST))
