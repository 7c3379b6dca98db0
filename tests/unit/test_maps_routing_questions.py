"""Two-way search, real alternatives, reach, limits and profiles of travel times: routes beyond A to B."""

from functools import cache
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray

from cloudctl.grid_city import grid_city
from maps.errors import NoRouteError
from maps.link_graph import link_graph
from maps.link_limits import LinkLimits, VehicleBody
from maps.network import RoadNetwork
from maps.participants import ParticipantKind
from maps.routing import Router
from maps.travel_profile import TravelProfile


@cache
def _grid() -> RoadNetwork:
    return grid_city(14, seed=5)


def _oracle(network: RoadNetwork, times: NDArray[np.float64]) -> nx.DiGraph:
    graph, found = link_graph(network), nx.DiGraph()
    found.add_nodes_from(range(len(times)))
    for tail, head, seconds in zip(graph.tails.tolist(), graph.heads.tolist(), graph.seconds.tolist(), strict=True):
        found.add_edge(tail, head, weight=seconds + float(times[head]))
    return found


@pytest.mark.parametrize("spread", [1, 10, 40])
def test_a_thousand_random_routes_cost_as_much_as_networkx_finds(spread: int) -> None:
    network, rng = _grid(), np.random.default_rng(spread)
    router = Router(network)
    times = router.free_flow_times * rng.uniform(1, spread, len(router.free_flow_times))
    router.set_travel_times(times)
    assert router._costs.guided == (spread == 1)
    oracle = _oracle(network, times)
    sources, targets = rng.integers(0, len(times), (2, 1000))
    wanted = {int(source): nx.single_source_dijkstra_path_length(oracle, int(source)) for source in set(sources[:40])}
    for source, target in zip(rng.choice(list(wanted), 1000).tolist(), targets.tolist(), strict=True):
        route = router.route(source, target)
        assert route.travel_time == pytest.approx(times[source] + wanted[source][target], rel=1e-9)
        assert (route.links[0], route.links[-1]) == (source, target)
        assert nx.is_path(oracle, route.links.tolist())


def test_two_way_search_says_when_there_is_no_way() -> None:
    network, rng = _grid(), np.random.default_rng(2)
    router = Router(network)
    router.set_travel_times(router.free_flow_times * rng.uniform(1, 10, len(router.free_flow_times)))
    assert not router._costs.guided
    target = 100
    into = link_graph(network).tails[link_graph(network).heads == target]
    with pytest.raises(NoRouteError):
        router.route(0, target, avoid=into)
    assert router.route(7, 7).links.tolist() == [7]
    with pytest.raises(IndexError, match="not within"):
        router.route(0, 10_000)


def test_alternatives_share_no_more_than_asked() -> None:
    network = _grid()
    router = Router(network)
    rng = np.random.default_rng(4)
    several = 0
    for source, target in rng.integers(0, len(network.links.id), (20, 2)).tolist():
        for limit in (0.3, 0.7):
            found = router.alternatives(source, target, count=3, max_overlap=limit)
            several += len(found) > 1
            for quicker, slower in pairwise(found):
                assert slower.travel_time >= quicker.travel_time
            for row, route in enumerate(found):
                assert route.travel_time <= 1.6 * found[0].travel_time + 1e-9
                shared = [
                    router.overlap(other, route)
                    if other.travel_time > route.travel_time
                    else router.overlap(route, other)
                    for other in found[:row]
                ]
                assert min(shared, default=0) <= limit
    assert several > 20


def test_overlap_is_the_shared_length() -> None:
    network = _grid()
    router = Router(network)
    route = router.route(0, 300)
    assert router.overlap(route, route) == 1.0
    first = router.route(int(route.links[0]), int(route.links[2]))
    length = network.links.length
    assert router.overlap(route, first) == pytest.approx(float(length[first.links].sum() / length[route.links].sum()))


def test_reach_equals_single_routes() -> None:
    router = Router(_grid())
    targets = [5, 77, 300]
    found = router.reach(9)[targets]
    assert found.tolist() == pytest.approx([router.route(9, target).travel_time for target in targets])


def test_limits_close_links_to_high_and_heavy_vehicles() -> None:
    network = _grid()
    plain = Router(network)
    route = plain.route(3, 400)
    limits = LinkLimits.none(len(network.links.id))
    low, weak = int(route.links[3]), int(route.links[6])
    limits.height[low], limits.weight[weak] = 3.2, 20.0
    router = Router(network, limits)
    car, truck, heavy = VehicleBody(1.5, 2.0), VehicleBody(4.0, 12.0), VehicleBody(2.8, 31.0)
    assert router.route(3, 400, body=car).links.tolist() == route.links.tolist()
    assert low not in router.route(3, 400, ParticipantKind.TRUCK, body=truck).links
    around = router.route(3, 400, ParticipantKind.TRUCK, body=heavy).links
    assert weak not in around
    assert router.route(3, 400, ParticipantKind.TRUCK).travel_time == route.travel_time
    assert router.route(3, 400, body=truck, avoid=[weak]).travel_time >= route.travel_time


@pytest.mark.parametrize(
    ("times", "slot", "reason"),
    [
        (np.ones(4), 60.0, "is a table"),
        (np.ones((0, 4)), 60.0, "is a table"),
        (np.ones((2, 4)), 0.0, "is a table"),
        (np.zeros((2, 4)), 60.0, r"travel time 0.0 s of link row 0 in slot 0 is not above 0"),
        (np.array([[1.0, 500.0], [1.0, 100.0]]), 60.0, "link row 1 falls by 400 s after slot 0"),
    ],
)
def test_profiles_that_make_no_sense_are_refused(times: NDArray[np.float64], slot: float, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        TravelProfile(times, slot)
