"""Speeds that reach a stop line within a green window: the arithmetic of green-wave advice, no state, no network.

A vehicle changes from its speed to the advised one at a comfortable rate `a` and holds it. With distance d, present
speed v0 and advised speed v the arrival time is `t = d/v + s (v - v0)^2 / (2 a v)`, s the sign of
`v - v0`. Solved for v::

    faster    v = p - sqrt(p^2 - v0^2 - 2 a d)    p = v0 + a t
    slower    v = q + sqrt(q^2 - v0^2 + 2 a d)    q = v0 - a t
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

COMFORT = 1.5
"""Change of speed that passengers accept, m/s^2 (ISO 15622 allows 2.0 for standing passengers)."""
LOWEST_SHARE = 0.3
"""No advice below this share of the limit: slower vehicles would hold up those behind."""
HEADWAY = 1.8
"""Time between two vehicles that leave a queue, s (saturation flow 2,000 veh/h, HCM 7th ed. chapter 19)."""
START_UP = 1.0
"""Time lost by the first vehicles of a queue, s: they have begun to roll before the next one, which does not stop."""


@dataclass(frozen=True)
class SpeedBand:
    """Advice for n vehicles, m/s; NaN where no speed within the limits reaches the window."""

    lowest: Array
    highest: Array


def arrival_time(distance: Array, speed: Array, advised: Array) -> Array:
    """Time in which each vehicle covers `distance` when it changes from `speed` to `advised` and holds it, s.

    Where the change of speed alone takes longer than the distance, the time is that of the change.
    """
    gap = advised - speed
    with np.errstate(divide="ignore", invalid="ignore"):
        steady = distance / advised + np.sign(gap) * gap**2 / (2 * COMFORT * advised)
        change_distance = np.abs(advised**2 - speed**2) / (2 * COMFORT)
        end_speed = np.sqrt(np.maximum(speed**2 + np.sign(gap) * 2 * COMFORT * distance, 0.0))
        changing = np.abs(end_speed - speed) / COMFORT
    return np.where(change_distance <= distance, steady, changing)


def speed_for(distance: Array, speed: Array, time: Array) -> Array:
    """Speed to hold so that each vehicle arrives after `time` (s, > 0); NaN where comfort does not allow it."""
    faster = distance > speed * time
    p = speed + COMFORT * time
    q = speed - COMFORT * time
    with np.errstate(invalid="ignore"):
        up = p - np.sqrt(p**2 - speed**2 - 2 * COMFORT * distance)
        down = q + np.sqrt(q**2 - speed**2 + 2 * COMFORT * distance)
    return np.where(faster, up, down)


def speed_band(distance: Array, speed: Array, limit: Array, earliest: Array, latest: Array) -> SpeedBand:
    """Speeds within [0.3, 1] of the limit that arrive between `earliest` and `latest` (s from now), row by row.

    Highest: as fast as the window and the limit allow. Lowest: as slow as the end of the window and the floor allow.
    """
    floor = LOWEST_SHARE * limit
    highest = np.where(earliest > 0, speed_for(distance, speed, np.maximum(earliest, 1e-3)), limit)
    quickest = arrival_time(distance, speed, limit)
    highest = np.where(quickest >= earliest, limit, np.minimum(highest, limit))
    slowest = arrival_time(distance, speed, floor)
    lowest = np.where(slowest <= latest, floor, np.maximum(speed_for(distance, speed, np.maximum(latest, 1e-3)), floor))
    usable = (latest > earliest) & (quickest <= latest) & (slowest >= earliest) & (lowest <= highest)
    return SpeedBand(np.where(usable, lowest, np.nan), np.where(usable, highest, np.nan))


@dataclass(frozen=True)
class Ahead:
    """Vehicles between each vehicle and its stop line, (n,)."""

    all: NDArray[np.int64]
    queued: NDArray[np.int64]


def count_ahead(lane: NDArray[np.int32], offset: NDArray[np.float32], queued: NDArray[np.bool_]) -> Ahead:
    """Count who is further along the same lane, and how many of those stand in a queue."""
    order = np.lexsort((offset, lane))
    sorted_lane = lane[order]
    last = np.searchsorted(sorted_lane, sorted_lane, side="right")
    total = np.concatenate([[0], np.cumsum(queued[order])])
    everyone, standing = np.empty(len(lane), np.int64), np.empty(len(lane), np.int64)
    position = np.arange(len(lane))
    everyone[order] = last - position - 1
    standing[order] = total[last] - total[position + 1]
    return Ahead(everyone, standing)
