"""Where a track drove and who saw it: rows of `v2x.track_link` and `v2x.device_tracks`, made beside the trajectories.

Both exist to be searched: by link and time, by device and time. They follow from the points, whole columns at a time.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cloudctl.store.copy_format import HEADER, TRAILER, CopyColumn, PgType, encode_rows, timestamps
from cloudctl.store.trajectory_rows import SEGMENT_SECONDS, Ints, Points, Segments
from maps.network import RoadNetwork

TRACK_LINK_COLUMNS = ("t", "session", "track_id", "link", "last", "dwell", "distance", "entry_speed")
DEVICE_TRACKS_COLUMNS = ("t", "session", "device", "tracks")
LaneLinks = NDArray[np.int32]
"""Row of the link of each lane, by the row of the lane."""
NO_LANES: LaneLinks = np.empty(0, np.int32)
LONE_POINT = 0.2
"""Time that a segment of one point stands for, s: one cycle at the usual rate of trajectories."""
_SHORT = (1 << 15) - 1


@dataclass(frozen=True)
class PlaceCopy:
    """A COPY stream and its number of rows."""

    data: bytes
    rows: int


@dataclass(frozen=True)
class _Stays:
    """Stretches of consecutive points of one segment on one link, (k,)."""

    segment: Ints
    link: Ints
    first: Ints
    """Place of the first point in the order of the segments."""
    count: Ints


def lane_links_of(network: RoadNetwork) -> LaneLinks:
    """Give the link of each lane of a road network."""
    return network.lanes.link.astype(np.int32)


def encode_track_links(points: Points, segments: Segments, lane_links: LaneLinks) -> PlaceCopy:
    """One row for each link that a segment touches; a lane beyond the road network is no link."""
    lane = points.lane[segments.order]
    known = (lane >= 0) & (lane < len(lane_links))
    if not known.any():
        return PlaceCopy(HEADER + TRAILER, 0)
    link = np.where(known, lane_links[np.where(known, lane, 0)], -1)
    columns = _link_columns(points, segments, _find_stays(segments, link))
    return PlaceCopy(b"".join((HEADER, encode_rows(columns), TRAILER)), len(columns[0].values))


def _find_stays(segments: Segments, link: NDArray[np.int32]) -> _Stays:
    begins = np.ones(len(link), bool)
    begins[1:] = link[1:] != link[:-1]
    begins[segments.starts] = True
    first = np.flatnonzero(begins)
    count = np.diff(first, append=len(link))
    segment = np.searchsorted(segments.starts, first, side="right") - 1
    on_road = link[first] >= 0
    return _Stays(segment[on_road], link[first][on_road].astype(np.int64), first[on_road], count[on_road])


def _link_columns(points: Points, segments: Segments, stays: _Stays) -> list[CopyColumn]:
    """A link that is left and entered again within a segment makes one row."""
    time, speed = points.time[segments.order], points.speed[segments.order].astype(np.int64)
    interval = _intervals(time, segments)[stays.segment]
    run = np.concatenate([[0], np.cumsum(np.maximum(speed, 0))])
    driven = (run[stays.first + stays.count] - run[stays.first]) * interval
    key, owner = np.unique(stays.segment << 32 | stays.link, return_inverse=True)
    rows = len(key)
    first = np.full(rows, len(time), np.int64)
    np.minimum.at(first, owner, stays.first)
    last = np.zeros(rows, np.int64)
    np.maximum.at(last, owner, stays.first + stays.count - 1)
    dwell = np.bincount(owner, stays.count * interval, rows)
    begin = segments.order[first]
    return [
        CopyColumn(PgType.INT8, timestamps(time[first])),
        CopyColumn(PgType.INT8, points.session[begin]),
        CopyColumn(PgType.INT8, points.track[begin]),
        CopyColumn(PgType.INT4, key & 0xFFFFFFFF),
        CopyColumn(PgType.INT4, np.round((time[last] - time[first]) * 1e3)),
        CopyColumn(PgType.INT2, np.minimum(np.round(dwell * 1e3), _SHORT)),
        CopyColumn(PgType.INT4, np.round(np.bincount(owner, driven, rows))),
        CopyColumn(PgType.INT2, speed[first]),
    ]


def _intervals(time: NDArray[np.float64], segments: Segments) -> NDArray[np.float64]:
    """Time between the points of each segment, s."""
    last = segments.starts + segments.counts - 1
    steps = np.maximum(segments.counts - 1, 1)
    return np.where(segments.counts > 1, (time[last] - time[segments.starts]) / steps, LONE_POINT)


def encode_device_tracks(points: Points, segments: Segments) -> PlaceCopy:
    """One row for each device and ten seconds with the tracks whose newest source it was; unknown sources have none."""
    segment = np.repeat(np.arange(len(segments.starts), dtype=np.int64), segments.counts)
    device = points.device[segments.order].astype(np.int64)
    pairs = np.unique(segment[device >= 0] << 32 | device[device >= 0])
    if not len(pairs):
        return PlaceCopy(HEADER + TRAILER, 0)
    begin = segments.order[segments.starts[pairs >> 32]]
    bucket = np.floor(points.time[begin] / SEGMENT_SECONDS).astype(np.int64)
    keys = (points.track[begin].astype(np.int64), bucket, pairs & 0xFFFFFFFF, points.session[begin].astype(np.int64))
    order = np.lexsort(keys)
    track, bucket, seen_by, session = (key[order] for key in keys)
    opens = np.ones(len(order), bool)
    opens[1:] = (np.diff(bucket) != 0) | (np.diff(seen_by) != 0) | (np.diff(session) != 0)
    starts = np.flatnonzero(opens)
    counts = np.diff(starts, append=len(order))
    blocks = []
    for count in np.unique(counts):
        first = starts[counts == count]
        columns = [
            CopyColumn(PgType.INT8, timestamps(bucket[first] * SEGMENT_SECONDS)),
            CopyColumn(PgType.INT8, session[first]),
            CopyColumn(PgType.INT4, seen_by[first]),
            CopyColumn(PgType.INT8, track[first[:, None] + np.arange(count)]),
        ]
        blocks.append(encode_rows(columns))
    return PlaceCopy(b"".join((HEADER, *blocks, TRAILER)), len(starts))
