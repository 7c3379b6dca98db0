"""BSM of one vehicle terminal: 10 Hz from every equipped vehicle, so every name here is looked up once."""

from math import nan

from ingest.collector import Collector
from ingest.device_health import StreamHealth
from ingest.device_kinds import DeviceKind
from ingest.errors import RefusalReason, RefusedError
from ingest.messages.bsm import BasicSafetyMessage
from ingest.messages.common import SPEED_UNAVAILABLE
from ingest.messages.decoding import decoder
from ingest.messages.enumerations import ParticipantType, TransmissionState
from ingest.observation_buffer import NO_ACCURACY, ROW, SELF
from ingest.plausibility import SPEED_LIMITS, BoxE7, check_position
from ingest.streams import BY_NAME, Stream
from ingest.timebase import full_time
from ingest.verdicts import Accepted

_MOTOR = ParticipantType.MOTOR.code
_OWN = BY_NAME["obu_bsm"]
_MOST_VEHICLES = 10_000
_REVERSE = (TransmissionState.REVERSE, TransmissionState.REVERSE.code)


class BsmTaker:
    """BSM of one vehicle terminal."""

    def __init__(self, collector: Collector, stream: Stream, row: int) -> None:
        self.row = row
        self._collector = collector
        self._health = collector.health.stream(row, stream.name)
        self._decode = decoder(BasicSafetyMessage).decode
        self._accepted = Accepted(stream.name, row, 1)

    def take(self, payload: bytes, received: float) -> Accepted:
        """Add one row to the buffer."""
        return self.take_message(self._decode(payload), received)

    def take_message(self, message: BasicSafetyMessage, received: float, *, counted: bool = True) -> Accepted:
        """Add one row for a decoded message; where not `counted`, its msgCnt is not looked at."""
        collector, row = self._collector, self.row
        published = collector.published(row, message.timestamp, received)
        if row in collector.wrong_clocks:
            return collector.flag(row, self._accepted.stream)
        reference = received if published is None else published
        event_time = full_time(message.sec_mark, reference)
        _check(collector.box_of(row), message)
        stamp = reference if event_time is None else event_time
        if counted and self._health.sequence.is_repeat(message.msg_cnt, round(stamp * 1000.0)):
            raise RefusedError(RefusalReason.DUPLICATE, "msgCnt", message.msg_cnt)
        collector.note_delay(row, self._health, received - (stamp if published is None else published))
        self._pack(message, received, reference, published)
        return self._accepted

    def _pack(self, message: BasicSafetyMessage, received: float, reference: float, published: float | None) -> None:
        """Write one row."""
        collector = self._collector
        accuracy, confidence, motion, size = (
            message.pos_accuracy,
            message.pos_confidence,
            message.motion_cfd,
            message.size,
        )
        buffer = collector.buffer
        offset = buffer.reserve(1)
        ROW.pack_into(
            buffer.data,
            offset,
            received,
            reference,
            nan if published is None else published,
            self.row,
            message.pos.long,
            message.pos.lat,
            message.sec_mark,
            0,
            message.speed,
            message.heading,
            message.vehicle_class.classification,
            size.width,
            size.length,
            size.height or 0,
            SELF,
            _MOTOR,
            0 if confidence is None else confidence.pos_code,
            NO_ACCURACY if accuracy is None else accuracy.semi_major,
            0 if motion is None else motion.code,
            message.transmission in _REVERSE,
        )
        buffer.end = offset + ROW.size
        collector.counters.observations += 1


class ForwardedBsmTaker:
    """BSMs that a roadside unit hears and hands on.

    Each is about the vehicle it names, so that copies through several units, and the vehicle's own upload, are one.
    """

    def __init__(self, collector: Collector, row: int) -> None:
        """Take what the unit in this row hands on."""
        self.row = row
        self._collector = collector
        self._unit = collector.registry.get(row).id
        self._decode = decoder(BasicSafetyMessage).decode
        self._vehicles: dict[str, tuple[BsmTaker, StreamHealth]] = {}

    def take(self, payload: bytes, received: float) -> Accepted:
        """Add one row to the buffer."""
        return self.take_message(self._decode(payload), received)

    def take_message(self, message: BasicSafetyMessage, received: float, *, counted: bool = True) -> Accepted:
        """Add one row for a decoded message."""
        vehicle = self._vehicles.get(message.id)
        if vehicle is None:
            vehicle = self._open(message.id)
        taker, health = vehicle
        health.received += 1
        health.last_received = received
        return taker.take_message(message, received, counted=counted)

    def _open(self, name: str) -> tuple[BsmTaker, StreamHealth]:
        """Find a vehicle. Many may bear an id of zeros: those are told apart by the unit at least."""
        if len(self._vehicles) >= _MOST_VEHICLES:
            self._vehicles.clear()
        registry = self._collector.registry
        row = registry.row_of(DeviceKind.OBU, f"{self._unit}:{name}" if not name.strip("0") else name)
        health = self._collector.health.stream(row, _OWN.name)
        vehicle = self._vehicles[name] = BsmTaker(self._collector, _OWN, row), health
        return vehicle


def _check(box: BoxE7, message: BasicSafetyMessage) -> None:
    position = message.pos
    if not box.holds(position.long, position.lat):
        check_position(box, position, "pos")
    speed = message.speed
    if speed > SPEED_LIMITS[_MOTOR] and speed != SPEED_UNAVAILABLE:
        raise RefusedError(RefusalReason.SPEED_IMPLAUSIBLE, "speed", speed, f"speed is {speed * 0.02:g} m/s")
