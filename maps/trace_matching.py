"""Offline map matching of sparse GPS traces, with the way driven between the points.

A hidden Markov model (Newson and Krumm 2009, doi:10.1145/1653771.1653818): the links near a point are its states, a
Gaussian of the distance to the nearest lane of the link weighs them, and a step from state to state weighs by how much
its way differs from the straight distance. The likeliest chain is the match. Beyond the paper: ways are the quickest
rather than the shortest, obey turn restrictions, and weigh by their time: drivers choose quick ones, and those that
need more time than went by are unlikely.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maps.lane_grid import build_grid
from maps.link_graph import link_graph
from maps.network import Floats, Ints, RoadNetwork
from maps.participants import ParticipantKind
from maps.polyline import Segments
from maps.trace_search import Cells, Graph, find_candidates, likeliest_chain, ways_of_chain

MAX_CELLS = 4_000_000


@dataclass(frozen=True)
class TraceParameters:
    """Tuning of the model."""

    reach: float = 60.0
    """Links further from a point are not considered, m; noise beyond a third of it loses links."""
    beta: float = 40.0
    """Scale of the difference between way and straight distance, m."""
    detour: float = 1500.0
    """A way is at most this much longer than twice the straight distance, m."""
    haste: float = 10.0
    """Of two ways the one that takes this many seconds longer is e times rarer (logit route choice), s."""


@dataclass(frozen=True)
class TraceMatch:
    """Where a trace of n points ran."""

    link: Ints
    """Link (n,) of each point, -1 where no link is near."""
    offset: Floats
    """Distance (n,) along the lane nearest to the point, m."""
    distance: Floats
    """Distance (n,) from that lane's centre line, m."""
    begins: NDArray[np.bool_]
    """Whether a point (n,) is the first of a piece: no way leads to it from the point before."""
    route: Ints
    """Links of the whole way in order; pieces follow one another."""
    place: Ints
    """Place (n,) of each point's link in `route`, -1 where unmatched."""


class TraceMatcher:
    """Matches traces to one network. Immutable, safe to share between threads."""

    def __init__(self, network: RoadNetwork, parameters: TraceParameters | None = None) -> None:
        self.parameters = parameters or TraceParameters()
        lanes, links = network.lanes, network.links
        segments = Segments.of(network.points, lanes.shape_start, lanes.shape_count)
        grid = build_grid(segments, self.parameters.reach, 40.0, MAX_CELLS)
        self._frame = np.array([grid.x0, grid.y0, grid.cell])
        self._cells: Cells = (grid.columns, grid.rows, grid.starts, grid.entries, grid.owner, lanes.link, grid.table)
        self._allowed = lanes.allowed
        graph = link_graph(network)
        metres = links.length.astype(np.float64)
        self._graph: Graph = (
            graph.starts,
            graph.heads,
            graph.seconds,
            graph.metres,
            graph.allowed,
            metres / links.speed,
            metres,
        )

    def match(
        self,
        x: ArrayLike,
        y: ArrayLike,
        time: ArrayLike | None = None,
        heading: ArrayLike | None = None,
        *,
        kind: ParticipantKind = ParticipantKind.CAR,
        sigma: float = 5.0,
    ) -> TraceMatch:
        """Match one trace of positions (n,) in the network's plane.

        Args:
            x: East, m.
            y: North, m.
            time: s, ascending; without it ways are weighed by length alone.
            heading: rad, clockwise from north, NaN where unknown.
            kind: Who travels; lanes closed to the kind are not considered.
            sigma: 1-sigma of the positions in each direction, m.
        """
        xs, ys = _column(x), _column(y)
        times, headings = (np.full(len(xs), np.nan) if v is None else _column(v) for v in (time, heading))
        radius = min(self.parameters.reach, max(30.0, 5.0 * sigma))
        bit = np.uint32(kind.bit)
        frame = np.append(self._frame, radius)
        candidates = find_candidates(frame, self._cells, self._allowed, bit, (xs, ys, headings, float(sigma)))
        slack = 3.0 * sigma + 5.0
        own = self.parameters
        tuning = (own.beta + 0.5 * sigma, own.detour, slack, own.haste)
        chosen, begins = likeliest_chain(self._graph, bit, candidates, (xs, ys, times), tuning)
        return self._result(bit, (xs, ys), candidates, (chosen, begins), slack)

    def _result(
        self,
        bit: np.uint32,
        trace: tuple[NDArray[np.float64], NDArray[np.float64]],
        candidates: tuple[NDArray[np.int64], Ints, NDArray[np.float64]],
        chain: tuple[Ints, NDArray[np.bool_]],
        slack: float,
    ) -> TraceMatch:
        chosen, begins = chain
        rows = np.flatnonzero(chosen >= 0)
        link, values = candidates[1][rows, chosen[rows]], candidates[2][:, rows, chosen[rows]]
        gaps = np.hypot(*(np.diff(column[rows], prepend=column[rows][:1]) for column in trace))
        limits = 2.0 * gaps + self.parameters.detour
        route, places = ways_of_chain(self._graph, bit, (link, values[0].copy()), begins[rows], (limits, slack))
        count = len(chosen)
        found = np.full(count, -1, np.int32)
        place = np.full(count, -1, np.int32)
        offset, distance = np.full((2, count), np.nan, np.float32)
        found[rows], place[rows] = link, places
        offset[rows], distance[rows] = values[0], values[1]
        return TraceMatch(found, offset, distance, begins, route, place)


def _column(values: ArrayLike) -> NDArray[np.float64]:
    return np.require(np.asarray(values, np.float64), requirements=["C", "W"])
