"""What incident rules look at: one cycle's tracks on their lanes with lights, queues and the network around them."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fusion.picture import LinkStates
from fusion.queues import LaneOrder, is_motor
from fusion.track_memory import Alignment
from fusion.tracks import TrackTable
from maps.participants import ParticipantKind

SURE_SIGMA = 1.0
"""Positions worse than this say nothing about the lane, m."""
SURE_EXISTENCE = 0.9
SEEN_WITHIN = 1.0
"""Who was seen from outside this lately is placed by more than its own terminal, s."""
LEVEL = 0.5
"""Two vehicles one of which is more than this share of its length beyond the other's rear are level."""
YOUNG = 1.0
"""Tracks younger than this are not judged, s."""


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
    red_for: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    """The same for red."""
    watched: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    """Whether a sensor sees the stretch of road ahead of each track; empty where all is seen."""
    before: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, np.uint32))
    """Ids of the tracks of the cycle before."""

    @cached_property
    def alignment(self) -> Alignment:
        """Where the tracks stood in the cycle before."""
        return Alignment.of(self.before, self.tracks.track_id)

    @cached_property
    def motor(self) -> NDArray[np.bool_]:
        """Which tracks are motor vehicles or may be."""
        return is_motor(self.tracks)

    @cached_property
    def sure(self) -> NDArray[np.bool_]:
        """Which tracks are there beyond doubt and well placed."""
        tracks = self.tracks
        old = self.now - tracks.born >= YOUNG
        sure: NDArray[np.bool_] = old & (tracks.existence >= SURE_EXISTENCE) & (tracks.sigma < SURE_SIGMA)
        return sure

    @cached_property
    def vehicles(self) -> NDArray[np.bool_]:
        """Which tracks are motor vehicles by their kind and beyond doubt."""
        vehicles: NDArray[np.bool_] = self.motor & self.sure & (self.tracks.kind != ParticipantKind.UNKNOWN)
        return vehicles

    @cached_property
    def placed(self) -> NDArray[np.bool_]:
        """Which tracks are seen from outside, too: a terminal's error lasts, and may be wider than a lane."""
        placed: NDArray[np.bool_] = self.now - self.tracks.roadside <= SEEN_WITHIN
        return placed

    @cached_property
    def seen_ahead(self) -> NDArray[np.bool_]:
        """For which tracks nobody can stand unseen on the stretch ahead."""
        return self.watched if len(self.watched) else np.ones(len(self.tracks), np.bool_)

    @cached_property
    def gap(self) -> NDArray[np.float64]:
        """Free distance ahead on its lane by track, inf where nobody is ahead or the track is on no lane, m.

        Who is level with another, beside it or the same one seen twice, is not behind it.
        """
        gap, free = np.full(len(self.tracks), np.inf), self.order.gap.copy()
        level = np.flatnonzero(free < -LEVEL * self.order.length)
        free[level] = free[level - 1]
        gap[self.order.row] = free
        return gap

    @cached_property
    def leader_speed(self) -> NDArray[np.float64]:
        """Speed of the next ahead on its lane by track, inf where nobody is ahead or the track is on no lane, m/s."""
        speed, order = np.full(len(self.tracks), np.inf), self.order
        follows = np.flatnonzero(np.isfinite(order.gap))
        speed[order.row[follows]] = order.speed[follows - 1]
        return speed

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
