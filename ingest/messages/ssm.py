"""SSM, sensor sharing message: T/CSAE 157-2020 MSG_SSM. What a unit or vehicle perceives, with more detail than RSM.

| field | type |
|---|---|
| msgCnt, id, equipmentType, secMark, sensorPos | header; equipmentType: rsu, obu, vru |
| detectedRegion | polygons the sensors cover, optional |
| participants | up to 512 DF_DetectedPTCData: the participant as in RSM (`ptc`) and what is known beyond it |
| obstacles, rtes | DF_DetectedObstacleData, DF_RTEData; optional |
| timestamp | our extension, UTC epoch ms |
"""

from typing import Annotated, Literal

from msgspec import Meta, field

from ingest.messages.bsm import PathHistory
from ingest.messages.common import (
    AccelerationSet4Way,
    Code7,
    ConfidencePercent,
    DeviceId,
    DSecond,
    Heading,
    MsgCount,
    PositionConfidenceSet,
    Speed,
    TimeOffset,
    Timestamp,
    UnsignedShort,
    Wire,
)
from ingest.messages.day_two import (
    AccSet4WayConfidence,
    AngularVConfidence,
    DriveBehavior,
    NonMotorData,
    PathPlanningPoint,
)
from ingest.messages.enumerations import HeadingConfidence, SpeedConfidence
from ingest.messages.positions import Position3D, PositionOffsetLLV
from ingest.messages.rsi import RTEData
from ingest.messages.rsm import ParticipantData

SizeValueConfidence = (
    Literal[
        "unavailable",
        "size-100-00",
        "size-050-00",
        "size-020-00",
        "size-010-00",
        "size-005-00",
        "size-002-00",
        "size-001-00",
        "size-000-50",
        "size-000-20",
        "size-000-10",
        "size-000-05",
        "size-000-02",
        "size-000-01",
    ]
    | Annotated[int, Meta(ge=0, le=13)]
)
ExteriorLights = Annotated[str, Meta(pattern="^[01]{9,32}$")]
DetectedPTCType = (
    Literal[
        "unknown",
        "unknown-movable",
        "unknown-unmovable",
        "car",
        "van",
        "truck",
        "bus",
        "cyclist",
        "motorcyclist",
        "tricyclist",
        "pedestrian",
    ]
    | Annotated[int, Meta(ge=0, le=10)]
)
ObstacleType = (
    Literal[
        "unknown",
        "rockfall",
        "landslide",
        "animal-intrusion",
        "liquid-spill",
        "goods-scattered",
        "trafficcone",
        "safety-triangle",
        "traffic-roadblock",
        "inspection-shaft-without-cover",
        "unknown-fragments",
        "unknown-hard-object",
        "unknown-soft-object",
    ]
    | Annotated[int, Meta(ge=0, le=12)]
)
SourceType = (
    Literal["unknown", "selfinfo", "v2x", "video", "microwaveRadar", "loop", "lidar", "integrated"]
    | Annotated[int, Meta(ge=0, le=7)]
)
EquipmentType = Literal["unknown", "rsu", "obu", "vru"] | Annotated[int, Meta(ge=0, le=3)]


class ObjectSizeConfidence(Wire, frozen=True):
    """DF_ObjectSizeConfidence."""

    width_conf: SizeValueConfidence
    length_conf: SizeValueConfidence
    height_conf: SizeValueConfidence | None = None


class Planning(Wire, frozen=True):
    """DF_Planning."""

    duration: Annotated[int, Meta(ge=0, le=600)] | None = None
    plan_confidence: ConfidencePercent | None = None
    driving_behavior: DriveBehavior | None = None
    path_planning: Annotated[list[PathPlanningPoint], Meta(min_length=1, max_length=100)] | None = None


class Attitude(Wire, frozen=True):
    """DF_Attitude."""

    pitch: Annotated[int, Meta(ge=-7200, le=7200)]
    roll: Annotated[int, Meta(ge=-7200, le=7200)]
    yaw: Annotated[int, Meta(ge=-14400, le=14400)]


class AttitudeConfidence(Wire, frozen=True):
    """DF_AttitudeConfidence."""

    pitch_confidence: HeadingConfidence | Code7
    roll_rate_confidence: HeadingConfidence | Code7
    yaw_rate: HeadingConfidence | Code7


