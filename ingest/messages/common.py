"""Parts that several messages share: T/CSAE 53-2020 (profile V4), data frames DF_* and data elements DE_*.

JSON keeps the ASN.1 field names, raw integers and the normative spelling mistakes; Python names are snake case.
CHOICE is an object with one key, BIT STRING a text of '0' and '1' with bit 0 first, OCTET STRING a text.
Properties give SI units, and None for the value that says "unavailable".
"""

from typing import Annotated

from msgspec import Meta, Struct, field

from ingest.messages.enumerations import (
    ElevationConfidence,
    HeadingConfidence,
    PositionConfidence,
    SpeedConfidence,
    SpeedLimitType,
    SteeringConfidence,
    code_of,
)

MAX_PATH_POINTS = 32

MsgCount = Annotated[int, Meta(ge=0, le=127)]
DSecond = Annotated[int, Meta(ge=0, le=65535)]
"""ms in the minute; 60000 and above: unavailable (DE_DSecond)."""
MinuteOfTheYear = Annotated[int, Meta(ge=0, le=527040)]
"""min since 1 January 00:00 UTC; 527040: unavailable."""
Timestamp = Annotated[int, Meta(ge=0, le=1 << 48)]
"""UTC epoch ms of publication: our optional extension of every uplink."""
Latitude = Annotated[int, Meta(ge=-900_000_000, le=900_000_001)]
Longitude = Annotated[int, Meta(ge=-1_799_999_999, le=1_800_000_001)]
Elevation = Annotated[int, Meta(ge=-4096, le=61439)]
Speed = Annotated[int, Meta(ge=0, le=8191)]
"""0.02 m/s; 8191: unavailable."""
Heading = Annotated[int, Meta(ge=0, le=28800)]
"""0.0125 deg clockwise from north; 28800: unavailable."""
Acceleration = Annotated[int, Meta(ge=-2000, le=2001)]
VerticalAcceleration = Annotated[int, Meta(ge=-127, le=127)]
YawRate = Annotated[int, Meta(ge=-32767, le=32767)]
SteeringAngle = Annotated[int, Meta(ge=-126, le=127)]
Radius = Annotated[int, Meta(ge=0, le=65535)]
"""0.1 m."""
TimeOffset = Annotated[int, Meta(ge=1, le=65535)]
"""10 ms; 65535: unavailable."""
ConfidencePercent = Annotated[int, Meta(ge=0, le=200)]
"""0.5 %."""
LaneWidth = Annotated[int, Meta(ge=0, le=32767)]
"""cm."""
LaneID = Annotated[int, Meta(ge=0, le=255)]
PhaseID = Annotated[int, Meta(ge=0, le=255)]
UnsignedShort = Annotated[int, Meta(ge=0, le=65535)]
Byte = Annotated[int, Meta(ge=0, le=255)]
DeviceId = Annotated[str, Meta(min_length=1, max_length=64)]
DescriptiveName = Annotated[str, Meta(min_length=1, max_length=63)]
Bits12 = Annotated[str, Meta(pattern="^[01]{12}$")]
Bits16 = Annotated[str, Meta(pattern="^[01]{16}$")]
Code3 = Annotated[int, Meta(ge=0, le=3)]
Code7 = Annotated[int, Meta(ge=0, le=7)]
Code15 = Annotated[int, Meta(ge=0, le=15)]
TimeConfidence = Annotated[str, Meta(pattern=r"^(unavailable|time-[0-9-]{7,23})$")] | Annotated[int, Meta(ge=0, le=39)]

LATITUDE_UNAVAILABLE = 900_000_001
LONGITUDE_UNAVAILABLE = 1_800_000_001
ELEVATION_UNAVAILABLE = -4096
SPEED_UNAVAILABLE = 8191
HEADING_UNAVAILABLE = 28800
DSECOND_UNAVAILABLE = 60000
MINUTE_UNAVAILABLE = 527040
TIME_OFFSET_UNAVAILABLE = 65535


class Wire(Struct, frozen=True, gc=False, rename="camel", omit_defaults=True):
    """Base of all message parts: immutable, ASN.1 names in JSON, absent optionals left out."""


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


