"""The traffic picture: everything the platform knows at one moment, immutable once made."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from fusion.incidents import Incident
from fusion.tracks import TrackTable


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
class TrafficPicture:
    """One cycle's result. `time` is the UTC epoch (s) to which every column is extrapolated."""

    tick: int
    time: float
    tracks: TrackTable
    links: LinkStates
    signals: SignalStates
    incidents: tuple[Incident, ...]
