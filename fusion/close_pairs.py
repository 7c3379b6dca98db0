"""Pairs of road users on a collision course: time to collision of two bodies, and the braking that would avoid it."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fusion.tracks import TrackTable
from maps.compiled import compiled

CELL = 40.0
"""m; road users farther apart are not looked at."""
_STEP = 0.1
"""s"""
_SHRINK = 0.35
"""Bodies are taken smaller by this on each side: what is not certain to touch does not count, m."""
_PARALLEL, _BESIDE, _STEADY = 0.3, 1.0, 0.9
"""Who follows another drives within this angle of it, rad, this far aside at most, m, both this near to the middle."""
_STANDS, _ASKEW, _OFF, _WIDE = 0.6, 0.7, 1.3, 1.2
"""Who is slower, m/s, goes nowhere: it may stand at such an angle, rad, as between two lanes, and so far off, m.

Who comes up to it drives near the middle all the same, beyond the doubt of its place: beside it there may be room."""
_FAST = 3.0
"""Pairs of which nobody is faster are left out, m/s."""


class CloseCalls(NamedTuple):
    """Pairs by row in the track table; arrays of length p."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    time: NDArray[np.float64]
    """To collision, s."""
    braking: NDArray[np.float64]
    """m/s2"""


def close_calls(
    tracks: TrackTable,
    lateral: NDArray[np.float32],
    rows: NDArray[np.int64],
    most_time: float,
    least_braking: float,
) -> CloseCalls:
    """Find who, among these rows, runs into the one ahead within `most_time` s unless it brakes harder than that, m/s2.

    `lateral` (n,) is the distance of each track from the middle of its lane, m.
    """
    bodies = np.column_stack(
        (
            tracks.x[rows],
            tracks.y[rows],
            tracks.vx[rows],
            tracks.vy[rows],
            np.sin(tracks.heading[rows]),
            np.cos(tracks.heading[rows]),
            np.maximum(tracks.length[rows] / 2 - _SHRINK, 0.1),
            np.maximum(tracks.width[rows] / 2 - _SHRINK, 0.1),
        )
    ).astype(np.float64)
    if len(rows) < 2:
        nothing = np.zeros(0)
        return CloseCalls(rows[:0], rows[:0], nothing, nothing)
    column = np.floor((bodies[:, 0] - bodies[:, 0].min()) / CELL).astype(np.int64)
    line = np.floor((bodies[:, 1] - bodies[:, 1].min()) / CELL).astype(np.int64)
    width = int(column.max()) + 3
    cell = (line + 1) * width + column + 1
    order = np.argsort(cell, kind="stable")
    found = search_pairs(bodies, cell[order], order, width, most_time, least_braking)
    first, second = rows[found[:, 0].astype(np.int64)], rows[found[:, 1].astype(np.int64)]
    follows = _one_follows(tracks, lateral, first, second)
    return CloseCalls(first[follows], second[follows], found[follows, 2], found[follows, 3])


def _one_follows(
    tracks: TrackTable, lateral: NDArray[np.float32], first: NDArray[np.int64], second: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Tell which pairs drive one behind the other on one lane.

    Ways that cross or turn are left to the time between passages: there, straight motion foretells collisions with
    everybody who stands beyond the bend.
    """
    same = (tracks.lane[first] == tracks.lane[second]) & (tracks.lane[first] >= 0)
    turn = np.abs((tracks.heading[first] - tracks.heading[second] + np.pi) % (2 * np.pi) - np.pi)
    beside = np.abs(lateral[first] - lateral[second])
    off = np.abs(np.stack((lateral[first], lateral[second])))
    stands = np.stack((tracks.speed[first], tracks.speed[second])) < _STANDS
    off = np.where(stands, off, off + np.stack((tracks.sigma[first], tracks.sigma[second])))
    line = (turn < _PARALLEL) & (beside < _BESIDE) & (off < _STEADY).all(axis=0)
    in_place = off < np.where(stands, _WIDE, _STEADY)
    askew = stands.any(axis=0) & (turn < _ASKEW) & (beside < _OFF) & in_place.all(axis=0)
    follows: NDArray[np.bool_] = same & (line | askew)
    return follows


@compiled
def overlap(bodies: NDArray[np.float64], one: int, two: int, time: float) -> bool:
    """Tell whether two bodies overlap after `time` s (separating axes of two rectangles)."""
    a, b = bodies[one], bodies[two]
    east, north = b[0] - a[0] + time * (b[2] - a[2]), b[1] - a[1] + time * (b[3] - a[3])
    for axis in range(4):
        body = a if axis < 2 else b
        ux, uy = (body[4], body[5]) if axis % 2 == 0 else (-body[5], body[4])
        reach = 0.0
        for other in (a, b):
            reach += other[6] * abs(ux * other[4] + uy * other[5]) + other[7] * abs(uy * other[4] - ux * other[5])
        if abs(east * ux + north * uy) > reach:
            return False
    return True


@compiled
def judge_pair(
    bodies: NDArray[np.float64], one: int, two: int, most_time: float, least_braking: float
) -> tuple[float, float]:
    """Return the time to collision of a pair, s, and the braking it takes, m/s2; inf and 0 where there is no danger."""
    a, b = bodies[one], bodies[two]
    east, north, ve, vn = b[0] - a[0], b[1] - a[1], b[2] - a[2], b[3] - a[3]
    square = ve * ve + vn * vn
    distance = math.hypot(east, north)
    closing = -(east * ve + north * vn) / max(distance, 1e-6)
    far = a[6] + b[6] + a[7] + b[7]
    if closing < 2.0 or distance - far > closing * most_time or overlap(bodies, one, two, 0.0):
        return math.inf, 0.0
    nearest = min(max(-(east * ve + north * vn) / square, 0.0), most_time)
    if math.hypot(east + nearest * ve, north + nearest * vn) > far:
        return math.inf, 0.0
    time = _STEP
    while time <= most_time:
        if overlap(bodies, one, two, time):
            braking = closing / (2.0 * time)
            return (time, braking) if braking >= least_braking else (math.inf, 0.0)
        time += _STEP
    return math.inf, 0.0


@compiled
def search_pairs(
    bodies: NDArray[np.float64],
    cells: NDArray[np.int64],
    order: NDArray[np.int64],
    width: int,
    most_time: float,
    least_braking: float,
) -> NDArray[np.float64]:
    """Return rows of both, time and braking of the pairs in danger, (p, 4)."""
    found = np.empty((64, 4))
    count = 0
    for place in range(len(order)):
        one = order[place]
        for step in (0, 1, width - 1, width, width + 1):
            cell = cells[place] + step
            at = place + 1 if step == 0 else np.searchsorted(cells, cell)
            while at < len(cells) and cells[at] == cell:
                two = order[at]
                at += 1
                speed = max(math.hypot(bodies[one, 2], bodies[one, 3]), math.hypot(bodies[two, 2], bodies[two, 3]))
                if speed < _FAST:
                    continue
                time, braking = judge_pair(bodies, one, two, most_time, least_braking)
                if time < math.inf and count < len(found):
                    found[count, 0], found[count, 1] = float(one), float(two)
                    found[count, 2], found[count, 3] = time, braking
                    count += 1
    return found[:count]
