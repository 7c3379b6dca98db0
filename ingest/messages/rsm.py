"""RSM, roadside safety message: T/CSAE 53-2020 MSG_RSM (profile V4). What a roadside unit's sensors see, 10 Hz.

| field | type |
|---|---|
| msgCnt, id, refPos | 0..127, text, DF_Position3D |
| participants | up to 16 DF_ParticipantData (the standard asks for one at least; an empty road is taken too) |
| timestamp | our extension, UTC epoch ms |

DF_ParticipantData: ptcType, ptcId 0..65535 (0 is the unit itself), source, id (optional), secMark, pos, posConfidence,
transmission, speed, heading, angle, motionCfd, accelSet (optional), size, vehicleClass (optional).
"""

from typing import Annotated

from msgspec import Meta

from ingest.messages.common import (
    AccelerationSet4Way,
    Code7,
    Code15,
    DeviceId,
    DSecond,
    Heading,
    MotionConfidenceSet,
    MsgCount,
    PositionConfidenceSet,
    Speed,
    SteeringAngle,
    Timestamp,
    UnsignedShort,
    VehicleClassification,
    VehicleSize,
    Wire,
    degrees,
    metres_per_second,
)
from ingest.messages.enumerations import ParticipantType, SourceType, TransmissionState
from ingest.messages.positions import Position3D, PositionOffsetLLV

MAX_PARTICIPANTS = 16

ParticipantCode = Annotated[int, Meta(ge=0, le=4)]


class ParticipantData(Wire, frozen=True):
    """DF_ParticipantData."""

    ptc_type: ParticipantType | ParticipantCode
    ptc_id: UnsignedShort
    source: SourceType | Code15
    sec_mark: DSecond
    pos: PositionOffsetLLV
    pos_confidence: PositionConfidenceSet
    speed: Speed
    heading: Heading
    size: VehicleSize
    vehicle_class: VehicleClassification | None = None
    motion_cfd: MotionConfidenceSet | None = None
    id: DeviceId | None = None
    transmission: TransmissionState | Code7 | None = None
    angle: SteeringAngle | None = None
    accel_set: AccelerationSet4Way | None = None

    @property
    def speed_mps(self) -> float | None:
        """Speed, m/s."""
        return metres_per_second(self.speed)

    @property
    def heading_deg(self) -> float | None:
        """Heading, deg clockwise from north."""
        return degrees(self.heading)


class RoadsideSafetyMessage(Wire, frozen=True):
    """MSG_RSM."""

    msg_cnt: MsgCount
    id: DeviceId
    ref_pos: Position3D
    participants: Annotated[list[ParticipantData], Meta(max_length=MAX_PARTICIPANTS)]
    timestamp: Timestamp | None = None
