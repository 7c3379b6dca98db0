"""A long line fits into the 31 points of a MAP lane."""

import numpy as np
import pytest
import shapely

from maps.line_fit import thinned
from maps.network import Points
from maps.v2x_map_export import MAX_POINTS


def _winding(count: int, length: float) -> Points:
    along = np.linspace(0, length, count)
    return np.column_stack([along, 20.0 * np.sin(along / 45.0)])


def _gap(line: Points, other: Points) -> float:
    return float(shapely.hausdorff_distance(shapely.LineString(line), shapely.LineString(other)))


def test_points_off_the_line_come_nearer_than_points_of_it() -> None:
    line = _winding(90, 900.0)
    fit = thinned(line, MAX_POINTS)
    assert len(fit) <= MAX_POINTS
    assert _gap(line, fit) < 0.6
    rows = np.linspace(0, len(line) - 1, MAX_POINTS).round().astype(int)
    assert _gap(line, fit) < 0.7 * _gap(line, line[rows])


def test_both_ends_stay_where_they_are() -> None:
    line = _winding(90, 900.0)
    np.testing.assert_array_equal(thinned(line, MAX_POINTS)[[0, -1]], line[[0, -1]])


def test_a_line_of_few_points_is_left_as_it_is() -> None:
    line = np.array([[0.0, 0.0], [10.0, 1.0], [20.0, 0.0]])
    np.testing.assert_array_equal(thinned(line, MAX_POINTS), line)


@pytest.mark.parametrize("seed", range(3))
def test_a_line_that_no_few_points_can_follow_still_gives_as_many_as_are_allowed(seed: int) -> None:
    line = np.random.default_rng(seed).normal(0, 100, (400, 2)).cumsum(axis=0) * 50
    fit = thinned(line, MAX_POINTS)
    assert 2 <= len(fit) <= MAX_POINTS
    assert np.isfinite(fit).all()
    np.testing.assert_array_equal(fit[[0, -1]], line[[0, -1]])
