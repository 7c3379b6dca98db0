"""VIR, vehicle intention and request: T/CSAE 157-2020 MSG_VIR. A vehicle asks for green, for a place to park, for way.

| level | fields |
|---|---|
| VehIntentionAndRequest | msgCnt, id, secMark, refPos, intAndReq; timestamp is our extension |
| IARData | currentPos, path-Planning, currentBehavior (DE_DriveBehavior bits), reqs 1..8; all optional |
| DriveRequest | reqID, status, reqPriority, targetVeh, targetRSU, info, lifeTime (10 ms) |
| ReqInfo | CHOICE laneChange, clearTheWay, signalPriority, sensorSharing, parking |
| Req-SignalPriority | intersectionId, requiredMov, estimatedArrivalTime (10 ms), distance2Intersection (0.1 m) |
| Req-ParkingArea | vehicleClass, req (12 bits), parkingType; destination {lon, lat} in deg is our extension |
"""

from typing import Annotated

from msgspec import Meta, field

from ingest.messages.bsm import DDateTime
from ingest.messages.common import (
    Byte,
    Code15,
    DeviceId,
    DSecond,
    LaneID,
    MsgCount,
    NodeReferenceID,
    TimeOffset,
    Timestamp,
    UnsignedShort,
    VehicleClassification,
    Wire,
)
from ingest.messages.day_two import DriveBehavior, PathPlanningPoint
from ingest.messages.enumerations import RequestStatus
from ingest.messages.map_extension import MovementEx
from ingest.messages.positions import Position3D, ReferencePath
from ingest.messages.rsi import Priority, ReferencePaths

ParkingRequestBits = Annotated[str, Meta(pattern="^[01]{4,32}$")]
RequiredMovement = MovementEx
"""The movement that wants green."""


class SignalPriorityRequest(Wire, frozen=True):
    """DF_Req-SignalPriority."""

    intersection_id: NodeReferenceID
    required_mov: RequiredMovement
    estimated_arrival_time: TimeOffset | None = None
    distance2_intersection: Annotated[int, Meta(ge=0, le=10000)] | None = field(
        default=None, name="distance2Intersection"
    )


class Destination(Wire, frozen=True):
    """Where a vehicle that looks for parking wants to go, deg WGS-84."""

    lon: Annotated[float, Meta(ge=-180, le=180)]
    lat: Annotated[float, Meta(ge=-90, le=90)]


class ParkingRequest(Wire, frozen=True):
    """DF_Req-ParkingArea."""

    vehicle_class: VehicleClassification
    req: ParkingRequestBits
    parking_type: ParkingRequestBits | None = None
    expected_parking_slot_id: UnsignedShort | None = field(default=None, name="expectedParkingSlotID")
    destination: Destination | None = None


class LaneChangeRequest(Wire, frozen=True):
    """DF_Req-LaneChange."""

    upstream_node: NodeReferenceID
    downstream_node: NodeReferenceID
    target_lane: LaneID


class ClearTheWayRequest(Wire, frozen=True):
    """DF_Req-ClearTheWay."""

    upstream_node: NodeReferenceID
    downstream_node: NodeReferenceID
    target_lane: LaneID
    related_path: ReferencePath | None = None
    t_begin: DDateTime | None = None
    t_end: DDateTime | None = None


class SensorSharingRequest(Wire, frozen=True):
    """DF_Req-SensorSharing."""

    detect_area: ReferencePaths


class RequestInfo(Wire, frozen=True):
    """CHOICE DF_ReqInfo."""

    signal_priority: SignalPriorityRequest | None = None
    parking: ParkingRequest | None = None
    lane_change: LaneChangeRequest | None = None
    clear_the_way: ClearTheWayRequest | None = None
    sensor_sharing: SensorSharingRequest | None = None


class DriveRequest(Wire, frozen=True):
    """DF_DriveRequest."""

    req_id: Byte = field(name="reqID")
    status: RequestStatus | Code15
    req_priority: Priority | None = None
    target_veh: DeviceId | None = None
    target_rsu: DeviceId | None = field(default=None, name="targetRSU")
    info: RequestInfo | None = None
    life_time: TimeOffset | None = None


class IntentionAndRequests(Wire, frozen=True):
    """DF_IARData."""

    reqs: Annotated[list[DriveRequest], Meta(min_length=1, max_length=8)] | None = None
    current_pos: PathPlanningPoint | None = None
    path_planning: Annotated[list[PathPlanningPoint], Meta(min_length=1, max_length=100)] | None = field(
        default=None, name="path-Planning"
    )
    current_behavior: DriveBehavior | None = None


class VehIntentionAndRequest(Wire, frozen=True):
    """MSG_VIR."""

    msg_cnt: MsgCount
    id: DeviceId
    sec_mark: DSecond
    ref_pos: Position3D
    int_and_req: IntentionAndRequests
    timestamp: Timestamp | None = None
