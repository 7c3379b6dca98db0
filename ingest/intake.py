"""The takers: for each kind of uplink the steps decode, time, plausibility, duplicates, collect, in this order.

The two hot ones, BSM and RSM, stand in `intake_bsm.py` and `intake_rsm.py`.
"""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from ingest.collector import Collector, Report
from ingest.device_health import StreamHealth
from ingest.device_registry import DeviceKind
from ingest.errors import RefusalReason, RefusedError
from ingest.messages.acks import UnitAck
from ingest.messages.common import MINUTE_UNAVAILABLE, Wire
from ingest.messages.decoding import decode, decoder
from ingest.messages.map_data import MapData
from ingest.messages.spat import Spat
from ingest.messages.status import BaseInfo, Heartbeat, RsuInfo, RunningInfo
from ingest.messages.vir import VehIntentionAndRequest
from ingest.plausibility import check_position
from ingest.streams import Stream
from ingest.takers import Taker
from ingest.timebase import CLOCK_WRONG, full_time, full_time_of_year
from ingest.verdicts import Accepted

MessageT = TypeVar("MessageT", bound=Wire)
StatusT = TypeVar("StatusT", bound=Heartbeat | RsuInfo | RunningInfo | BaseInfo)


class SpatTaker:
    """SPAT of one roadside unit."""

    def __init__(self, collector: Collector, stream: Stream, row: int) -> None:
        self.row = row
        self._collector = collector
        self._health = collector.health.stream(row, stream.name)
        self._decode = decoder(Spat).decode
        self._accepted = Accepted(stream.name, row)

    def take(self, payload: bytes, received: float) -> Accepted:
        """Put one SPAT on the shelf."""
        return self.take_message(self._decode(payload), received)

    def take_message(self, message: Spat, received: float, *, counted: bool = True) -> Accepted:
        """Put one decoded SPAT on the shelf; where not `counted`, its msgCnt is not looked at."""
        collector, row, health = self._collector, self.row, self._health
        published = collector.published(row, message.timestamp, received)
        if message.timestamp is None:
            said = _said_time(message, received)
            if said is not None:
                collector.is_clock_right(row, said, received)
        if row in collector.wrong_clocks:
            return collector.flag(row, self._accepted.stream)
        event_time = _spat_time(message, received if published is None else published)
        if counted and health.sequence.is_repeat(message.msg_cnt, round(event_time * 1000.0)):
            raise RefusedError(RefusalReason.DUPLICATE, "msgCnt", message.msg_cnt)
        collector.note_delay(row, health, received - (event_time if published is None else published))
        corrected = event_time + collector.clocks.offset_of(row)
        collector.spats.put(Report(row, message, corrected, received))
        return self._accepted


def _said_time(message: Spat, reference: float) -> float | None:
    """Full time that a SPAT gives, UTC epoch s; None where it names no minute of the year."""
    first = message.intersections[0]
    moy = first.moy if message.moy is None else message.moy
    if moy is None or moy >= MINUTE_UNAVAILABLE:
        return None
    mark = first.time_stamp if message.time_stamp is None else message.time_stamp
    return full_time_of_year(moy, mark or 0, reference)


def _spat_time(message: Spat, reference: float) -> float:
    """Time of the lights: message, else first intersection, else `reference`."""
    first = message.intersections[0]
    moy = first.moy if message.moy is None else message.moy
    mark = first.time_stamp if message.time_stamp is None else message.time_stamp
    if mark is None:
        return reference
    time = None if moy is None else full_time_of_year(moy, mark, reference)
    if time is None or abs(time - reference) > CLOCK_WRONG:
        time = full_time(mark, reference)
    return reference if time is None else time


class MapTaker:
    """MAP of one roadside unit."""

    def __init__(self, collector: Collector, stream: Stream, row: int) -> None:
        self.row = row
        self._collector = collector
        self._health = collector.health.stream(row, stream.name)
        self._decode = decoder(MapData).decode
        self._accepted = Accepted(stream.name, row)

    def take(self, payload: bytes, received: float) -> Accepted:
        """Put one MAP on the shelf."""
        return self.take_message(self._decode(payload), received)

    def take_message(self, message: MapData, received: float, *, counted: bool = True) -> Accepted:
        """Put one decoded MAP on the shelf; where not `counted`, its msgCnt is not looked at."""
        collector, row = self._collector, self.row
        published = collector.published(row, message.timestamp, received)
        if row in collector.wrong_clocks:
            return collector.flag(row, self._accepted.stream)
        message = collector.to_wgs84(row, message)
        for index, node in enumerate(message.nodes):
            check_position(collector.box, node.ref_pos, f"nodes[{index}].refPos")
        stamp = message.timestamp or message.time_stamp
        if counted and stamp is not None and self._health.sequence.is_repeat(message.msg_cnt, stamp):
            raise RefusedError(RefusalReason.DUPLICATE, "msgCnt", message.msg_cnt)
        if published is not None:
            collector.note_delay(row, self._health, received - published)
        collector.maps.put(Report(row, message, received if published is None else published, received))
        return self._accepted


