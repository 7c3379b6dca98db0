"""In which lanes a bus waits: those from which its way goes on."""

import itertools

import maps_city
import numpy as np
import transit_world as world
from numpy.typing import NDArray

from cloudctl.transit.arrivals import _lanes_on
from cloudctl.transit.patterns import Pattern

NETWORK = maps_city.imported().network


def way(links: list[int]) -> Pattern:
    """A way over some links; of no matter are its stops and its shape."""
    nothing: NDArray[np.float64] = np.zeros(2)
    return Pattern("1/0/x", "1", 0, ("a", "b"), np.array(links, np.int32), nothing, np.zeros((2, 2)), nothing, nothing)


def turns() -> set[tuple[int, int]]:
    """Links that are joined."""
    lanes, joined = NETWORK.lanes.link, NETWORK.connections
    return set(zip(lanes[joined.from_lane].tolist(), lanes[joined.to_lane].tolist(), strict=True))


def test_a_bus_waits_in_the_lanes_that_are_joined_with_its_next_link() -> None:
    lanes, joined = NETWORK.lanes.link, NETWORK.connections
    narrower = 0
    for first, second in turns():
        here, _ = _lanes_on(way([first, second]), NETWORK)
        leads = (lanes[joined.from_lane] == first) & (lanes[joined.to_lane] == second)
        assert here == sorted(set(joined.from_lane[leads].tolist()))
        narrower += len(here) < int(NETWORK.links.lane_count[first])
    assert narrower > 10, "not every lane leads everywhere"


def test_a_turn_farther_on_narrows_the_lanes_before_it_where_they_lead_to_it() -> None:
    joined = NETWORK.connections
    pairs = set(zip(joined.from_lane.tolist(), joined.to_lane.tolist(), strict=True))
    for first, second in itertools.islice(sorted(turns()), 200):
        for third in sorted(after for before, after in turns() if before == second)[:3]:
            here, there, _ = _lanes_on(way([first, second, third]), NETWORK)
            reach = [lane for lane in here if any((lane, onward) in pairs for onward in there)]
            assert reach in (here, []), "all of them lead on, or none does and lanes are changed on the way"


def test_a_way_over_links_that_are_not_joined_counts_all_their_lanes() -> None:
    network, links = world.network(), world.pattern().links
    apart = [int(links[0]), int(links[4])]
    pattern = way(apart)
    assert [len(rows) for rows in _lanes_on(pattern, network)] == [int(network.links.lane_count[row]) for row in apart]
