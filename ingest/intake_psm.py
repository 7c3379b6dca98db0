"""PSM: people on foot, cyclists and road workers about themselves become observations, as vehicles do by BSM."""

from math import nan

from ingest.collector import Collector
from ingest.device_health import StreamHealth
from ingest.device_kinds import DeviceKind
from ingest.errors import RefusalReason, RefusedError
from ingest.messages.common import SPEED_UNAVAILABLE
from ingest.messages.day_two import NonMotorData
from ingest.messages.decoding import decoder
from ingest.messages.enumerations import ParticipantType
from ingest.messages.psm import PersonalSafetyMessage
from ingest.observation_buffer import ROW, SELF
from ingest.plausibility import SPEED_LIMITS, check_position
from ingest.road_users import NO_CLASS
from ingest.streams import BY_NAME, Stream
from ingest.timebase import full_time
from ingest.verdicts import Accepted

_OWN = BY_NAME["obu_psm"]
_CYCLIST = ("aPEDALCYCLIST", 2)
"""DE_PersonalDeviceUserType by name and number."""
_WALKING, _RIDING = ParticipantType.PEDESTRIAN.code, ParticipantType.NON_MOTOR.code
_MOST_PEOPLE = 10_000


class PsmTaker:
    """PSM of one terminal."""

    def __init__(self, collector: Collector, stream: Stream, row: int) -> None:
        self.row = row
        self._collector = collector
        self._health = collector.health.stream(row, stream.name)
        self._decode = decoder(PersonalSafetyMessage).decode
        self._accepted = Accepted(stream.name, row, 1)

    def take(self, payload: bytes, received: float) -> Accepted:
        """Add one row to the buffer."""
        return self.take_message(self._decode(payload), received)

    def take_message(self, message: PersonalSafetyMessage, received: float, *, counted: bool = True) -> Accepted:
        """Add one row for a decoded message; where not `counted`, its msgCnt is not looked at."""
        collector, row = self._collector, self.row
        published = collector.published(row, message.timestamp, received)
        if row in collector.wrong_clocks:
            return collector.flag(row, self._accepted.stream)
        reference = received if published is None else published
        event_time = full_time(message.sec_mark, reference)
        check_position(collector.box_of(row), message.pos, "pos")
        kind = _kind_of(message.non_motor_data)
        speed = message.speed
        if speed > SPEED_LIMITS[kind] and speed != SPEED_UNAVAILABLE:
            raise RefusedError(RefusalReason.SPEED_IMPLAUSIBLE, "speed", speed, f"speed is {speed * 0.02:g} m/s")
        stamp = reference if event_time is None else event_time
        if counted and self._health.sequence.is_repeat(message.msg_cnt, round(stamp * 1000.0)):
            raise RefusedError(RefusalReason.DUPLICATE, "msgCnt", message.msg_cnt)
        collector.note_delay(row, self._health, received - (stamp if published is None else published))
        self._pack(message, kind, received, reference, nan if published is None else published)
        return self._accepted

    def _pack(
        self, message: PersonalSafetyMessage, kind: int, received: float, reference: float, published: float
    ) -> None:
        collector = self._collector
        buffer = collector.buffer
        offset = buffer.reserve(1)
        ROW.pack_into(
            buffer.data,
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
        buffer.end = offset + ROW.size
        collector.counters.observations += 1


class ForwardedPsmTaker:
    """PSMs that a roadside unit hears and hands on: each is about the person it names, copies are one."""

    def __init__(self, collector: Collector, row: int) -> None:
        """Take what the unit in this row hands on."""
        self.row = row
        self._collector = collector
        self._unit = collector.registry.get(row).id
        self._decode = decoder(PersonalSafetyMessage).decode
        self._people: dict[str, tuple[PsmTaker, StreamHealth]] = {}

    def take(self, payload: bytes, received: float) -> Accepted:
        """Add one row to the buffer."""
        return self.take_message(self._decode(payload), received)

    def take_message(self, message: PersonalSafetyMessage, received: float, *, counted: bool = True) -> Accepted:
        """Add one row for a decoded message."""
        taker, health = self._people.get(message.id) or self._open(message.id)
        health.received += 1
        health.last_received = received
        return taker.take_message(message, received, counted=counted)

    def _open(self, name: str) -> tuple[PsmTaker, StreamHealth]:
        """Find a person. Many may bear an id of zeros: those are told apart by the unit at least."""
        if len(self._people) >= _MOST_PEOPLE:
            self._people.clear()
        registry = self._collector.registry
        row = registry.row_of(DeviceKind.OBU, f"{self._unit}:{name}" if not name.strip("0") else name)
        found = PsmTaker(self._collector, _OWN, row), self._collector.health.stream(row, _OWN.name)
        self._people[name] = found
        return found


def _kind_of(data: NonMotorData) -> int:
    """DE_ParticipantType of a person."""
    return _RIDING if data.basic_type in _CYCLIST else _WALKING
