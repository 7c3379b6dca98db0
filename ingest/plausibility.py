"""Could this be true? Positions must lie in the city and near their roadside unit, speeds must be possible.

Swapped coordinates are told apart from wrong ones because they are the commonest mistake of new devices.
"""

from dataclasses import dataclass
from math import ceil, cos, radians
from typing import Self

import numpy as np

from ingest.errors import RefusalReason, RefusedError
from ingest.messages.common import LATITUDE_UNAVAILABLE, LONGITUDE_UNAVAILABLE
from ingest.messages.positions import Position3D
from maps.coordinates import Crs, convert
from maps.network import RoadNetwork

COVERAGE_RADIUS = 500.0
"""m; how far a roadside unit is believed to see when it did not say."""
CITY_MARGIN = 2000.0
"""m around the road network."""
SPEED_LIMITS = (3500, 3500, 1250, 750, 3500)
"""Fastest believable raw speed (0.02 m/s) by DE_ParticipantType: 70, 70, 25, 15, 70 m/s."""

_METRES_PER_DEGREE = 111_319.5


@dataclass(frozen=True, slots=True)
class BoxE7:
    """A box of longitudes and latitudes, 1e-7 deg."""

    west: int
    south: int
    east: int
    north: int

    @classmethod
    def of_degrees(cls, west: float, south: float, east: float, north: float) -> Self:
        """Make a box from degrees."""
        return cls(round(west * 1e7), round(south * 1e7), round(east * 1e7), round(north * 1e7))

    @classmethod
    def of_network(cls, network: RoadNetwork, margin: float = CITY_MARGIN) -> Self:
        """Make the box that holds a road network and `margin` (m) around it."""
        low, high = network.points.min(axis=0) - margin, network.points.max(axis=0) + margin
        lon, lat = network.plane.inverse([low[0], low[0], high[0], high[0]], [low[1], high[1], low[1], high[1]])
        return cls.of_degrees(float(np.min(lon)), float(np.min(lat)), float(np.max(lon)), float(np.max(lat)))

    def in_system(self, crs: Crs) -> "BoxE7":
        """Give the box that holds this one, of WGS-84, and 100 m around it, in another reference system."""
        corners = np.array([(x, y) for x in (self.west, self.east) for y in (self.south, self.north)]) * 1e-7
        lon, lat = convert(corners[:, 0], corners[:, 1], Crs.WGS84, crs)
        margin = 1e-3
        return BoxE7.of_degrees(
            float(lon.min()) - margin, float(lat.min()) - margin, float(lon.max()) + margin, float(lat.max()) + margin
        )

    def holds(self, lon: int, lat: int) -> bool:
        """Whether a position (1e-7 deg) lies inside."""
        return self.west <= lon <= self.east and self.south <= lat <= self.north

    def around(self, lon: int, lat: int, radius: float) -> "BoxE7":
        """Give the part of this box within `radius` (m) east, west, north and south of a position."""
        tall = ceil(radius / _METRES_PER_DEGREE * 1e7)
        wide = ceil(tall / max(cos(radians(lat * 1e-7)), 0.01))
        return BoxE7(
            max(self.west, lon - wide),
            max(self.south, lat - tall),
            min(self.east, lon + wide),
            min(self.north, lat + tall),
        )


def position_fault(box: BoxE7, lon: int, lat: int) -> RefusalReason | None:
    """Say why a position (1e-7 deg) cannot be in the city, or None."""
    if lat == LATITUDE_UNAVAILABLE or lon == LONGITUDE_UNAVAILABLE:
        return RefusalReason.POSITION_UNAVAILABLE
    if box.holds(lon, lat):
        return None
    return RefusalReason.COORDINATES_SWAPPED if box.holds(lat, lon) else RefusalReason.POSITION_OUTSIDE


def check_position(box: BoxE7, position: Position3D, field: str) -> None:
    """Raise RefusedError where a position cannot be in the city."""
    fault = position_fault(box, position.long, position.lat)
    if fault is not None:
        raise RefusedError(fault, field, (position.long, position.lat), position_sentence(fault, field, position))


def position_sentence(fault: RefusalReason, field: str, position: Position3D) -> str:
    """Describe a fault of a position for the reply to the device."""
    where = f"lat {position.lat}, long {position.long}"
    return {
        RefusalReason.POSITION_UNAVAILABLE: f"{field} holds the value for unavailable ({where})",
        RefusalReason.COORDINATES_SWAPPED: f"{field} has latitude and longitude swapped ({where})",
    }.get(fault, f"{field} lies outside the city ({where})")
