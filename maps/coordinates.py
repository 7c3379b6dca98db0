"""Reference systems in use in China: WGS-84, CGCS2000, GCJ-02 and BD-09, vectorised, longitudes before latitudes.

CGCS2000 (EPSG:4490) and WGS-84 differ by centimetres of epoch and are taken as one, as PROJ does. GCJ-02 shifts
positions by a sum of sines on the Krasovsky 1940 ellipsoid; BD-09 turns GCJ-02 by a little more. Neither has a
published text; the constants are those of all public implementations (a = 6378245.0 m, ee = 0.00669342162296594323).
The inverses run the forward formula to its fixed point, which lies below a millimetre.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import Transformer

from maps.errors import CoordinateRangeError

Degrees = NDArray[np.float64]
Metres = NDArray[np.float64]
_Pair = tuple[Degrees, Degrees]

SEMI_MAJOR = 6378245.0
"""m, Krasovsky 1940."""
ECCENTRICITY_SQUARED = 0.00669342162296594323
WEST, EAST, SOUTH, NORTH = 72.004, 137.8347, 0.8293, 55.8271
"""deg; outside this box nothing is shifted."""
_BAIDU_TURN = np.pi * 3000 / 180
_ROUNDS = 8
"""The shift changes by less than 1 % of the way, so each round gains two digits."""


class Crs(StrEnum):
    """Reference system of geographic positions (坐标系)."""

    WGS84 = "wgs84"
    CGCS2000 = "cgcs2000"
    GCJ02 = "gcj02"
    BD09 = "bd09"


def convert(lon: ArrayLike, lat: ArrayLike, source: Crs, target: Crs) -> _Pair:
    """Turn longitudes and latitudes (deg) of any equal shape from one reference system into another.

    Raises:
        CoordinateRangeError: a latitude beyond 90 deg or a longitude beyond 180 deg; often the two are swapped.
    """
    position = _checked(lon, lat)
    if source == target:
        return position
    for step in (*_TO_WGS84[source], *_FROM_WGS84[target]):
        position = step(*position)
    return position


def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> _Pair:
    """Shift positions (deg) as Chinese public maps do, about 660 m in Changsha; outside China they stay."""
    return convert(lon, lat, Crs.WGS84, Crs.GCJ02)


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> _Pair:
    """Undo `wgs84_to_gcj02` to less than 1 mm."""
    return convert(lon, lat, Crs.GCJ02, Crs.WGS84)


def gcj02_to_bd09(lon: ArrayLike, lat: ArrayLike) -> _Pair:
    """Shift GCJ-02 positions (deg) as Baidu's maps do."""
    return convert(lon, lat, Crs.GCJ02, Crs.BD09)


def bd09_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> _Pair:
    """Undo `gcj02_to_bd09` to less than 1 mm."""
    return convert(lon, lat, Crs.BD09, Crs.GCJ02)


def gauss_kruger_epsg(lon: float) -> int:
    """EPSG number of the CGCS2000 3-degree Gauss-Kruger plane about the nearest meridian: 4547 for Changsha.

    Raises:
        CoordinateRangeError: `lon` lies outside 73.5..136.5 deg, where no such plane is.
    """
    zone = round(float(lon) / 3)
    if not 25 <= zone <= 45:
        raise CoordinateRangeError("longitude", float(lon), "outside 73.5..136.5, where CGCS2000 has 3-degree planes")
    return 4534 + zone - 25


def to_gauss_kruger(lon: ArrayLike, lat: ArrayLike, epsg: int = 4547) -> tuple[Metres, Metres]:
    """Easting and northing (m) of CGCS2000 or WGS-84 positions (deg) in the plane of an EPSG number."""
    east, north = _plane(epsg).transform(*_checked(lon, lat))
    return np.asarray(east, float), np.asarray(north, float)


def from_gauss_kruger(east: ArrayLike, north: ArrayLike, epsg: int = 4547) -> _Pair:
    """Undo `to_gauss_kruger`."""
    lon, lat = _plane(epsg).transform(np.asarray(east, float), np.asarray(north, float), direction="INVERSE")
    return np.asarray(lon, float), np.asarray(lat, float)


