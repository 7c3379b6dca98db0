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
    Position3D,
    PositionOffsetLLV,
    ReferencePath,
    Speed,
    Timestamp,
    UnsignedShort,
    Wire,
)

TollingNodeType = (
    Literal["entranceStation", "exitStation", "entranceAndExitStation", "gantry"] | Annotated[int, Meta(ge=0, le=3)]
)
TollingDirection = (
    Literal["north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest"]
    | Annotated[int, Meta(ge=0, le=7)]
)
PaymentEntityID = (
    Literal["system", "freeflow", "enclosed", "congestion", "charging", "parking"] | Annotated[int, Meta(ge=0, le=5)]
)
OBUType = Literal["oemObu", "aftermarketObu", "mobilePhone"] | Annotated[int, Meta(ge=0, le=2)]
EquipmentClass = Literal["onechipOBU", "iccOBU", "cpcOBU"] | Annotated[int, Meta(ge=0, le=2)]
File = Annotated[str, Meta(min_length=254, max_length=254)]
ChannelID = Literal["obu", "esam", "icc", "hmi", "beeper"] | Annotated[int, Meta(ge=0, le=4)]
TollResult = Literal["ok", "nok", "contactOperator"] | Annotated[int, Meta(ge=0, le=2)]
ReturnStatus = (
    Literal["noError", "accessDenied", "argumnetError", "complexityLimitation", "processingFailure", "processing"]
    | Annotated[int, Meta(ge=0, le=5)]
)


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


class TollingPos(Wire, frozen=True):
    """DF_TollingPos."""

    id: Annotated[int, Meta(ge=0, le=4294967295)]
    pos: Position3D | None = None


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


class RangeOfFile(Wire, frozen=True):
    """DF_RangeOfFile."""

    offset: Annotated[int, Meta(ge=0, le=32767)]
    length: Annotated[int, Meta(ge=0, le=127)]


class GetTollDataRq(Wire, frozen=True):
    """DF_GetTollDataRq."""

    vehicle_info: RangeOfFile
    toll_info: RangeOfFile | None = None
    key_id_for_ac: Byte | None = field(default=None, name="keyIdForAC")


class GetTollDataRs(Wire, frozen=True):
    """DF_GetTollDataRs."""

    vehicle_info: File
    toll_info: File | None = None


class GetSecureRq(Wire, frozen=True):
    """DF_GetSecureRq."""

    vehicle_info: RangeOfFile
    rnd_rsu_for_authen: DeviceId
    key_id_for_authen: Byte
    key_id_for_encrypt: Byte | None = None


class GetSecureRs(Wire, frozen=True):
    """DF_GetSecureRs."""

    file: RangeOfFile
    authenticator: DeviceId


class TransPara(Wire, frozen=True):
    """DF_TransPara."""

    trans_amount: Annotated[str, Meta(min_length=8, max_length=8)]
    trans_type: Annotated[str, Meta(min_length=2, max_length=2)]
    terminal_id: Annotated[str, Meta(min_length=12, max_length=12)] = field(name="terminalID")
    trans_sn: Annotated[str, Meta(min_length=8, max_length=8)] = field(name="transSN")
    trans_time: Annotated[str, Meta(min_length=14, max_length=14)]
    trans_station_id: Annotated[str, Meta(min_length=6, max_length=6)] = field(name="transStationID")


class PartOfFile(Wire, frozen=True):
    """DF_PartOfFile."""

    offset: Annotated[int, Meta(ge=0, le=32767)]
    length: Annotated[int, Meta(ge=0, le=127)]
    file_content: File


class SetTollDataRq(Wire, frozen=True):
    """DF_SetTollDataRq."""

    rnd_rsu: DeviceId | None = field(default=None, name="rndRSU")
    trans_para: TransPara | None = None
    toll_info: PartOfFile | None = None
    tolling_pos: TollingPos | None = None
    key_id_for_authen: Byte | None = None


class AccountInfo(Wire, frozen=True):
    """DF_AccountInfo."""

    account: Annotated[str, Meta(min_length=4, max_length=64)]


class TransCredential(Wire, frozen=True):
    """DF_TransCredential."""

    tc: Annotated[str, Meta(min_length=64, max_length=512)]


class SetTollDataRs(Wire, frozen=True):
    """DF_SetTollDataRs."""

    tac_info: Annotated[str, Meta(min_length=8, max_length=8)] | None = None
    authenticator: DeviceId | None = None
    account_info: AccountInfo | None = None
    trans_credential: TransCredential | None = None


class ChannelRq(Wire, frozen=True):
    """DF_ChannelRq."""

    channelid: ChannelID
    apdu: list[Annotated[str, Meta(min_length=254, max_length=254)]]


class ChannelRs(Wire, frozen=True):
    """DF_ChannelRs."""

    channelid: ChannelID
    apdu: list[Annotated[str, Meta(min_length=254, max_length=254)]]


class SetMMIRq(Wire, frozen=True):
    """DF_SetMMIRq."""

    toll: TollResult


class TransInfo(Wire, frozen=True):
    """CHOICE DF_TransInfo."""

    get_toll_data_rq: GetTollDataRq | None = None
    get_toll_data_rs: GetTollDataRs | None = None
    get_secure_rq: GetSecureRq | None = None
    get_secure_rs: GetSecureRs | None = None
    set_toll_data_rq: SetTollDataRq | None = None
    set_toll_data_rs: SetTollDataRs | None = None
    transfer_channel_rq: ChannelRq | None = None
    transfer_channel_rs: ChannelRs | None = None
    set_mmi_rq: SetMMIRq | None = field(default=None, name="setMMIRq")


class ActionRequest(Wire, frozen=True):
    """DF_Action-Request."""

    time: DDateTime
    mode: bool
    source_id: DeviceId
    payment_entity_id: PaymentEntityID
    action_parameter: TransInfo
    target_id: DeviceId | None = None
    access_credentials: DeviceId | None = None


class ActionResponse(Wire, frozen=True):
    """DF_Action-Response."""

    time: DDateTime
    source_id: DeviceId
    payment_entity_id: PaymentEntityID
    ret: ReturnStatus
    target_id: DeviceId | None = None
    response_parameter: TransInfo | None = None


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
