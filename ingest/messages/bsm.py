"""BSM, basic safety message: T/CSAE 53-2020 MSG_BSM (profile V4). A vehicle about itself, 10 Hz.

| field | type | field | type |
|---|---|---|---|
| msgCnt | 0..127 | motionCfd | DF_MotionConfidenceSet, optional |
| id | OCTET STRING, here text | accelSet | DF_AccelerationSet4Way |
| secMark | DE_DSecond | brakes | DF_BrakeSystemStatus |
| timeConfidence | optional | size | DF_VehicleSize |
| pos | DF_Position3D, centre of the vehicle | vehicleClass | DF_VehicleClassification |
| posAccuracy, posConfidence | optional | safetyExt, emergencyExt | optional |
| transmission, speed, heading, angle (optional) | | timestamp | our extension, UTC epoch ms |
"""

from typing import Annotated

from msgspec import Meta, field

from ingest.messages.common import (
    AccelerationSet4Way,
    Code3,
    Code7,
    Code15,
    ConfidencePercent,
    DeviceId,
    DSecond,
    Heading,
    MotionConfidenceSet,
    MsgCount,
    PositionalAccuracy,
    PositionConfidenceSet,
    Speed,
    SteeringAngle,
    TimeConfidence,
    TimeOffset,
    Timestamp,
    VehicleClassification,
    VehicleSize,
    Wire,
    degrees,
    metres_per_second,
)
from ingest.messages.enumerations import (
    AuxiliaryBrakeState,
    BrakeState,
    LightbarInUse,
    ResponseType,
    SirenInUse,
    TransmissionState,
)
from ingest.messages.positions import Position3D, PositionOffsetLLV

Bits5 = Annotated[str, Meta(pattern="^[01]{5}$")]
Bits8 = Annotated[str, Meta(pattern="^[01]{8}$")]
Bits9Up = Annotated[str, Meta(pattern="^[01]{9,32}$")]
Bits13Up = Annotated[str, Meta(pattern="^[01]{13,32}$")]


class BrakeSystemStatus(Wire, frozen=True):
    """DF_BrakeSystemStatus; `brakePadel` is spelt so in the standard."""

    brake_padel: BrakeState | Code3 | None = None
    wheel_brakes: Bits5 | None = None
    traction: BrakeState | Code3 | None = None
    abs: BrakeState | Code3 | None = None
    scs: BrakeState | Code3 | None = None
    brake_boost: BrakeState | Code3 | None = None
    aux_brakes: AuxiliaryBrakeState | Code3 | None = None


class DDateTime(Wire, frozen=True):
    """DF_DDateTime, all parts optional; ranges as wide as in the widest profile (V4: hour 0..24, offset -720..721)."""

    year: Annotated[int, Meta(ge=0, le=4095)] | None = None
    month: Annotated[int, Meta(ge=0, le=12)] | None = None
    day: Annotated[int, Meta(ge=0, le=31)] | None = None
    hour: Annotated[int, Meta(ge=0, le=31)] | None = None
    minute: Annotated[int, Meta(ge=0, le=60)] | None = None
    second: DSecond | None = None
    offset: Annotated[int, Meta(ge=-840, le=840)] | None = None


class FullPositionVector(Wire, frozen=True):
    """DF_FullPositionVector; `posConficence` is spelt so in the standard."""

    pos: Position3D
    utc_time: DDateTime | None = None
    heading: Heading | None = None
    transmission: TransmissionState | Code7 | None = None
    speed: Speed | None = None
    pos_accuracy: PositionalAccuracy | None = None
    pos_conficence: PositionConfidenceSet | None = None
    time_confidence: TimeConfidence | None = None
    motion_cfd: MotionConfidenceSet | None = None


class PathHistoryPoint(Wire, frozen=True):
    """DF_PathHistoryPoint: offset to the vehicle's position, heading in 1.5 deg."""

    llv_offset: PositionOffsetLLV
    time_offset: TimeOffset
    speed: Speed | None = None
    pos_accuracy: PositionConfidenceSet | None = None
    heading: Annotated[int, Meta(ge=0, le=240)] | None = None


class PathHistory(Wire, frozen=True):
    """DF_PathHistory."""

    crumb_data: Annotated[list[PathHistoryPoint], Meta(min_length=1, max_length=23)]
    initial_position: FullPositionVector | None = None
    curr_gnss_status: Bits8 | None = field(default=None, name="currGNSSstatus")


class PathPrediction(Wire, frozen=True):
    """DF_PathPrediction: radius of curve in 0.1 m, 32767 straight."""

    radius_of_curve: Annotated[int, Meta(ge=-32767, le=32767)]
    confidence: ConfidencePercent


class VehicleSafetyExtensions(Wire, frozen=True):
    """DF_VehicleSafetyExtensions."""

    events: Bits13Up | None = None
    path_history: PathHistory | None = None
    path_prediction: PathPrediction | None = None
    lights: Bits9Up | None = None


class VehicleEmergencyExtensions(Wire, frozen=True):
    """DF_VehicleEmergencyExtensions."""

    response_type: ResponseType | Code15 | None = None
    siren_use: SirenInUse | Code3 | None = None
    lights_use: LightbarInUse | Code7 | None = None


class BasicSafetyMessage(Wire, frozen=True):
    """MSG_BSM."""

    msg_cnt: MsgCount
    id: DeviceId
    sec_mark: DSecond
    pos: Position3D
    transmission: TransmissionState | Code7
    speed: Speed
    heading: Heading
    accel_set: AccelerationSet4Way
    brakes: BrakeSystemStatus
    size: VehicleSize
    vehicle_class: VehicleClassification
    timestamp: Timestamp | None = None
    time_confidence: TimeConfidence | None = None
    pos_accuracy: PositionalAccuracy | None = None
    pos_confidence: PositionConfidenceSet | None = None
    angle: SteeringAngle | None = None
    motion_cfd: MotionConfidenceSet | None = None
    safety_ext: VehicleSafetyExtensions | None = None
    emergency_ext: VehicleEmergencyExtensions | None = None

    @property
    def speed_mps(self) -> float | None:
        """Speed, m/s."""
        return metres_per_second(self.speed)

    @property
    def heading_deg(self) -> float | None:
        """Heading, deg clockwise from north."""
        return degrees(self.heading)
