"""Whether two road users truly came close: what a near miss that was told is held against.

They did when, within their last seconds, one reached a place just after the other had left it (post-encroachment
time), or one was about to run into the other (time to collision).
"""

import itertools

import numpy as np
from numpy.typing import NDArray

SOON = 1.2
"""Two in one place within this time of each other came close, s,"""
PLACE = 2.0
"""where a place is this wide, m."""
COLLISION = 2.0
"""Times to collision below this are close, s,"""
_CLOSES = 2.0
"""of who comes up to the other faster than this, m/s,"""
_BESIDE = 1.5
"""on the same line, give or take this, m."""
_STEP = 0.1
Values = NDArray[np.float64]


def close_call(name: NDArray[np.str_], motion: Values) -> bool:
    """Tell whether any two of these road users (n,) came close.

    `motion` (n, 6) is time, x, y, speed, heading and length, s, m, m/s, rad.
    """
    users = []
    for each in np.unique(name):
        user = motion[name == each]
        if len(user) > 1:
            user[:, 4] = np.unwrap(user[:, 4])
            users.append(user)
    return any(_shared_place(one, other) or _short_time(one, other) for one, other in itertools.combinations(users, 2))


def _shared_place(one: Values, other: Values) -> bool:
    first, second = _way(one), _way(other)
    apart = np.hypot(first[:, None, 1] - second[None, :, 1], first[:, None, 2] - second[None, :, 2])
    soon = np.abs(first[:, None, 0] - second[None, :, 0]) <= SOON
    turn = np.abs((first[:, None, 3] - second[None, :, 3] + np.pi) % (2 * np.pi) - np.pi)
    return bool(np.any(soon & (apart < PLACE) & (turn > np.pi / 4)))


def _way(user: Values) -> Values:
    """Return time, x, y and heading of the points that a road user covered, nose to tail, (m, 4)."""
    times = np.arange(user[0, 0], user[-1, 0], _STEP)
    x, y, heading = (np.interp(times, user[:, 0], user[:, column]) for column in (1, 2, 4))
    points = [
        np.column_stack((times, x + along * np.sin(heading), y + along * np.cos(heading), heading))
        for along in np.linspace(-0.5, 0.5, 5) * user[0, 5]
    ]
    return np.concatenate(points)


def _short_time(one: Values, other: Values) -> bool:
    _, first, second = np.intersect1d(one[:, 0], other[:, 0], return_indices=True)
    a, b = one[first], other[second]
    return bool(np.any(_runs_into(a, b) | _runs_into(b, a)))


def _runs_into(a: Values, b: Values) -> NDArray[np.bool_]:
    """Tell in which rows `a` is about to run into `b`."""
    east, north = b[:, 1] - a[:, 1], b[:, 2] - a[:, 2]
    sine, cosine = np.sin(a[:, 4]), np.cos(a[:, 4])
    ahead, aside = east * sine + north * cosine, east * cosine - north * sine
    closing = a[:, 3] - b[:, 3] * np.cos(b[:, 4] - a[:, 4])
    gap = np.maximum(ahead - (a[:, 5] + b[:, 5]) / 2, 0.0)
    near: NDArray[np.bool_] = (ahead > 0.0) & (np.abs(aside) < _BESIDE) & (closing > _CLOSES)
    return near & (gap < COLLISION * closing)
