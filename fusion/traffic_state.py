"""State of every link: speed, flow, density, queue and level of service, with confidence from coverage.

Speed and density follow Edie's definitions over the observed part of the link and an exponential window: distance
travelled over time spent, time spent over length and time (Edie 1963, Discussion of traffic stream measurements and
definitions). Flow counts vehicles past the middle of the link. What nobody sees stays unknown.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fusion.coverage import Coverage
from fusion.picture import LevelOfService, LinkStates
from fusion.queues import LaneOrder, QueueParameters, is_motor
from fusion.sections import SectionSpeeds
from fusion.sensors import SensorTable
from fusion.track_memory import TrackMemory
from fusion.tracks import TrackTable
from maps.network import RoadClass, RoadNetwork

KMH = 3.6


@dataclass(frozen=True)
class LevelThresholds:
    """Mean speeds (km/h) above which a link is free, steady, lightly and moderately congested, by road class.

    Values met in Chinese practice; check them against the standard in force (GB/T 33171 and local rules). Where the
    speed limit is low a share of the limit takes their place.
    """

    expressway: tuple[float, float, float, float] = (65.0, 50.0, 35.0, 20.0)
    arterial: tuple[float, float, float, float] = (40.0, 30.0, 20.0, 15.0)
    minor: tuple[float, float, float, float] = (35.0, 25.0, 15.0, 10.0)
    share_of_limit: tuple[float, float, float, float] = (0.7, 0.5, 0.35, 0.25)

    def of_links(self, road_class: NDArray[np.uint8], limit: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the thresholds (n, 4) of links, m/s."""
        by_class = np.array([self.minor] * len(RoadClass))
        by_class[RoadClass.EXPRESSWAY] = self.expressway
        by_class[RoadClass.ARTERIAL] = self.arterial
        of_limit = limit[:, None].astype(np.float64) * np.array(self.share_of_limit)
        thresholds: NDArray[np.float64] = np.minimum(by_class[road_class] / KMH, of_limit)
        return thresholds


@dataclass(frozen=True)
class TrafficParameters:
    """Tuning of the link states."""

    levels: LevelThresholds = field(default_factory=LevelThresholds)
    queue: QueueParameters = field(default_factory=QueueParameters)
    window: float = 40.0
    """Time constant of speed and density, s."""
    level_window: float = 120.0
    """Time constant of the speed that gives the level of service, s: about one cycle of a signal."""
    flow_window: float = 90.0
    """Time constant of the flow, s."""
    enough: float = 8.0
    """Vehicle seconds in the window that make the speed of a link as good as the coverage allows."""
    covered: float = 0.15
    """A link with less of it under roadside observation counts as unseen when it is empty."""


