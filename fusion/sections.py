"""Road sections: links that follow one another without a choice or a light between them.

A map may cut the road between two intersections into several links, for example where turn bays begin. Whether traffic
flows is a matter of the whole section: every red light fills a short last link, which says nothing.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from maps.network import RoadNetwork


def sections_of(network: RoadNetwork) -> NDArray[np.int64]:
    """Return the number of the section of each link, (links,), counted from 0."""
    count = len(network.links.id)
    lanes, connections = network.lanes, network.connections
    pairs = np.stack([lanes.link[connections.from_lane], lanes.link[connections.to_lane]])
    pairs, first = np.unique(pairs, axis=1, return_index=True)
    leaving, entering = (np.bincount(side, minlength=count) for side in pairs)
    onward = (leaving[pairs[0]] == 1) & (entering[pairs[1]] == 1) & (connections.signal[first] < 0)
    ways = pairs[:, onward]
    graph = coo_array((np.ones(ways.shape[1], bool), (ways[0], ways[1])), shape=(count, count))
    section: NDArray[np.int64] = connected_components(graph, directed=False)[1].astype(np.int64)
    return section
