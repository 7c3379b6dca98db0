"""All road users the platform believes in at one moment, as columns."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_SOURCES = 4
"""Devices remembered per track, the latest first."""


@dataclass(frozen=True)
class TrackTable:
    """Confirmed tracks at `TrafficPicture.time`, one row a track; arrays of length n unless said otherwise."""

    track_id: NDArray[np.uint32]
    """Unique city-wide, never used again."""
    kind: NDArray[np.uint8]
    """`maps.participants.ParticipantKind`."""
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    """Centre of the road user in the local plane, m."""
    vx: NDArray[np.float32]
    vy: NDArray[np.float32]
    heading: NDArray[np.float32]
    """rad, clockwise from north; kept at standstill."""
    covariance: NDArray[np.float32]
    """(n, 4, 4) of x, y, vx, vy."""
    length: NDArray[np.float32]
    width: NDArray[np.float32]
    existence: NDArray[np.float32]
    """Probability that the road user is there, 0..1."""
    updated: NDArray[np.float64]
    """Event time of the newest report that went in, s."""
    born: NDArray[np.float64]
    """Event time of the first report, s."""
    sources: NDArray[np.int32]
    """(n, MAX_SOURCES) device rows, the latest first, -1 where none."""
    self_device: NDArray[np.int32]
    """Device row of the vehicle terminal on board, -1 where there is none."""
    lane: NDArray[np.int32]
    """Row of the lane in the road network, -1 where off every lane."""
    lane_probability: NDArray[np.float32]
    lane_offset: NDArray[np.float32]
    """Distance along the lane from its start, m."""
    roadside: NDArray[np.float64]
    """Event time of the newest report by another device than the vehicle's own terminal, s; NaN where there is none."""

    def __len__(self) -> int:
        return len(self.track_id)

    @property
    def speed(self) -> NDArray[np.float32]:
        """Speed over ground, m/s."""
        return np.hypot(self.vx, self.vy)

    @property
    def sigma(self) -> NDArray[np.float32]:
        """1-sigma of the position, m: root of the mean of the two variances."""
        variance = (self.covariance[:, 0, 0] + self.covariance[:, 1, 1]) / 2
        return np.sqrt(variance, dtype=np.float32)
