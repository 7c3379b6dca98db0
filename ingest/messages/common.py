"""Parts that several messages share: T/CSAE 53-2020 (profile V4), data frames DF_* and data elements DE_*.

JSON keeps the ASN.1 field names, raw integers and the normative spelling mistakes; Python names are snake case.
CHOICE is an object with one key, BIT STRING a text of '0' and '1' with bit 0 first, OCTET STRING a text.
Properties give SI units, and None for the value that says "unavailable".
"""

from typing import Annotated

from msgspec import Meta, Struct

from ingest.messages.enumerations import (
    ElevationConfidence,
    HeadingConfidence,
    PositionConfidence,
    SpeedConfidence,
    SpeedLimitType,
    SteeringConfidence,
    code_of,
)

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


SpeedLimits = Annotated[list[RegulatorySpeedLimit], Meta(min_length=1, max_length=9)]


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
