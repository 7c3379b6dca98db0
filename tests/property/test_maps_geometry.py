"""Rules of the local plane and of polylines that hold for all inputs."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from maps.geodesy import LocalPlane
from maps.importers.names import split_name
from maps.polyline import Segments, lengths, point_at

ORIGIN = LocalPlane(112.93, 28.2)
EAST = st.floats(-30_000, 30_000)
COORDINATE = st.integers(-10_000, 10_000).map(lambda value: value / 10)
POLYLINE = st.lists(st.tuples(COORDINATE, COORDINATE), min_size=2, max_size=8)


@given(EAST, EAST)
def test_plane_and_back_is_the_same_place(x: float, y: float) -> None:
    lon, lat = ORIGIN.inverse(x, y)
    back = ORIGIN.forward(lon, lat)
    assert float(back[0]) == pytest.approx(x, abs=1e-6)
    assert float(back[1]) == pytest.approx(y, abs=1e-6)


@given(EAST, EAST, st.floats(-math.pi, math.pi), st.floats(1, 1000))
def test_lengths_on_the_plane_are_true_within_30_km(x: float, y: float, bearing: float, length: float) -> None:
    (lon0, lon1), (lat0, lat1) = ORIGIN.inverse(
        [x, x + length * math.sin(bearing)], [y, y + length * math.cos(bearing)]
    )
    _, _, true = Geod(ellps="WGS84").inv(lon0, lat0, lon1, lat1)
    assert true == pytest.approx(length, rel=2e-5)


@given(st.integers(-60_000_000, 60_000_000), st.integers(-170_000_000, 170_000_000))
def test_origin_of_every_plane_is_its_zero(lat_e6: int, lon_e6: int) -> None:
    lat, lon = lat_e6 / 1e6, lon_e6 / 1e6
    x, y = LocalPlane(lon, lat).forward(lon, lat)
    assert abs(float(x)) < 1e-6
    assert abs(float(y)) < 1e-6


@given(st.lists(POLYLINE, min_size=1, max_size=6))
def test_segments_add_up_to_their_polylines(polylines: list[list[tuple[float, float]]]) -> None:
    points = np.array([point for line in polylines for point in line])
    count = np.array([len(line) for line in polylines], np.int32)
    start = (np.cumsum(count) - count).astype(np.int32)
    wanted = [sum(math.dist(a, b) for a, b in pairwise(line)) for line in polylines]
    np.testing.assert_allclose(lengths(points, start, count), wanted, atol=1e-6)
    segments = Segments.of(points, start, count)
    assert len(segments.owner) == sum(len(line) - 1 for line in polylines)
    for row in range(len(polylines)):
        own = segments.owner == row
        assert segments.offset[own][0] == pytest.approx(0, abs=1e-9)
        np.testing.assert_allclose(np.diff(segments.offset[own]), segments.length[own][:-1], atol=1e-6)


@given(POLYLINE, st.floats(-10, 5000))
def test_point_at_an_offset_lies_on_the_line_at_that_distance(line: list[tuple[float, float]], offset: float) -> None:
    shape = np.array(line)
    x, y = point_at(shape, offset)
    total = float(np.hypot(*np.diff(shape, axis=0).T).sum())
    if offset <= 0:
        assert (x, y) == pytest.approx(line[0])
    elif offset >= total:
        assert (x, y) == pytest.approx(line[-1])
    else:
        assert math.dist((x, y), line[0]) <= offset + 1e-6
        assert math.dist((x, y), line[-1]) <= total - offset + 1e-6


@given(st.text(), st.text())
def test_a_name_with_a_bar_is_two_names(chinese: str, english: str) -> None:
    zh, en = split_name(f"{chinese.replace('|', '')}|{english}")
    assert en == (english.strip() or zh)
    assert zh == (chinese.replace("|", "").strip() or en)
