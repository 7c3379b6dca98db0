"""Where the centre line of the lane runs beside a vehicle that keeps to it: a witness for the places that devices tell.

A vehicle that drives steadily on a straight piece of its lane is, on average over drivers, on the centre line. Those
that change lanes, turn, stand or are near the ends of a lane tell nothing.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fusion.columns import Floats, Ints, Longs
from fusion.tracks import TrackTable
from maps.compiled import compiled
from maps.lane_index import LaneMatch
from maps.network import RoadNetwork
from maps.polyline import Segments

MARGIN = 8.0
"""A vehicle closer to either end of its lane, m, may be about to turn; so far around it the lane is to be straight."""
STRAIGHT = 0.03
"""Largest change of direction within the margin, rad."""
SURE = 0.85
"""Least probability of the lane."""
SLOWEST, FASTEST_ACROSS = 2.0, 0.5
"""A vehicle that keeps its lane is faster than the one along it and slower than the other across it, m/s."""
CAR, SPECIAL = 1, 5
"""First and last kind of those that keep lanes."""


class LaneSides(NamedTuple):
    """The line beside each of n tracks: points p with `east * p.x + north * p.y == at`."""

    east: Floats
    north: Floats
    """Unit vector across the lane, to the left; NaN where a track tells nothing."""
    at: Floats
    """m"""


class LanePieces(NamedTuple):
    """The straight pieces of the lanes of one network, lane by lane, as compiled code takes them."""

    pieces: Floats
    """(p, 5) start x and y, way to the end east and north, distance from the start of the lane, m."""
    first: Longs
    """(lanes + 1,) first piece of each lane, and p."""
    length: Floats
    """(lanes,) m"""

    @classmethod
    def of(cls, network: RoadNetwork) -> "LanePieces":
        """Cut the lanes of a network into their pieces."""
        lanes = network.lanes
        segments = Segments.of(network.points, lanes.shape_start, lanes.shape_count)
        pieces = np.column_stack((segments.x, segments.y, segments.dx, segments.dy, segments.offset))
        first = np.searchsorted(segments.owner, np.arange(len(lanes.id) + 1)).astype(np.int64)
        return cls(pieces, first, segments.total(len(lanes.id)))


class LaneCentres:
    """The centre lines of one network."""

    def __init__(self, pieces: LanePieces) -> None:
        self._pieces = pieces

    def beside(self, tracks: TrackTable, match: LaneMatch) -> LaneSides:
        """Return the centre lines beside `tracks`, which were matched to lanes."""
        sides = LaneSides(*np.full((3, len(tracks)), np.nan))
        velocity = np.column_stack((tracks.vx, tracks.vy)).astype(np.float64)
        steady = (match.probability >= SURE) & (tracks.kind >= CAR) & (tracks.kind <= SPECIAL)
        rows = np.flatnonzero(steady & (match.lane >= 0))
        find_sides(self._pieces, rows, match.lane, match.offset.astype(np.float64), velocity, sides)
        return sides


@compiled
def piece_at(pieces: Floats, first: int, last: int, offset: float) -> int:
    """Return the row of the piece, of those from `first` to before `last`, on which `offset` (m) lies."""
    while last - first > 1:
        middle = (first + last) // 2
        if pieces[middle, 4] <= offset:
            first = middle
        else:
            last = middle
    return first


@compiled
def left_of(piece: Floats) -> tuple[float, float]:
    """Return the unit vector across a piece, to the left."""
    size = math.hypot(piece[2], piece[3])
    return -piece[3] / size, piece[2] / size


@compiled
def find_sides(
    lanes: LanePieces,
    rows: NDArray[np.intp],
    lane: Ints,
    offset: Floats,
    velocity: Floats,
    sides: LaneSides,
) -> None:
    """Write the lines beside the given rows."""
    pieces, starts, length = lanes
    for row in rows:
        along, first, last = offset[row], starts[lane[row]], starts[lane[row] + 1]
        if along < MARGIN or along > length[lane[row]] - MARGIN:
            continue
        begin, end = piece_at(pieces, first, last, along - MARGIN), piece_at(pieces, first, last, along + MARGIN)
        turn = math.atan2(pieces[end, 3], pieces[end, 2]) - math.atan2(pieces[begin, 3], pieces[begin, 2])
        if abs((turn + math.pi) % (2.0 * math.pi) - math.pi) > STRAIGHT:
            continue
        piece = pieces[piece_at(pieces, first, last, along)]
        east, north = left_of(piece)
        across = east * velocity[row, 0] + north * velocity[row, 1]
        if abs(across) > FASTEST_ACROSS or north * velocity[row, 0] - east * velocity[row, 1] < SLOWEST:
            continue
        sides.east[row], sides.north[row] = east, north
        sides.at[row] = east * piece[0] + north * piece[1]
