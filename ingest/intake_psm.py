"""PSM: people on foot, cyclists and road workers about themselves become observations, as vehicles do by BSM."""

from ingest.collector import Collector
from ingest.messages.day_two import NonMotorData
from ingest.messages.enumerations import ParticipantType
from ingest.messages.psm import PersonalSafetyMessage
from ingest.observation_buffer import ROW, SELF
from ingest.plausibility import check_position
from ingest.road_users import NO_CLASS
from ingest.self_report import ForwardedTaker, SelfReportTaker
from ingest.streams import BY_NAME, Stream

_CYCLIST = ("aPEDALCYCLIST", 2)
"""DE_PersonalDeviceUserType by name and number."""
_WALKING, _RIDING = ParticipantType.PEDESTRIAN.code, ParticipantType.NON_MOTOR.code


class PsmTaker(SelfReportTaker[PersonalSafetyMessage]):
    """PSM of one terminal."""

    def __init__(self, collector: Collector, stream: Stream, row: int) -> None:
        super().__init__(collector, stream, row, PersonalSafetyMessage)

    def _check(self, message: PersonalSafetyMessage) -> int:
        check_position(self._collector.box_of(self.row), message.pos, "pos")
        return _kind_of(message.non_motor_data)

    def _pack(
        self,
        data: bytearray,
        offset: int,
        message: PersonalSafetyMessage,
        kind: int,
        received: float,
        reference: float,
        published: float,
    ) -> None:
        ROW.pack_into(
            data,
            offset,
            received,
            reference,
            published,
            self.row,
            message.pos.long,
            message.pos.lat,
            message.sec_mark,
            0,
            message.speed,
            message.heading,
            NO_CLASS,
            0,
            0,
            0,
            SELF,
            kind,
            0,
            message.pos_accuracy.semi_major,
            0,
            0,
        )


def forwarded_psm(collector: Collector, row: int) -> ForwardedTaker[PersonalSafetyMessage]:
    """Take PSMs that the roadside unit in this row hands on."""
    return ForwardedTaker(collector, row, PersonalSafetyMessage, BY_NAME["obu_psm"], PsmTaker)


def _kind_of(data: NonMotorData) -> int:
    """DE_ParticipantType of a person."""
    return _RIDING if data.basic_type in _CYCLIST else _WALKING