class PositionConfidenceSet(Wire, frozen=True):
    """DF_PositionConfidenceSet."""

    pos: PositionConfidence | Code15
    elevation: ElevationConfidence | Code15 | None = None

    @property
    def pos_code(self) -> int:
        """Number of the horizontal confidence in DE_PositionConfidence."""
        return code_of(self.pos)


class PositionalAccuracy(Wire, frozen=True, omit_defaults=False):
    """DF_PositionalAccuracy: error ellipse of one standard deviation; 0.05 m, 255 unavailable.

    The standard wants the orientation; who leaves it out is understood, and it is always written.
    """

    semi_major: Byte
    semi_minor: Byte
    orientation: UnsignedShort = 65535


class MotionConfidenceSet(Wire, frozen=True):
    """DF_MotionConfidenceSet."""

    speed_cfd: SpeedConfidence | Code7 | None = None
    heading_cfd: HeadingConfidence | Code7 | None = None
    steer_cfd: SteeringConfidence | Code3 | None = None

    @property
    def code(self) -> int:
        """Speed confidence plus eight times heading confidence, 0..63."""
        speed, heading = self.speed_cfd or 0, self.heading_cfd or 0
        code = speed if isinstance(speed, int) else speed.code
        return code + 8 * (heading if isinstance(heading, int) else heading.code)


class AccelerationSet4Way(Wire, frozen=True):
    """DF_AccelerationSet4Way: long, lat in 0.01 m/s2 (2001 none), vert in 0.02 g (-127 none), yaw in 0.01 deg/s."""

    long: Acceleration
    lat: Acceleration
    vert: VerticalAcceleration
    yaw: YawRate

    @property
    def longitudinal(self) -> float | None:
        """Acceleration along the vehicle, m/s2."""
        return None if self.long == 2001 else self.long * 0.01


class VehicleSize(Wire, frozen=True):
    """DF_VehicleSize: width and length in cm (0 unknown), height in 5 cm."""

    width: Annotated[int, Meta(ge=0, le=1023)]
    length: Annotated[int, Meta(ge=0, le=4095)]
    height: Annotated[int, Meta(ge=0, le=127)] | None = None


class VehicleClassification(Wire, frozen=True):
    """DF_VehicleClassification: DE_BasicVehicleClass 0..255 and DE_FuelType 0..15."""

    classification: Byte
    fuel_type: Code15 | None = None


class NodeReferenceID(Wire, frozen=True):
    """DF_NodeReferenceID: an intersection by region and number."""

    id: UnsignedShort
    region: UnsignedShort | None = None

    @property
    def key(self) -> tuple[int, int]:
        """(region, id) with region 0 where none was sent."""
        return self.region or 0, self.id


class RegulatorySpeedLimit(Wire, frozen=True):
    """DF_RegulatorySpeedLimit, 0.02 m/s."""

    type: SpeedLimitType | Code15
    speed: Speed


class RoadPoint(Wire, frozen=True):
    """DF_RoadPoint."""

    pos_offset: PositionOffsetLLV


PathPoints = Annotated[list[PositionOffsetLLV], Meta(min_length=1, max_length=MAX_PATH_POINTS)]
Points = Annotated[list[RoadPoint], Meta(min_length=2, max_length=31)]
SpeedLimits = Annotated[list[RegulatorySpeedLimit], Meta(min_length=1, max_length=9)]


class ReferencePath(Wire, frozen=True):
    """DF_ReferencePath: a path and how far to its sides it counts, 0.1 m."""

    active_path: PathPoints
    path_radius: Radius


class ReferenceLink(Wire, frozen=True):
    """DF_ReferenceLink: a link by its two nodes."""

    upstream_node_id: NodeReferenceID
    downstream_node_id: NodeReferenceID
    reference_lanes: Bits16 | None = None


def metres_per_second(raw: int) -> float | None:
    """Turn DE_Speed into m/s."""
    return None if raw == SPEED_UNAVAILABLE else raw * 0.02


def degrees(raw: int) -> float | None:
    """Turn DE_Heading into deg clockwise from north."""
    return None if raw == HEADING_UNAVAILABLE else raw * 0.0125
