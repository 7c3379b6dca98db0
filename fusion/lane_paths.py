"""Lanes and the connections behind them as one graph of polylines, to walk along at a given speed."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from maps.compiled import compiled
from maps.network import RoadNetwork, Turn

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
_PREFERENCE = {Turn.STRAIGHT: 0, Turn.RIGHT: 1, Turn.LEFT: 2, Turn.U_TURN: 3}
_MOST_PIECES = 64


class LanePaths(NamedTuple):
    """Lanes and the connections behind them as pieces of one graph; lane rows are the first pieces."""

    points: Floats
    """(p, 2) m."""
    run: Floats
    """(p,) distance from the start of the piece, m."""
    start: Longs
    size: Longs
    following: Longs
    """The piece that comes next, -1 where the road ends."""
    branches: NDArray[np.bool_]
    """Whether one may turn off at the end of the piece."""
    lanes: int

    @classmethod
    def of(cls, network: RoadNetwork | None) -> "LanePaths":
        """Make the pieces of a network; none where there is none."""
        if network is None:
            nothing = np.zeros(0, np.int64)
            return cls(np.zeros((0, 2)), np.zeros(0), nothing, nothing, nothing, np.zeros(0, np.bool_), 0)
        shapes = _shapes(network)
        count = np.array([len(shape) for shape in shapes], np.int64)
        run = [np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(shape, axis=0).T))]) for shape in shapes]
        following, branches = _graph(network)
        points, runs = (np.concatenate([np.zeros((0, 2)), *shapes]), np.concatenate([np.zeros(0), *run]))
        return cls(points, runs, np.cumsum(count) - count, count, following, branches, len(network.lanes.id))


def _shapes(network: RoadNetwork) -> list[Floats]:
    lanes, connections = network.lanes, network.connections
    shapes = [network.shape(*row) for row in zip(lanes.shape_start.tolist(), lanes.shape_count.tolist(), strict=True)]
    for row, count in enumerate(connections.shape_count.tolist()):
        if count >= 2:
            shapes.append(network.shape(int(connections.shape_start[row]), count))
        else:
            ends = (shapes[connections.from_lane[row]][-1], shapes[connections.to_lane[row]][0])
            shapes.append(np.array(ends))
    return shapes


def _graph(network: RoadNetwork) -> tuple[Longs, NDArray[np.bool_]]:
    """What follows each piece, and where there is a choice of turns."""
    lanes, connections = len(network.lanes.id), network.connections
    preference = np.array([_PREFERENCE[turn] for turn in Turn])[connections.turn]
    order = np.lexsort((np.arange(len(preference)), preference, connections.from_lane))
    from_lane, turn = connections.from_lane[order], connections.turn[order]
    first = np.concatenate([[True], from_lane[1:] != from_lane[:-1]])[: len(order)]
    following = np.concatenate([np.full(lanes, -1, np.int64), connections.to_lane.astype(np.int64)])
    following[from_lane[first]] = lanes + order[first]
    branches = np.zeros(len(following), np.bool_)
    choice = ~first
    choice[1:] &= turn[1:] != turn[:-1]
    branches[from_lane[choice]] = True
    return following, branches


class Place(NamedTuple):
    """A point on a path and the unit vector along it."""

    x: float
    y: float
    east: float
    north: float
    piece: int
    beyond: float
    """Distance beyond the last point where one may turn off, 0 before it, m."""
    past: float
    """Distance beyond the end of the first piece, 0 before it, m."""


@compiled
def place_at(paths: LanePaths, piece: int, offset: float) -> Place:
    """Find the point `offset` m behind the start of a piece, on the pieces that follow where it is longer."""
    beyond, branched, first_piece, past = 0.0, False, True, 0.0
    for _ in range(_MOST_PIECES):
        length = paths.run[paths.start[piece] + paths.size[piece] - 1]
        if offset <= length or paths.following[piece] < 0:
            break
        offset -= length
        beyond += length if branched else 0.0
        past += 0.0 if first_piece else length
        first_piece = False
        branched = branched or paths.branches[piece]
        piece = paths.following[piece]
    first, last = paths.start[piece], paths.start[piece] + paths.size[piece] - 1
    point = first
    while point < last - 1 and paths.run[point + 1] <= offset:
        point += 1
    begin, end = paths.points[point], paths.points[point + 1]
    length = max(paths.run[point + 1] - paths.run[point], 1e-9)
    east, north = (end[0] - begin[0]) / length, (end[1] - begin[1]) / length
    rest = offset - paths.run[point]
    beyond = beyond + offset if branched else 0.0
    past = 0.0 if first_piece else past + offset
    return Place(begin[0] + rest * east, begin[1] + rest * north, east, north, piece, beyond, past)
