"""Lanes inside units of joined signals: who leaves one stop line comes to the next a few seconds later.

There is room there for one or a few vehicles only, so who is let in against a red light blocks those behind.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cloudctl.signals.arrivals import time_to_stop_line
from cloudctl.signals.layout import RED, Ints, Layout, Reals
from cloudctl.signals.queue_columns import Feeds

_VEHICLE = 7.5
"""m that a standing vehicle takes"""
_PACE = 5.0
"""m/s over the first of two stop lines"""


def feeds_of(
    layout: Layout, unit: int, inside: NDArray[np.bool_]
) -> tuple[Callable[[NDArray[np.uint8], Reals], Feeds], Ints]:
    """Make the feeds of a unit from what its stages show, `[stage, link]`, and the chance of each link of its lane.

    Args:
        layout: Layout of the units.
        unit: Row of the unit.
        inside: Which of its lanes are reached only through a signal of the unit.

    Returns:
        The maker, and the road behind each link, -1 also where that is a lane inside.
    """
    rows = slice(int(layout.lane_start[unit]), int(layout.lane_start[unit + 1]))
    links = slice(int(layout.link_start[unit]), int(layout.link_start[unit + 1]))
    lane, out, via = layout.link_lane[links], layout.link_out[links], layout.link_via[links]
    place = {int(road): row for row, road in enumerate(layout.lane_road[rows].tolist()) if inside[row]}
    target = np.array([place.get(road, -1) for road in out.tolist()], np.int32)
    fed = np.flatnonzero(target >= 0)
    fed = fed[np.argsort(lane[fed], kind="stable")]
    length, speed = layout.roads.length, layout.roads.speed
    way = np.where(via[fed] >= 0, length[via[fed]], 0.0) + length[out[fed]]
    delay = np.array(
        [max(time_to_stop_line(far, _PACE, speed[road]), 1.0) for far, road in zip(way, out[fed], strict=True)]
    )
    storage = np.zeros(inside.size)
    np.maximum.at(storage, target[fed], np.maximum(np.floor(way / _VEHICLE), 1e-3))
    start = np.searchsorted(lane[fed], np.arange(inside.size + 1)).astype(np.int32)

    def feeds(shown: NDArray[np.uint8], turn: Reals) -> Feeds:
        green = (shown != RED) * turn
        of_lane = green @ np.eye(inside.size)[lane]
        part = green[:, fed] / np.maximum(of_lane[:, lane[fed]], 1e-9)
        return Feeds(start, target[fed], np.ascontiguousarray(part), delay, storage)

    return feeds, np.where(target >= 0, -1, out).astype(np.int32)
