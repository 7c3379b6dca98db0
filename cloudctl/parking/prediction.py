"""How many places a lot has free at a later moment: a birth-death process over its places.

Cars arrive as a Poisson stream and each parked car leaves after an exponential stay; a car that finds the lot full
drives on (Erlang's loss system with rates that change by the half-hour). The distribution at the moment of arrival
follows from the occupancy now by uniformisation (Jensen 1953), exact to 1e-9, over the states within eight deviations.
Where a lot is so large that this would take too long, occupancy is normal with the mean and variance of M/M/inf, cut at
the capacity.
"""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from cloudctl.parking.register import Profile
from maps.compiled import compiled

Reals = NDArray[np.float64]
SLOT = 1800.0
SLOTS_A_DAY = 48
USUAL_STAY = 3600.0
"""Mean stay where nothing is learned, s."""
TREND_LASTS = 900.0
"""What now differs from the profile fades with this time constant, s."""
WORK_MOST = 2e7
"""State updates of one prediction above which the normal form takes over."""
SHORTEST = 1e-3
"""What is left of the way to the horizon changes nothing where it is shorter, s."""
CHUNK = 200.0
DEVIATIONS = 8.0


@dataclass(frozen=True)
class Rates:
    """One stretch of time."""

    seconds: float
    arrivals: float
    """Cars a second."""
    departures: float
    """Of each parked car, a second."""


@dataclass(frozen=True)
class Outlook:
    """Occupancy at a moment ahead."""

    states: Reals
    """Probability of `first`, `first` + 1, ... cars."""
    first: int
    capacity: int

    def chance(self, others: int = 0) -> float:
        """Chance of a free place on arrival when `others` more cars arrive before."""
        most = self.capacity - 1 - others - self.first
        return float(min(self.states[: most + 1].sum(), 1.0)) if most >= 0 else 0.0

    def chances(self, count: int, others: int = 0) -> Reals:
        """Chance for each of `count` cars that are sent one after the other; it never rises."""
        return np.array([self.chance(others + number) for number in range(count)])

    def free(self, others: int = 0) -> tuple[float, int, int]:
        """Mean of the free places, and what they lie between in 9 of 10 cases."""
        cars = np.minimum(self.first + np.arange(len(self.states)) + others, self.capacity)
        total = np.cumsum(self.states)
        low, high = (int(cars[min(int(np.searchsorted(total, q)), len(cars) - 1)]) for q in (0.05, 0.95))
        return max(float(self.capacity - cars @ self.states), 0.0), self.capacity - high, self.capacity - low


def look_ahead(occupied: int, capacity: int, rates: Sequence[Rates]) -> Outlook:
    """Predict a lot that has `occupied` cars now, through stretches of time that follow one another."""
    capacity = max(capacity, 1)
    cars = min(max(occupied, 0), capacity)
    mean, variance = _moments(cars, rates)
    reach = math.ceil(DEVIATIONS * math.sqrt(variance)) + 8
    low = max(min(int(mean), cars, capacity) - reach, 0)
    high = min(max(math.ceil(mean), cars) + reach, capacity)
    low = max(min(low, high - reach), 0)
    steps = sum(each.seconds * (each.arrivals + each.departures * high) for each in rates)
    if steps * (high - low + 1) > WORK_MOST:
        return _normal(mean, variance, capacity)
    states = np.zeros(high - low + 1)
    states[cars - low] = 1.0
    for each in rates:
        states = advance(states, low, each.arrivals, each.departures, each.seconds)
    return Outlook(states, low, capacity)


