"""State of every lane: what its vehicles did in an exponential window.

Speed and density follow Edie's definitions over the observed part of the lane: distance travelled over time spent, time
spent over length and time (Edie 1963, Discussion of traffic stream measurements and definitions).
"""

import math

import numpy as np
from numpy.typing import NDArray

from fusion.picture import LaneStates
from fusion.queues import LaneOrder
from fusion.sections import begins_section
from fusion.track_memory import TrackMemory
from fusion.tracks import TrackTable
from fusion.traffic_parameters import TrafficParameters
from maps.compiled import compiled
from maps.network import RoadNetwork

TIME, DISTANCE, COVERED = range(3)
"""Columns of the sums: vehicle seconds, metres driven, metres of vehicle times seconds."""
_STANDS = 2.0
"""m/s"""
_LEAST_SHARE = 0.25
"""Share of a link that counts as observed where vehicles report themselves."""


class LaneSums:
    """Keeps the sums of all lanes."""

    def __init__(self, network: RoadNetwork, parameters: TrafficParameters) -> None:
        count = len(network.lanes.id)
        self._network, self._parameters = network, parameters
        self.sums: NDArray[np.float64] = np.zeros((count, 3))
        """(lanes, 3) in the window."""
        self.crossed: NDArray[np.float64] = np.zeros(count)
        """Vehicles past the middle in the window of the flow."""
        self.spilt_for: NDArray[np.float64] = np.zeros(count)
        """How long traffic has stood at the start of each lane, s."""
        self.watched = 0.0
        self._memory = TrackMemory(link=-1.0, offset=0.0)
        may = (network.links.length >= parameters.spill_shortest) & begins_section(network)
        self._may_spill: NDArray[np.bool_] = may[network.lanes.link]

    def add(self, tracks: TrackTable, motor: NDArray[np.bool_], order: LaneOrder, span: float) -> None:
        """Take the vehicles of one look, `span` s after the last."""
        self.sums *= math.exp(-span / self._parameters.window)
        add_vehicles(order.lane, order.speed, order.length, span, self.sums)
        self._count_crossings(tracks, motor, span)
        self._find_spill(tracks, order, span)
        self.watched += span

    def _count_crossings(self, tracks: TrackTable, motor: NDArray[np.bool_], span: float) -> None:
        memory = self._memory.follow(tracks.track_id)
        link = np.append(self._network.lanes.link, -1)[tracks.lane]
        middle = np.append(self._network.links.length, np.inf)[link] / 2
        same = (memory["link"] == link) & (link >= 0) & motor
        past = same & (memory["offset"] < middle) & (tracks.lane_offset >= middle)
        self.crossed *= math.exp(-span / self._parameters.flow_window)
        np.add.at(self.crossed, tracks.lane[past], 1.0)
        memory["link"][:] = link
        memory["offset"][:] = np.where(same, np.fmax(memory["offset"], tracks.lane_offset), tracks.lane_offset)

    def _find_spill(self, tracks: TrackTable, order: LaneOrder, span: float) -> None:
        begin = tracks.lane_offset[order.row] - order.length / 2 < self._parameters.spill_reach
        packed = np.isfinite(order.gap) & (order.gap < _PACKED)
        held = begin & (order.speed < _STANDS) & packed & self._may_spill[order.lane]
        stands = np.zeros(len(self.spilt_for), np.bool_)
        stands[order.lane[held]] = True
        self.spilt_for = np.where(stands, self.spilt_for + span, 0.0)

    def states(self, order: LaneOrder, share: NDArray[np.float64], confidence: NDArray[np.float64]) -> LaneStates:
        """Return the state of all lanes, given the observed share and the confidence of each one's link (lanes,)."""
        parameters, lanes = self._parameters, self._network.lanes
        time, warm = self.sums[:, TIME], 1 - math.exp(-self.watched / parameters.window)
        ground = np.maximum(lanes.length, 1.0) * np.maximum(share, _LEAST_SHARE) * parameters.window * max(warm, 1e-3)
        known = confidence > 0
        speed = np.where(time > 0.5, self.sums[:, DISTANCE] / np.maximum(time, 1e-9), lanes.speed)
        queue, queued, vehicles = lane_queues(order, len(time))
        return LaneStates(
            speed=_where(known, speed),
            flow=_where(known, self.flow()),
            density=_where(known, 1000.0 * time / ground),
            occupancy=_where(known, np.minimum(self.sums[:, COVERED] / ground, 1.0)),
            vehicles=np.minimum(vehicles, 65535).astype(np.uint16),
            queue_length=np.minimum(queue, lanes.length).astype(np.float32),
            queue_vehicles=np.minimum(queued, 65535).astype(np.uint16),
            spill_back=self.spilt_for >= parameters.spill_for,
            confidence=confidence.astype(np.float32),
        )

    def flow(self) -> NDArray[np.float64]:
        """Return the vehicles an hour counted on each lane."""
        window = self._parameters.flow_window
        flow: NDArray[np.float64] = self.crossed * 3600.0 / (window * max(1 - math.exp(-self.watched / window), 1e-3))
        return flow


_PACKED = 12.0
"""Largest gap between vehicles that stand one behind another, m."""


def _where(known: NDArray[np.bool_], values: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.where(known, values, np.nan).astype(np.float32)


def lane_queues(order: LaneOrder, count: int) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Return length (m) and vehicles of the queue of each lane, and all its vehicles, (count,) each."""
    lane = order.lane[order.queued]
    length = np.zeros(count)
    np.maximum.at(length, lane, order.ahead[order.queued] + order.length[order.queued])
    queued: NDArray[np.int64] = np.bincount(lane, minlength=count)
    vehicles: NDArray[np.int64] = np.bincount(order.lane, minlength=count)
    return length, queued, vehicles


@compiled
def add_vehicles(
    lane: NDArray[np.int32],
    speed: NDArray[np.float64],
    length: NDArray[np.float64],
    span: float,
    sums: NDArray[np.float64],
) -> None:
    """Add vehicles (m,) to the sums (lanes, 3) of their lanes."""
    for at in range(len(lane)):
        row = sums[lane[at]]
        row[0] += span
        row[1] += span * speed[at]
        row[2] += span * length[at]
