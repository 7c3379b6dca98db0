"""How far it is from one place on a lane to another along links that nobody sees, for many places at once."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from maps.link_graph import link_graph
from maps.network import RoadNetwork


class WayLengths:
    """Shortest ways of one network up to `longest` m; those into a link are found once it is asked for.

    A way may begin and end on a closed link but not lead over one.
    """

    def __init__(self, network: RoadNetwork, longest: float) -> None:
        self.longest = longest
        graph, count = link_graph(network), len(network.links.id)
        length = network.links.length.astype(np.float64)
        weight = graph.metres + length[graph.tails]
        self._into = csr_array((weight, (graph.heads, graph.tails)), shape=(count, count))
        self._own, self._open = length, self._into
        self._closed = np.zeros(count, np.bool_)
        self._link, self._length = network.lanes.link, network.lanes.length.astype(np.float64)
        self._known: dict[int, tuple[NDArray[np.int64], NDArray[np.float64]]] = {}

    def close(self, links: NDArray[np.bool_]) -> None:
        """Take other links, True in (links,), as closed."""
        if not np.array_equal(links, self._closed):
            self._closed = links.copy()
            self._open = _without_rows(self._into, links)
            self._known.clear()

    def between(
        self,
        from_lane: NDArray[np.int32],
        from_offset: NDArray[np.float64],
        to_lane: NDArray[np.int32],
        to_offset: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Return the way from each of n places to each of m, m; inf where there is none forwards or it is longer.

        Returns: (m, n)
        """
        start, rest = self._link[from_lane], self._length[from_lane] - from_offset
        ways = np.full((len(to_lane), len(from_lane)), np.inf)
        for row, lane in enumerate(to_lane.tolist()):
            link = int(self._link[lane])
            links, gaps = self._ways_into(link)
            place = np.minimum(np.searchsorted(links, start), max(len(links) - 1, 0))
            found = links[place] == start if len(links) else np.zeros(len(start), np.bool_)
            ways[row, found] = rest[found] + gaps[place[found]] + to_offset[row]
            ahead = (start == link) & (to_offset[row] >= from_offset)
            ways[row, ahead] = to_offset[row] - from_offset[ahead]
        ways[ways > self.longest] = np.inf
        return ways

    def _ways_into(self, link: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the links from whose ends the start of `link` is near, and how far it is from there, m."""
        if link not in self._known:
            others = np.arange(len(self._own)) != link
            graph = self._open + _without_rows(self._into, others) if self._closed[link] else self._open
            ways = dijkstra(graph, indices=link, limit=self.longest + float(self._own.max()))
            gaps = ways - self._own  # the way starts at the end of the link that is left
            links = np.flatnonzero((gaps <= self.longest) & others)
            self._known[link] = links, gaps[links]
        return self._known[link]


def _without_rows(graph: csr_array, rows: NDArray[np.bool_]) -> csr_array:
    """Return a graph without the arcs that start at some of its vertices."""
    arcs = graph.tocoo()
    kept = ~rows[arcs.row]
    return csr_array((arcs.data[kept], (arcs.row[kept], arcs.col[kept])), shape=graph.shape)
