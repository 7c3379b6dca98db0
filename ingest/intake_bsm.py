"""BSM of one vehicle terminal: 10 Hz from every equipped vehicle, so every name here is looked up once."""

from math import nan

from ingest.collector import Collector
from ingest.errors import RefusalReason, RefusedError
from ingest.messages.bsm import BasicSafetyMessage
from ingest.messages.common import SPEED_UNAVAILABLE
from ingest.messages.decoding import decoder
from ingest.messages.enumerations import ParticipantType, TransmissionState
from ingest.observation_buffer import NO_ACCURACY, ROW, SELF
from ingest.plausibility import SPEED_LIMITS, check_position
from ingest.streams import Stream
from ingest.timebase import full_time
from ingest.verdicts import Accepted

_MOTOR = ParticipantType.MOTOR.code
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
        message = self._decode(payload)
        collector, row = self._collector, self.row
        published = collector.published(row, message.timestamp, received)
        reference = received if published is None else published
        event_time = full_time(message.sec_mark, reference)
        _check(collector, message)
        stamp = reference if event_time is None else event_time
        if self._health.sequence.is_repeat(message.msg_cnt, round(stamp * 1000.0)):
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


def _check(collector: Collector, message: BasicSafetyMessage) -> None:
    position = message.pos
    if not collector.box.holds(position.long, position.lat):
        check_position(collector.box, position, "pos")
    speed = message.speed
    if speed > SPEED_LIMITS[_MOTOR] and speed != SPEED_UNAVAILABLE:
        raise RefusedError(RefusalReason.SPEED_IMPLAUSIBLE, "speed", speed, f"speed is {speed * 0.02:g} m/s")
