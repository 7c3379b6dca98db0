"""Learns from tracks which way the vehicles of each lane go, and how many leave each lane a second."""

import numpy as np

from cloudctl.signals.layout import Ints, Layout, Reals, Tracks

MEMORY = 900.0
"""s after which an observation counts 1/e"""
FLOW_MEMORY = 90.0
"""s"""
PRIOR = 2.0
"""vehicles that each link of a lane is believed to have had before any is seen, split evenly"""


class Turning:
    """Counts tracks over each link and each way without lights; `outflow` is vehicles/s of each road."""

    def __init__(self, layout: Layout) -> None:
        roads = len(layout.roads.ids)
        signal_of_link = np.repeat(np.arange(layout.signals), np.diff(layout.link_start))
        lane = layout.lane_road[layout.lane_start[signal_of_link] + layout.link_lane]
        self._links = len(lane)
        before = np.concatenate([lane, layout.way_lane]).astype(np.int64)
        via, out = np.concatenate([layout.link_via, layout.way_via]), np.concatenate([layout.link_out, layout.way_out])
        moves, row = np.concatenate([before * roads + via, before * roads + out]), np.arange(before.size)
        known = np.concatenate([via >= 0, out >= 0])
        order = np.argsort(moves[known], kind="stable")
        self._move, self._row = moves[known][order], np.concatenate([row, row])[known][order]
        self._roads = roads
        self._group = before + np.where(row < self._links, 0, roads)
        self._prior = PRIOR / np.bincount(self._group)[self._group]
        self._count = np.zeros(before.size)
        self._last = np.full(1024, -1, np.int64)
        self._time = -np.inf
        self.outflow = np.zeros(roads)
        self._reach_way, self._reach_next = layout.reach_way, layout.reach_next

    def observe(self, now: float, tracks: Tracks) -> None:
        """Take in the tracks of one moment, s."""
        passed = min(max(now - self._time, 0.0), 60.0)
        self._time = now
        highest = int(tracks.track.max(initial=-1)) + 1
        if highest > self._last.size:
            self._last = np.concatenate([self._last, np.full(highest, -1, np.int64)])
        before = self._last[tracks.track]
        moved = (before >= 0) & (before != tracks.road)
        move = before[moved] * self._roads + tracks.road[moved]
        place = np.minimum(np.searchsorted(self._move, move), max(self._move.size - 1, 0))
        self._count *= np.exp(-passed / MEMORY)
        if self._move.size:
            hit = self._move[place] == move
            np.add.at(self._count, self._row[place[hit]], 1.0)
        if passed > 0:
            left = np.bincount(before[moved], minlength=self._roads) / passed
            self.outflow += (left - self.outflow) * (1 - np.exp(-passed / FLOW_MEMORY))
        self._last[tracks.track] = tracks.road

    def shares(self) -> Reals:
        """Chance of each link, flat as in the layout; they add up to 1 over the links of a lane."""
        return self._chances()[: self._links]

    def reach(self) -> Reals:
        """Chance that a track is heading for the approach lane, for each row of `reach_*`."""
        of_way = np.append(self._chances()[self._links :], 1.0)[self._reach_way]
        weight = np.where(self._reach_next < 0, 1.0, of_way)
        chance: Reals = weight.copy()
        row = self._reach_next.copy()
        while (row >= 0).any():
            chance *= np.append(weight, 1.0)[row]
            row = np.where(row >= 0, np.append(self._reach_next, -1)[row], -1)
        return chance

    def _chances(self) -> Reals:
        weight = self._count + self._prior
        total: Reals = weight / np.bincount(self._group, weight)[self._group]
        return total


def room_behind(layout: Layout, tracks: Tracks, outflow: Reals) -> tuple[Reals, Reals]:
    """For each road the vehicles it can still take, and by how many a second that grows."""
    roads = len(layout.roads.ids)
    taken = np.bincount(tracks.road, tracks.length + 2.5, minlength=roads)
    number = np.bincount(tracks.road, minlength=roads)
    pace = np.bincount(tracks.road, tracks.speed, minlength=roads) / np.maximum(number, 1)
    room = np.maximum(layout.roads.length - taken, 0.0) / 7.5
    flowing = (number == 0) | (pace > 3.0)
    return np.where(number == 0, 1e3, room), np.where(flowing, np.maximum(outflow, 0.5), np.maximum(outflow, 0.02))


def lanes_room(lane: Ints, out: Ints, share: Reals, room: Reals, refill: Reals, lanes: int) -> tuple[Reals, Reals]:
    """Room and growth behind the approach lanes of one signal: that of the way which fills first."""
    used = (share > 0.1) & (out >= 0)
    space = np.full(lanes, 1e3)
    growth = np.full(lanes, 1.0)
    np.minimum.at(space, lane[used], room[out[used]] / share[used])
    np.minimum.at(growth, lane[used], refill[out[used]] / share[used])
    return space, growth
