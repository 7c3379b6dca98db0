"""Learn how many cars come and go at a lot by the time of day, from what was stored of its occupancy.

Rates are Gamma-Poisson means: counts over exposure, with a prior hour in which half the places fill and stays last an
hour. So a half-hour that was seen once moves the rate a little, and one seen for weeks decides it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cloudctl.parking.prediction import SLOTS_A_DAY, USUAL_STAY
from cloudctl.parking.register import Profile

SLOTS = 2 * SLOTS_A_DAY
PRIOR_HOURS = 1.0
PRIOR_SHARE = 0.5
"""Of the places that fill in an hour, before anything is known."""


@dataclass(frozen=True)
class SlotSum:
    """What was stored of a lot in one half-hour of the day."""

    lot: str
    day_off: bool
    slot: int
    """0 to 47."""
    hours: float
    """How long it was watched."""
    arrived: int
    departed: int
    occupied: float
    """Mean while it was watched."""
    capacity: int


@dataclass
class _Counts:
    hours: NDArray[np.float64] = field(default_factory=lambda: np.zeros(SLOTS))
    arrived: NDArray[np.float64] = field(default_factory=lambda: np.zeros(SLOTS))
    departed: NDArray[np.float64] = field(default_factory=lambda: np.zeros(SLOTS))
    parked: NDArray[np.float64] = field(default_factory=lambda: np.zeros(SLOTS))
    """Car hours."""
    capacity: int = 1


def learn(sums: Iterable[SlotSum]) -> tuple[Profile, ...]:
    """Profiles of all lots of which something is stored, by id."""
    counts: dict[str, _Counts] = {}
    for each in sums:
        known = counts.setdefault(each.lot, _Counts())
        number = each.slot + SLOTS_A_DAY * each.day_off
        known.hours[number] += each.hours
        known.arrived[number] += each.arrived
        known.departed[number] += each.departed
        known.parked[number] += each.hours * each.occupied
        known.capacity = max(known.capacity, each.capacity)
    return tuple(_profile(lot, counts[lot]) for lot in sorted(counts))


def _profile(lot: str, counts: _Counts) -> Profile:
    usual = 3600.0 / USUAL_STAY
    prior = PRIOR_SHARE * counts.capacity * PRIOR_HOURS
    arrivals = (counts.arrived + prior) / (counts.hours + PRIOR_HOURS)
    departures = (counts.departed + usual * prior) / (counts.parked + prior)
    return Profile(
        lot=lot,
        arrivals=tuple(np.round(arrivals, 3).tolist()),
        departures=tuple(np.round(departures, 4).tolist()),
    )
