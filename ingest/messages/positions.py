"""Positions and paths in the data frames that several messages share: T/CSAE 53-2020 (profile V4).

A position is absolute, or an offset in one of six widths from a reference position.
"""

from typing import Annotated

from msgspec import Meta, field

from ingest.messages.common import (
    ELEVATION_UNAVAILABLE,
    LATITUDE_UNAVAILABLE,
    LONGITUDE_UNAVAILABLE,
    Elevation,
    Latitude,
    Longitude,
    Radius,
    Wire,
)

MAX_PATH_POINTS = 32


class Position3D(Wire, frozen=True):
    """DF_Position3D: lat, long in 1e-7 deg (WGS-84), elevation in 0.1 m above the ellipsoid."""

    lat: Latitude
    long: Longitude
    elevation: Elevation | None = None

    @property
    def latitude(self) -> float | None:
        """Latitude, deg."""
        return None if self.lat == LATITUDE_UNAVAILABLE else self.lat * 1e-7

    @property
    def longitude(self) -> float | None:
        """Longitude, deg."""
        return None if self.long == LONGITUDE_UNAVAILABLE else self.long * 1e-7

    @property
    def height(self) -> float | None:
        """Height above the ellipsoid, m."""
        return None if self.elevation in {None, ELEVATION_UNAVAILABLE} else (self.elevation or 0) * 0.1


Offset12 = Annotated[int, Meta(ge=-2048, le=2047)]


Offset14 = Annotated[int, Meta(ge=-8192, le=8191)]


Offset16 = Annotated[int, Meta(ge=-32768, le=32767)]


Offset18 = Annotated[int, Meta(ge=-131072, le=131071)]


Offset22 = Annotated[int, Meta(ge=-2097152, le=2097151)]


Offset24 = Annotated[int, Meta(ge=-8388608, le=8388607)]


class OffsetLL1(Wire, frozen=True):
    """DF_Position-LL-24B: +-22 m, 1e-7 deg."""

    lon: Offset12
    lat: Offset12


class OffsetLL2(Wire, frozen=True):
    """DF_Position-LL-28B: +-91 m."""

    lon: Offset14
    lat: Offset14


class OffsetLL3(Wire, frozen=True):
    """DF_Position-LL-32B: +-364 m."""

    lon: Offset16
    lat: Offset16


class OffsetLL4(Wire, frozen=True):
    """DF_Position-LL-36B: +-1.46 km."""

    lon: Offset18
    lat: Offset18


class OffsetLL5(Wire, frozen=True):
    """DF_Position-LL-44B: +-23 km."""

    lon: Offset22
    lat: Offset22


class OffsetLL6(Wire, frozen=True):
    """DF_Position-LL-48B: +-93 km."""

    lon: Offset24
    lat: Offset24


class AbsoluteLL(Wire, frozen=True):
    """DF_Position-LLmD-64b: absolute, 1e-7 deg."""

    lon: Longitude
    lat: Latitude


class PositionOffsetLL(Wire, frozen=True):
    """CHOICE DF_PositionOffsetLL: one of six offsets to the message's refPos, or an absolute position."""

    position_lat_lon: AbsoluteLL | None = field(default=None, name="position-LatLon")
    position_ll1: OffsetLL1 | None = field(default=None, name="position-LL1")
    position_ll2: OffsetLL2 | None = field(default=None, name="position-LL2")
    position_ll3: OffsetLL3 | None = field(default=None, name="position-LL3")
    position_ll4: OffsetLL4 | None = field(default=None, name="position-LL4")
    position_ll5: OffsetLL5 | None = field(default=None, name="position-LL5")
    position_ll6: OffsetLL6 | None = field(default=None, name="position-LL6")

    @property
    def offset(self) -> OffsetLL1 | OffsetLL2 | OffsetLL3 | OffsetLL4 | OffsetLL5 | OffsetLL6 | None:
        """The relative alternative that was sent, or None."""
        return (
            self.position_ll1
            or self.position_ll2
            or self.position_ll3
            or self.position_ll4
            or self.position_ll5
            or self.position_ll6
        )

    def resolve_e7(self, reference: Position3D) -> tuple[int, int] | None:
        """Give (lon, lat) in 1e-7 deg, or None where no alternative was sent."""
        absolute = self.position_lat_lon
        if absolute is not None:
            return absolute.lon, absolute.lat
        offset = self.offset
        return None if offset is None else (reference.long + offset.lon, reference.lat + offset.lat)


Vert7 = Annotated[int, Meta(ge=-64, le=63)]
Vert8 = Annotated[int, Meta(ge=-128, le=127)]
Vert9 = Annotated[int, Meta(ge=-256, le=255)]
Vert10 = Annotated[int, Meta(ge=-512, le=511)]
Vert11 = Annotated[int, Meta(ge=-1024, le=1023)]
Vert12 = Annotated[int, Meta(ge=-2048, le=2047)]


class VerticalOffset(Wire, frozen=True):
    """CHOICE DF_VerticalOffset, 0.1 m."""

    offset1: Vert7 | None = None
    offset2: Vert8 | None = None
    offset3: Vert9 | None = None
    offset4: Vert10 | None = None
    offset5: Vert11 | None = None
    offset6: Vert12 | None = None
    elevation: Elevation | None = None


class PositionOffsetLLV(Wire, frozen=True):
    """DF_PositionOffsetLLV."""

    offset_ll: PositionOffsetLL = field(name="offsetLL")
    offset_v: VerticalOffset | None = field(default=None, name="offsetV")


def absolute_position(lon_e7: int, lat_e7: int) -> PositionOffsetLLV:
    """Make a position that needs no reference, 1e-7 deg."""
    return PositionOffsetLLV(offset_ll=PositionOffsetLL(position_lat_lon=AbsoluteLL(lon=lon_e7, lat=lat_e7)))


class RoadPoint(Wire, frozen=True):
    """DF_RoadPoint."""

    pos_offset: PositionOffsetLLV


PathPoints = Annotated[list[PositionOffsetLLV], Meta(min_length=1, max_length=MAX_PATH_POINTS)]


Points = Annotated[list[RoadPoint], Meta(min_length=2, max_length=31)]


class ReferencePath(Wire, frozen=True):
    """DF_ReferencePath: a path and how far to its sides it counts, 0.1 m."""

    active_path: PathPoints
    path_radius: Radius