@cache
def _plane(epsg: int) -> Transformer:
    return Transformer.from_crs("EPSG:4490", f"EPSG:{epsg}", always_xy=True)


def _checked(lon: ArrayLike, lat: ArrayLike) -> _Pair:
    pair = np.array(lon, float), np.array(lat, float)
    for name, values, bound in (("longitude", pair[0], 180.0), ("latitude", pair[1], 90.0)):
        beyond = np.abs(values) > bound
        if beyond.any():
            hint = "are longitude and latitude swapped?" if bound < 180 else "not an angle in degrees"
            raise CoordinateRangeError(name, float(values[beyond].flat[0]), f"beyond {bound:g} deg; {hint}")
    return pair


def _shift(lon: Degrees, lat: Degrees) -> _Pair:
    """Add the GCJ-02 shift, inside China or not."""
    x, y = lon - 105, lat - 35
    wave = (20 * np.sin(6 * np.pi * x) + 20 * np.sin(2 * np.pi * x)) * 2 / 3
    root = np.sqrt(np.abs(x))
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + wave
    north += (20 * np.sin(np.pi * y) + 40 * np.sin(np.pi * y / 3)) * 2 / 3
    north += (160 * np.sin(np.pi * y / 12) + 320 * np.sin(np.pi * y / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + wave
    east += (20 * np.sin(np.pi * x) + 40 * np.sin(np.pi * x / 3)) * 2 / 3
    east += (150 * np.sin(np.pi * x / 12) + 300 * np.sin(np.pi * x / 30)) * 2 / 3
    angle = np.radians(lat)
    magic = 1 - ECCENTRICITY_SQUARED * np.sin(angle) ** 2
    meridian = SEMI_MAJOR * (1 - ECCENTRICITY_SQUARED) / magic**1.5
    parallel = SEMI_MAJOR / np.sqrt(magic) * np.cos(angle)
    return lon + np.degrees(east / parallel), lat + np.degrees(north / meridian)


def _baidu(lon: Degrees, lat: Degrees) -> _Pair:
    radius = np.hypot(lon, lat) + 2e-5 * np.sin(lat * _BAIDU_TURN)
    angle = np.arctan2(lat, lon) + 3e-6 * np.cos(lon * _BAIDU_TURN)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _inverse(forward: Callable[[Degrees, Degrees], _Pair], lon: Degrees, lat: Degrees) -> _Pair:
    x, y = lon, lat
    for _ in range(_ROUNDS):
        ahead = forward(x, y)
        x, y = x + lon - ahead[0], y + lat - ahead[1]
    return x, y


def _in_china(lon: Degrees, lat: Degrees, moved: _Pair) -> _Pair:
    inside = (lon >= WEST) & (lon <= EAST) & (lat >= SOUTH) & (lat <= NORTH)
    return np.where(inside, moved[0], lon), np.where(inside, moved[1], lat)


def _to_gcj02(lon: Degrees, lat: Degrees) -> _Pair:
    return _in_china(lon, lat, _shift(lon, lat))


def _from_gcj02(lon: Degrees, lat: Degrees) -> _Pair:
    return _in_china(lon, lat, _inverse(_shift, lon, lat))


def _to_bd09(lon: Degrees, lat: Degrees) -> _Pair:
    return _in_china(lon, lat, _baidu(lon, lat))


def _from_bd09(lon: Degrees, lat: Degrees) -> _Pair:
    return _in_china(lon, lat, _inverse(_baidu, lon, lat))


_Steps = tuple[Callable[[Degrees, Degrees], _Pair], ...]
_TO_WGS84: dict[Crs, _Steps] = {
    Crs.WGS84: (),
    Crs.CGCS2000: (),
    Crs.GCJ02: (_from_gcj02,),
    Crs.BD09: (_from_bd09, _from_gcj02),
}
_FROM_WGS84: dict[Crs, _Steps] = {
    Crs.WGS84: (),
    Crs.CGCS2000: (),
    Crs.GCJ02: (_to_gcj02,),
    Crs.BD09: (_to_gcj02, _to_bd09),
}
