"""Tracks of the picture as strategies read them: motor vehicles on lanes, under small numbers that are used again."""

import numpy as np
from numpy.typing import NDArray

from cloudctl.signals.layout import Tracks
from fusion.picture import TrafficPicture
from maps.network import RoadNetwork
from maps.participants import ParticipantKind

USUAL_LENGTH = 4.5
"""m"""
_ON_FOOT = (int(ParticipantKind.PEDESTRIAN), int(ParticipantKind.CYCLIST))


class TrackNumbers:
    """Gives each track a small number for as long as it is there; the one that was given back first is used next."""

    def __init__(self) -> None:
        self._ids = np.empty(0, np.int64)
        self._numbers = np.empty(0, np.int64)
        self._free: list[int] = []
        self._next = 0

    def follow(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Number of each track; tracks that are not among these give theirs back."""
        order = np.argsort(ids, kind="stable")
        wanted = ids[order]
        if self._ids.size:
            place = np.minimum(np.searchsorted(self._ids, wanted), self._ids.size - 1)
            known = self._ids[place] == wanted
        else:
            place, known = np.zeros(wanted.size, np.int64), np.zeros(wanted.size, bool)
        numbers = np.where(known, self._numbers[place] if self._ids.size else 0, -1)
        kept = np.zeros(self._ids.size, bool)
        kept[place[known]] = True
        fresh = np.flatnonzero(~known)
        numbers[fresh] = [self._take() for _ in range(fresh.size)]
        self._free += self._numbers[~kept].tolist()
        self._ids, self._numbers = wanted, numbers
        given = np.empty(ids.size, np.int64)
        given[order] = numbers
        return given

    def _take(self) -> int:
        if len(self._free) > _REST:
            return self._free.pop(0)
        self._next += 1
        return self._next - 1


_REST = 32
"""Numbers that rest before one is used again, so that what was learned under it is forgotten."""


class TrackSource:
    """Vehicles on some lanes of the network."""

    def __init__(self, network: RoadNetwork, lanes: NDArray[np.bool_]) -> None:
        """`lanes` (lanes,) tells which lanes count."""
        self._length = network.lanes.length.astype(np.float64)
        self._lanes = np.append(lanes, False)
        self._numbers = TrackNumbers()
        self._rows: dict[int, int] = {}

    def row_of(self, track: int) -> int:
        """Row that a track (id) had among those last read, -1 where it was not there."""
        return self._rows.get(track, -1)

    def read(self, picture: TrafficPicture) -> Tracks:
        """Tracks of a picture."""
        table = picture.tracks
        rows = np.flatnonzero(self._lanes[table.lane] & ~np.isin(table.kind, _ON_FOOT))
        lane = table.lane[rows].astype(np.int32)
        length = np.nan_to_num(table.length[rows].astype(np.float64), nan=USUAL_LENGTH)
        front = table.lane_offset[rows].astype(np.float64) + length / 2
        self._rows = {track: row for row, track in enumerate(table.track_id[rows].tolist())}
        return Tracks(
            track=self._numbers.follow(table.track_id[rows].astype(np.int64)),
            road=lane,
            rest=np.maximum(self._length[lane] - front, 0.0),
            speed=table.speed[rows].astype(np.float64),
            length=length,
        )
