"""Road sections: links that follow one another without a choice or a light between them.

A map may cut the road between two intersections into several links, for example where turn bays begin. Whether traffic
flows is a matter of the whole section: every red light fills a short last link, which says nothing. And roadside units
watch the ends of a section, where vehicles wait, but not its middle, where only terminals on board report: the pace is
found for both parts apart and weighted by their lengths.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from fusion.coverage import Coverage
from maps.network import RoadNetwork

_ENOUGH_WATCHED, _ENOUGH_UNWATCHED = 1.0, 5.0
"""Vehicle seconds from which the pace of a part is measured and not that of free flow."""
_SLOWEST = 0.3
"""m/s; a part where all stand still is not endlessly slow."""


class SectionSpeeds:
    """Mean speed over whole sections in an exponential window."""

    def __init__(self, network: RoadNetwork, window: float) -> None:
        self._links, self._window = network.links, window
        self._section = sections_of(network)
        self._distance, self._spent = (np.zeros((2, len(self._section))) for _ in range(2))

    def update(
        self,
        link: NDArray[np.int32],
        offset: NDArray[np.float32],
        speed: NDArray[np.float32],
        span: float,
        coverage: Coverage,
    ) -> None:
        """Take the vehicles on links (n,) of one cycle: link row, offset along it (m), speed (m/s); `span` in s."""
        watched = coverage.sees(link, offset / np.maximum(self._links.length[link], 1e-3))
        count = len(self._section)
        part = self._section[link] + count * watched
        kept = np.exp(-span / self._window)
        self._distance = kept * self._distance + span * np.bincount(part, speed, 2 * count).reshape(2, count)
        self._spent = kept * self._spent + span * np.bincount(part, minlength=2 * count).reshape(2, count)

    def of_links(self, share: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the speed (m/s) on the section of each link, given the share of each link under observation."""
        links, section = self._links, self._section
        count = len(section)
        length = np.bincount(section, links.length, count)
        free = np.bincount(section, links.length / links.speed, count) / np.maximum(length, 1e-3)
        watched = np.bincount(section, links.length * share, count) / np.maximum(length, 1e-3)
        enough = np.array([[_ENOUGH_UNWATCHED], [_ENOUGH_WATCHED]])
        ground = np.maximum(self._distance, np.maximum(self._spent * _SLOWEST, 1e-9))
        pace = np.where(self._spent >= enough, self._spent / ground, free)
        mean = (1 - watched) * pace[0] + watched * pace[1]
        speed: NDArray[np.float64] = 1 / np.maximum(mean[section], 1e-3)
        return speed


def sections_of(network: RoadNetwork) -> NDArray[np.int64]:
    """Return the number of the section of each link, (links,), counted from 0."""
    count, ways = len(network.links.id), _inner_ways(network)
    graph = coo_array((np.ones(ways.shape[1], bool), (ways[0], ways[1])), shape=(count, count))
    section: NDArray[np.int64] = connected_components(graph, directed=False)[1].astype(np.int64)
    return section


def begins_section(network: RoadNetwork) -> NDArray[np.bool_]:
    """Tell which links (links,) begin at a junction and not within a section."""
    begins = np.ones(len(network.links.id), np.bool_)
    begins[_inner_ways(network)[1]] = False
    return begins


def ends_section(network: RoadNetwork) -> NDArray[np.bool_]:
    """Tell which links (links,) end at a junction and not within a section."""
    ends = np.ones(len(network.links.id), np.bool_)
    ends[_inner_ways(network)[0]] = False
    return ends


def _inner_ways(network: RoadNetwork) -> NDArray[np.int32]:
    """Return pairs (2, k) of links that follow one another without a choice or a light."""
    count = len(network.links.id)
    lanes, connections = network.lanes, network.connections
    pairs = np.stack([lanes.link[connections.from_lane], lanes.link[connections.to_lane]])
    pairs, first = np.unique(pairs, axis=1, return_index=True)
    leaving, entering = (np.bincount(side, minlength=count) for side in pairs)
    onward = (leaving[pairs[0]] == 1) & (entering[pairs[1]] == 1) & (connections.signal[first] < 0)
    ways: NDArray[np.int32] = pairs[:, onward]
    return ways
