"""Who is probably heading for a link: nobody tells us destinations, so turns are taken as most drivers take them."""

import heapq

import numpy as np

from cloudctl.advice.topology import Topology


def reach_probabilities(topology: Topology, link: int, reach: float, least: float) -> dict[int, float]:
    """Probability that a vehicle on each upstream link will come to `link` within `reach` m, where at least `least`.

    Links are settled from near to far, so each gets the sum over its turns of share times the next link's probability.
    """
    moves, length = topology.moves, topology.network.links.length
    probability: dict[int, float] = {link: 1.0}
    settled: set[int] = set()
    heap: list[tuple[float, int]] = [(0.0, link)]
    while heap:
        way, row = heapq.heappop(heap)
        if row in settled:
            continue
        settled.add(row)
        for move in topology.predecessors.get(row, np.empty(0, np.int64)).tolist():
            source = int(moves.source[move])
            if source in settled:
                continue
            gained = probability.get(source, 0.0) + float(moves.share[move]) * probability[row]
            probability[source] = min(gained, 1.0)
            if gained >= least and way <= reach:
                heapq.heappush(heap, (way + float(length[source]), source))
    return {row: value for row, value in probability.items() if value >= least and row in settled and row != link}


def likely_exit(topology: Topology, link: int) -> int | None:
    """Give the link that most traffic takes after `link`, None at a dead end."""
    rows = topology.successors.get(link)
    if rows is None:
        return None
    return int(topology.moves.target[rows[np.argmax(topology.moves.share[rows])]])
