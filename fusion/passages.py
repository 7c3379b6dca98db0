"""Passages: how long vehicles took over a link, how often they stopped there, and which movement they left by.

A passage is judged over the part of the link on which the vehicle was tracked: its control delay is the time it took
there less the time at the speed limit (HCM 2016, chapter 19).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fusion.movements import Movements
from fusion.track_memory import TrackMemory
from fusion.tracks import TrackTable
from maps.network import RoadNetwork

_STOPPED, _GOES = 1.0, 2.5
"""m/s"""
_SURE = 4
"""Looks after which a link is believed that no movement leads to."""
_LEAST_WAY = 25.0
"""A passage over less than this, or than half the link, gives no delay, m."""


@dataclass(frozen=True)
class Passages:
    """Vehicles that left their link since the last look; arrays of equal length."""

    link: NDArray[np.int64]
    movement: NDArray[np.int64]
    """-1 where it is not known."""
    delay: NDArray[np.float64]
    """Control delay, s; NaN where too little of the way was seen."""
    stops: NDArray[np.float64]


class PassageMemory:
    """Follows vehicles from link to link."""

    def __init__(self, network: RoadNetwork, movements: Movements) -> None:
        self._links, self._movements = network.links, movements
        self._memory = TrackMemory(
            link=-1.0, since=0.0, begin=0.0, last=0.0, last_time=0.0, wanted=-1.0, looks=0.0, stops=0.0, halted=0.0
        )

    def look(
        self, tracks: TrackTable, link: NDArray[np.int64], use: NDArray[np.bool_], now: float
    ) -> tuple[Passages, NDArray[np.float64]]:
        """Take the tracks with their links (n,), -1 where on none; `use` (n,) leaves some out.

        Returns:
            The passages that ended, and the delay so far (n,) of those who are on a link, s (NaN elsewhere).
        """
        memory = self._memory.follow(tracks.track_id)
        known = memory["link"].astype(np.int64)
        on = use & (link >= 0)
        other = on & (link != known)
        same_wish = other & (memory["wanted"] == link)
        memory["looks"][:] = np.where(other, np.where(same_wish, memory["looks"] + 1, 1.0), 0.0)
        memory["wanted"][:] = np.where(other, link, -1)
        movement = self._movements.find(known, np.where(other, link, -1))
        lost = known < 0
        moved = other & (lost | ((movement >= 0) & (memory["looks"] >= 2)) | (memory["looks"] >= _SURE))
        ended = np.flatnonzero(moved & ~lost)
        passages = self._passages(memory, ended, known[ended], movement[ended])
        self._enter(memory, tracks, np.flatnonzero(moved), link, now)
        stays = np.flatnonzero(on & ~other)
        self._stay(memory, tracks, stays, now)
        return passages, self._delay(memory, on & (memory["link"] == link))

    def _passages(
        self,
        memory: dict[str, NDArray[np.float64]],
        rows: NDArray[np.int64],
        link: NDArray[np.int64],
        movement: NDArray[np.int64],
    ) -> Passages:
        way = memory["last"][rows] - memory["begin"][rows]
        took = memory["last_time"][rows] - memory["since"][rows]
        enough = way >= np.minimum(_LEAST_WAY, self._links.length[link] / 2)
        delay = np.where(enough, np.maximum(took - way / self._links.speed[link], 0.0), np.nan)
        return Passages(link, movement, delay, memory["stops"][rows])

    def _enter(
        self,
        memory: dict[str, NDArray[np.float64]],
        tracks: TrackTable,
        rows: NDArray[np.int64],
        link: NDArray[np.int64],
        now: float,
    ) -> None:
        memory["link"][rows] = link[rows]
        memory["since"][rows] = memory["last_time"][rows] = now
        memory["begin"][rows] = memory["last"][rows] = tracks.lane_offset[rows]
        memory["stops"][rows], memory["looks"][rows] = 0.0, 0.0
        memory["halted"][rows] = tracks.speed[rows] < _STOPPED

    def _stay(
        self, memory: dict[str, NDArray[np.float64]], tracks: TrackTable, rows: NDArray[np.int64], now: float
    ) -> None:
        speed = tracks.speed[rows]
        memory["last"][rows] = np.maximum(memory["last"][rows], tracks.lane_offset[rows])
        memory["last_time"][rows] = now
        stops = (speed < _STOPPED) & (memory["halted"][rows] == 0.0)
        memory["stops"][rows] += stops
        memory["halted"][rows] = np.where(stops, 1.0, np.where(speed > _GOES, 0.0, memory["halted"][rows]))

    def _delay(self, memory: dict[str, NDArray[np.float64]], on: NDArray[np.bool_]) -> NDArray[np.float64]:
        limit = self._links.speed[memory["link"].astype(np.int64)] if len(self._links.speed) else memory["link"]
        took = memory["last_time"] - memory["since"]
        return np.where(on, np.maximum(took - (memory["last"] - memory["begin"]) / limit, 0.0), np.nan)
