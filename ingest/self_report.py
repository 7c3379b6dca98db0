"""Reports of road users about themselves (BSM, PSM), sent by their own terminal or handed on by a roadside unit."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from math import nan
from typing import Generic, Protocol, TypeVar

from ingest.collector import Collector
from ingest.device_health import StreamHealth
from ingest.device_kinds import DeviceKind
from ingest.errors import RefusalReason, RefusedError
from ingest.messages.common import SPEED_UNAVAILABLE
from ingest.messages.decoding import decoder
from ingest.observation_buffer import ROW
from ingest.plausibility import SPEED_LIMITS
from ingest.streams import Stream
from ingest.timebase import full_time
from ingest.verdicts import Accepted

_MOST_ROAD_USERS = 10_000


class SelfReport(Protocol):
    """What BSM and PSM have in common."""

    @property
    def id(self) -> str:
        """Name of the road user."""

    @property
    def msg_cnt(self) -> int:
        """0 to 127, counting up."""

    @property
    def sec_mark(self) -> int:
        """Milliseconds in the minute."""

    @property
    def timestamp(self) -> int | None:
        """UTC epoch ms of publication, where said."""

    @property
    def speed(self) -> int:
        """In 0.02 m/s."""


MessageT = TypeVar("MessageT", bound=SelfReport)


class SelfReportTaker(ABC, Generic[MessageT]):
    """Takes the reports of one terminal. They come at 10 Hz from everyone, so every name is looked up once."""

    def __init__(self, collector: Collector, stream: Stream, row: int, message_type: type[MessageT]) -> None:
        self.row = row
        self._collector = collector
        self._health = collector.health.stream(row, stream.name)
        self._decode = decoder(message_type).decode
        self._accepted = Accepted(stream.name, row, 1)

    def take(self, payload: bytes, received: float) -> Accepted:
        """Add one row to the buffer."""
        return self.take_message(self._decode(payload), received)

    def take_message(self, message: MessageT, received: float, *, counted: bool = True) -> Accepted:
        """Add one row for a decoded message; where not `counted`, its msgCnt is not looked at."""
        collector, row = self._collector, self.row
        published = collector.published(row, message.timestamp, received)
        if row in collector.wrong_clocks:
            return collector.flag(row, self._accepted.stream)
        reference = received if published is None else published
        event_time = full_time(message.sec_mark, reference)
        kind = self._check(message)
        speed = message.speed
        if speed > SPEED_LIMITS[kind] and speed != SPEED_UNAVAILABLE:
            raise RefusedError(RefusalReason.SPEED_IMPLAUSIBLE, "speed", speed, f"speed is {speed * 0.02:g} m/s")
        stamp = reference if event_time is None else event_time
        if counted and self._health.sequence.is_repeat(message.msg_cnt, round(stamp * 1000.0)):
            raise RefusedError(RefusalReason.DUPLICATE, "msgCnt", message.msg_cnt)
        collector.note_delay(row, self._health, received - (stamp if published is None else published))
        buffer = collector.buffer
        offset = buffer.reserve(1)
        self._pack(buffer.data, offset, message, kind, received, reference, nan if published is None else published)
        buffer.end = offset + ROW.size
        collector.counters.observations += 1
        return self._accepted

    @abstractmethod
    def _check(self, message: MessageT) -> int:
        """Refuse an impossible place; give the code of DE_ParticipantType."""

    @abstractmethod
    def _pack(
        self,
        data: bytearray,
        offset: int,
        message: MessageT,
        kind: int,
        received: float,
        reference: float,
        published: float,
    ) -> None:
        """Write one row; times are UTC epoch s, NaN where not published."""


class ForwardedTaker(Generic[MessageT]):
    """Takes reports that a roadside unit hears and hands on.

    Each is about the road user it names, so that copies through several units, and the terminal's own upload, are one.
    """

    def __init__(
        self,
        collector: Collector,
        row: int,
        message_type: type[MessageT],
        own: Stream,
        make: Callable[[Collector, Stream, int], SelfReportTaker[MessageT]],
    ) -> None:
        """Take what the unit in this row hands on; `make` makes the taker of a terminal whose own stream is `own`."""
        self.row = row
        self._collector, self._own, self._make = collector, own, make
        self._unit = collector.registry.get(row).id
        self._decode = decoder(message_type).decode
        self._road_users: dict[str, tuple[SelfReportTaker[MessageT], StreamHealth]] = {}

    def take(self, payload: bytes, received: float) -> Accepted:
        """Add one row to the buffer."""
        return self.take_message(self._decode(payload), received)

    def take_message(self, message: MessageT, received: float, *, counted: bool = True) -> Accepted:
        """Add one row for a decoded message."""
        taker, health = self._road_users.get(message.id) or self._open(message.id)
        health.received += 1
        health.last_received = received
        return taker.take_message(message, received, counted=counted)

    def _open(self, name: str) -> tuple[SelfReportTaker[MessageT], StreamHealth]:
        """Find a road user. Many may bear an id of zeros: those are told apart by the unit at least."""
        if len(self._road_users) >= _MOST_ROAD_USERS:
            self._road_users.clear()
        collector = self._collector
        row = collector.registry.row_of(DeviceKind.OBU, f"{self._unit}:{name}" if not name.strip("0") else name)
        found = self._make(collector, self._own, row), collector.health.stream(row, self._own.name)
        self._road_users[name] = found
        return found
