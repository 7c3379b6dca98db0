"""Tracks of the picture as strategies read them: motor vehicles on lanes, under small numbers that are used again."""

import numpy as np
from numpy.typing import NDArray

from cloudctl.signals.layout import Ints, Reals, Tracks
from cloudctl.signals.live.junction_lanes import Found, JunctionLanes, crossing_lengths
from fusion.picture import TrafficPicture
from maps.network import RoadNetwork
from maps.participants import ParticipantKind

USUAL_LENGTH = 4.5
"""m"""
_AT_END = 0.05
"""m; whose centre is that near the end of its lane has left it: positions behind the end are put there"""
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
    """Vehicles on some lanes of the network, and on ways across its junctions."""

    def __init__(self, network: RoadNetwork, roads: NDArray[np.bool_]) -> None:
        """`roads` (lanes and ways,) tells which count, as `layout_of` numbers them."""
        self._length = np.concatenate([network.lanes.length.astype(np.float64), crossing_lengths(network)])
        self._counts = np.append(roads, False)
        self._junctions = JunctionLanes(network, roads)
        self._numbers = TrackNumbers()
        self._across = np.full(1024, -1, np.int32)
        self._rows: dict[int, int] = {}

    def row_of(self, track: int) -> int:
        """Row that a track (id) had among those last read, -1 where it was not there."""
        return self._rows.get(track, -1)

    def read(self, picture: TrafficPicture) -> Tracks:
        """Tracks of a picture."""
        table = picture.tracks
        motor = ~np.isin(table.kind, _ON_FOOT)
        road = np.where(motor & self._counts[table.lane], table.lane, -1).astype(np.int32)
        rest = self._length[table.lane] - table.lane_offset.astype(np.float64)
        with np.errstate(invalid="ignore"):
            asked = np.flatnonzero(motor & ((table.lane < 0) | ((road >= 0) & (rest <= _AT_END))))
        found = self._junctions.find(table, asked)
        across = np.zeros(len(road), bool)
        across[asked] = found.road >= 0
        known = np.flatnonzero((road >= 0) | across)
        number = np.full(len(road), -1, np.int64)
        number[known] = self._numbers.follow(table.track_id[known].astype(np.int64))
        way = self._ways(number[asked], found)
        road[asked] = np.where(way >= 0, way, road[asked])
        rest[asked] = np.where(way >= 0, found.rest, rest[asked])
        return self._listed(picture, np.flatnonzero(road >= 0), number, road, rest)

    def _ways(self, number: NDArray[np.int64], found: Found) -> Ints:
        """Way across the junction of each vehicle, -1 where it is on none; once known it stays until it is left."""
        highest = int(number.max(initial=-1)) + 1
        if highest > self._across.size:
            self._across = np.concatenate([self._across, np.full(highest, -1, np.int32)])
        way = np.where(found.sure, found.road, self._across[number])
        way = np.where(found.road >= 0, way, -1).astype(np.int32)
        self._across[:] = -1
        self._across[number[way >= 0]] = way[way >= 0]
        return way

    def _listed(
        self, picture: TrafficPicture, rows: NDArray[np.intp], number: NDArray[np.int64], road: Ints, rest: Reals
    ) -> Tracks:
        table = picture.tracks
        length = np.nan_to_num(table.length[rows].astype(np.float64), nan=USUAL_LENGTH)
        self._rows = {track: row for row, track in enumerate(table.track_id[rows].tolist())}
        return Tracks(
            track=number[rows],
            road=road[rows],
            rest=np.maximum(rest[rows] - length / 2, 0.0),
            speed=table.speed[rows].astype(np.float64),
            length=length,
        )