class TrafficState:
    """Keeps the state of all links of one network."""

    def __init__(self, network: RoadNetwork, parameters: TrafficParameters | None = None) -> None:
        self.network = network
        self.parameters = parameters or TrafficParameters()
        links = network.links
        count = len(links.id)
        self._coverage = Coverage(network)
        self._lane_metres = np.bincount(network.lanes.link, network.lanes.length, count)
        self._thresholds = self.parameters.levels.of_links(links.road_class, links.speed)
        self._sections = SectionSpeeds(network, self.parameters.level_window)
        self._distance, self._time_spent, self._crossed = np.zeros(count), np.zeros(count), np.zeros(count)
        self._watched = 0.0
        self._memory = TrackMemory(link=-1.0, offset=0.0)

    def update(self, tracks: TrackTable, order: LaneOrder, span: float, sensors: SensorTable) -> LinkStates:
        """Take in the tracks of one cycle, `span` s after the last, in the order of their ids."""
        coverage = self._coverage.follow(sensors)
        link = np.where(tracks.lane >= 0, self.network.lanes.link[tracks.lane], -1)
        on = np.flatnonzero((link >= 0) & is_motor(tracks))
        count = len(self._distance)
        vehicles = np.bincount(link[on], minlength=count)
        speed = np.bincount(link[on], tracks.speed[on], count)
        kept = np.exp(-span / self.parameters.window)
        self._distance = kept * self._distance + span * speed
        self._time_spent = kept * self._time_spent + span * vehicles
        self._sections.update(link[on], tracks.lane_offset[on], tracks.speed[on], span, self._coverage)
        self._count_crossings(tracks, link, span)
        self._watched += span
        return self._states(coverage, vehicles, *self._queues(order))

    def _count_crossings(self, tracks: TrackTable, link: NDArray[np.int32], span: float) -> None:
        memory = self._memory.follow(tracks.track_id)
        middle = np.append(self.network.links.length, np.inf)[link] / 2
        same = (memory["link"] == link) & (link >= 0) & is_motor(tracks)
        past = same & (memory["offset"] < middle) & (tracks.lane_offset >= middle)
        self._crossed *= np.exp(-span / self.parameters.flow_window)
        self._crossed += np.bincount(link[past], minlength=len(self._crossed))
        memory["link"][:] = link
        memory["offset"][:] = np.where(same, np.fmax(memory["offset"], tracks.lane_offset), tracks.lane_offset)

    def _queues(self, order: LaneOrder) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return length (m) and vehicles of the queue of each link."""
        lane = order.lane[order.queued]
        back = order.ahead[order.queued] + order.length[order.queued]
        length = np.zeros(len(self._distance))
        link = self.network.lanes.link[lane]
        np.maximum.at(length, link, back)
        return length, np.bincount(link, minlength=len(length))

    def _states(
        self,
        coverage: NDArray[np.float32],
        vehicles: NDArray[np.int64],
        queue: NDArray[np.float64],
        queued: NDArray[np.int64],
    ) -> LinkStates:
        links, parameters = self.network.links, self.parameters
        seen = self._time_spent > 0.5
        empty = ~seen & (coverage >= parameters.covered)
        speed = np.where(
            seen, self._distance / np.maximum(self._time_spent, 1e-9), np.where(empty, links.speed, np.nan)
        )
        evidence = 1 - np.exp(-self._time_spent / parameters.enough)
        warm = 1 - np.exp(-self._watched / parameters.window)
        share = np.maximum(coverage, 0.25)
        metres = np.maximum(self._lane_metres, 1.0) * share
        density = 1000.0 * self._time_spent / (max(warm, 1e-3) * parameters.window * metres)
        confidence = np.where(seen, np.maximum(coverage, 0.3) * evidence, np.where(empty, coverage * warm, 0.0))
        known = confidence > 0
        return LinkStates(
            speed=np.where(known, speed, np.nan).astype(np.float32),
            travel_time=self._travel_time(speed, known),
            flow=np.where(known, self._flow(coverage, density, speed), np.nan).astype(np.float32),
            density=np.where(known, density, np.nan).astype(np.float32),
            vehicles=np.minimum(vehicles, 65535).astype(np.uint16),
            queue_length=np.minimum(queue, links.length).astype(np.float32),
            queue_vehicles=np.minimum(queued, 65535).astype(np.uint16),
            level=np.where(known, self._levels(), LevelOfService.UNKNOWN).astype(np.uint8),
            confidence=confidence.astype(np.float32),
        )

    def _travel_time(self, speed: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float32]:
        links = self.network.links
        used = np.where(known, np.maximum(speed, 0.5), links.speed)
        return (links.length / np.maximum(used, 0.5)).astype(np.float32)

    def _flow(
        self, coverage: NDArray[np.float32], density: NDArray[np.float64], speed: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return vehicles an hour: counted where most of the link is seen, else density times speed."""
        window = self.parameters.flow_window * max(1 - np.exp(-self._watched / self.parameters.flow_window), 1e-3)
        counted = self._crossed / window * 3600.0
        estimated = density * self.network.links.lane_count * np.nan_to_num(speed) * KMH
        flow: NDArray[np.float64] = np.where((coverage >= 0.6) | (self._crossed > 0.5), counted, estimated)
        return flow

    def _levels(self) -> NDArray[np.int64]:
        """Return the class 1..5 of each link by the speed on its whole section."""
        speed = self._sections.of_links(self._coverage.share)
        below: NDArray[np.bool_] = speed[:, None] <= self._thresholds
        levels: NDArray[np.int64] = 1 + below.sum(axis=1, dtype=np.int64)
        return levels
