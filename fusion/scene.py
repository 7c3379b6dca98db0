"""What incident rules look at: one cycle's tracks on their lanes with lights, queues and the network around them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fusion.picture import LinkStates
from fusion.queues import LaneOrder
from fusion.tracks import TrackTable


@dataclass(frozen=True)
class Scene:
    """One cycle."""

    now: float
    span: float
    """Since the cycle before, s."""
    tracks: TrackTable
    lateral: NDArray[np.float32]
    """Distance of each track from its best lane's centre line, m."""
    order: LaneOrder
    links: LinkStates
    green_for: NDArray[np.float64]
    """By lane: how long all its lights have been green, 0 where one is not, NaN where no light stands or one is not
    known, s."""

    @cached_property
    def gap(self) -> NDArray[np.float64]:
        """Free distance ahead on its lane by track, inf where nobody is ahead or the track is on no lane, m."""
        gap = np.full(len(self.tracks), np.inf)
        gap[self.order.row] = self.order.gap
        return gap

    @cached_property
    def ahead(self) -> NDArray[np.float64]:
        """Distance from the end of its lane by track, NaN where it is on none, m."""
        ahead = np.full(len(self.tracks), np.nan)
        ahead[self.order.row] = self.order.ahead
        return ahead

    @cached_property
    def queued(self) -> NDArray[np.bool_]:
        """Whether each track stands in a queue at a stop line."""
        queued = np.zeros(len(self.tracks), np.bool_)
        queued[self.order.row] = self.order.queued
        return queued
