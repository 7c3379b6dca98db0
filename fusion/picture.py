"""The traffic picture: everything the platform knows at one moment, immutable once made."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fusion.incidents import Incident
from fusion.tracks import TrackTable


def _reals() -> NDArray[np.float32]:
    return np.zeros(0, np.float32)


def _flags() -> NDArray[np.bool_]:
    return np.zeros(0, np.bool_)


def _counts() -> NDArray[np.uint16]:
    return np.zeros(0, np.uint16)


def _levels() -> NDArray[np.uint8]:
    return np.zeros(0, np.uint8)


class LevelOfService(IntEnum):
    """Five Chinese classes of traffic state (交通运行状态) and unknown."""

    UNKNOWN = 0
    FREE = 1
    """畅通"""
    STEADY = 2
    """基本畅通"""
    LIGHT = 3
    """轻度拥堵"""
    MODERATE = 4
    """中度拥堵"""
    SEVERE = 5
    """严重拥堵"""


@dataclass(frozen=True)
class LinkStates:
    """State of every link of the network, row by row as `RoadNetwork.links`."""

    speed: NDArray[np.float32]
    """Space-mean speed, m/s, NaN where nothing is known."""
    travel_time: NDArray[np.float32]
    """s; free flow where nothing is known."""
    flow: NDArray[np.float32]
    """Vehicles an hour past the middle of the link, NaN where nothing is known."""
    density: NDArray[np.float32]
    """Vehicles a km and lane."""
    vehicles: NDArray[np.uint16]
    queue_length: NDArray[np.float32]
    """From the stop line to the back of the longest lane's queue, m."""
    queue_vehicles: NDArray[np.uint16]
    level: NDArray[np.uint8]
    """`LevelOfService`."""
    confidence: NDArray[np.float32]
    """0 (nothing seen) .. 1 (whole link under observation)."""
    occupancy: NDArray[np.float32] = field(default_factory=_reals)
    """Share of the lanes' length that vehicles cover, 0..1, NaN where nothing is known."""
    delay: NDArray[np.float32] = field(default_factory=_reals)
    """Control delay of a vehicle that leaves the link, s; NaN where nobody left lately."""
    stops: NDArray[np.float32] = field(default_factory=_reals)
    """Stops of a vehicle that leaves the link; NaN where nobody left lately."""
    queue_back: NDArray[np.float32] = field(default_factory=_reals)
    """Distance of the back of the longest queue from the start of the link, m; the link's length without a queue."""
    spill_back: NDArray[np.bool_] = field(default_factory=_flags)
    """Whether standing traffic reaches back to the start of the link."""
    estimated: NDArray[np.bool_] = field(default_factory=_flags)
    """Whether nobody sees the link, so that speed and flow come from its neighbours, a profile or free flow."""


@dataclass(frozen=True)
class QueueStates:
    """What lanes, movements and intersections have in common, one row a part of the road."""

    flow: NDArray[np.float32] = field(default_factory=_reals)
    """Vehicles an hour: past the middle of a lane, of a movement, over all movements of an intersection."""
    queue_length: NDArray[np.float32] = field(default_factory=_reals)
    """From the stop line to the back of the queue, the longest where there are several lanes, m."""
    queue_vehicles: NDArray[np.uint16] = field(default_factory=_counts)
    """Vehicles in the queue, of an intersection in all its queues."""
    spill_back: NDArray[np.bool_] = field(default_factory=_flags)
    """Whether a lane is full to its start; of the others whether a link is that they lead to."""
    confidence: NDArray[np.float32] = field(default_factory=_reals)
    """0 (nothing seen) .. 1."""


@dataclass(frozen=True)
class DelayStates(QueueStates):
    """What movements and intersections have in common."""

    delay: NDArray[np.float32] = field(default_factory=_reals)
    """Control delay, s a vehicle."""
    stops: NDArray[np.float32] = field(default_factory=_reals)
    """Stops a vehicle."""
    level: NDArray[np.uint8] = field(default_factory=_levels)
    """`LevelOfService` by delay."""
    estimated: NDArray[np.bool_] = field(default_factory=_flags)
    """Whether nobody was seen lately, so that the figures are shares of the link's."""


