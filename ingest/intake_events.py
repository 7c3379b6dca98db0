"""Takers of events and of everything that is only put on the shelf: VIR, RSI, Day II, parking, acknowledgements."""

from collections.abc import Callable, Hashable
from typing import Any

from ingest.collector import Collector
from ingest.intake import EventTaker
from ingest.messages.acks import Ack, AdviceAck
from ingest.messages.bsm import BasicSafetyMessage
from ingest.messages.bus_status import BusStatus
from ingest.messages.clpmm import CLPMM
from ingest.messages.common import Wire
from ingest.messages.map_data import MapData
from ingest.messages.pam import PAMData
from ingest.messages.parking import ParkingStatus
from ingest.messages.psm import PersonalSafetyMessage
from ingest.messages.radar import RadarCross, RadarEvent, RadarFlow, RadarMessage, RadarStatus
from ingest.messages.rsc import RoadsideCoordination
from ingest.messages.rsi import RoadSideInformation
from ingest.messages.rsm import RoadsideSafetyMessage
from ingest.messages.rtcm import RTCMcorrections
from ingest.messages.spat import Spat
from ingest.messages.ssm import SensorSharingMsg
from ingest.messages.test_msg import TestMsg
from ingest.messages.vir import VehIntentionAndRequest
from ingest.messages.vpm import VehiclePaymentMessage
from ingest.streams import Stream
from ingest.timebase import full_time

MESSAGE_TYPES: dict[str, type[Wire]] = {
    "vir": VehIntentionAndRequest,
    "rsi": RoadSideInformation,
    "rsc": RoadsideCoordination,
    "psm": PersonalSafetyMessage,
    "clpmm": CLPMM,
    "pam": PAMData,
    "rtcm": RTCMcorrections,
    "vpm": VehiclePaymentMessage,
    "test": TestMsg,
    "status": ParkingStatus,
    "bus": BusStatus,
    "advice_ack": AdviceAck,
}
"""Struct by message name, for what is only put on the shelf."""
RADAR_TYPES: dict[str, type[RadarMessage]] = {
    "cross": RadarCross,
    "status": RadarStatus,
    "flow": RadarFlow,
    "event": RadarEvent,
}

TELEMETRY_TYPES: dict[str, type[Wire]] = {
    "bsm": BasicSafetyMessage,
    "rsm": RoadsideSafetyMessage,
    "spat": Spat,
    "map": MapData,
    "ssm": SensorSharingMsg,
    "track": RoadsideSafetyMessage,
}
"""Struct by message name, for what has a taker of its own."""

_Key = tuple[Hashable, ...]


def type_of_stream(name: str) -> type[Wire]:
    """Get the struct of the messages of a stream that names a device."""
    sender, _, message = name.partition("_")
    if sender == "radar" and message in RADAR_TYPES:
        return RADAR_TYPES[message]
    return TELEMETRY_TYPES.get(message) or MESSAGE_TYPES.get(message, Ack)


def event_taker(collector: Collector, stream: Stream, row: int) -> EventTaker[Any]:
    """Make the taker of one event stream of one device."""
    kind = type_of_stream(stream.name)
    key, when = _RULES.get(kind, (_counted_key, _marked_time))
    if issubclass(kind, RadarMessage):
        key, when = _radar_key, _radar_time
    return EventTaker(collector, stream, row, kind=kind, key=key, when=when)


def _counted_key(message: Any) -> _Key:  # noqa: ANN401  # messages that have these fields
    return message.msg_cnt, getattr(message, "sec_mark", None), message.timestamp


def _marked_time(message: Any, received: float) -> float | None:  # noqa: ANN401  # messages that have these fields
    reference = received if message.timestamp is None else message.timestamp * 0.001
    mark = getattr(message, "sec_mark", None)
    return reference if mark is None else full_time(mark, reference)


def _rsi_key(message: RoadSideInformation) -> _Key:
    return message.msg_cnt, message.moy, message.timestamp, message.seq_num


def _published(message: RoadSideInformation | ParkingStatus | BusStatus, _: float) -> float | None:
    return None if message.timestamp is None else message.timestamp * 0.001


def _numbered_key(message: ParkingStatus | BusStatus) -> _Key:
    return message.seq, message.timestamp


def _advice_key(message: AdviceAck) -> _Key:
    return message.id, message.status


def _ack_key(message: Ack) -> _Key:
    return () if message.seq_num is None else (message.seq_num, message.error_code)


def _no_time(_: Wire, __: float) -> float | None:
    return None


def _radar_key(_: RadarMessage) -> _Key:
    return ()


def _radar_time(message: RadarMessage, _: float) -> float | None:
    return message.time_stamp * 0.001


_RULES: dict[type[Wire], tuple[Callable[[Any], _Key], Callable[[Any, float], float | None]]] = {
    RoadSideInformation: (_rsi_key, _published),
    ParkingStatus: (_numbered_key, _published),
    BusStatus: (_numbered_key, _published),
    AdviceAck: (_advice_key, _no_time),
    Ack: (_ack_key, _no_time),
}
"""How repeats are told and what time a message bears; where nothing is said: msgCnt, secMark and timestamp."""
