"""VPM, vehicle payment: T/CSAE 157-2020 MSG_VPM. Toll without stopping. Octets are hex digits.

| field | type |
|---|---|
| msgCnt | 0..127 |
| payment | CHOICE initialzation-request, initialzation-response, action-request, action-response (spelt so) |
| timestamp | our extension, UTC epoch ms |
"""

from typing import Annotated, Literal

from msgspec import Meta, field

from ingest.messages.bsm import DDateTime
from ingest.messages.common import (
    Byte,
    DeviceId,
    Heading,
    MsgCount,
    NodeReferenceID,
    Speed,
    Timestamp,
    UnsignedShort,
    Wire,
)
from ingest.messages.positions import Position3D, PositionOffsetLLV, ReferencePath
from ingest.messages.vpm_actions import ActionRequest, ActionResponse, PaymentEntityID, TollingPos

TollingNodeType = (
    Literal["entranceStation", "exitStation", "entranceAndExitStation", "gantry"] | Annotated[int, Meta(ge=0, le=3)]
)
TollingDirection = (
    Literal["north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest"]
    | Annotated[int, Meta(ge=0, le=7)]
)
OBUType = Literal["oemObu", "aftermarketObu", "mobilePhone"] | Annotated[int, Meta(ge=0, le=2)]
EquipmentClass = Literal["onechipOBU", "iccOBU", "cpcOBU"] | Annotated[int, Meta(ge=0, le=2)]


class TollingNodeInfo(Wire, frozen=True):
    """DF_TollingNodeInfo."""

    id: Annotated[int, Meta(ge=0, le=4294967295)] | None = None
    pos: Position3D | None = None
    tolling_node_type: TollingNodeType | None = None
    tolling_direction: TollingDirection | None = None


class TollInfo(Wire, frozen=True):
    """DF_TollInfo."""

    price: Annotated[int, Meta(ge=0, le=424967295)] | None = None
    entrance_pos: PositionOffsetLLV | None = None
    exit_pos: PositionOffsetLLV | None = None
    toll_road: Annotated[list[NodeReferenceID], Meta(min_length=2, max_length=256)] | None = None
    toll_path: ReferencePath | None = None
    time_begin: DDateTime | None = None
    time_end: DDateTime | None = None


class PaymentInfoType1(Wire, frozen=True):
    """DF_PaymentInfoType1."""

    tolling_node_info: TollingNodeInfo | None = None
    toll_info: TollInfo | None = None
    service_info: Annotated[str, Meta(min_length=2, max_length=1024)] | None = None


class PaymentInfo(Wire, frozen=True):
    """CHOICE DF_PaymentInfo."""

    payment_info_type1: PaymentInfoType1 | None = None


class ApplicationParameter(Wire, frozen=True):
    """DF_ApplicationParameter."""

    pid: PaymentEntityID
    payment_info: PaymentInfo


class RST(Wire, frozen=True):
    """DF_RST."""

    time: DDateTime
    id: DeviceId
    payment_list: Annotated[list[ApplicationParameter], Meta(min_length=1, max_length=16)]


class OBUMotionStatus(Wire, frozen=True):
    """DF_OBUMotionStatus."""

    pos: Position3D | None = None
    heading: Heading | None = None
    speed: Speed | None = None


class OBUInfo(Wire, frozen=True):
    """DF_OBUInfo."""

    obu_type: OBUType
    obu_motion_status: OBUMotionStatus | None = None


class GBICCInfo(Wire, frozen=True):
    """DF_GBICCInfo."""

    icc_issue_info: Annotated[str, Meta(min_length=0, max_length=512)]
    icc_uni_toll_info: Annotated[str, Meta(min_length=0, max_length=512)]
    icc_balance: Annotated[str, Meta(min_length=0, max_length=512)]


class Date(Wire, frozen=True):
    """DF_Date."""

    year: Annotated[int, Meta(ge=0, le=4095)]
    month: Annotated[int, Meta(ge=0, le=12)]
    day: Annotated[int, Meta(ge=0, le=31)]