@dataclass(frozen=True)
class LaneStates(QueueStates):
    """State of every lane, row by row as `RoadNetwork.lanes`; what nobody sees is NaN with confidence 0."""

    speed: NDArray[np.float32] = field(default_factory=_reals)
    """Space-mean speed, m/s."""
    density: NDArray[np.float32] = field(default_factory=_reals)
    """Vehicles a km."""
    occupancy: NDArray[np.float32] = field(default_factory=_reals)
    """Share of the length that vehicles cover, 0..1."""
    vehicles: NDArray[np.uint16] = field(default_factory=_counts)


@dataclass(frozen=True)
class MovementStates(DelayStates):
    """State of every movement, row by row as `fusion.movements.Movements`."""

    share: NDArray[np.float32] = field(default_factory=_reals)
    """Part of the vehicles of the link that take this movement, 0..1: the turning ratio."""
    travel_time: NDArray[np.float32] = field(default_factory=_reals)
    """From the start of the link to its end, s."""


@dataclass(frozen=True)
class IntersectionStates(DelayStates):
    """State of every signalised intersection, row by row as `RoadNetwork.signals`."""


@dataclass(frozen=True)
class SignalStates:
    """State of every signal group of the network, row by row as `RoadNetwork.groups`."""

    state: NDArray[np.uint8]
    """LightState 0..8 (T/CSAE 53-2020)."""
    likely_end: NDArray[np.float64]
    min_end: NDArray[np.float64]
    max_end: NDArray[np.float64]
    """UTC epoch s when this light ends, NaN where unknown."""
    next_green: NDArray[np.float64]
    """UTC epoch s when the group next turns green, NaN where unknown or green now."""
    confidence: NDArray[np.float32]
    received: NDArray[np.float64]
    """UTC epoch s of the SPAT this rests on; NaN where there was none. Older than 2 s is stale."""


@dataclass(frozen=True)
class TurnChoice:
    """What each vehicle is likely to do at the end of its link.

    Rows as the table of tracks (n); vehicles off lanes and those on lanes that lead nowhere have no movement.
    """

    movement: NDArray[np.int32] = field(default_factory=lambda: np.zeros((0, 4), np.int32))
    """(n, 4) row of `fusion.movements`, -1 where there are fewer."""
    probability: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 4), np.float32))
    """(n, 4) 0..1, falling; the rest of 1 are movements beyond these."""
    free_way: NDArray[np.float32] = field(default_factory=_reals)
    """(n,) way to a standing vehicle ahead or to the stop line of a red light, m; inf where neither is known."""
    stop_line: NDArray[np.float32] = field(default_factory=_reals)
    """(n,) distance of the front from the end of the lane, m; NaN off lanes."""


@dataclass(frozen=True)
class TrafficPicture:
    """One cycle's result. `time` is the UTC epoch (s) to which every column is extrapolated."""

    tick: int
    time: float
    tracks: TrackTable
    links: LinkStates
    signals: SignalStates
    incidents: tuple[Incident, ...]
    lateral: NDArray[np.float32] = field(default_factory=_reals)
    """Distance of each track from the middle of its best lane, m, positive to the left."""
    lanes: LaneStates = field(default_factory=LaneStates)
    movements: MovementStates = field(default_factory=MovementStates)
    intersections: IntersectionStates = field(default_factory=IntersectionStates)
    weigh_turns: Callable[[], TurnChoice] = TurnChoice
    """Works out `turns`."""

    @cached_property
    def turns(self) -> TurnChoice:
        """What each track is likely to do, worked out when it is first asked for: most pictures nobody asks."""
        return self.weigh_turns()
