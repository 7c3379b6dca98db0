"""Movements: all connections from one link to another, as a table with look-up by the two links."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.network import RoadNetwork, Turn

_PRIOR = {Turn.STRAIGHT: 0.6, Turn.LEFT: 0.2, Turn.RIGHT: 0.2, Turn.U_TURN: 0.02}
"""How vehicles turn where nothing is known."""
_STUB = 15.0
"""Links shorter than this may be passed between two looks, m."""


@dataclass(frozen=True)
class Movements:
    """Movements (流向) of one network in the order of their first connection; arrays of length n."""

    from_link: NDArray[np.int32]
    to_link: NDArray[np.int32]
    turn: NDArray[np.uint8]
    signal: NDArray[np.int32]
    """Row in `signals`, -1 where no light stands."""
    prior: NDArray[np.float64]
    """Share of the vehicles of the link that take it where nothing is known; the shares of a link sum to 1."""
    connection: NDArray[np.int64]
    """Rows of `connections` sorted by movement."""
    start: NDArray[np.int64]
    """First of each movement's rows in `connection`."""
    lane: NDArray[np.int32]
    """Lane that each row of `connection` comes from."""
    of_connection: NDArray[np.int64]
    """Movement of each row of `connections`, (connections,)."""
    _keys: NDArray[np.int64]
    _rows: NDArray[np.int64]
    _links: int

    def __len__(self) -> int:
        return len(self.from_link)

    @classmethod
    def of(cls, network: RoadNetwork) -> "Movements":
        """Make the movements of a network."""
        links, table = len(network.links.id), network.connections
        known = np.flatnonzero((table.from_lane >= 0) & (table.to_lane >= 0))
        begin, end = network.lanes.link[table.from_lane[known]], network.lanes.link[table.to_lane[known]]
        keys, first, of_known = np.unique(begin.astype(np.int64) * links + end, return_index=True, return_inverse=True)
        of_connection = np.full(len(table.from_lane), -1, np.int64)
        of_connection[known] = of_known
        order = np.argsort(of_known, kind="stable")
        start = np.searchsorted(of_known[order], np.arange(len(keys)))
        turn, signal = table.turn[known][first], _most(table.signal[known], of_known, len(keys))
        from_link = (keys // max(links, 1)).astype(np.int32)
        weight = np.array([_PRIOR[one] for one in Turn])[turn] * np.sqrt(np.bincount(of_known, minlength=len(keys)))
        prior = weight / np.bincount(from_link, weight, max(links, 1))[from_link]
        to_link = (keys % max(links, 1)).astype(np.int32)
        wide, rows = _with_stubs(keys, from_link, to_link, network)
        lane = table.from_lane[known[order]]
        return cls(from_link, to_link, turn, signal, prior, known[order], start, lane, of_connection, wide, rows, links)

    def find(self, from_link: NDArray[np.int64], to_link: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the movement (n,) from links (n,) to links (n,), also over a stub between them; -1 where none."""
        if not len(self._keys):
            return np.full(len(from_link), -1, np.int64)
        key = from_link * self._links + to_link
        place = np.minimum(np.searchsorted(self._keys, key), len(self._keys) - 1)
        valid = (self._keys[place] == key) & (from_link >= 0) & (to_link >= 0)
        return np.where(valid, self._rows[place], -1)

    def over_lanes(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the largest of the values (lanes,) of each movement's lanes, (n,)."""
        if not len(self):
            return np.zeros(0)
        largest: NDArray[np.float64] = np.maximum.reduceat(values[self.lane], self.start)
        return largest


def _most(values: NDArray[np.int32], group: NDArray[np.int64], count: int) -> NDArray[np.int32]:
    """Return the largest value of each group."""
    most = np.full(count, -1, np.int32)
    np.maximum.at(most, group, values)
    return most


def _with_stubs(
    keys: NDArray[np.int64], from_link: NDArray[np.int32], to_link: NDArray[np.int32], network: RoadNetwork
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return sorted keys with those of ways over a stub added, and the movement that each stands for."""
    links = len(network.links.id)
    into = np.flatnonzero(network.links.length[to_link] < _STUB) if len(keys) else np.zeros(0, np.int64)
    first = np.searchsorted(from_link, to_link[into], "left")
    last = np.searchsorted(from_link, to_link[into], "right")
    count = last - first
    movement = np.repeat(into, count)
    onward = np.repeat(first, count) + np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    over = from_link[movement].astype(np.int64) * links + to_link[onward]
    wide = np.concatenate((keys, over))
    rows = np.concatenate((np.arange(len(keys)), movement))
    wide, unique = np.unique(wide, return_index=True)
    return wide, rows[unique]