class SysInfo(Wire, frozen=True):
    """DF_SysInfo."""

    contract_provider: DeviceId
    contract_type: Annotated[int, Meta(ge=0, le=127)]
    contract_version: Annotated[int, Meta(ge=0, le=127)]
    contract_serial_numer: DeviceId
    contract_signed_date: Date
    contract_expired_date: Date
    reserved: Annotated[str, Meta(min_length=128, max_length=128)]


class VehicleDimensions(Wire, frozen=True):
    """DF_VehicleDimensions."""

    vehicle_length: UnsignedShort
    vehicle_width: Byte
    vehicle_heigth: Byte


class VehicleInfo(Wire, frozen=True):
    """DF_VehicleInfo."""

    vehicle_licence_plate_number: Annotated[str, Meta(min_length=24, max_length=24)]
    vehicle_licence_plate_color: Annotated[str, Meta(min_length=4, max_length=4)]
    vehicle_tolling_class: Annotated[int, Meta(ge=0, le=127)]
    vehicle_user_type: Annotated[int, Meta(ge=0, le=127)]
    vehicle_dimensions: VehicleDimensions
    vehicle_wheels: Annotated[int, Meta(ge=0, le=127)]
    vehicle_axles: Annotated[int, Meta(ge=0, le=127)]
    vehicle_wheel_bases: UnsignedShort
    vehicle_weight_limits: Annotated[int, Meta(ge=0, le=16777215)]
    vehicle_specific_information: Annotated[str, Meta(min_length=32, max_length=32)]
    vehicle_engine_number: Annotated[str, Meta(min_length=32, max_length=32)]
    description: Annotated[str, Meta(min_length=2, max_length=512)] | None = None


class PassedPos(Wire, frozen=True):
    """DF_PassedPos."""

    tolling_pos: TollingPos
    tolling_time: DDateTime
    tolling_amount: Annotated[str, Meta(min_length=8, max_length=8)] | None = None


class PassedSitesInfo(Wire, frozen=True):
    """DF_PassedSitesInfo."""

    entrance_info: PassedPos | None = None
    passed_pos: Annotated[list[PassedPos], Meta(min_length=2, max_length=512)] | None = None


class OBUPaymentInfoType1(Wire, frozen=True):
    """DF_OBUPaymentInfoType1."""

    equipment_class: EquipmentClass | None = None
    gbi_cc_info: GBICCInfo | None = field(default=None, name="gbiCCInfo")
    sys_info: SysInfo | None = None
    vehicle_info: VehicleInfo | None = None
    passed_sites_info: PassedSitesInfo | None = None


class OBUPaymentInfo(Wire, frozen=True):
    """CHOICE DF_OBUPaymentInfo."""

    obu_payment_info_type1: OBUPaymentInfoType1 | None = None


class VPApplicationParameter(Wire, frozen=True):
    """DF_VPApplicationParameter."""

    pid: PaymentEntityID
    obu_payment_info: OBUPaymentInfo


class VSI(Wire, frozen=True):
    """DF_VSI."""

    time: DDateTime
    obu_id: DeviceId
    target_id: DeviceId | None = None
    obu_info: OBUInfo | None = None
    vpapplication_list: Annotated[list[VPApplicationParameter], Meta(min_length=1, max_length=16)] | None = None
    rnd_obu: DeviceId | None = field(default=None, name="rndOBU")


class Payment(Wire, frozen=True):
    """CHOICE DF_Payment."""

    initialzation_request: RST | None = field(default=None, name="initialzation-request")
    initialzation_response: VSI | None = field(default=None, name="initialzation-response")
    action_request: ActionRequest | None = field(default=None, name="action-request")
    action_response: ActionResponse | None = field(default=None, name="action-response")


class VehiclePaymentMessage(Wire, frozen=True):
    """MSG_VehiclePaymentMessage."""

    msg_cnt: MsgCount
    payment: Payment
    timestamp: Timestamp | None = None
