"""Points of tracks as they come out of the store: columns, like everything that is many."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Box(NamedTuple):
    """An area on the map, deg, WGS-84."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def everywhere(cls) -> "Box":
        """The whole globe."""
        return cls(-180.0, -90.0, 180.0, 90.0)

    def e7(self) -> tuple[int, int, int, int]:
        """The same in 1e-7 deg."""
        west, south, east, north = (round(side * 1e7) for side in self)
        return west, south, east, north


class SegmentRow(NamedTuple):
    """One row of `v2x.trajectory`, times as UTC epoch s."""

    t0: float
    session: int
    track_id: int
    kind: int
    dt: NDArray[np.int16]
    lon: NDArray[np.int32]
    lat: NDArray[np.int32]
    speed: NDArray[np.int16]
    heading: NDArray[np.int16]
    sigma: NDArray[np.int16]
    lane: NDArray[np.int32]
    device: NDArray[np.int32]


@dataclass(frozen=True)
class TrackColumns:
    """Points of any number of tracks; arrays of length n."""

    t: NDArray[np.float64]
    """UTC epoch, s."""
    session: NDArray[np.int64]
    track_id: NDArray[np.int64]
    kind: NDArray[np.uint8]
    """`maps.participants.ParticipantKind`."""
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    """deg, WGS-84."""
    speed: NDArray[np.float32]
    """m/s."""
    heading: NDArray[np.float32]
    """deg clockwise from north, 0 .. 360."""
    sigma: NDArray[np.float32]
    """1-sigma of the position, m."""
    lane: NDArray[np.int32]
    """Row of the lane, -1 off every lane."""
    device: NDArray[np.int32]
    """Row of the newest source, -1 unknown."""

    def __len__(self) -> int:
        return len(self.t)

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "TrackColumns":
        """The points of a mask, or of places in that order."""
        return TrackColumns(*(getattr(self, column.name)[chosen] for column in fields(self)))

    def between(self, t0: float, t1: float, box: Box | None = None) -> "TrackColumns":
        """The points with `t0 <= t < t1` inside the box."""
        inside = (self.t >= t0) & (self.t < t1)
        if box is not None:
            inside &= (
                (self.lon >= box.west) & (self.lon <= box.east) & (self.lat >= box.south) & (self.lat <= box.north)
            )
        return self.where(inside)

    def by_time(self) -> "TrackColumns":
        """The same points in the order of time."""
        return self.where(np.argsort(self.t, kind="stable"))


def join_segments(rows: Sequence[SegmentRow]) -> TrackColumns:
    """Unpack rows of the store into points."""
    counts = np.array([len(row.dt) for row in rows], np.int64)

    def joined(name: str, dtype: type[np.number]) -> NDArray[np.number]:
        return np.concatenate([np.empty(0, dtype), *(getattr(row, name) for row in rows)])

    def repeated(name: str, dtype: type[np.number]) -> NDArray[np.number]:
        return np.repeat(np.array([getattr(row, name) for row in rows], dtype), counts)

    def filled(name: str) -> NDArray[np.int32]:
        parts = [np.broadcast_to(getattr(row, name), n) for row, n in zip(rows, counts, strict=True)]
        return np.concatenate([np.empty(0, np.int32), *parts]).astype(np.int32)

    return TrackColumns(
        t=np.round(repeated("t0", np.float64) + joined("dt", np.int16) / 1e3, 3),
        session=repeated("session", np.int64).astype(np.int64),
        track_id=repeated("track_id", np.int64).astype(np.int64),
        kind=repeated("kind", np.uint8).astype(np.uint8),
        lon=joined("lon", np.int32).astype(np.float64) / 1e7,
        lat=joined("lat", np.int32).astype(np.float64) / 1e7,
        speed=(joined("speed", np.int16) / 100).astype(np.float32),
        heading=(joined("heading", np.int16).astype(np.int32) % 36000 / 100).astype(np.float32),
        sigma=(joined("sigma", np.int16) / 100).astype(np.float32),
        lane=filled("lane"),
        device=filled("device"),
    )
