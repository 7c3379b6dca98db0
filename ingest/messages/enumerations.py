"""ENUMERATED types of T/CSAE 53-2020 (profile V4) and T/CSAE 157-2020 that our messages carry.

A member is its ASN.1 name; `code` is its ASN.1 number. On input the number is taken as well.
"""

from enum import StrEnum
from typing import Self


class Coded(StrEnum):
    """A name with its number in the standard."""

    code: int

    def __new__(cls, name: str, code: int) -> Self:
        """Make a member from its ASN.1 name and number."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.code = code
        return member

    @classmethod
    def of_code(cls, code: int) -> Self:
        """Get the member of a number; ValueError where the standard has none."""
        for member in cls:
            if member.code == code:
                return member
        raise ValueError(f"{cls.__name__} has no value {code}")


def code_of(value: Coded | int) -> int:
    """Get the ASN.1 number of an enumerated value, however it was written."""
    return value.code if isinstance(value, Coded) else value


class ParticipantType(Coded):
    """DE_ParticipantType."""

    UNKNOWN = "unknown", 0
    MOTOR = "motor", 1
    NON_MOTOR = "non-motor", 2
    PEDESTRIAN = "pedestrian", 3
    RSU = "rsu", 4


class SourceType(Coded):
    """DE_SourceType: what saw the participant."""

    UNKNOWN = "unknown", 0
    SELF = "selfinfo", 1
    V2X = "v2x", 2
    VIDEO = "video", 3
    RADAR = "microwaveRadar", 4
    LOOP = "loop", 5
    LIDAR = "lidar", 6
    INTEGRATED = "integrated", 7


class PositionConfidence(Coded):
    """DE_PositionConfidence: radius that holds the position with 95 %."""

    UNAVAILABLE = "unavailable", 0
    A500M = "a500m", 1
    A200M = "a200m", 2
    A100M = "a100m", 3
    A50M = "a50m", 4
    A20M = "a20m", 5
    A10M = "a10m", 6
    A5M = "a5m", 7
    A2M = "a2m", 8
    A1M = "a1m", 9
    A50CM = "a50cm", 10
    A20CM = "a20cm", 11
    A10CM = "a10cm", 12
    A5CM = "a5cm", 13
    A2CM = "a2cm", 14
    A1CM = "a1cm", 15


class ElevationConfidence(Coded):
    """DE_ElevationConfidence."""

    UNAVAILABLE = "unavailable", 0
    E500M = "elev-500-00", 1
    E200M = "elev-200-00", 2
    E100M = "elev-100-00", 3
    E50M = "elev-050-00", 4
    E20M = "elev-020-00", 5
    E10M = "elev-010-00", 6
    E5M = "elev-005-00", 7
    E2M = "elev-002-00", 8
    E1M = "elev-001-00", 9
    E50CM = "elev-000-50", 10
    E20CM = "elev-000-20", 11
    E10CM = "elev-000-10", 12
    E5CM = "elev-000-05", 13
    E2CM = "elev-000-02", 14
    E1CM = "elev-000-01", 15


class SpeedConfidence(Coded):
    """DE_SpeedConfidence."""

    UNAVAILABLE = "unavailable", 0
    P100MS = "prec100ms", 1
    P10MS = "prec10ms", 2
    P5MS = "prec5ms", 3
    P1MS = "prec1ms", 4
    P0_1MS = "prec0-1ms", 5
    P0_05MS = "prec0-05ms", 6
    P0_01MS = "prec0-01ms", 7


class HeadingConfidence(Coded):
    """DE_HeadingConfidence."""

    UNAVAILABLE = "unavailable", 0
    P10DEG = "prec10deg", 1
    P5DEG = "prec05deg", 2
    P1DEG = "prec01deg", 3
    P0_1DEG = "prec0-1deg", 4
    P0_05DEG = "prec0-05deg", 5
    P0_01DEG = "prec0-01deg", 6
    P0_0125DEG = "prec0-0125deg", 7


class SteeringConfidence(Coded):
    """DE_SteeringWheelAngleConfidence."""

    UNAVAILABLE = "unavailable", 0
    P2DEG = "prec2deg", 1
    P1DEG = "prec1deg", 2
    P0_02DEG = "prec0-02deg", 3


class TransmissionState(Coded):
    """DE_TransmissionState."""

    NEUTRAL = "neutral", 0
    PARK = "park", 1
    FORWARD = "forwardGears", 2
    REVERSE = "reverseGears", 3
    RESERVED1 = "reserved1", 4
    RESERVED2 = "reserved2", 5
    RESERVED3 = "reserved3", 6
    UNAVAILABLE = "unavailable", 7


class BrakeState(Coded):
    """DE_BrakePedalStatus, DE_BrakeBoostApplied (0..2), DE_TractionControlStatus, AntiLock, StabilityControl (0..3)."""

    UNAVAILABLE = "unavailable", 0
    OFF = "off", 1
    ON = "on", 2
    ENGAGED = "engaged", 3


class AuxiliaryBrakeState(Coded):
    """DE_AuxiliaryBrakeStatus."""

    UNAVAILABLE = "unavailable", 0
    OFF = "off", 1
    ON = "on", 2
    RESERVED = "reserved", 3


class LightState(Coded):
    """DE_LightState."""

    UNAVAILABLE = "unavailable", 0
    DARK = "dark", 1
    FLASHING_RED = "flashing-red", 2
    RED = "red", 3
    FLASHING_GREEN = "flashing-green", 4
    PERMISSIVE_GREEN = "permissive-green", 5
    PROTECTED_GREEN = "protected-green", 6
    YELLOW = "yellow", 7
    FLASHING_YELLOW = "flashing-yellow", 8


class SpeedLimitType(Coded):
    """DE_SpeedLimitType."""

    UNKNOWN = "unknown", 0
    SCHOOL = "maxSpeedInSchoolZone", 1
    SCHOOL_CHILDREN = "maxSpeedInSchoolZoneWhenChildrenArePresent", 2
    WORKS = "maxSpeedInConstructionZone", 3
    VEHICLE_MIN = "vehicleMinSpeed", 4
    VEHICLE_MAX = "vehicleMaxSpeed", 5
    VEHICLE_NIGHT_MAX = "vehicleNightMaxSpeed", 6
    TRUCK_MIN = "truckMinSpeed", 7
    TRUCK_MAX = "truckMaxSpeed", 8
    TRUCK_NIGHT_MAX = "truckNightMaxSpeed", 9
    TRAILER_MIN = "vehiclesWithTrailersMinSpeed", 10
    TRAILER_MAX = "vehiclesWithTrailersMaxSpeed", 11
    TRAILER_NIGHT_MAX = "vehiclesWithTrailersNightMaxSpeed", 12


class EventSource(Coded):
    """DE_EventSource."""

    UNKNOWN = "unknown", 0
    POLICE = "police", 1
    GOVERNMENT = "government", 2
    METEOROLOGICAL = "meteorological", 3
    INTERNET = "internet", 4
    DETECTION = "detection", 5


class ResponseType(Coded):
    """DE_ResponseType of emergency vehicles."""

    NOT_IN_USE = "notInUseOrNotEquipped", 0
    EMERGENCY = "emergency", 1
    NON_EMERGENCY = "nonEmergency", 2
    PURSUIT = "pursuit", 3
    STATIONARY = "stationary", 4
    SLOW_MOVING = "slowMoving", 5
    STOP_AND_GO = "stopAndGoMovement", 6


class SirenInUse(Coded):
    """DE_SirenInUse."""

    UNAVAILABLE = "unavailable", 0
    NOT_IN_USE = "notInUse", 1
    IN_USE = "inUse", 2
    RESERVED = "reserved", 3


class LightbarInUse(Coded):
    """DE_LightbarInUse; `schooldBusLights` is spelt so in the standard."""

    UNAVAILABLE = "unavailable", 0
    NOT_IN_USE = "notInUse", 1
    IN_USE = "inUse", 2
    YELLOW_CAUTION = "yellowCautionLights", 3
    SCHOOL_BUS = "schooldBusLights", 4
    ARROW_SIGNS = "arrowSignsActive", 5
    SLOW_MOVING = "slowMovingVehicle", 6
    FREQUENT_STOPS = "freqStops", 7


class RequestStatus(Coded):
    """DE_ReqStatus (T/CSAE 157-2020); `comfirmed` is spelt so in the standard."""

    UNKNOWN = "unknown", 0
    REQUEST = "request", 1
    CONFIRMED = "comfirmed", 2
    CANCEL = "cancel", 3
    COMPLETE = "complete", 4


class LaneMarking(Coded):
    """DE_Dotted-SolidMarkingLineType (T/CSAE 157-2020); `Sotted` is spelt so in the standard."""

    WHITE_DOTTED = "whiteDottedLine", 0
    WHITE_SOLID = "whiteSolidLine", 1
    YELLOW_DOTTED = "yellowDottedLine", 2
    YELLOW_SOLID = "yellowSolidLine", 3
    WHITE_DOTTED_SOLID = "whiteDotted-solidLine", 4
    WHITE_SOLID_DOTTED = "whiteSotted-dottedLine", 5
    YELLOW_DOTTED_SOLID = "yellowDotted-solidLine", 6
    YELLOW_SOLID_DOTTED = "yellowSotted-dottedLine", 7


class SignDirection(Coded):
    """DE_AuxiliarySignDirection (T/CSAE 157-2020); `rightFronTurn` is spelt so in the standard."""

    STRAIGHT = "straight", 0
    LEFT_AND_RIGHT = "leftAndRight", 1
    RIGHT = "right", 2
    LEFT = "left", 3
    LEFT_FRONT = "leftFrontTurn", 4
    RIGHT_FRONT = "rightFronTurn", 5
    RIGHT_REAR = "rightRearTurn", 6
    LEFT_REAR = "leftRearTurn", 7


class Maneuver(Coded):
    """DE_Maneuver (T/CSAE 157-2020)."""

    STRAIGHT = "maneuverStraight", 0
    LEFT = "maneuverLeftTurn", 1
    RIGHT = "maneuverRightTurn", 2
    U_TURN = "maneuverUTurn", 3