@compiled
def advance(states: Reals, low: int, arrivals: float, departures: float, seconds: float) -> Reals:
    """Distribution over low, low + 1, ... cars after some seconds with constant rates (1/s)."""
    size = len(states)
    high = low + size - 1
    pace = arrivals + departures * high
    if pace * seconds <= 0.0:
        return states
    chunks = math.ceil(pace * seconds / CHUNK)
    expected = pace * seconds / chunks
    now = states.copy()
    fresh = np.empty(size)
    for _ in range(chunks):
        weight = math.exp(-expected)
        total = weight
        found = weight * now
        step = 0
        while total < 1.0 - 1e-12 and step < 20 * CHUNK:
            step += 1
            for row in range(size):
                here = now[row]
                down = departures * (low + row) if row > 0 else 0.0
                up = arrivals if row < size - 1 else 0.0
                fresh[row] = here * (1.0 - (up + down) / pace)
            for row in range(size - 1):
                fresh[row + 1] += now[row] * arrivals / pace
                fresh[row] += now[row + 1] * departures * (low + row + 1) / pace
            now[:] = fresh
            weight *= expected / step
            total += weight
            found += weight * now
        now = found / found.sum()
    return now


def rates_ahead(
    profile: Profile | None, slot: tuple[bool, float], ahead: float, occupied: int, trend: float
) -> list[Rates]:
    """Rates from now to `ahead` s later.

    Args:
        profile: What was learned of the lot, None for nothing: then as many cars come as go.
        slot: Whether today is a day off, and seconds since midnight.
        ahead: Horizon, s.
        occupied: Cars now.
        trend: By how many cars a second occupancy grows now; what the profile does not explain of it fades.
    """
    day_off, since = slot
    found: list[Rates] = []
    done = 0.0
    while ahead - done > SHORTEST:
        at = since + done
        length = min(SLOT - at % SLOT, ahead - done)
        arrivals, departures = _learned(profile, day_off, at, occupied)
        if not found:
            unexplained = trend - (arrivals - departures * occupied)
        fading = TREND_LASTS / length * (math.exp(-done / TREND_LASTS) - math.exp(-(done + length) / TREND_LASTS))
        more = unexplained * fading
        gone = max(-more - arrivals, 0.0) / max(occupied, 1)
        found.append(Rates(length, max(arrivals + more, 0.0), departures + gone))
        done += length
    return found


def day_slot(moment: float, zone: ZoneInfo) -> tuple[bool, float]:
    """Whether a UTC epoch (s) lies on a Saturday or Sunday, and seconds since midnight there."""
    local = dt.datetime.fromtimestamp(moment, zone)
    return local.weekday() >= 5, 3600.0 * local.hour + 60.0 * local.minute + local.second


def _learned(profile: Profile | None, day_off: bool, at: float, occupied: int) -> tuple[float, float]:
    if profile is None:
        return occupied / USUAL_STAY, 1.0 / USUAL_STAY
    number = int(at // SLOT) % SLOTS_A_DAY + SLOTS_A_DAY * day_off
    return profile.arrivals[number] / 3600.0, profile.departures[number] / 3600.0


def _moments(cars: float, rates: Sequence[Rates]) -> tuple[float, float]:
    """Mean and variance of M/M/inf: those who stay are binomial, those who came Poisson."""
    mean, variance = float(cars), 0.0
    for each in rates:
        stay = math.exp(-each.departures * each.seconds)
        gone = -math.expm1(-each.departures * each.seconds)
        come = each.arrivals * (gone / each.departures if gone > 0.0 else each.seconds)
        variance = stay * stay * variance + stay * (1.0 - stay) * mean + come
        mean = mean * stay + come
    return mean, variance


def _normal(mean: float, variance: float, capacity: int) -> Outlook:
    """Fold a normal occupancy into the places: what lies beyond the capacity is a full lot."""
    deviation = math.sqrt(max(variance, 1.0))
    low = max(min(int(mean - DEVIATIONS * deviation), capacity - 1), 0)
    high = min(max(math.ceil(mean + DEVIATIONS * deviation), low + 1), capacity)
    edges = (np.arange(low, high) + 0.5 - mean) / deviation
    below = np.array([0.5 * (1.0 + math.erf(edge / math.sqrt(2.0))) for edge in edges.tolist()])
    return Outlook(np.diff(np.concatenate([[0.0], below, [1.0]])), low, capacity)
