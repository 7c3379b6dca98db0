"""Hypothesis strategies for message structs, made from their own constraints."""

from typing import TypeVar

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from ingest.messages.acks import Ack, AdviceAck, RefusalAck
from ingest.messages.bsm import BasicSafetyMessage
from ingest.messages.clpmm import CLPMM
from ingest.messages.common import Wire
from ingest.messages.map_data import MapData
from ingest.messages.pam import PAMData
from ingest.messages.parking import ParkingStatus
from ingest.messages.psm import PersonalSafetyMessage
from ingest.messages.radar import RadarCross, RadarEvent, RadarFlow, RadarStatus
from ingest.messages.rsc import RoadsideCoordination
from ingest.messages.rsi import RoadSideInformation
from ingest.messages.rsm import RoadsideSafetyMessage
from ingest.messages.rtcm import RTCMcorrections
from ingest.messages.spat import Spat
from ingest.messages.ssm import SensorSharingMsg
from ingest.messages.status import Heartbeat, RsuInfo, RunningInfo
from ingest.messages.test_msg import TestMsg
from ingest.messages.vir import VehIntentionAndRequest
from ingest.messages.vpm import VehiclePaymentMessage

MessageT = TypeVar("MessageT", bound=Wire)

MESSAGES: tuple[type[Wire], ...] = (
    BasicSafetyMessage,
    RoadsideSafetyMessage,
    Spat,
    MapData,
    RoadSideInformation,
    RoadsideCoordination,
    VehIntentionAndRequest,
    SensorSharingMsg,
    PersonalSafetyMessage,
    PAMData,
    CLPMM,
    VehiclePaymentMessage,
    RTCMcorrections,
    TestMsg,
    RadarCross,
    RadarStatus,
    RadarFlow,
    RadarEvent,
    Heartbeat,
    RsuInfo,
    RunningInfo,
    ParkingStatus,
    Ack,
    AdviceAck,
    RefusalAck,
)

_LONGEST_LIST = 3


def messages(kind: type[MessageT]) -> st.SearchStrategy[MessageT]:
    """Any valid message of a type, lists kept short."""
    return _of(inspect.type_info(kind)).map(lambda value: msgspec.json.decode(msgspec.json.encode(value), type=kind))


def _of(kind: inspect.Type) -> st.SearchStrategy[object]:  # one case a type
    match kind:
        case inspect.IntType(ge=low, le=high):
            return st.integers(-(2**53) if low is None else low, 2**53 if high is None else high)
        case inspect.FloatType(ge=low, gt=above, le=high):
            least = above if low is None else low
            return st.floats(least, high, allow_nan=False, allow_infinity=False, exclude_min=above is not None)
        case inspect.StrType(pattern=str() as pattern):
            return st.from_regex(pattern.replace("$", r"\Z"), alphabet="01-timeunavlb23456789")
        case inspect.StrType(min_length=low, max_length=high):
            return st.text(st.characters(codec="utf-8"), min_size=low or 0, max_size=max(low or 0, min(high or 8, 8)))
        case inspect.BoolType() | inspect.NoneType():
            return st.booleans() if isinstance(kind, inspect.BoolType) else st.none()
        case inspect.LiteralType(values=values):
            return st.sampled_from(values)
        case inspect.EnumType(cls=cls):
            return st.sampled_from([member.value for member in cls])
        case inspect.ListType(item_type=item, min_length=low):
            return st.lists(_of(item), min_size=low or 0, max_size=max(low or 0, _LONGEST_LIST))
        case inspect.UnionType(types=types):
            return st.one_of([_of(one) for one in types])
        case inspect.StructType(fields=fields):
            return st.fixed_dictionaries(
                {field.encode_name: _of(field.type) for field in fields if field.required},
                optional={field.encode_name: _of(field.type) for field in fields if not field.required},
            )
        case _:
            raise TypeError(f"no strategy for {kind}")
