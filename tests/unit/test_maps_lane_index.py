"""The lane index finds what a search through all lanes finds."""

import math

import numpy as np
import pytest
import shapely
from maps_city import BUS_LANE, imported
from numpy.typing import NDArray

from maps.lane_index import LaneIndex
from maps.network import RoadNetwork
from maps.participants import ParticipantKind

COUNT = 4000


def _network() -> RoadNetwork:
    return imported().network


def _positions(seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Positions all over the city, most of them near lanes."""
    network, generator = _network(), np.random.default_rng(seed)
    ends = network.points[generator.integers(0, len(network.points) - 1, COUNT)]
    others = network.points[generator.integers(0, len(network.points) - 1, COUNT)]
    points = ends + generator.uniform(0, 1, (COUNT, 1)) * (others - ends) * (generator.random((COUNT, 1)) < 0.3)
    points += generator.normal(0, 5, points.shape)
    return points[:, 0], points[:, 1]


def _distances(x: NDArray[np.float64], y: NDArray[np.float64], kind: ParticipantKind) -> NDArray[np.float64]:
    """Distance (n, lanes) of every position from every lane; inf where the lane is closed to the kind."""
    network = _network()
    lines = [network.shape(a, b) for a, b in zip(network.lanes.shape_start, network.lanes.shape_count, strict=True)]
    shapes = np.array([shapely.LineString(line) for line in lines])
    distances = shapely.distance(shapely.points(x, y)[:, None], shapes[None, :])
    closed = (network.lanes.allowed & kind.bit) == 0
    return np.where(closed[None, :], np.inf, distances)


@pytest.mark.parametrize("kind", [ParticipantKind.CAR, ParticipantKind.BUS, ParticipantKind.PEDESTRIAN])
@pytest.mark.parametrize("limit", [2.0, 8.0, 15.0])
def test_without_heading_the_nearest_lane_is_found(kind: ParticipantKind, limit: float) -> None:
    x, y = _positions(1)
    wanted = _distances(x, y, kind)
    match = LaneIndex(_network()).match(x, y, kind=kind, max_distance=limit)
    near = wanted.min(axis=1) <= limit
    assert 0.1 < near.mean() < 1
    np.testing.assert_array_equal(match.lane >= 0, near)
    found = wanted[np.arange(COUNT), np.maximum(match.lane, 0)][near]
    np.testing.assert_allclose(found, wanted.min(axis=1)[near], atol=1e-6)
    np.testing.assert_allclose(np.abs(match.lateral[near]), found, atol=1e-4)


def test_offset_is_the_distance_along_the_lane() -> None:
    network = _network()
    x, y = _positions(2)
    match = LaneIndex(network).match(x, y)
    for k in np.flatnonzero(match.lane >= 0)[:300]:
        lane = match.lane[k]
        line = shapely.LineString(network.shape(network.lanes.shape_start[lane], network.lanes.shape_count[lane]))
        assert match.offset[k] == pytest.approx(line.project(shapely.Point(x[k], y[k])), abs=1e-3)


def _beside(lane: int, along: float, left: float) -> tuple[float, float, float]:
    """Position beside a lane, and the lane's heading there."""
    network = _network()
    shape = network.shape(network.lanes.shape_start[lane], network.lanes.shape_count[lane])
    (x0, y0), (x1, y1) = shape[0], shape[1]
    length = math.dist(shape[0], shape[1])
    dx, dy = (x1 - x0) / length, (y1 - y0) / length
    return x0 + along * dx - left * dy, y0 + along * dy + left * dx, math.atan2(dx, dy)


def test_lateral_is_positive_to_the_left() -> None:
    lane = _network().lane_rows["e_n0_0_n0_1_1"]
    index = LaneIndex(_network())
    for left in (-1.0, 1.0):
        x, y, heading = _beside(lane, 50, left)
        match = index.match([x], [y], [heading], ParticipantKind.CAR)
        assert match.lane[0] == lane
        assert match.lateral[0] == pytest.approx(left, abs=1e-3)
        assert match.offset[0] == pytest.approx(50, abs=1e-3)


def test_heading_decides_between_the_two_directions_of_a_street() -> None:
    network = _network()
    there = network.lane_rows["e_n0_0_n1_0_1"]
    x, y, heading = _beside(there, 100, 1.5)
    index = LaneIndex(network)
    match = index.match([x, x], [y, y], [heading, heading + math.pi], ParticipantKind.CAR)
    links = network.links.id[network.lanes.link[match.lane]].tolist()
    assert links == ["e_n0_0_n1_0", "e_n1_0_n0_0"]
    assert (match.probability > 0.9).all()


def test_heading_does_not_matter_for_pedestrians() -> None:
    lane = _network().lane_rows["e_n0_0_n0_1_0"]
    x, y, heading = _beside(lane, 100, 0)
    match = LaneIndex(_network()).match([x, x], [y, y], [heading, heading + math.pi], ParticipantKind.PEDESTRIAN)
    assert match.lane.tolist() == [lane, lane]
    assert match.probability[0] == match.probability[1]


def test_bus_lane_takes_buses_only() -> None:
    lane = _network().lane_rows[BUS_LANE]
    x, y, heading = _beside(lane, 100, 0)
    kinds = [ParticipantKind.BUS, ParticipantKind.CAR, ParticipantKind.UNKNOWN]
    match = LaneIndex(_network()).match([x] * 3, [y] * 3, [heading] * 3, kinds)
    assert match.lane[0] == lane
    assert match.lane[1] != lane
    assert match.lane[2] == lane


def test_probability_falls_with_doubt() -> None:
    lane = _network().lane_rows["e_n0_1_n1_1_2"]
    index = LaneIndex(_network())
    x, y, heading = _beside(lane, 100, 0)
    between = _beside(lane, 100, 1.6)
    centre = index.match([x], [y], [heading], ParticipantKind.CAR, sigma=0.3)
    doubt = index.match([between[0]], [between[1]], [heading], ParticipantKind.CAR, sigma=0.3)
    vague = index.match([x], [y], [heading], ParticipantKind.CAR, sigma=[5.0])
    assert centre.probability[0] > 0.95
    assert doubt.probability[0] < 0.6
    assert vague.probability[0] < 0.5


def test_positions_off_the_map_match_nothing() -> None:
    x = [1e7, -1e7, np.nan, np.inf, 0.0]
    y = [0.0, 0.0, 0.0, 0.0, 1e300]
    match = LaneIndex(_network()).match(x, y)
    assert match.lane.tolist() == [-1] * 5
    assert match.probability.tolist() == [0.0] * 5


def test_no_positions_are_no_matches() -> None:
    assert len(LaneIndex(_network()).match([], []).lane) == 0


def test_query_beyond_the_reach_is_refused() -> None:
    with pytest.raises(ValueError, match="max_distance 20 m is beyond the reach 15 m"):
        LaneIndex(_network()).match([0.0], [0.0], max_distance=20)


def test_cell_size_does_not_change_the_answer() -> None:
    x, y = _positions(3)
    coarse = LaneIndex(_network(), cell=75).match(x, y, np.linspace(0, 6, COUNT))
    fine = LaneIndex(_network(), cell=7).match(x, y, np.linspace(0, 6, COUNT))
    np.testing.assert_array_equal(coarse.lane, fine.lane)
    np.testing.assert_allclose(coarse.probability, fine.probability, atol=1e-4)
