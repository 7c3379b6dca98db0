"""Ways on foot: along both sides of every road but expressways, in both directions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra

from maps.network import RoadClass, RoadNetwork

Reals = NDArray[np.float64]
Rows = NDArray[np.int64]
SPEED = 1.25
"""m/s; HCM 2016 reckons with 1.2 at crossings and more between."""
OFF_ROAD = 400.0
"""A place farther than this from any road cannot be walked to, m."""


@dataclass(frozen=True)
class Spots:
    """Places beside roads, (k,) each; `link` -1 where no road is near."""

    link: Rows
    along: Reals
    """m from the start of the link."""
    rest: Reals
    """m to its end."""
    away: Reals
    """m from the road."""
    start: Rows
    end: Rows
    """Nodes of the link."""


class WalkNetwork:
    """The roads as a graph of nodes for people on foot."""

    def __init__(self, network: RoadNetwork) -> None:
        links = network.links
        rows = np.flatnonzero(links.road_class != RoadClass.EXPRESSWAY)
        self._network, self._rows = network, rows
        shapes = [network.shape(int(links.shape_start[row]), int(links.shape_count[row])) for row in rows]
        owner = np.repeat(np.arange(len(shapes)), [len(shape) for shape in shapes])
        self._lines = shapely.linestrings(np.concatenate(shapes), indices=owner) if shapes else np.array([])
        self._tree = shapely.STRtree(self._lines)
        self._graph = _graph(network, rows)

    def spots(self, lon: Sequence[float], lat: Sequence[float]) -> Spots:
        """Nearest places at roads, deg."""
        x, y = self._network.plane.forward(np.asarray(lon, float), np.asarray(lat, float))
        points = shapely.points(np.atleast_1d(x), np.atleast_1d(y))
        found = np.full(len(points), -1, np.int64)
        if len(self._lines):
            hit, line = self._tree.query_nearest(points, max_distance=OFF_ROAD, all_matches=False)
            found[hit] = line
        safe = np.maximum(found, 0)
        if not len(self._lines):
            empty = np.zeros(len(points))
            return Spots(found, empty, empty, empty, safe, safe)
        lines = self._lines[safe]
        along, away = shapely.line_locate_point(lines, points), shapely.distance(lines, points)
        link = np.where(found >= 0, self._rows[safe], -1)
        ends = self._network.links
        rest = np.maximum(shapely.length(lines) - along, 0.0)
        return Spots(
            link, along, rest, away, ends.from_node[link].astype(np.int64), ends.to_node[link].astype(np.int64)
        )

    def metres(self, source: Spots, targets: Spots, limit: float) -> Reals:
        """Way on foot (k,) from one place to others, inf beyond the limit."""
        found = np.full(len(targets.link), np.inf)
        if source.link[0] < 0:
            return found
        ends = [int(source.start[0]), int(source.end[0])]
        far = dijkstra(self._graph, indices=ends, limit=limit)
        node = np.minimum(far[0] + source.along[0], far[1] + source.rest[0])
        found = np.minimum(node[targets.start] + targets.along, node[targets.end] + targets.rest)
        same = targets.link == source.link[0]
        found[same] = np.minimum(found[same], np.abs(targets.along[same] - source.along[0]))
        found = found + targets.away + source.away[0]
        return np.where((targets.link >= 0) & (found <= limit), found, np.inf)

    def between(self, spots: Spots, limit: float) -> list[tuple[int, int, float]]:
        """Ways (from, to, s) between all places that lie within `limit` m of each other."""
        found = []
        for row in range(len(spots.link)):
            metres = self.metres(one(spots, row), spots, limit)
            found += [
                (row, to, float(metres[to]) / SPEED) for to in np.flatnonzero(metres < np.inf).tolist() if to != row
            ]
        return found


def one(spots: Spots, row: int) -> Spots:
    """One of many places."""
    return Spots(*(getattr(spots, name)[row : row + 1] for name in Spots.__annotations__))


def _graph(network: RoadNetwork, rows: NDArray[np.intp]) -> csr_array:
    """Symmetric lengths between nodes, m; the shorter of two links between the same nodes counts."""
    links, count = network.links, len(network.nodes.id)
    a, b = links.from_node[rows].astype(np.int64), links.to_node[rows].astype(np.int64)
    length = np.maximum(links.length[rows].astype(float), 0.1)
    pairs = np.concatenate([a * count + b, b * count + a])
    metres = np.concatenate([length, length])
    order = np.lexsort((metres, pairs))
    kept, first = np.unique(pairs[order], return_index=True)
    return csr_array(coo_array((metres[order][first], (kept // count, kept % count)), shape=(count, count)))
