"""From trajectory frames to rows of `v2x.trajectory`: one row holds up to 10 s of one track.

Frames come by time, queries by track and by place; so the points of a batch are grouped by track here, once, with
whole-column operations. Rows of equal length form one numpy structured array, which is the COPY stream itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cloudctl.publish.frames import Frame
from cloudctl.store.copy_format import HEADER, TRAILER, CopyColumn, PgType, encode_rows, timestamps

SEGMENT_SECONDS = 10.0
MAX_POINTS = 512
"""Most points of one row."""
COLUMNS = (
    *("t0", "t1", "session", "track_id", "lon_min", "lon_max", "lat_min", "lat_max", "kind", "points"),
    *("dt", "lon", "lat", "speed", "heading", "sigma", "lane", "device"),
)
EARLIEST, LATEST = 946_684_800.0, 4_102_444_800.0
"""2000-01-01 and 2100-01-01: times outside are no times."""
_MAX_LON_E7, _MAX_LAT_E7 = 1_800_000_000, 900_000_000
FRAME_COLUMNS = ("id", "time", "lon", "lat", "speed", "heading", "class", "sigma", "lane", "dev")
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Points:
    """Points of many frames, in the order of the frames; arrays of length n."""

    session: NDArray[np.uint32]
    track: NDArray[np.uint32]
    kind: NDArray[np.uint8]
    time: NDArray[np.float64]
    """UTC epoch, s, rounded to 1 ms."""
    lon: NDArray[np.int32]
    lat: NDArray[np.int32]
    speed: NDArray[np.int16]
    heading: NDArray[np.int16]
    """0.01 deg, -18000 .. 17999."""
    sigma: NDArray[np.int16]
    lane: NDArray[np.int32]
    device: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True)
class TrajectoryCopy:
    """A COPY stream and what is in it."""

    data: bytes
    rows: int
    points: int


def points_of(frames: Sequence[Frame]) -> Points:
    """Columns of all points that can be stored; those without a usable time or place are left out.

    Raises:
        FrameError: a frame lacks a column.
    """
    masks = [storable(frame) for frame in frames]
    parts = {
        name: np.concatenate([frame.column(name)[mask] for frame, mask in zip(frames, masks, strict=True)])
        for name in FRAME_COLUMNS
    }
    heading = parts["heading"].astype(np.int32) % 36000
    return Points(
        session=np.repeat(np.array([frame.epoch for frame in frames], np.uint32), [mask.sum() for mask in masks]),
        track=parts["id"].astype(np.uint32),
        kind=parts["class"].astype(np.uint8),
        time=np.round(parts["time"].astype(np.float64) * 1e3) / 1e3,
        lon=parts["lon"].astype(np.int32),
        lat=parts["lat"].astype(np.int32),
        speed=np.minimum(parts["speed"], 32767).astype(np.int16),
        heading=np.where(heading >= 18000, heading - 36000, heading).astype(np.int16),
        sigma=np.minimum(parts["sigma"], 32767).astype(np.int16),
        lane=parts["lane"].astype(np.int32),
        device=parts["dev"].astype(np.int32),
    )


def storable(frame: Frame) -> NDArray[np.bool_]:
    """Mask of the points with a usable time and a place on the globe."""
    time, lon, lat = (frame.column(name).astype(np.float64) for name in ("time", "lon", "lat"))
    good: NDArray[np.bool_] = (time >= EARLIEST) & (time < LATEST)
    good &= (np.abs(lon) <= _MAX_LON_E7) & (np.abs(lat) <= _MAX_LAT_E7)
    return good


@dataclass(frozen=True)
class Segments:
    """How points are grouped into rows: by (session, track, kind, 10 s of time)."""

    order: Ints
    """The points by segment and time, (n,)."""
    starts: Ints
    """First place of each segment in that order, (m,)."""
    counts: Ints
    """Points of each, (m,)."""


def encode_trajectories(points: Points, segments: Segments | None = None) -> TrajectoryCopy:
    """Encode each segment of the points as one row."""
    if not len(points):
        return TrajectoryCopy(HEADER + TRAILER, 0, 0)
    parts = segments or find_segments(points)
    blocks = [encode_rows(_row_columns(points, shape)) for shape in _same_shape(points, parts)]
    return TrajectoryCopy(b"".join((HEADER, *blocks, TRAILER)), len(parts.starts), len(points))


def find_segments(points: Points) -> Segments:
    """Group points, at least one, into segments of at most MAX_POINTS."""
    bucket = np.floor(points.time / SEGMENT_SECONDS).astype(np.int64)
    keys = (bucket, points.kind, points.track, points.session)
    order = np.lexsort(keys)
    changes = np.zeros(len(order), bool)
    for key in keys:
        ordered = key[order]
        changes[1:] |= ordered[1:] != ordered[:-1]
    changes[0] = True
    starts = np.flatnonzero(changes)
    counts = np.diff(starts, append=len(order))
    if counts.max() > MAX_POINTS:
        starts = np.concatenate([np.arange(s, s + c, MAX_POINTS) for s, c in zip(starts, counts, strict=True)])
        counts = np.diff(starts, append=len(order))
    return Segments(order, starts, counts)


@dataclass(frozen=True)
class _Shape:
    """Segments of equal length: (n, k) places of their points, and whether lane and device stay the same."""

    places: Ints
    constant_lane: bool
    constant_device: bool


def _same_shape(points: Points, segments: Segments) -> list[_Shape]:
    order, starts, counts = segments.order, segments.starts, segments.counts
    lane_changes = _changes_within(points.lane[order], starts)
    device_changes = _changes_within(points.device[order], starts)
    shape_key = counts * 4 + lane_changes * 2 + device_changes
    shapes = []
    for key in np.unique(shape_key):
        first = starts[shape_key == key]
        places = order[first[:, None] + np.arange(key // 4)]
        near = np.argsort(_place_code(points.lon[places[:, 0]], points.lat[places[:, 0]]), kind="stable")
        shapes.append(_Shape(places[near], not key & 2, not key & 1))
    return shapes


def _changes_within(values: NDArray[np.int32], starts: Ints) -> NDArray[np.bool_]:
    changes: NDArray[np.bool_] = np.minimum.reduceat(values, starts) != np.maximum.reduceat(values, starts)
    return changes


def _place_code(lon: NDArray[np.int32], lat: NDArray[np.int32]) -> Ints:
    """Interleaved cells of about 200 m (Morton order): what is near on the ground lies near on disk."""
    code = np.zeros(len(lon), np.int64)
    x, y = (lon.astype(np.int64) + 1_800_000_000) >> 14, (lat.astype(np.int64) + 900_000_000) >> 14
    for bit in range(18):
        code |= ((x >> bit) & 1) << (2 * bit) | ((y >> bit) & 1) << (2 * bit + 1)
    return code


def _row_columns(points: Points, shape: _Shape) -> list[CopyColumn]:
    places = shape.places
    time, lon, lat = points.time[places], points.lon[places], points.lat[places]
    first = places[:, 0]
    t0, t1 = time.min(axis=1), time.max(axis=1)
    lane, device = points.lane[places], points.device[places]
    return [
        CopyColumn(PgType.INT8, timestamps(t0)),
        CopyColumn(PgType.INT8, timestamps(t1)),
        CopyColumn(PgType.INT8, points.session[first]),
        CopyColumn(PgType.INT8, points.track[first]),
        *(CopyColumn(PgType.INT4, bound) for part in (lon, lat) for bound in (part.min(axis=1), part.max(axis=1))),
        CopyColumn(PgType.INT2, points.kind[first]),
        CopyColumn(PgType.INT2, np.full(len(first), places.shape[1])),
        CopyColumn(PgType.INT2, np.round((time - t0[:, None]) * 1e3)),
        CopyColumn(PgType.INT4, lon),
        CopyColumn(PgType.INT4, lat),
        CopyColumn(PgType.INT2, points.speed[places]),
        CopyColumn(PgType.INT2, points.heading[places]),
        CopyColumn(PgType.INT2, points.sigma[places]),
        CopyColumn(PgType.INT4, lane[:, :1] if shape.constant_lane else lane),
        CopyColumn(PgType.INT4, device[:, :1] if shape.constant_device else device),
    ]
