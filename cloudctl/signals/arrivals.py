"""When the tracks of the approaches would reach their stop lines if nothing stopped them, sorted per approach lane."""

import numpy as np

from cloudctl.signals.layout import Ints, Reals
from maps.compiled import compiled

CAPACITY = 64
"""vehicles of one lane that are planned for"""
ACCELERATION = 2.6
"""m/s^2, of a car that starts"""
GAP = 6.0
"""s"""
LEAST_RATE = 0.01
"""vehicles/s"""


@compiled
def time_to_stop_line(distance: float, speed: float, limit: float) -> float:
    """Seconds until a vehicle `distance` m away passes if it speeds up to the limit, m/s, and nothing is before it."""
    speed = min(max(speed, 0.0), limit)
    distance = max(distance, 0.0)
    needed = (limit * limit - speed * speed) / (2.0 * ACCELERATION)
    if distance >= needed:
        return (limit - speed) / ACCELERATION + (distance - needed) / limit
    return float((np.sqrt(speed * speed + 2.0 * ACCELERATION * distance) - speed) / ACCELERATION)


@compiled
def add_tracks(
    road: Ints,
    rest: Reals,
    speed: Reals,
    worth: Reals,
    hold: Reals,
    weight: float,
    sight: float,
    limit: Reals,
    reach_start: Ints,
    reach_lane: Ints,
    reach_extra: Reals,
    reach_weight: Reals,
    count: Ints,
    arrival: Reals,
    share: Reals,
    value: Reals,
) -> None:
    """Put each track on the approach lanes that it may be heading for; the last three are `[lane, place]`.

    `worth` is how many vehicles the delay of a track counts as, `hold` the s that it stands at a stop on the way.
    """
    for i in range(road.size):
        for row in range(reach_start[road[i]], reach_start[road[i] + 1]):
            distance = rest[i] + reach_extra[row]
            if distance <= sight:
                lane = reach_lane[row]
                due = time_to_stop_line(distance, speed[i], limit[lane]) + hold[i]
                insert(lane, due, weight * reach_weight[row], worth[i], count, arrival, share, value)


@compiled
def insert(
    lane: int, due: float, weight: float, worth: float, count: Ints, arrival: Reals, share: Reals, value: Reals
) -> None:
    """Keep the arrivals of a lane in order; the last falls out where there are too many."""
    place = count[lane]
    if place >= arrival.shape[1]:
        if arrival[lane, place - 1] <= due:
            return
        place -= 1
    while place > 0 and arrival[lane, place - 1] > due:
        arrival[lane, place] = arrival[lane, place - 1]
        share[lane, place] = share[lane, place - 1]
        value[lane, place] = value[lane, place - 1]
        place -= 1
    arrival[lane, place] = due
    share[lane, place] = weight
    value[lane, place] = weight * worth
    count[lane] = min(count[lane] + 1, arrival.shape[1])


@compiled
def add_unseen(
    sight_time: Reals, rate: Reals, horizon: float, count: Ints, arrival: Reals, share: Reals, value: Reals
) -> None:
    """Expect vehicles behind what is seen at the rate, vehicles/s, at which they lately came, `GAP` s apart."""
    for lane in range(count.size):
        if rate[lane] < LEAST_RATE:
            continue
        due = sight_time[lane]
        if count[lane] > 0:
            due = max(due, arrival[lane, count[lane] - 1])
        due += 0.5 * GAP
        while due < horizon and count[lane] < arrival.shape[1]:
            insert(lane, due, rate[lane] * GAP, 1.0, count, arrival, share, value)
            due += GAP
