"""Times learned from the buses that went before, blended with what one would expect without them.

Runs fade with `FADE`; the spread is that of the newest `KEPT` runs and of the expectation together.
"""

import math
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass

KEPT = 12
FADE = 1200.0
"""A run this old counts 1/e of a new one, s."""
PRIOR_WEIGHT = 1.5
"""The expectation counts as much as so many fresh runs."""
USUAL_DWELL, DWELL_SPREAD = 20.0, 9.0
"""Dwell where nothing is learned yet, s."""


@dataclass(frozen=True)
class Duration:
    """A time: mean and variance, s and s²."""

    mean: float
    variance: float


class LearnedTimes:
    """Times by key."""

    def __init__(self) -> None:
        self._runs: dict[Hashable, deque[tuple[float, float]]] = {}

    def add(self, key: Hashable, when: float, seconds: float) -> None:
        """Learn from one run that ended at UTC epoch `when`, s."""
        self._runs.setdefault(key, deque(maxlen=KEPT)).append((when, seconds))

    def estimate(self, key: Hashable, now: float, prior: Duration) -> Duration:
        """Blend what was learned with `prior`; the variance covers the runs' spread and their disagreement with it."""
        runs = self._runs.get(key)
        if runs is None:
            return prior
        weights = [math.exp(-max(now - when, 0.0) / FADE) for when, _ in runs]
        total = sum(weights) + PRIOR_WEIGHT
        learned = sum(weight * seconds for weight, (_, seconds) in zip(weights, runs, strict=True))
        mean = (learned + PRIOR_WEIGHT * prior.mean) / total
        squares = sum(weight * (seconds - mean) ** 2 for weight, (_, seconds) in zip(weights, runs, strict=True))
        return Duration(mean, (squares + PRIOR_WEIGHT * (prior.variance + (prior.mean - mean) ** 2)) / total)

    def __len__(self) -> int:
        return len(self._runs)
