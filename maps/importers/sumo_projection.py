"""From the plane of a SUMO network to the Earth (SUMO documentation, "Geo-Coordinates")."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer
from pyproj.exceptions import ProjError

from maps.errors import NoProjectionError
from maps.geodesy import LocalPlane
from maps.importers.sumo_values import SumoValues
from maps.importers.sumo_xml import Attributes

Coordinates = NDArray[np.float64]


@dataclass(frozen=True)
class NetProjection:
    """Turns coordinates of one SUMO network into longitudes and latitudes."""

    transformer: Transformer
    offset_x: float
    offset_y: float

    @classmethod
    def of(cls, values: SumoValues, location: Attributes) -> "NetProjection":
        """Read `<location>`.

        Raises:
            NoProjectionError: the network lies in a plane of its own, or its projection is not understood.
        """
        parameter = location.get("projParameter", "!")
        if parameter in {"!", "-", "."}:
            reason = "the network has no projection, so its place on the Earth is unknown"
            raise NoProjectionError(values.path, f"location projParameter={parameter!r}", reason)
        try:
            transformer = Transformer.from_crs(parameter, "EPSG:4326", always_xy=True)
        except ProjError as error:
            raise NoProjectionError(values.path, f"location projParameter={parameter!r}", str(error)) from error
        offset = values.points("location", location, location.get("netOffset", "0,0"))[0]
        return cls(transformer, *offset)

    def to_degrees(self, x: Coordinates, y: Coordinates) -> tuple[Coordinates, Coordinates]:
        """Longitudes and latitudes (deg) of network coordinates (m)."""
        lon, lat = self.transformer.transform(np.asarray(x) - self.offset_x, np.asarray(y) - self.offset_y)
        return np.asarray(lon, float), np.asarray(lat, float)

    def plane_about(self, x: Coordinates, y: Coordinates) -> LocalPlane:
        """Local plane about the middle of the points; its origin is rounded to 1e-6 deg."""
        middle = np.array([(x.min() + x.max()) / 2]), np.array([(y.min() + y.max()) / 2])
        lon, lat = self.to_degrees(*middle)
        return LocalPlane(round(float(lon[0]), 6), round(float(lat[0]), 6))
