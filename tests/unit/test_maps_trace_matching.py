"""Sparse traces are matched to links with the way between the points."""

import numpy as np
import pytest
from maps_city import NO_LEFT, imported
from numpy.typing import NDArray

from maps.link_graph import link_graph
from maps.network import RoadNetwork
from maps.participants import ParticipantKind
from maps.routing import Router
from maps.trace_matching import TraceMatch, TraceMatcher, TraceParameters

Places = NDArray[np.float64]


def _network() -> RoadNetwork:
    return imported().network


def _on(name: str, share: float) -> tuple[float, float]:
    """Place on the second lane of a link, which is for cars."""
    lane = _network().lane_rows[f"{name}_1"]
    shape = _network().shape(_network().lanes.shape_start[lane], _network().lanes.shape_count[lane])
    x, y = shape[0] + (shape[-1] - shape[0]) * share
    return float(x), float(y)


def _places(*where: tuple[str, float]) -> tuple[Places, Places]:
    points = np.array([_on(*place) for place in where])
    return points[:, 0], points[:, 1]


def _names(rows: NDArray[np.int32]) -> list[str]:
    names: list[str] = _network().links.id[rows].tolist()
    return names


def _assert_connected(found: TraceMatch) -> None:
    graph = link_graph(_network())
    starts = set(found.place[found.begins].tolist())
    for place in range(1, len(found.route)):
        tail, head = int(found.route[place - 1]), int(found.route[place])
        if place not in starts:
            assert head in graph.heads[graph.starts[tail] : graph.starts[tail + 1]]


def test_way_between_points_is_found_with_its_turns() -> None:
    x, y = _places(("e_n0_0_n1_0", 0.5), ("e_n1_1_n1_2", 0.5), ("e_n1_2_n2_2", 0.7))
    found = TraceMatcher(_network()).match(x, y, [0, 60, 90])
    assert _names(found.link) == ["e_n0_0_n1_0", "e_n1_1_n1_2", "e_n1_2_n2_2"]
    assert _names(found.route) == ["e_n0_0_n1_0", "e_n1_0_n1_1", "e_n1_1_n1_2", "e_n1_2_n2_2"]
    assert found.place.tolist() == [0, 2, 3]
    assert found.begins.tolist() == [True, False, False]
    assert found.offset[0] == pytest.approx(float(_network().links.length[found.link[0]]) / 2, abs=5)
    assert (found.distance < 0.5).all()


def test_forbidden_turns_are_not_part_of_the_way() -> None:
    x, y = _places((NO_LEFT[0], 0.3), (NO_LEFT[1], 0.9))
    matcher = TraceMatcher(_network(), TraceParameters(beta=200.0))
    found = matcher.match(x, y, heading=[np.pi / 2, 0.0])
    assert _names(found.link) == list(NO_LEFT)
    assert len(found.route) > 2
    _assert_connected(found)


def test_direction_follows_from_the_order_of_points() -> None:
    there = [("e_n0_1_n1_1", share) for share in (0.2, 0.5, 0.8)]
    matcher = TraceMatcher(_network())
    forth, back = _places(*there), _places(*there[::-1])
    middle = forth[1] + 3.0
    assert set(_names(matcher.match(forth[0], middle, [0, 20, 40]).link)) == {"e_n0_1_n1_1"}
    assert set(_names(matcher.match(back[0], middle, [0, 20, 40]).link)) == {"e_n1_1_n0_1"}


def test_points_far_from_roads_are_left_out_and_the_chain_goes_on() -> None:
    x, y = _places(("e_n0_1_n1_1", 0.2), ("e_n0_1_n1_1", 0.4), ("e_n0_1_n1_1", 0.6))
    y[1] += 150
    found = TraceMatcher(_network()).match(x, y)
    assert found.link[1] == -1
    assert np.isnan(found.offset[1])
    assert found.place[1] == -1
    assert found.begins.tolist() == [True, False, False]
    assert _names(found.route) == ["e_n0_1_n1_1"]


def test_a_new_piece_begins_where_no_way_leads() -> None:
    x, y = _places(("e_n0_0_n1_0", 0.5), ("e_n1_2_n2_2", 0.5))
    found = TraceMatcher(_network(), TraceParameters(detour=-2000.0)).match(x, y)
    assert found.begins.tolist() == [True, True]
    assert len(found.route) == 2


def test_trace_outside_the_map_or_without_points_matches_nothing() -> None:
    matcher = TraceMatcher(_network())
    found = matcher.match([1e6, 1e6], [1e6, 1e6])
    assert found.link.tolist() == [-1, -1]
    assert not len(found.route)
    assert not len(matcher.match([], []).link)


def test_lanes_closed_to_the_kind_are_not_taken() -> None:
    rows = np.flatnonzero(_network().lanes.index == 0)
    assert len(rows)
    lane = int(rows[0])
    shape = _network().shape(_network().lanes.shape_start[lane], _network().lanes.shape_count[lane])
    middle = shape.mean(axis=0)
    matcher = TraceMatcher(_network())
    car = matcher.match([middle[0]], [middle[1]], kind=ParticipantKind.CAR)
    walker = matcher.match([middle[0]], [middle[1]], kind=ParticipantKind.PEDESTRIAN)
    assert walker.distance[0] < 0.1
    assert car.distance[0] > 1.0


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("noise", [1.0, 12.0, 40.0])
def test_the_way_is_connected_whatever_the_noise(seed: int, noise: float) -> None:
    rng, router = np.random.default_rng(seed), Router(_network())
    source, target = rng.choice(len(_network().links.id), 2, replace=False)
    line = np.array(router.line(router.route(int(source), int(target), ParticipantKind.BUS)))
    x, y = _network().plane.forward(line[:, 0], line[:, 1])
    noise_x, noise_y = rng.normal(0, noise, (2, len(x)))
    found = TraceMatcher(_network()).match(x + noise_x, y + noise_y, np.arange(len(x)) * 30.0, sigma=noise)
    matched = found.link >= 0
    np.testing.assert_array_equal(found.route[found.place[matched]], found.link[matched])
    assert (np.diff(found.place[matched]) >= 0).all()
    _assert_connected(found)


def test_haste_prefers_quicker_ways() -> None:
    free, router = Router(_network()).free_flow_times, Router(_network())
    spent = []
    for haste in (1e9, 5.0):
        rng, total = np.random.default_rng(11), 0.0
        matcher = TraceMatcher(_network(), TraceParameters(haste=haste))
        for _ in range(30):
            source, target = rng.choice(len(_network().links.id), 2, replace=False).tolist()
            line = np.array(router.line(router.route(source, target, ParticipantKind.BUS)))
            x, y = np.array(_network().plane.forward(line[:, 0], line[:, 1])) + rng.normal(0, 15, (2, len(line)))
            total += float(free[matcher.match(x, y, sigma=15.0).route].sum())
        spent.append(total)
    assert spent[1] < spent[0]
