"""PAM, parking area map: T/CSAE 157-2020 MSG_PAM. The drives, slots and guides inside a car park.

| field | type |
|---|---|
| msgCnt, timeStamp | 0..127, min of the UTC year |
| parkingLotInfo | id, name, number, building layers, allowed types |
| pamNodes | 1..63 DF_PAMNode with drives and parking slots |
| parkingAreaGuidance | 1..16 paths for vehicles, optional |
| timestamp | our extension, UTC epoch ms |
"""

from typing import Annotated, Literal

from msgspec import Meta, field

from ingest.messages.common import (
    Byte,
    DescriptiveName,
    DeviceId,
    LaneWidth,
    MinuteOfTheYear,
    MsgCount,
    Speed,
    Timestamp,
    UnsignedShort,
    Wire,
)
from ingest.messages.day_two import ParkingType
from ingest.messages.positions import Points, Position3D, PositionOffsetLLV

AVPType = Literal["p0", "p1", "p2", "p3", "p4", "p5"] | Annotated[int, Meta(ge=0, le=5)]
SlotStatus = Literal["unknown", "available", "occupied", "reserved"] | Annotated[int, Meta(ge=0, le=3)]
ParkingSpaceTheta = Literal["unknown", "vertical", "side", "oblique"] | Annotated[int, Meta(ge=0, le=3)]
ParkingLock = Literal["unknown", "nolock", "locked", "unlocked"] | Annotated[int, Meta(ge=0, le=3)]
PAMNodeAttributes = Annotated[str, Meta(pattern="^[01]{8,32}$")]


class ParkingLotInfo(Wire, frozen=True):
    """DF_ParkingLotInfo."""

    id: UnsignedShort | None = None
    name: DescriptiveName | None = None
    number: UnsignedShort | None = None
    building_layer_num: Annotated[int, Meta(ge=0, le=256)] | None = None
    avp_type: AVPType | None = None


class ParkingSlotPosition(Wire, frozen=True):
    """DF_ParkingSlotPosition."""

    top_left: PositionOffsetLLV
    top_right: PositionOffsetLLV
    bottom_left: PositionOffsetLLV


class ParkingSlot(Wire, frozen=True):
    """DF_ParkingSlot."""

    slot_id: UnsignedShort = field(name="slotID")
    parking_type: ParkingType
    status: SlotStatus
    parking_space_theta: ParkingSpaceTheta
    parking_lock: ParkingLock
    position: ParkingSlotPosition | None = None
    sign: DescriptiveName | None = None


class PAMDrive(Wire, frozen=True):
    """DF_PAMDrive."""

    upstream_pam_node_id: UnsignedShort = field(name="upstreamPAMNodeId")
    drive_id: Byte | None = field(default=None, name="driveID")
    twoway_sepration: bool | None = None
    speed_limit: Speed | None = None
    height_restriction: Annotated[int, Meta(ge=0, le=100)] | None = None
    drive_width: LaneWidth | None = None
    lane_num: Annotated[int, Meta(ge=0, le=100)] | None = None
    points: Points | None = None
    movements: Annotated[list[UnsignedShort], Meta(min_length=1, max_length=32)] | None = None
    parking_slots: Annotated[list[ParkingSlot], Meta(min_length=1, max_length=256)] | None = None


class PAMNode(Wire, frozen=True):
    """DF_PAMNode."""

    id: UnsignedShort
    ref_pos: Position3D
    floor: Annotated[int, Meta(ge=-128, le=128)] | None = None
    attributes: PAMNodeAttributes | None = None
    in_drives: Annotated[list[PAMDrive], Meta(min_length=1, max_length=63)] | None = None


class ParkingGuide(Wire, frozen=True):
    """DF_ParkingGuide."""

    veh_id: DeviceId
    drive_path: Annotated[list[UnsignedShort], Meta(min_length=1, max_length=32)]
    target_parking_slot: UnsignedShort | None = None


class PAMData(Wire, frozen=True):
    """MSG_PAMData."""

    msg_cnt: MsgCount
    parking_lot_info: ParkingLotInfo
    pam_nodes: Annotated[list[PAMNode], Meta(min_length=1, max_length=63)]
    time_stamp: MinuteOfTheYear | None = None
    parking_area_guidance: Annotated[list[ParkingGuide], Meta(min_length=1, max_length=16)] | None = None
    timestamp: Timestamp | None = None
