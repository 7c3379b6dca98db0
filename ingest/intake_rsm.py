"""RSM of one roadside unit: up to 16 participants ten times a second, so the loop looks nothing up twice."""

from math import nan

from ingest.collector import Collector
from ingest.errors import RefusalReason, RefusedError
from ingest.messages.common import SPEED_UNAVAILABLE
from ingest.messages.decoding import decoder
from ingest.messages.enumerations import ParticipantType
from ingest.messages.positions import Position3D
from ingest.messages.rsm import ParticipantData, RoadsideSafetyMessage
from ingest.observation_buffer import NO_ACCURACY, ROADSIDE, ROW
from ingest.plausibility import SPEED_LIMITS, check_position, position_fault, position_sentence
from ingest.road_users import NO_CLASS
from ingest.streams import Stream
from ingest.timebase import full_time
from ingest.verdicts import Accepted, Refused
from maps.coordinates import Crs

_RSU = ParticipantType.RSU.code


class RsmTaker:
    """RSM of one roadside unit, or the tracks of one radar."""

    def __init__(self, collector: Collector, stream: Stream, row: int, topic: str, *, fixed: bool = True) -> None:
        """Take messages of one device; `fixed` where refPos is the place of the unit and its sensors see around it."""
        self.row = row
        self._collector = collector
        self._health = collector.health.stream(row, stream.name)
        self._decode = decoder(RoadsideSafetyMessage).decode
        self._fixed = fixed
        self._stream, self._topic = stream.name, topic
        self._ref_pos: Position3D | None = None
        self._device = collector.registry.get(row)
        self._radius: float | None = None
        self._near = collector.box
        self._crs = Crs.WGS84

    def take(self, payload: bytes, received: float) -> Accepted:
        """Add a row to the buffer for each participant."""
        return self.take_message(self._decode(payload), received)

    def take_message(self, message: RoadsideSafetyMessage, received: float, *, counted: bool = True) -> Accepted:
        """Add the rows of a decoded message; where not `counted`, its msgCnt is not looked at."""
        collector, row, participants = self._collector, self.row, message.participants
        published = collector.published(row, message.timestamp, received)
        if row in collector.wrong_clocks:
            return collector.flag(row, self._stream)
        reference = received if published is None else published
        device = self._device
        if device.crs is not self._crs or (
            self._fixed and (message.ref_pos != self._ref_pos or device.coverage_radius != self._radius)
        ):
            self._move(message.ref_pos)
        stamp = published
        if stamp is None:
            stamp = full_time(participants[0].sec_mark, received) if participants else None
        if stamp is not None:
            if counted and self._health.sequence.is_repeat(message.msg_cnt, round(stamp * 1000.0)):
                raise RefusedError(RefusalReason.DUPLICATE, "msgCnt", message.msg_cnt)
            collector.note_delay(row, self._health, received - stamp)
        if participants and collector.copies.is_copy(_identity(message), row, received):
            raise RefusedError(RefusalReason.DUPLICATE, "id", message.id, "another unit handed this RSM on already")
        left_out = self._pack(message, received, reference, nan if published is None else published)
        rows = len(participants) - len(left_out)
        partly = self._leave_out(message, left_out) if left_out else None
        return Accepted(self._stream, row, rows, partly)

    def _move(self, ref_pos: Position3D) -> None:
        """Learn where the unit stands and how far it can see."""
        collector, device = self._collector, self._device
        box = collector.box_of(self.row)
        if not self._fixed:
            self._near, self._crs = box, device.crs
            return
        check_position(box, ref_pos, "refPos")
        self._ref_pos, self._radius, self._crs = ref_pos, device.coverage_radius, device.crs
        radius = max(self._radius or 0.0, collector.coverage_radius)
        self._near = box.around(ref_pos.long, ref_pos.lat, radius)
        place = collector.to_wgs84(self.row, ref_pos)
        collector.registry.place(self.row, place.long * 1e-7, place.lat * 1e-7)

    def _pack(
        self, message: RoadsideSafetyMessage, received: float, reference: float, published: float
    ) -> list[tuple[int, RefusalReason | None]]:
        """Write the rows; gives the participants left out, by index and reason (None: the unit itself)."""
        buffer, near, row, ref_pos = self._collector.buffer, self._near, self.row, message.ref_pos
        west, east, south, north = near.west, near.east, near.south, near.north
        offset = buffer.reserve(len(message.participants))
        data, pack, size, limits = buffer.data, ROW.pack_into, ROW.size, SPEED_LIMITS
        left_out: list[tuple[int, RefusalReason | None]] = []
        for index, participant in enumerate(message.participants):
            place = participant.pos.offset_ll.position_lat_lon
            if place is not None:
                lon, lat = place.lon, place.lat
            else:
                lon, lat = _resolve(participant, ref_pos, index)
            kind = participant.ptc_type
            if not isinstance(kind, int):
                kind = kind.code
            confidence = participant.pos_confidence.pos
            if not isinstance(confidence, int):
                confidence = confidence.code
            speed = participant.speed
            if (
                kind == _RSU
                or not (west <= lon <= east and south <= lat <= north)
                or (speed > limits[kind] and speed != SPEED_UNAVAILABLE)
            ):
                left_out.append((index, None if kind == _RSU else self._fault(lon, lat)))
                continue
            body, vehicle, motion = participant.size, participant.vehicle_class, participant.motion_cfd
            pack(
                data,
                offset,
                received,
                reference,
                published,
                row,
                lon,
                lat,
                participant.sec_mark,
                participant.ptc_id,
                speed,
                participant.heading,
                NO_CLASS if vehicle is None else vehicle.classification,
                body.width,
                body.length,
                body.height or 0,
                ROADSIDE,
                kind,
                confidence,
                NO_ACCURACY,
                0 if motion is None else motion.code,
                0,
            )
            offset += size
        self._collector.counters.observations += (offset - buffer.end) // size
        buffer.end = offset
        return left_out

    def _fault(self, lon: int, lat: int) -> RefusalReason:
        """Say what is wrong with a participant that was left out."""
        if self._near.holds(lon, lat):
            return RefusalReason.SPEED_IMPLAUSIBLE
        return position_fault(self._collector.box_of(self.row), lon, lat) or RefusalReason.PARTICIPANT_FAR

    def _leave_out(
        self, message: RoadsideSafetyMessage, left_out: list[tuple[int, RefusalReason | None]]
    ) -> Refused | None:
        """Count what was left out; the whole message is refused where nothing else was in it."""
        faults = [(index, fault) for index, fault in left_out if fault is not None]
        if not faults:
            return None
        index, fault = faults[0]
        participant = message.participants[index]
        if len(faults) == len(message.participants):
            raise RefusedError(fault, f"participants[{index}]", participant.ptc_id, _sentence(message, index, fault))
        for _, reason in faults:
            self._collector.counters.participants_refused[reason.value] += 1
        sentence = _sentence(message, index, fault)
        field = f"participants[{index}]"
        return Refused(self._topic, self._stream, self.row, fault, field, sentence, message.msg_cnt)


