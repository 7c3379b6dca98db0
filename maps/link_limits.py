"""What vehicles may be too high or too heavy for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.network import Floats, Ints, RoadNetwork


@dataclass(frozen=True)
class VehicleBody:
    """Height (m) and gross weight (t) of a vehicle."""

    height: float = 0.0
    weight: float = 0.0


@dataclass(frozen=True)
class LinkLimits:
    """Limits of links, columns (n,); NaN where there is none (GB 5768.2-2022, 限高 and 限重)."""

    height: Floats
    """m"""
    weight: Floats
    """t"""

    @classmethod
    def none(cls, links: int) -> "LinkLimits":
        """No limits on any of `links` links."""
        return cls(np.full(links, np.nan, np.float32), np.full(links, np.nan, np.float32))

    @classmethod
    def of(cls, network: RoadNetwork) -> "LinkLimits":
        """The limits that a network carries."""
        limits, own = cls.none(len(network.links.id)), network.limits
        limits.height[own.link], limits.weight[own.link] = own.height, own.weight
        return limits

    def closed_to(self, body: VehicleBody) -> Ints:
        """Rows of the links that a vehicle is too high or too heavy for."""
        closed: NDArray[np.bool_] = (self.height < np.float32(body.height)) | (self.weight < np.float32(body.weight))
        return np.flatnonzero(closed).astype(np.int32)
