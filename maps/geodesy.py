"""Coordinates: WGS-84 to a local metric plane and back.

The plane is a transverse Mercator projection about the middle of the city with scale 1 there, so that lengths are
true to 1e-5 within 30 km and north on the plane is true north at the middle (EPSG guidance note 7-2, 3.5.3.1).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import Transformer

Degrees = NDArray[np.float64]
Metres = NDArray[np.float64]


@dataclass(frozen=True)
class LocalPlane:
    """Metric plane of one city, named by its origin (deg, WGS-84)."""

    lon: float
    lat: float

    @cached_property
    def _transformer(self) -> Transformer:
        return Transformer.from_crs(
            "EPSG:4326",
            f"+proj=tmerc +lat_0={self.lat!r} +lon_0={self.lon!r} +k=1 +x_0=0 +y_0=0 +ellps=WGS84 +units=m",
            always_xy=True,
        )

    def forward(self, lon: ArrayLike, lat: ArrayLike) -> tuple[Metres, Metres]:
        """Turn longitudes and latitudes (deg) of any equal shape into x east and y north (m)."""
        x, y = self._transformer.transform(np.asarray(lon, float), np.asarray(lat, float))
        return np.asarray(x, float), np.asarray(y, float)

    def inverse(self, x: ArrayLike, y: ArrayLike) -> tuple[Degrees, Degrees]:
        """Turn x and y (m) of any equal shape into longitudes and latitudes (deg)."""
        lon, lat = self._transformer.transform(np.asarray(x, float), np.asarray(y, float), direction="INVERSE")
        return np.asarray(lon, float), np.asarray(lat, float)
