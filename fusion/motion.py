"""How road users move between reports: constant velocity with white acceleration, stronger along or across by kind.

Discretised white-noise acceleration (Bar-Shalom, Li, Kirubarajan: Estimation with Applications to Tracking and
Navigation, 6.2.2), with the power matrix turned into the direction of motion.
"""

import math

from fusion.columns import Floats, Record
from maps.compiled import compiled

SLOW = 0.8
"""Below this speed the direction of motion says nothing, m/s."""
PEDESTRIAN = 8
LARGEST_TURN_NOISE = 3.0
"""Most that speed adds to the power across the motion, m2/s3."""
TURN = 2.0 * math.pi


@compiled
def acceleration_power(state: Floats, kind: int, parameters: Record) -> tuple[float, float, float]:
    """Return the power of the acceleration (xx, xy, yy), m2/s3, of a road user with the given state (4,).

    Who stands does not accelerate at random: he stays or drives off, once.
    """
    along = parameters["along_noise"][kind]
    across = parameters["across_noise"][kind]
    square = state[2] * state[2] + state[3] * state[3]
    if square < SLOW * SLOW:
        level = max(along, across) * max(square / (SLOW * SLOW), parameters["still_noise"])
        return level, 0.0, level
    if kind != PEDESTRIAN:
        across += min(parameters["turn_noise"] * square, LARGEST_TURN_NOISE)
    east, north = state[2] * state[2] / square, state[3] * state[3] / square
    mixed = state[2] * state[3] / square
    return along * east + across * north, (along - across) * mixed, along * north + across * east


@compiled
def move(state: Floats, covariance: Floats, kind: int, span: float, parameters: Record) -> None:
    """Carry state (4,) and covariance (4, 4) forward by `span` >= 0 s, in place."""
    xx, xy, yy = acceleration_power(state, kind, parameters)
    state[0] += span * state[2]
    state[1] += span * state[3]
    for i in range(2):
        for j in range(4):
            covariance[i, j] += span * covariance[i + 2, j]
    for i in range(4):
        for j in range(2):
            covariance[i, j] += span * covariance[i, j + 2]
    cube, square = span * span * span / 3.0, span * span / 2.0
    for i, j, power in ((0, 0, xx), (0, 1, xy), (1, 0, xy), (1, 1, yy)):
        covariance[i, j] += power * cube
        covariance[i, j + 2] += power * square
        covariance[i + 2, j] += power * square
        covariance[i + 2, j + 2] += power * span


@compiled
def move_track(track: Record, time: float, parameters: Record) -> None:
    """Carry one track forward to `time`; a track that is already later stays."""
    span = time - track["time"]
    if span > 0.0:
        move(track["state"], track["covariance"], track["kind"], span, parameters)
        track["time"] = time


@compiled
def turn_between(start: float, end: float) -> float:
    """Return the angle from `start` to `end` in -pi .. pi, rad."""
    angle = end - start
    return angle - TURN * math.floor((angle + math.pi) / TURN)
