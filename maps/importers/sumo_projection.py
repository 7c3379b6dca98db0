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
    values: SumoValues
    boundary: tuple[float, ...] = ()
    """West, south, east, north (deg) of what the network was made from; empty where the source does not say."""

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
        return cls(transformer, *offset, values, _degrees(location.get("origBoundary", "")))

    def to_degrees(self, x: Coordinates, y: Coordinates) -> tuple[Coordinates, Coordinates]:
        """Longitudes and latitudes (deg) of network coordinates (m)."""
        lon, lat = self.transformer.transform(np.asarray(x) - self.offset_x, np.asarray(y) - self.offset_y)
        return np.asarray(lon, float), np.asarray(lat, float)

    def plane_about(self, x: Coordinates, y: Coordinates) -> LocalPlane:
        """Local plane about the middle of the points; its origin is rounded to 1e-6 deg.

        Raises:
            MapSourceError: the points lie nowhere on the Earth or far from where the source says; often the two
                coordinates are swapped.
        """
        middle = np.array([(x.min() + x.max()) / 2]), np.array([(y.min() + y.max()) / 2])
        lon, lat = (float(value[0]) for value in self.to_degrees(*middle))
        if not (abs(lon) <= 180 and abs(lat) <= 90):
            raise self.values.error("location", {}, "the network lies nowhere on the Earth; are x and y swapped?")
        if self.boundary and not _within(lon, lat, self.boundary):
            reason = f"the network lies at {lon:.4f},{lat:.4f}, outside its origBoundary; are x and y swapped?"
            raise self.values.error("location", {}, reason)
        return LocalPlane(round(lon, 6), round(lat, 6))


def _degrees(text: str) -> tuple[float, ...]:
    """Four bounds of a text, empty where they are no degrees; a network without bounds has zeros or infinities."""
    try:
        bounds = tuple(float(part) for part in text.split(","))
    except ValueError:
        return ()
    geographic = len(bounds) == 4 and -180 <= bounds[0] < bounds[2] <= 180 and -90 <= bounds[1] < bounds[3] <= 90
    return bounds if geographic else ()


def _within(lon: float, lat: float, bounds: tuple[float, ...]) -> bool:
    """Whether a place lies within bounds, give or take their own size."""
    west, south, east, north = bounds
    wide, high = east - west, north - south
    return west - wide <= lon <= east + wide and south - high <= lat <= north + high
