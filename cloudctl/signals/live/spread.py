"""Sorts the signals of a network into groups that are decided on together."""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from cloudctl.signals.layout import SHORT
from maps.network import RoadNetwork


def spread(network: RoadNetwork, signals: Collection[int], areas: int) -> list[list[int]]:
    """Groups of signals (rows) of about equal size, neighbours together; what is controlled as one is never parted."""
    rows = np.array(sorted(signals), np.int64)
    if not len(rows):
        return []
    close = _close_together(network, rows)
    strips = max(round(float(np.sqrt(areas))), 1)
    x, y = network.signals.x[close], network.signals.y[close]
    order = np.lexsort((close, x))
    strip = np.empty(len(rows), np.int64)
    strip[order] = np.arange(len(rows)) * strips // len(rows)
    first = np.searchsorted(rows, close)
    along = np.lexsort((rows, close, y, strip[first]))
    parts = min(areas, len(rows))
    part = np.empty(len(rows), np.int64)
    part[along] = np.arange(len(rows)) * parts // len(rows)
    found = [rows[part[first] == number].tolist() for number in range(parts)]
    return [each for each in found if each]


def _close_together(network: RoadNetwork, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each signal the first of those that lanes shorter than `SHORT` join it to."""
    table, lanes = network.connections, network.lanes
    signal_of = np.full(len(lanes.id), -1, np.int64)
    lit = np.flatnonzero((table.signal >= 0) & (table.from_lane >= 0))
    signal_of[table.from_lane[lit]] = table.signal[lit]
    short = lit[(table.to_lane[lit] >= 0) & (lanes.length[table.to_lane[lit]] < SHORT)]
    group = np.arange(len(network.signals.id))
    pairs = np.column_stack([table.signal[short], signal_of[table.to_lane[short]]])
    pairs = pairs[np.isin(pairs, rows).all(axis=1)]
    for one, other in np.unique(pairs, axis=0).tolist():
        low, high = sorted((int(group[one]), int(group[other])))
        group[group == high] = low
    joined: NDArray[np.int64] = group[rows]
    return joined
