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
    """Counts tracks over each link: `shares` the chance of each link of its lane, `outflow` vehicles/s of each road."""

    def __init__(self, layout: Layout) -> None:
        roads = len(layout.roads.ids)
        signal_of_link = np.repeat(np.arange(layout.signals), np.diff(layout.link_start))
        self.lane = layout.lane_start[signal_of_link] + layout.link_lane
        before = layout.lane_road[self.lane].astype(np.int64)
        ways = np.concatenate([before * roads + layout.link_via, before * roads + layout.link_out])
        link = np.concatenate([np.arange(before.size), np.arange(before.size)])
        known = np.concatenate([layout.link_via >= 0, layout.link_out >= 0])
        order = np.argsort(ways[known], kind="stable")
        self._way, self._link = ways[known][order], link[known][order]
        self._roads = roads
        per_lane = np.bincount(self.lane, minlength=len(layout.lane_road))
        self._prior = PRIOR / per_lane[self.lane]
        self._count = np.zeros(before.size)
        self._last = np.full(1024, -1, np.int64)
        self._time = -np.inf
        self.outflow = np.zeros(roads)

    def observe(self, now: float, tracks: Tracks) -> None:
        """Take in the tracks of one moment, s."""
        passed = min(max(now - self._time, 0.0), 60.0)
        self._time = now
        highest = int(tracks.track.max(initial=-1)) + 1
        if highest > self._last.size:
            self._last = np.concatenate([self._last, np.full(highest, -1, np.int64)])
        before = self._last[tracks.track]
        moved = (before >= 0) & (before != tracks.road)
        way = before[moved] * self._roads + tracks.road[moved]
        place = np.minimum(np.searchsorted(self._way, way), max(self._way.size - 1, 0))
        self._count *= np.exp(-passed / MEMORY)
        if self._way.size:
            hit = self._way[place] == way
            np.add.at(self._count, self._link[place[hit]], 1.0)
        if passed > 0:
            left = np.bincount(before[moved], minlength=self._roads) / passed
            self.outflow += (left - self.outflow) * (1 - np.exp(-passed / FLOW_MEMORY))
        self._last[tracks.track] = tracks.road

    def shares(self) -> Reals:
        """Chance of each link, flat as in the layout; they add up to 1 over the links of a lane."""
        weight = self._count + self._prior
        total: Reals = weight / np.bincount(self.lane, weight)[self.lane]
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
