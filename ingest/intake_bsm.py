"""BSM: vehicles about themselves."""

from ingest.collector import Collector
from ingest.messages.bsm import BasicSafetyMessage
from ingest.messages.enumerations import ParticipantType, TransmissionState
from ingest.observation_buffer import NO_ACCURACY, ROW, SELF
from ingest.plausibility import check_position
from ingest.self_report import ForwardedTaker, SelfReportTaker
from ingest.streams import BY_NAME, Stream

_MOTOR = ParticipantType.MOTOR.code
_REVERSE = (TransmissionState.REVERSE, TransmissionState.REVERSE.code)


class BsmTaker(SelfReportTaker[BasicSafetyMessage]):
    """BSM of one vehicle terminal."""

    def __init__(self, collector: Collector, stream: Stream, row: int) -> None:
        super().__init__(collector, stream, row, BasicSafetyMessage)

    def _check(self, message: BasicSafetyMessage) -> int:
        box, position = self._collector.box_of(self.row), message.pos
        if not box.holds(position.long, position.lat):
            check_position(box, position, "pos")
        return _MOTOR

    def _pack(
        self,
        data: bytearray,
        offset: int,
        message: BasicSafetyMessage,
        kind: int,
        received: float,
        reference: float,
        published: float,
    ) -> None:
        position, size = message.pos, message.size
        accuracy, confidence, motion = message.pos_accuracy, message.pos_confidence, message.motion_cfd
        ROW.pack_into(
            data,
            offset,
            received,
            reference,
            published,
            self.row,
            position.long,
            position.lat,
            message.sec_mark,
            0,
            message.speed,
            message.heading,
            message.vehicle_class.classification,
            size.width,
            size.length,
            size.height or 0,
            SELF,
            kind,
            0 if confidence is None else confidence.pos_code,
            NO_ACCURACY if accuracy is None else accuracy.semi_major,
            0 if motion is None else motion.code,
            message.transmission in _REVERSE,
        )


def forwarded_bsm(collector: Collector, row: int) -> ForwardedTaker[BasicSafetyMessage]:
    """Take BSMs that the roadside unit in this row hands on."""
    return ForwardedTaker(collector, row, BasicSafetyMessage, BY_NAME["obu_bsm"], BsmTaker)
