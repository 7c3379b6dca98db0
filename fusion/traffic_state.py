"""State of every lane, link, movement and intersection, with confidence from coverage; the unseen is estimated.

Vehicles are counted twice a second and states made once a second; between, the last states stand. The work of a second
is spread over its cycles so that none is long.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fusion.coverage import Coverage
from fusion.lane_states import COVERED, DISTANCE, TIME, LaneSums, lane_queues
from fusion.movement_states import PassageSums
from fusion.movements import Movements
from fusion.passages import PassageMemory
from fusion.picture import IntersectionStates, LaneStates, LevelOfService, LinkStates, MovementStates
from fusion.queues import LaneOrder, is_motor
from fusion.sections import SectionSpeeds
from fusion.sensors import SensorTable
from fusion.tracks import TrackTable
from fusion.traffic_parameters import KMH, TrafficParameters
from fusion.unseen_links import UnseenLinks
from maps.network import RoadNetwork
from maps.travel_profile import TravelProfile

_SOON = 1e-6
FREE_STEPS = (8.0, 17.0, 26.0)
"""Distances ahead at which a road is asked whether it is under observation, m."""
_LEAST_SHARE = 0.25
"""Share of a link that counts as observed where vehicles report themselves."""


@dataclass(frozen=True)
class TrafficStates:
    """All states of one network."""

    links: LinkStates
    lanes: LaneStates
    movements: MovementStates
    intersections: IntersectionStates


class TrafficState:
    """Keeps the state of one network; `profile` says how fast its links usually are at each time of day."""

    def __init__(
        self,
        network: RoadNetwork,
        parameters: TrafficParameters | None = None,
        profile: TravelProfile | None = None,
    ) -> None:
        self.network = network
        self.parameters = parameters or TrafficParameters()
        self.movements = Movements.of(network)
        links = network.links
        self._coverage = Coverage(network)
        self._lane_metres = np.bincount(network.lanes.link, network.lanes.length, len(links.id))
        self._thresholds = self.parameters.levels.of_links(links.road_class, links.speed)
        self._sections = SectionSpeeds(network, self.parameters.level_window)
        self._lanes = LaneSums(network, self.parameters)
        self._memory = PassageMemory(network, self.movements)
        self._passages = PassageSums(network, self.movements, self.parameters)
        self._unseen = UnseenLinks(network, self.movements, profile)
        self._waited = self._stood = math.inf
        self._states: TrafficStates | None = None
        self._moves_due = False

    def update(
        self, tracks: TrackTable, order: LaneOrder, span: float, sensors: SensorTable, now: float = math.nan
    ) -> TrafficStates:
        """Take in the tracks of one cycle, `span` s after the last, in the order of their ids; `now` is UTC epoch s."""
        first = math.isinf(self._waited)
        self._waited = span if first else self._waited + span
        self._stood += span
        if first or self._waited >= self.parameters.sample_every - _SOON:
            self._sample(tracks, order, sensors, self._waited, now)
            self._waited = 0.0
        if self._states is None or self._stood >= self.parameters.state_every - _SOON:
            self._stood = 0.0
            lanes, links = self._ground(order, now)
            self._moves_due = True
            older = self._states
            self._states = TrafficStates(
                links,
                lanes,
                MovementStates() if older is None else older.movements,
                IntersectionStates() if older is None else older.intersections,
            )
            if older is not None:
                return self._states
        if self._moves_due:
            self._moves_due = False
            self._states = self._with_moves(self._states)
        return self._states

    @property
    def coverage(self) -> NDArray[np.float32]:
        """Share of each link (links,) that roadside sensors saw in the last cycle, 0..1."""
        return self._coverage.share

    def sees_ahead(self, tracks: TrackTable) -> NDArray[np.bool_]:
        """Tell which tracks (n,) have the road ahead of them under observation."""
        link = np.append(self.network.lanes.link, -1)[tracks.lane]
        on = np.flatnonzero(link >= 0)
        length = np.maximum(self.network.links.length[link[on]], 1e-3)
        offset = tracks.lane_offset[on].astype(np.float64)
        seen = np.zeros(len(tracks), np.bool_)
        seen[on] = True
        for reach in FREE_STEPS:
            share = np.minimum((offset + reach) / length, 1.0)
            seen[on] &= self._coverage.sees(link[on], share)
        return seen

    def _sample(self, tracks: TrackTable, order: LaneOrder, sensors: SensorTable, span: float, now: float) -> None:
        self._coverage.follow(sensors)
        motor = is_motor(tracks)
        link = np.append(self.network.lanes.link, -1)[tracks.lane].astype(np.int64)
        on = np.flatnonzero((link >= 0) & motor)
        self._sections.update(link[on].astype(np.int32), tracks.lane_offset[on], tracks.speed[on], span, self._coverage)
        self._lanes.add(tracks, motor, order, span)
        time = self._lanes.watched if math.isnan(now) else now
        passages, _ = self._memory.look(tracks, link, motor, time)
        self._passages.add(passages, span)

    def _ground(self, order: LaneOrder, now: float) -> tuple[LaneStates, LinkStates]:
        """Return the state of lanes and links."""
        owner = self.network.lanes.link
        links = self._link_states(order, now)
        lanes = self._lanes.states(
            order,
            self._coverage.share[owner].astype(np.float64),
            np.where(links.estimated, 0.0, links.confidence)[owner].astype(np.float64),
        )
        spilt = np.bincount(owner, lanes.spill_back, len(links.speed)) > 0
        return lanes, replace(links, spill_back=spilt)

    def _with_moves(self, states: TrafficStates) -> TrafficStates:
        movements = self._passages.movements(states.links, states.lanes, self._passages.shares())
        return replace(states, movements=movements, intersections=self._passages.intersections(movements, states.lanes))

    def _link_states(self, order: LaneOrder, now: float) -> LinkStates:
        links, parameters, owner = self.network.links, self.parameters, self.network.lanes.link
        count, coverage = len(links.id), self._coverage.share
        time, distance, covered = (
            np.bincount(owner, self._lanes.sums[:, column], count) for column in (TIME, DISTANCE, COVERED)
        )
        seen = time > 0.5
        empty = ~seen & (coverage >= parameters.covered)
        warm = 1 - math.exp(-self._lanes.watched / parameters.window)
        evidence = 1 - np.exp(-time / parameters.enough)
        confidence = np.where(seen, np.maximum(coverage, 0.3) * evidence, np.where(empty, coverage * warm, 0.0))
        ground = np.maximum(self._lane_metres, 1.0) * np.maximum(coverage, _LEAST_SHARE)
        ground *= max(warm, 1e-3) * parameters.window
        speed = np.where(seen, distance / np.maximum(time, 1e-9), links.speed)
        density = 1000.0 * time / ground
        known = confidence > 0
        flow = np.where(known, self._flow(density, speed), np.nan)
        sections = self._sections.of_links(coverage)
        estimate = self._unseen.update(
            flow, np.minimum(sections / links.speed, 1.2), np.where(known, confidence, 0.0), self._shares(), now
        )
        used = np.where(known, speed, estimate.pace * links.speed)
        level_speed = np.where(known, sections, used)
        queue, queued, vehicles = self._queues(order)
        left = self._passages.of_links()
        return LinkStates(
            speed=used.astype(np.float32),
            travel_time=(links.length / np.maximum(used, 0.5)).astype(np.float32),
            flow=estimate.flow.astype(np.float32),
            density=np.where(known, density, _of_flow(estimate.flow, used, links.lane_count)).astype(np.float32),
            vehicles=np.minimum(vehicles, 65535).astype(np.uint16),
            queue_length=queue.astype(np.float32),
            queue_vehicles=np.minimum(queued, 65535).astype(np.uint16),
            level=np.where(estimate.trust > 0, self._levels(level_speed), LevelOfService.UNKNOWN).astype(np.uint8),
            confidence=estimate.trust.astype(np.float32),
            occupancy=np.where(known, np.minimum(covered / ground, 1.0), np.nan).astype(np.float32),
            delay=left.delay.astype(np.float32),
            stops=left.stops.astype(np.float32),
            queue_back=(links.length - queue).astype(np.float32),
            estimated=~known,
        )

    def _shares(self) -> NDArray[np.float64]:
        return self._passages.shares()

    def _queues(self, order: LaneOrder) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
        """Return length (m) and vehicles of the queue of each link, and all its vehicles."""
        owner, count = self.network.lanes.link, len(self._thresholds)
        length, queued, vehicles = lane_queues(order, len(owner))
        longest = np.zeros(count)
        held = np.flatnonzero(queued)
        np.maximum.at(longest, owner[held], length[held])
        return (
            np.minimum(longest, self.network.links.length),
            np.bincount(owner, queued, count).astype(np.int64),
            np.bincount(owner, vehicles, count).astype(np.int64),
        )

    def _flow(self, density: NDArray[np.float64], speed: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return vehicles an hour: counted where most of the link is seen, else density times speed."""
        owner, count = self.network.lanes.link, len(density)
        counted = np.bincount(owner, self._lanes.flow(), count)
        crossed = np.bincount(owner, self._lanes.crossed, count)
        estimated = density * self.network.links.lane_count * speed * KMH
        flow: NDArray[np.float64] = np.where((self._coverage.share >= 0.6) | (crossed > 0.5), counted, estimated)
        return flow

    def _levels(self, speed: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the class 1..5 of each link by its speed (links,)."""
        below: NDArray[np.bool_] = speed[:, None] <= self._thresholds
        levels: NDArray[np.int64] = 1 + below.sum(axis=1, dtype=np.int64)
        return levels


def _of_flow(flow: NDArray[np.float64], speed: NDArray[np.float64], lanes: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return the density (vehicles a km and lane) that a flow at a speed means."""
    density: NDArray[np.float64] = flow / np.maximum(speed * KMH * lanes, 1e-3)
    return density
