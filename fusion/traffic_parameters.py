"""What the traffic state may be tuned by: thresholds of the level of service, windows, queues."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fusion.queues import QueueParameters
from maps.network import RoadClass

KMH = 3.6
Four = tuple[float, float, float, float]


@dataclass(frozen=True)
class LevelThresholds:
    """Mean speeds (km/h) above which a link is free, steady, lightly and moderately congested, by road class.

    Values met in Chinese practice; check them against the standard in force (GB/T 33171 and local rules). Where the
    speed limit is low a share of the limit takes their place.
    """

    expressway: Four = (65.0, 50.0, 35.0, 20.0)
    arterial: Four = (40.0, 30.0, 20.0, 15.0)
    minor: Four = (35.0, 25.0, 15.0, 10.0)
    share_of_limit: Four = (0.7, 0.5, 0.35, 0.25)
    control_delay: Four = (20.0, 35.0, 55.0, 80.0)
    """Control delays (s) up to which a movement or an intersection has one of the first four classes; the bounds of
    the Highway Capacity Manual's classes B to E."""

    def of_links(self, road_class: NDArray[np.uint8], limit: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the thresholds (n, 4) of links, m/s."""
        by_class = np.array([self.minor] * len(RoadClass))
        by_class[RoadClass.EXPRESSWAY] = self.expressway
        by_class[RoadClass.ARTERIAL] = self.arterial
        of_limit = limit[:, None].astype(np.float64) * np.array(self.share_of_limit)
        thresholds: NDArray[np.float64] = np.minimum(by_class[road_class] / KMH, of_limit)
        return thresholds

    def of_delays(self, delay: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Return the class (n,) of control delays (n,), s; 0 where the delay is NaN."""
        above: NDArray[np.bool_] = delay[:, None] > np.array(self.control_delay)
        return np.where(np.isfinite(delay), 1 + above.sum(axis=1), 0).astype(np.uint8)


@dataclass(frozen=True)
class TrafficParameters:
    """Tuning of the traffic state; times in s."""

    levels: LevelThresholds = field(default_factory=LevelThresholds)
    queue: QueueParameters = field(default_factory=QueueParameters)
    sample_every: float = 0.5
    """Vehicles are counted this often,"""
    state_every: float = 1.0
    """and the state of all roads is made anew this often."""
    window: float = 40.0
    """Time constant of speed, density and occupancy."""
    level_window: float = 120.0
    """Time constant of the speed that gives the level of service: about one cycle of a signal."""
    flow_window: float = 90.0
    """Time constant of the flow of links and lanes."""
    movement_window: float = 300.0
    """Time constant of flow, delay and stops of movements: some cycles of a signal."""
    enough: float = 8.0
    """Vehicle seconds in the window that make the speed of a link as good as the coverage allows."""
    enough_passages: float = 5.0
    """Vehicles in the window that make the figures of a movement as good as the coverage allows."""
    covered: float = 0.15
    """A link with less of it under roadside observation counts as unseen when it is empty."""
    spill_reach: float = 20.0
    """Traffic that stands this close to the start of its lane, m,"""
    spill_for: float = 4.0
    """for this long, reaches back to the link before."""
    spill_shortest: float = 40.0
    """Shorter links do not count, m."""
