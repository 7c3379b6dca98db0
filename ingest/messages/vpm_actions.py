"""Actions of a VPM: what a toll station asks of a terminal and what comes back (T/CSAE 157-2020). Octets are in hex."""

from typing import Annotated, Literal

from msgspec import Meta, field

from ingest.messages.bsm import DDateTime
from ingest.messages.common import Byte, DeviceId, Wire
from ingest.messages.positions import Position3D

PaymentEntityID = (
    Literal["system", "freeflow", "enclosed", "congestion", "charging", "parking"] | Annotated[int, Meta(ge=0, le=5)]
)
File = Annotated[str, Meta(min_length=254, max_length=254)]
ChannelID = Literal["obu", "esam", "icc", "hmi", "beeper"] | Annotated[int, Meta(ge=0, le=4)]
TollResult = Literal["ok", "nok", "contactOperator"] | Annotated[int, Meta(ge=0, le=2)]
ReturnStatus = (
    Literal["noError", "accessDenied", "argumnetError", "complexityLimitation", "processingFailure", "processing"]
    | Annotated[int, Meta(ge=0, le=5)]
)


class TollingPos(Wire, frozen=True):
    """DF_TollingPos."""

    id: Annotated[int, Meta(ge=0, le=4294967295)]
    pos: Position3D | None = None


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
