"""PSM, personal safety message: T/CSAE 157-2020 MSG_PSM. A pedestrian, cyclist or road worker about itself.

| field | type |
|---|---|
| msgCnt, id, secMark, timeConfidence | header |
| pos, posAccuracy, speed, heading, accelSet | as in BSM |
| pathHistory, path-Planning, overallRadius (0.1 m) | where it was, where it wants to go, how much room it takes |
| non-motorData | who it is: DF_PersonalExtensions, road worker, propulsion |
| timestamp | our extension, UTC epoch ms |
"""

from typing import Annotated

from msgspec import Meta, field

from ingest.messages.bsm import PathHistory
from ingest.messages.common import (
    AccelerationSet4Way,
    DeviceId,
    DSecond,
    Heading,
    MsgCount,
    PositionalAccuracy,
    Speed,
    TimeConfidence,
    Timestamp,
    Wire,
)
from ingest.messages.day_two import NonMotorData, PathPlanningPoint
from ingest.messages.positions import Position3D


class PersonalSafetyMessage(Wire, frozen=True):
    """MSG_PersonalSafetyMessage."""

    msg_cnt: MsgCount
    id: DeviceId
    sec_mark: DSecond
    pos: Position3D
    pos_accuracy: PositionalAccuracy
    speed: Speed
    heading: Heading
    overall_radius: Annotated[int, Meta(ge=0, le=200)]
    non_motor_data: NonMotorData = field(name="non-motorData")
    time_confidence: TimeConfidence | None = None
    accel_set: AccelerationSet4Way | None = None
    path_history: PathHistory | None = None
    path_planning: Annotated[list[PathPlanningPoint], Meta(min_length=1, max_length=100)] | None = field(
        default=None, name="path-Planning"
    )
    timestamp: Timestamp | None = None
