"""Coordinates: WGS-84 to a local metric plane and back.

The plane is a transverse Mercator projection about the middle of the city with scale 1 there, so that lengths are
true to 1e-5 within 30 km and north on the plane is true north at the middle (EPSG guidance note 7-2, 3.5.3.1).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import Proj, Transformer

from maps.errors import CoordinateRangeError

Degrees = NDArray[np.float64]
Metres = NDArray[np.float64]


@dataclass(frozen=True)
class LocalPlane:
    """Metric plane of one city, named by its origin (deg, WGS-84)."""

    lon: float
    lat: float

    @classmethod
    def about(cls, lon: ArrayLike, lat: ArrayLike) -> "LocalPlane":
        """Plane of a city: its origin is the middle of the bounds of positions (deg), rounded to 1e-6 deg.

        Lengths are true to 1.1e-5 at 30 km and 1.3e-4 at 100 km east or west of the origin; `scale` tells how true.

        Raises:
            CoordinateRangeError: a position is no place on the Earth or NaN.
        """
        middle: list[float] = []
        for name, values, bound in (("longitude", lon, 180.0), ("latitude", lat, 90.0)):
            low, high = float(np.min(values)), float(np.max(values))
            for value in (low, high):
                if not abs(value) <= bound:
                    raise CoordinateRangeError(
                        name, value, f"beyond {bound:g} deg; are longitude and latitude swapped?"
                    )
            middle.append(round((low + high) / 2, 6))
        return cls(middle[0], middle[1])

    def scale(self, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.float64]:
        """Length on the plane over length on the ellipsoid at positions (deg)."""
        return np.asarray(self._projection.get_factors(lon, lat).meridional_scale, float)

    def convergence(self, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.float64]:
        """Heading of true north on the plane at positions (deg): rad, clockwise from the plane's y axis.

        A true heading plus this angle is the heading on the plane; 0.0025 rad at 30 km in Changsha.
        """
        degrees = np.asarray(self._projection.get_factors(lon, lat).meridian_convergence, float)
        turn: NDArray[np.float64] = -np.radians(degrees)
        return turn

    @cached_property
    def _projection(self) -> Proj:
        return Proj(self._definition)

    @property
    def _definition(self) -> str:
        return f"+proj=tmerc +lat_0={self.lat!r} +lon_0={self.lon!r} +k=1 +x_0=0 +y_0=0 +ellps=WGS84 +units=m"

    @cached_property
    def _transformer(self) -> Transformer:
        return Transformer.from_crs("EPSG:4326", self._definition, always_xy=True)

    def forward(self, lon: ArrayLike, lat: ArrayLike) -> tuple[Metres, Metres]:
        """Turn longitudes and latitudes (deg) of any equal shape into x east and y north (m)."""
        x, y = self._transformer.transform(np.asarray(lon, float), np.asarray(lat, float))
        return np.asarray(x, float), np.asarray(y, float)

    def inverse(self, x: ArrayLike, y: ArrayLike) -> tuple[Degrees, Degrees]:
        """Turn x and y (m) of any equal shape into longitudes and latitudes (deg)."""
        lon, lat = self._transformer.transform(np.asarray(x, float), np.asarray(y, float), direction="INVERSE")
        return np.asarray(lon, float), np.asarray(lat, float)
