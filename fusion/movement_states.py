"""State of movements and intersections from the passages of vehicles in an exponential window."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fusion.movements import Movements
from fusion.passages import Passages
from fusion.picture import IntersectionStates, LaneStates, LinkStates, MovementStates
from fusion.traffic_parameters import TrafficParameters
from maps.network import RoadNetwork

COUNT, TIMED, DELAY, STOPS = range(4)
"""Columns of the sums: vehicles, those with a delay, their delay (s), stops."""
_PRIOR_WEIGHT = 4.0
"""The usual turning ratios weigh as much as so many vehicles."""
_BORROWED = 0.3
"""Confidence of a movement that nobody was seen to take, as a share of its link's."""


class LinkPassages(NamedTuple):
    """Means over the vehicles that left each link, (links,); NaN where none did lately."""

    delay: NDArray[np.float64]
    stops: NDArray[np.float64]


class PassageSums:
    """Keeps the sums of all links and movements."""

    def __init__(self, network: RoadNetwork, movements: Movements, parameters: TrafficParameters) -> None:
        self._network, self._movements, self._parameters = network, movements, parameters
        self._of_links = np.zeros((len(network.links.id), 4))
        self._of_movements = np.zeros((len(movements), 4))
        self._watched = 0.0
        self._lanes_of_signal = self._find_lanes()

    def _find_lanes(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Return pairs of signal and lane that it rules."""
        table = self._network.connections
        ruled = np.flatnonzero((table.signal >= 0) & (table.from_lane >= 0))
        pairs = np.unique(np.stack([table.signal[ruled], table.from_lane[ruled]]), axis=1)
        return pairs[0].astype(np.int64), pairs[1].astype(np.int32)

    def add(self, passages: Passages, span: float) -> None:
        """Take the passages of one look, `span` s after the last."""
        kept = math.exp(-span / self._parameters.movement_window)
        self._of_links *= kept
        self._of_movements *= kept
        self._watched += span
        timed = np.isfinite(passages.delay)
        values = np.column_stack(
            (np.ones(len(timed)), timed, np.where(timed, passages.delay, 0.0), np.where(timed, passages.stops, 0.0))
        )
        np.add.at(self._of_links, passages.link, values)
        known = passages.movement >= 0
        np.add.at(self._of_movements, passages.movement[known], values[known])

    def of_links(self) -> LinkPassages:
        """Return the means of the links."""
        timed = self._of_links[:, TIMED]
        some = timed > 0.3
        mean = [np.where(some, self._of_links[:, c] / np.maximum(timed, 1e-9), np.nan) for c in (DELAY, STOPS)]
        return LinkPassages(*mean)

    def shares(self) -> NDArray[np.float64]:
        """Return the turning ratio of each movement: what was counted, drawn to the usual where that is little."""
        table, count = self._movements, self._of_movements[:, COUNT]
        if not len(table):
            return np.zeros(0)
        of_link = np.bincount(table.from_link, count, len(self._of_links))[table.from_link]
        share: NDArray[np.float64] = (count + _PRIOR_WEIGHT * table.prior) / (of_link + _PRIOR_WEIGHT)
        return share

    def movements(self, links: LinkStates, lanes: LaneStates, shares: NDArray[np.float64]) -> MovementStates:
        """Return the state of all movements."""
        table, parameters = self._movements, self._parameters
        source, sums = table.from_link, self._of_movements
        seen, timed = sums[:, COUNT] > 0.3, sums[:, TIMED] > 0.3
        window = parameters.movement_window * max(1 - math.exp(-self._watched / parameters.movement_window), 1e-3)
        flow = np.where(seen, sums[:, COUNT] * 3600.0 / window, links.flow[source] * shares)
        ground = np.maximum(sums[:, TIMED], 1e-9)
        delay = np.where(timed, sums[:, DELAY] / ground, links.delay[source])
        stops = np.where(timed, sums[:, STOPS] / ground, links.stops[source])
        evidence = 1 - np.exp(-sums[:, COUNT] / parameters.enough_passages)
        confidence = links.confidence[source] * np.where(seen, np.maximum(evidence, _BORROWED), _BORROWED)
        free = self._network.links.length[source] / self._network.links.speed[source]
        return MovementStates(
            flow=flow.astype(np.float32),
            share=shares.astype(np.float32),
            delay=delay.astype(np.float32),
            stops=stops.astype(np.float32),
            travel_time=np.where(np.isnan(delay), links.travel_time[source], free + delay).astype(np.float32),
            queue_length=table.over_lanes(lanes.queue_length.astype(np.float64)).astype(np.float32),
            queue_vehicles=table.over_lanes(lanes.queue_vehicles.astype(np.float64)).astype(np.uint16),
            spill_back=links.spill_back[table.to_link],
            level=np.where(confidence > 0, parameters.levels.of_delays(delay), 0).astype(np.uint8),
            confidence=confidence.astype(np.float32),
            estimated=~seen,
        )

    def intersections(self, states: MovementStates, lanes: LaneStates) -> IntersectionStates:
        """Return the state of all signalised intersections."""
        table, count = self._movements, len(self._network.signals.id)
        ruled = np.flatnonzero(table.signal >= 0)
        signal = table.signal[ruled]
        flow = np.nan_to_num(states.flow[ruled]).astype(np.float64)
        measured = np.isfinite(states.delay[ruled]) & (flow > 0)
        weight = np.bincount(signal, np.where(measured, flow, 0.0), count)
        means = [
            np.bincount(signal, np.where(measured, flow * np.nan_to_num(column[ruled]), 0.0), count)
            / np.where(weight > 0, weight, np.nan)
            for column in (states.delay, states.stops)
        ]
        owner, lane = self._lanes_of_signal
        queue = np.zeros(count)
        np.maximum.at(queue, owner, lanes.queue_length[lane])
        ways = np.maximum(np.bincount(signal, minlength=count), 1)
        busy = np.bincount(signal, np.where(measured, flow, 0.0) * states.confidence[ruled], count)
        plain = np.bincount(signal, states.confidence[ruled], count) / ways
        confidence = np.where(weight > 0, busy / np.maximum(weight, 1e-9), plain)
        quiet = (weight == 0) & (confidence > 0)
        delay = np.where(quiet, 0.0, means[0])
        return IntersectionStates(
            flow=np.bincount(signal, flow, count).astype(np.float32),
            delay=delay.astype(np.float32),
            stops=np.where(quiet, 0.0, means[1]).astype(np.float32),
            queue_length=queue.astype(np.float32),
            queue_vehicles=np.bincount(owner, lanes.queue_vehicles[lane], count).astype(np.uint16),
            spill_back=np.bincount(signal, states.spill_back[ruled], count) > 0,
            level=np.where(confidence > 0, self._parameters.levels.of_delays(delay), 0).astype(np.uint8),
            confidence=confidence.astype(np.float32),
            estimated=np.bincount(signal, states.estimated[ruled], count) >= ways,
        )
