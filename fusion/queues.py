"""Queues at stop lines: slow vehicles that stand one behind the other from the end of a lane backwards."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fusion.tracks import TrackTable
from maps.compiled import compiled
from maps.network import RoadNetwork
from maps.participants import MOTOR_KINDS


@dataclass(frozen=True)
class QueueParameters:
    """Tuning of the queue."""

    speed: float = 1.5
    """Slower vehicles queue, m/s."""
    first_gap: float = 18.0
    """The first vehicle's front is no farther from the stop line, m."""
    gap: float = 14.0
    """Largest gap between two vehicles of a queue, m."""


@dataclass(frozen=True)
class LaneOrder:
    """Motor vehicles on lanes, sorted by lane and then from the stop line backwards; arrays of length m."""

    row: NDArray[np.int64]
    """Row of the vehicle in the track table."""
    lane: NDArray[np.int32]
    ahead: NDArray[np.float64]
    """Distance of the vehicle's front from the end of its lane, m; never below 0."""
    gap: NDArray[np.float64]
    """Free distance to the vehicle in front on the lane, inf for the first, m."""
    speed: NDArray[np.float64]
    length: NDArray[np.float64]
    queued: NDArray[np.bool_]
    """Whether the vehicle stands in the queue at the stop line."""


_LONGEST = float(2**20)
"""No lane is longer, so that one number sorts by lane and place, m."""


def is_motor(tracks: TrackTable) -> NDArray[np.bool_]:
    """Tell which tracks (n,) are motor vehicles or may be."""
    motor: NDArray[np.bool_] = ((MOTOR_KINDS | 1) >> tracks.kind.astype(np.int64)) & 1 == 1
    return motor


def lane_order(tracks: TrackTable, network: RoadNetwork, parameters: QueueParameters) -> LaneOrder:
    """Sort the vehicles on lanes and find the queues."""
    row = np.flatnonzero((tracks.lane >= 0) & is_motor(tracks))
    lane = tracks.lane[row]
    half = tracks.length[row].astype(np.float64) / 2
    ahead = np.maximum(network.lanes.length[lane] - tracks.lane_offset[row] - half, 0.0)
    order = np.argsort(lane * _LONGEST + ahead, kind="stable")
    row, lane, ahead = row[order], lane[order], ahead[order]
    length, speed = tracks.length[row].astype(np.float64), tracks.speed[row].astype(np.float64)
    gap = np.full(len(row), np.inf)
    gap[1:] = np.where(lane[1:] == lane[:-1], ahead[1:] - ahead[:-1] - length[:-1], np.inf)
    queued = mark_queues(lane, ahead, gap, speed, parameters.speed, parameters.first_gap, parameters.gap)
    return LaneOrder(row, lane, ahead, gap, speed, length, queued)


@compiled
def mark_queues(
    lane: NDArray[np.int32],
    ahead: NDArray[np.float64],
    gap: NDArray[np.float64],
    speed: NDArray[np.float64],
    slow: float,
    first_gap: float,
    largest_gap: float,
) -> NDArray[np.bool_]:
    """Tell which of the sorted vehicles (m,) belong to the queue of their lane."""
    queued = np.zeros(len(lane), np.bool_)
    for at in range(len(lane)):
        if speed[at] >= slow:
            continue
        first = at == 0 or lane[at - 1] != lane[at]
        queued[at] = ahead[at] <= first_gap if first else queued[at - 1] and gap[at] <= largest_gap
    return queued
