"""Routes are the quickest that turn restrictions and lane permissions allow."""

from functools import cache
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from maps_city import NO_LEFT, imported

from maps.errors import NoRouteError, OffMapError
from maps.link_graph import link_graph
from maps.network import RoadNetwork
from maps.participants import ParticipantKind
from maps.routing import Route, Router


def _network() -> RoadNetwork:
    return imported().network


@cache
def _router() -> Router:
    return Router(_network())


def _oracle(router: Router, kind: ParticipantKind) -> nx.DiGraph:
    """Graph of links whose edge weights add up to the travel time without the first link's."""
    graph, times = link_graph(_network()), router.travel_times
    found = nx.DiGraph()
    found.add_nodes_from(range(len(times)))
    for tail, head, seconds, allowed in zip(graph.tails, graph.heads, graph.seconds, graph.allowed, strict=True):
        if allowed & kind.bit:
            found.add_edge(int(tail), int(head), weight=float(seconds + times[head]))
    return found


def _assert_like_dijkstra(router: Router, kind: ParticipantKind, seed: int) -> None:
    oracle, times = _oracle(router, kind), router.travel_times
    for source, target in np.random.default_rng(seed).integers(0, len(times), (150, 2)).tolist():
        if not nx.has_path(oracle, source, target):
            with pytest.raises(NoRouteError):
                router.route(source, target, kind)
            continue
        wanted = times[source] + nx.dijkstra_path_length(oracle, source, target)
        route = router.route(source, target, kind)
        assert route.travel_time == pytest.approx(wanted, rel=1e-9)
        assert (route.links[0], route.links[-1]) == (source, target)
        assert nx.is_path(oracle, route.links.tolist())


@pytest.mark.parametrize("kind", [ParticipantKind.CAR, ParticipantKind.BUS, ParticipantKind.CYCLIST])
def test_routes_cost_as_much_as_networkx_finds(kind: ParticipantKind) -> None:
    _assert_like_dijkstra(_router(), kind, 1)


@pytest.mark.parametrize("seed", range(3))
def test_routes_on_live_travel_times_cost_as_much_as_networkx_finds(seed: int) -> None:
    router = Router(_network())
    factor = np.random.default_rng(seed).uniform(0.2, 10, len(router.free_flow_times))
    router.set_travel_times(router.free_flow_times * factor)
    _assert_like_dijkstra(router, ParticipantKind.CAR, seed)


def test_reach_equals_single_routes() -> None:
    router = _router()
    reached = router.reach(3)
    for target in range(len(reached)):
        if np.isfinite(reached[target]):
            assert router.route(3, target).travel_time == pytest.approx(reached[target])
        else:
            with pytest.raises(NoRouteError):
                router.route(3, target)


def _names(route: Route) -> list[str]:
    names: list[str] = _network().links.id[route.links].tolist()
    return names


def test_forbidden_turn_is_driven_around() -> None:
    rows = _network().link_rows
    names = _names(_router().route(rows[NO_LEFT[0]], rows[NO_LEFT[1]]))
    assert len(names) > 2
    assert NO_LEFT not in list(pairwise(names))


def test_a_link_is_its_own_route() -> None:
    route = _router().route(4, 4)
    assert route.links.tolist() == [4]
    assert route.travel_time == pytest.approx(_router().free_flow_times[4])
    assert route.length == pytest.approx(float(_network().links.length[4]))


def test_slow_link_is_avoided_and_unknown_time_means_free_flow() -> None:
    rows = _network().link_rows
    router = Router(_network())
    start, end = rows["e_n0_1_n1_1"], rows["e_n1_1_n2_1"]
    assert len(router.route(start, end).links) == 2
    times = np.full(len(router.free_flow_times), np.nan)
    router.set_travel_times(times)
    assert router.route(start, end).travel_time == pytest.approx(_router().route(start, end).travel_time)
    middle = rows["e_n1_1_n1_2"]
    first = router.route(rows["e_n1_0_n1_1"], rows["e_n1_2_n2_2"])
    assert middle in first.links
    times[middle] = 3600
    router.set_travel_times(times)
    assert middle not in router.route(rows["e_n1_0_n1_1"], rows["e_n1_2_n2_2"]).links


def test_avoided_links_are_not_in_the_route() -> None:
    rows = _network().link_rows
    start, end, middle = (rows[name] for name in ("e_n1_0_n1_1", "e_n1_2_n2_2", "e_n1_1_n1_2"))
    assert middle not in _router().route(start, end, avoid=[middle]).links
    assert start in _router().route(start, end, avoid=[start]).links


def test_no_route_names_the_links() -> None:
    rows = _network().link_rows
    start, end = rows["e_n0_0_n0_1"], rows["e_n1_2_n2_2"]
    with pytest.raises(NoRouteError, match="from link 'e_n0_0_n0_1' to link 'e_n1_2_n2_2'") as caught:
        _router().route(start, end, avoid=[end])
    assert (caught.value.from_link, caught.value.to_link) == ("e_n0_0_n0_1", "e_n1_2_n2_2")


def test_alternatives_differ_and_the_first_is_the_quickest() -> None:
    rows = _network().link_rows
    start, end = rows["e_n0_0_n1_0"], rows["e_n2_1_n2_2"]
    found = _router().alternatives(start, end, count=3)
    assert 2 <= len(found) <= 3
    assert len({tuple(route.links.tolist()) for route in found}) == len(found)
    assert found[0].travel_time == pytest.approx(_router().route(start, end).travel_time)
    assert [route.travel_time for route in found] == sorted(route.travel_time for route in found)


def test_length_covers_links_and_junctions() -> None:
    rows = _network().link_rows
    route = _router().route(rows["e_n0_1_n1_1"], rows["e_n1_1_n2_1"])
    links = float(_network().links.length[route.links].sum())
    assert links < route.length < links + 60


@pytest.mark.parametrize(
    ("times", "reason"), [([1.0], "travel times for"), ([0.0] * 24, "is not above 0"), ([-1.0] * 24, "is not above 0")]
)
def test_bad_travel_times_are_refused(times: list[float], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        _router().set_travel_times(times)


@pytest.mark.parametrize(("source", "target"), [(-1, 0), (0, 24), (24, 0), (0, -2)])
def test_rows_outside_the_network_are_refused(source: int, target: int) -> None:
    with pytest.raises(IndexError, match=r"not within 0\.\.23"):
        _router().route(source, target)


def test_nearest_link_runs_past_the_position() -> None:
    network = _network()
    row = network.link_rows["e_n0_0_n1_0"]
    middle = network.shape(network.links.shape_start[row], network.links.shape_count[row]).mean(axis=0)
    lon, lat = network.plane.inverse(middle[0], middle[1] - 1)
    assert _router().nearest_link(float(lon), float(lat)) == row


def test_position_far_from_roads_is_refused() -> None:
    with pytest.raises(OffMapError, match=r"no road within 500 m of 100\.000000,20\.000000"):
        _router().nearest_link(100.0, 20.0)


def test_line_of_a_route_runs_from_its_start_to_its_end() -> None:
    network, rows = _network(), _network().link_rows
    line = _router().line(_router().route(rows["e_n0_1_n1_1"], rows["e_n1_1_n2_1"]))
    x, y = network.plane.forward(*np.array(line).T)
    first = network.points[network.links.shape_start[rows["e_n0_1_n1_1"]]]
    np.testing.assert_allclose([x[0], y[0]], first, atol=0.02)
    assert (np.diff(x) > 0).all()