class EventTaker(Generic[MessageT]):
    """Events of one device: each counts once, however often it is delivered."""

    def __init__(
        self,
        collector: Collector,
        stream: Stream,
        row: int,
        *,
        kind: type[MessageT],
        key: Callable[[MessageT], tuple[Hashable, ...]],
        when: Callable[[MessageT, float], float | None],
    ) -> None:
        """Take messages of type `kind`; `key` tells them apart, `when` gives the device's time for them."""
        self.row = row
        self._collector = collector
        self._stream = stream.name
        self._health: StreamHealth = collector.health.stream(row, stream.name)
        self._decode, self._key, self._when = decoder(kind).decode, key, when
        self._accepted = Accepted(stream.name, row)

    def take(self, payload: bytes, received: float) -> Accepted:
        """Put one event on the shelf."""
        return self.take_message(self._decode(payload), received)

    def take_message(self, message: MessageT, received: float, *, counted: bool = True) -> Accepted:
        """Put one decoded event on the shelf; where not `counted`, it is no repeat."""
        collector, row = self._collector, self.row
        time = self._when(message, received)
        right = time is None or collector.is_clock_right(row, time, received)
        message = collector.to_wgs84(row, message)
        if isinstance(message, VehIntentionAndRequest):
            check_position(collector.box, message.ref_pos, "refPos")
        key = self._key(message)
        if counted and key and collector.keys.is_repeat((self._stream, row, *key), received):
            raise RefusedError(RefusalReason.DUPLICATE, "", key)
        event_time = received if time is None or not right else time + collector.clocks.offset_of(row)
        collector.events.put(Report(row, message, event_time, received))
        return self._accepted if right else collector.flag(row, self._stream)


class StatusTaker(Generic[StatusT]):
    """Status messages of all roadside units: the payload names the unit."""

    def __init__(self, collector: Collector, stream: Stream, kind: type[StatusT]) -> None:
        self.row = -1
        self._collector = collector
        self._stream = stream.name
        self._kind = kind

    def take(self, payload: bytes, received: float) -> Accepted:
        """Note that the unit is there, and what it says of itself."""
        self.row = -1
        message = decode(self._kind, payload)
        collector = self._collector
        row = self.row = collector.registry.row_of(DeviceKind.RSU, message.rsu_esn)
        published = collector.published(row, message.timestamp, received)
        health = collector.health.stream(row, self._stream)
        health.received += 1
        health.last_received = received
        if isinstance(message, RsuInfo):
            message = collector.to_wgs84(row, message)
            collector.registry.describe(row, message)
        if not isinstance(message, Heartbeat):
            collector.events.put(Report(row, message, received if published is None else published, received))
        return collector.flag(row, self._stream) if row in collector.wrong_clocks else Accepted(self._stream, row)


class AnswerTaker:
    """Answers of all roadside units to one type of message: the payload names the unit."""

    def __init__(self, collector: Collector, stream: Stream) -> None:
        self.row = -1
        self._collector = collector
        self._stream = stream.name

    def take(self, payload: bytes, received: float) -> Accepted:
        """Put one answer on the shelf."""
        self.row = -1
        message = decode(UnitAck, payload)
        if not message.unit:
            raise RefusedError(RefusalReason.MISSING_FIELD, "rsuEsn", None, "rsuEsn is missing")
        collector = self._collector
        row = self.row = collector.registry.row_of(DeviceKind.RSU, message.unit)
        health = collector.health.stream(row, self._stream)
        health.received += 1
        health.last_received = received
        if collector.keys.is_repeat((self._stream, row, message.seq_num, message.error_code), received):
            raise RefusedError(RefusalReason.DUPLICATE, "seqNum", message.seq_num)
        collector.events.put(Report(row, message, received, received))
        return Accepted(self._stream, row)


def status_taker(collector: Collector, stream: Stream) -> Taker | None:
    """Make the taker of a topic that names no device, None where the stream has one taker per device."""
    if stream.name.endswith("_ack"):
        return AnswerTaker(collector, stream)
    if stream.name == "rsu_heartbeat":
        return StatusTaker(collector, stream, Heartbeat)
    if stream.name == "rsu_info":
        return StatusTaker(collector, stream, RsuInfo)
    if stream.name == "rsu_base_info":
        return StatusTaker(collector, stream, BaseInfo)
    return StatusTaker(collector, stream, RunningInfo) if stream.name == "rsu_running_info" else None
