"""From a SUMO network's own metres to a `LocalPlane`.

Both are conformal projections of the same ellipsoid, so the step between them is an analytic function of x + iy; a
polynomial of degree 5 through sampled points is exact to a millimetre over a city, and its derivative gives the turn
of north.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from maps.geodesy import LocalPlane
from simulators.errors import CityBuildError
from simulators.sumo_net import SumoNet

Values = NDArray[np.float64]
_DEGREE = 5


@dataclass(frozen=True)
class SumoPlane:
    """Conversion of positions and headings of one network."""

    middle: complex
    scale: float
    factors: NDArray[np.complex128]

    def points(self, x: Values, y: Values) -> tuple[Values, Values]:
        """Positions (m) on the plane."""
        z = np.polyval(self.factors, self._z(x, y))
        return np.array(z.real, float), np.array(z.imag, float)

    def headings(self, x: Values, y: Values, degrees: Values) -> Values:
        """SUMO angles (deg clockwise from the grid's north) to rad clockwise from the plane's north."""
        turn = np.angle(np.polyval(np.polyder(self.factors), self._z(x, y)))
        return np.asarray((np.radians(degrees) - turn) % (2 * np.pi))

    def _z(self, x: Values, y: Values) -> NDArray[np.complex128]:
        return np.asarray((x + 1j * y - self.middle) / self.scale)


def sumo_plane(net: SumoNet, plane: LocalPlane) -> SumoPlane:
    """Fit the conversion for a network.

    Raises:
        CityBuildError: The network names no projection.
    """
    if net.projection in {"!", "-"}:
        raise CityBuildError("the network lies nowhere on the Earth", "its <location> names no projection")
    west, south, east, north = net.bounds
    x, y = (axis.ravel() for axis in np.meshgrid(np.linspace(west, east, 9), np.linspace(south, north, 9)))
    to_degrees = Transformer.from_crs(net.projection, "EPSG:4326", always_xy=True)
    lon, lat = to_degrees.transform(x - net.offset[0], y - net.offset[1])
    goal_x, goal_y = plane.forward(lon, lat)
    middle = complex((west + east) / 2, (south + north) / 2)
    scale = max(east - west, north - south) / 2
    z = (x + 1j * y - middle) / scale
    factors, *_ = np.linalg.lstsq(np.vander(z, _DEGREE + 1), goal_x + 1j * goal_y, rcond=None)
    return SumoPlane(middle, scale, factors.astype(np.complex128))
