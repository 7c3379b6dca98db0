"""Where a vehicle is across its lane, given that most keep near the middle: the map as a witness for its place.

Whoever drives on a lane either keeps to it, at a distance from the centre line that differs from driver to driver and
with hardly any velocity across, or does not: it changes lanes, stands aside, avoids somebody. Both are weighed for each
vehicle, and its state is the mean of what it would be in either case (Bar-Shalom, Li, Kirubarajan: Estimation with
Applications to Tracking and Navigation, 11.6). How far drivers keep from the middle is learnt from those seen, by the
variance with the largest likelihood (Fisher scoring).

That distance is a driver's own for a while, so it is weighed in once a picture and never given back to the tracker.
"""

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fusion.columns import Floats, Ints, Reals
from fusion.lane_centres import CAR, SPECIAL, LanePieces, left_of, piece_at
from fusion.tracks import TrackTable
from maps.compiled import compiled
from maps.lane_index import LaneMatch

KEEPERS = 0.9
"""Share of vehicles that keep to their lanes."""
LANE_WIDTH = 3.5
"""The others are anywhere across such a lane, m."""
SPREAD, LEAST_SPREAD = 0.3, 0.1
"""1-sigma distance of keepers from the centre line before any was seen, and the least that is believed, m."""
PRIOR_TIME = 20.0
"""That belief weighs as much as so many seconds of a vehicle whose place is known exactly."""
MEMORY = 600.0
"""What was learnt fades with this time constant, s."""
KEEPING_ACROSS, CHANGING_ACROSS = 0.2, 1.0
"""1-sigma velocity across the lane of those who keep it and of those who do not, m/s."""


class Motion(NamedTuple):
    """Columns of n tracks that are changed in place."""

    x: Floats
    y: Floats
    vx: Reals
    vy: Reals
    covariance: Reals
    """(n, 4, 4)"""


class LaneKeeping:
    """Weighs the lanes of one network into the places of vehicles, and learns how well drivers keep to them."""

    def __init__(self, pieces: LanePieces) -> None:
        self._pieces = pieces
        self._time = 0.0
        self._square = 0.0

    @property
    def spread(self) -> float:
        """1-sigma distance of those who keep to their lanes from the centre line, m."""
        square = (PRIOR_TIME * SPREAD**2 + self._square) / (PRIOR_TIME + self._time)
        return math.sqrt(max(square, LEAST_SPREAD**2))

    def settle(self, tracks: TrackTable, match: LaneMatch, span: float) -> TrackTable:
        """Return the tracks where they are by report and by lane; `match` is theirs, `span` s after the last call."""
        motion = Motion(*(getattr(tracks, name).copy() for name in Motion._fields))
        rows = np.flatnonzero((tracks.kind >= CAR) & (tracks.kind <= SPECIAL) & (match.lane >= 0))
        told, square = settle_rows(self._pieces, rows, match.lane, match.offset, motion, self.spread)
        fade = math.exp(-span / MEMORY)
        self._time = fade * self._time + span * told
        self._square = fade * self._square + span * square
        return replace(tracks, **motion._asdict())


@compiled
def keeping_chance(rest: tuple[float, float], spread: tuple[float, float, float], across: float) -> float:
    """Return the probability that a vehicle keeps its lane.

    `rest` is its distance from the centre line, m, and velocity across, m/s; `spread` the variances of both for those
    who keep it, and their covariance; `across` the variance of that velocity for the others.
    """
    place, speed, both = spread
    determinant = place * speed - both * both
    square = (speed * rest[0] ** 2 - 2.0 * both * rest[0] * rest[1] + place * rest[1] ** 2) / determinant
    keeps = KEEPERS * math.exp(-0.5 * min(square, 100.0)) / (2.0 * math.pi * math.sqrt(determinant))
    changes = math.exp(-0.5 * min(rest[1] ** 2 / across, 100.0)) / math.sqrt(2.0 * math.pi * across)
    return float(keeps / (keeps + (1.0 - KEEPERS) / LANE_WIDTH * changes))


@compiled
def settle_row(
    east: float, north: float, aside: float, motion: Motion, row: int, spread: float, work: Floats
) -> tuple[float, float]:
    """Move a vehicle that is `aside` m to the left of its lane, whose left is (east, north), to where it probably is.

    `work` (3, 4) is memory. Returns what it tells of the spread: 1 for a keeper whose place is known exactly, and the
    squared spread times that.
    """
    covariance, place, speed, moved = motion.covariance[row], work[0], work[1], work[2]
    for i in range(4):
        place[i] = covariance[i, 0] * east + covariance[i, 1] * north
        speed[i] = covariance[i, 2] * east + covariance[i, 3] * north
    doubt, across = place[0] * east + place[1] * north, east * motion.vx[row] + north * motion.vy[row]
    a, b = doubt + spread * spread, speed[0] * east + speed[1] * north
    c = speed[2] * east + speed[3] * north + KEEPING_ACROSS**2
    others = c - KEEPING_ACROSS**2 + CHANGING_ACROSS**2
    keeps, scale = keeping_chance((aside, across), (a, c, b), others), 1.0 / (a * c - b * b)
    first, second = (c * aside - b * across) * scale, (a * across - b * aside) * scale
    for i in range(4):
        moved[i] = -(first * place[i] + second * speed[i])
    for i in range(4):
        less, more = scale * (c * place[i] - b * speed[i]), scale * (a * speed[i] - b * place[i])
        for j in range(4):
            apart = (1.0 - keeps) * moved[i] * moved[j]
            covariance[i, j] += keeps * (apart - less * place[j] - more * speed[j])
    motion.x[row] += keeps * moved[0]
    motion.y[row] += keeps * moved[1]
    motion.vx[row] += keeps * moved[2]
    motion.vy[row] += keeps * moved[3]
    tells = keeps * (spread * spread / a) ** 2
    return tells, tells * (aside * aside - doubt)


@compiled
def settle_rows(
    lanes: LanePieces, rows: NDArray[np.intp], lane: Ints, offset: Reals, motion: Motion, spread: float
) -> tuple[float, float]:
    """Settle the given rows, which were matched to a lane at an offset, m.

    Returns the sums of what they tell of the spread, see `settle_row`.
    """
    told, square, work = 0.0, 0.0, np.empty((3, 4))
    for row in rows:
        along = offset[row]
        if not 0.0 < along < lanes.length[lane[row]]:
            continue
        piece = lanes.pieces[piece_at(lanes.pieces, lanes.first[lane[row]], lanes.first[lane[row] + 1], along)]
        east, north = left_of(piece)
        aside = east * (motion.x[row] - piece[0]) + north * (motion.y[row] - piece[1])
        tells, tells_square = settle_row(east, north, aside, motion, row, spread, work)
        told += tells
        square += tells_square
    return told, square
