"""Rows by link and by device follow from the points: read back from the COPY stream itself."""

import struct

import numpy as np
import pytest
from store_frames import NOON

from cloudctl.publish.frames import FrameKind, decode_frame, encode_frame
from cloudctl.store.copy_format import HEADER
from cloudctl.store.track_places import LONE_POINT, PlaceCopy, encode_device_tracks, encode_track_links
from cloudctl.store.trajectory_rows import Points, find_segments, points_of

LANE_LINKS = np.array([10, 10, 11, 12], np.int32)


def points(lanes: list[int], *, devices: list[int] | None = None, track: int = 1, step: float = 0.2) -> Points:
    """One track, a point each `step` s, at 10 m/s, on these lanes."""
    frames = []
    for index, lane in enumerate(lanes):
        time = NOON + index * step
        device = -1 if devices is None else devices[index]
        columns = {
            "id": np.array([track], np.uint32),
            "time": np.array([time]),
            "lon": np.array([1_129_000_000], np.int32),
            "lat": np.array([282_000_000], np.int32),
            "speed": np.array([1000], np.uint16),
            "heading": np.array([0], np.uint16),
            "class": np.array([1], np.uint8),
            "sigma": np.array([50], np.uint16),
            "lane": np.array([lane], np.int32),
            "dev": np.array([device], np.int32),
        }
        frames.append(decode_frame(encode_frame(FrameKind.TRAJECTORY, index, time, columns, epoch=9)))
    return points_of(frames)


def fields(copy: PlaceCopy) -> list[list[bytes]]:
    """Fields of the rows of a COPY stream."""
    data, place, rows = copy.data, len(HEADER), []
    while (count := struct.unpack_from(">h", data, place)[0]) >= 0:
        place += 2
        row = []
        for _ in range(count):
            (length,) = struct.unpack_from(">i", data, place)
            row.append(data[place + 4 : place + 4 + length])
            place += 4 + length
        rows.append(row)
    assert place + 2 == len(data)
    assert len(rows) == copy.rows
    return rows


def numbers(row: list[bytes]) -> list[int]:
    return [int.from_bytes(value, "big", signed=True) for value in row]


def link_rows(given: Points) -> list[dict[str, int]]:
    names = ("t", "session", "track", "link", "last", "dwell", "distance", "entry_speed")
    found = encode_track_links(given, find_segments(given), LANE_LINKS)
    return [dict(zip(names, numbers(row), strict=True)) for row in fields(found)]


def test_each_link_of_a_segment_makes_a_row_with_its_time_and_way() -> None:
    rows = link_rows(points([0] * 10 + [1] * 5 + [2] * 10))
    assert [(row["link"], row["last"], row["dwell"], row["distance"]) for row in rows] == [
        (10, 2800, 3000, 3000),
        (11, 1800, 2000, 2000),
    ]
    assert rows[1]["t"] - rows[0]["t"] == 3_000_000
    assert {(row["session"], row["track"], row["entry_speed"]) for row in rows} == {(9, 1, 1000)}


def test_a_link_that_is_left_and_entered_again_makes_one_row() -> None:
    rows = link_rows(points([0, 0, 2, 0, 0, 0]))
    assert [(row["link"], row["dwell"], row["last"]) for row in rows] == [(10, 1000, 1000), (11, 200, 0)]


@pytest.mark.parametrize("lane", [-1, 4, 2_000_000_000])
def test_a_lane_that_is_none_of_the_network_is_no_link(lane: int) -> None:
    assert link_rows(points([lane] * 5)) == []
    assert [row["link"] for row in link_rows(points([lane, 3, lane]))] == [12]


def test_ten_seconds_begin_a_row_of_their_own() -> None:
    rows = link_rows(points([0] * 60))
    assert [(row["dwell"], row["distance"]) for row in rows] == [(10_000, 10_000), (2000, 2000)]


def test_a_lone_point_stands_for_one_cycle() -> None:
    (row,) = link_rows(points([0]))
    assert row["dwell"] == LONE_POINT * 1000


def device_rows(given: Points) -> list[tuple[int, list[int]]]:
    found = fields(encode_device_tracks(given, find_segments(given)))
    rows = []
    for row in found:
        elements = row[3][20:]
        tracks = [int.from_bytes(elements[n + 4 : n + 12], "big") for n in range(0, len(elements), 12)]
        rows.append((numbers(row[:3])[2], tracks))
    return sorted(rows)


def test_a_device_has_the_tracks_that_it_saw_each_once() -> None:
    one = points([0] * 6, devices=[3, 4, 3, 4, 3, -1])
    assert device_rows(one) == [(3, [1]), (4, [1])]
    other = points([0] * 6, devices=[3] * 6, track=4_000_000_000)
    both = Points(*(np.concatenate([getattr(one, name), getattr(other, name)]) for name in Points.__dataclass_fields__))
    assert device_rows(both) == [(3, [1, 4_000_000_000]), (4, [1])]


def test_an_unknown_device_has_no_row() -> None:
    assert device_rows(points([0] * 3)) == []