class AngularVelocity(Wire, frozen=True):
    """DF_AngularVelocity."""

    pitch_rate: Annotated[int, Meta(ge=-32767, le=32767)]
    roll_rate: Annotated[int, Meta(ge=-32767, le=32767)]
    yaw_rate: Annotated[int, Meta(ge=-32767, le=32767)]


class AngularVelocityConfidence(Wire, frozen=True):
    """DF_AngularVelocityConfidence."""

    pitch_rate: AngularVConfidence
    roll_rate: AngularVConfidence
    yaw_rate: AngularVConfidence


class MotorDataExtension(Wire, frozen=True):
    """DF_MotorDataExtension."""

    lights: ExteriorLights | None = None
    veh_attitude: Attitude | None = None
    veh_attitude_confidence: AttitudeConfidence | None = None
    veh_ang_vel: AngularVelocity | None = None
    veh_ang_vel_confidence: AngularVelocityConfidence | None = None


class NonMotorDataExtension(Wire, frozen=True):
    """DF_Non-motorDataExtension."""

    overall_radius: Annotated[int, Meta(ge=0, le=200)]
    non_motor_data: NonMotorData = field(name="non-motorData")


class TypeRelatedExt(Wire, frozen=True):
    """CHOICE DF_Type-RelatedExt."""

    motor_ext: MotorDataExtension | None = None
    non_motor_ext: NonMotorDataExtension | None = field(default=None, name="non-motorExt")


class DetectedPTCData(Wire, frozen=True):
    """DF_DetectedPTCData."""

    ptc: ParticipantData
    obj_size_confidence: ObjectSizeConfidence | None = None
    detected_ptc_type: DetectedPTCType | None = field(default=None, name="detectedPTCType")
    type_confidence: ConfidencePercent | None = None
    acc4_way_confidence: AccSet4WayConfidence | None = None
    status_duration: TimeOffset | None = None
    path_history: PathHistory | None = None
    planning_list: Annotated[list[Planning], Meta(min_length=1, max_length=8)] | None = None
    tracking: Annotated[int, Meta(ge=1, le=65535)] | None = None
    polygon: Annotated[list[PositionOffsetLLV], Meta(min_length=4, max_length=32)] | None = None
    type_related_ext: TypeRelatedExt | None = field(default=None, name="type-relatedExt")


class ObjectSize(Wire, frozen=True):
    """DF_ObjectSize."""

    width: Annotated[int, Meta(ge=0, le=1023)]
    length: Annotated[int, Meta(ge=0, le=1023)]
    height: Annotated[int, Meta(ge=0, le=1023)] | None = None


class DetectedObstacleData(Wire, frozen=True):
    """DF_DetectedObstacleData."""

    obs_type: ObstacleType
    obs_id: UnsignedShort
    source: SourceType
    sec_mark: DSecond
    pos: PositionOffsetLLV
    pos_confidence: PositionConfidenceSet
    speed: Speed
    heading: Heading
    size: ObjectSize
    obj_type_confidence: ConfidencePercent | None = None
    speed_cfd: SpeedConfidence | Code7 | None = None
    heading_cfd: HeadingConfidence | Code7 | None = None
    ver_speed: Speed | None = None
    ver_speed_confidence: SpeedConfidence | Code7 | None = None
    accel_set: AccelerationSet4Way | None = None
    obj_size_confidence: ObjectSizeConfidence | None = None
    tracking: Annotated[int, Meta(ge=1, le=65535)] | None = None
    polygon: Annotated[list[PositionOffsetLLV], Meta(min_length=4, max_length=32)] | None = None


class SensorSharingMsg(Wire, frozen=True):
    """MSG_SensorSharingMsg."""

    msg_cnt: MsgCount
    id: DeviceId
    equipment_type: EquipmentType
    sec_mark: DSecond
    sensor_pos: Position3D
    detected_region: (
        Annotated[
            list[Annotated[list[PositionOffsetLLV], Meta(min_length=4, max_length=32)]],
            Meta(min_length=1, max_length=8),
        ]
        | None
    ) = None
    participants: Annotated[list[DetectedPTCData], Meta(min_length=1, max_length=512)] | None = None
    obstacles: Annotated[list[DetectedObstacleData], Meta(min_length=1, max_length=64)] | None = None
    rtes: Annotated[list[RTEData], Meta(min_length=1, max_length=8)] | None = None
    timestamp: Timestamp | None = None