def _identity(message: RoadsideSafetyMessage) -> tuple[object, ...]:
    """What tells an RSM from all others, whoever hands it on."""
    first = message.participants[0]
    return message.id, message.msg_cnt, len(message.participants), first.ptc_id, first.sec_mark, first.pos.offset_ll


def _resolve(participant: ParticipantData, ref_pos: Position3D, index: int) -> tuple[int, int]:
    position = participant.pos.offset_ll.resolve_e7(ref_pos)
    if position is None:
        field = f"participants[{index}].pos.offsetLL"
        raise RefusedError(RefusalReason.INVALID_CHOICE, field, None, f"{field} holds none of its alternatives")
    return position


def _sentence(message: RoadsideSafetyMessage, index: int, fault: RefusalReason) -> str:
    participant, ref_pos = message.participants[index], message.ref_pos
    name = f"participants[{index}]"
    if fault is RefusalReason.SPEED_IMPLAUSIBLE:
        return f"{name}.speed is {participant.speed * 0.02:g} m/s"
    lon, lat = participant.pos.offset_ll.resolve_e7(ref_pos) or (0, 0)
    if fault is RefusalReason.PARTICIPANT_FAR:
        return f"{name}.pos (lat {lat}, lon {lon}) is too far from refPos (lat {ref_pos.lat}, long {ref_pos.long})"
    return position_sentence(fault, f"{name}.pos", Position3D(lat=lat, long=lon))
