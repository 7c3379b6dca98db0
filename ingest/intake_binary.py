"""UPER on its own topics and in the gateway envelope: decoded, checked against the device's profile, then as JSON."""

from collections.abc import Callable, Sequence

from ingest.collector import Collector
from ingest.device_health import StreamHealth
from ingest.device_kinds import DeviceKind
from ingest.envelope import open_envelope
from ingest.errors import RefusalReason, RefusedError
from ingest.messages.common import Wire
from ingest.messages.uper_form import to_message
from ingest.profiles import ProfileWatch
from ingest.streams import Stream
from ingest.takers import MessageTaker, Reader, take_all
from ingest.topics import message_of_stream
from ingest.verdicts import Accepted

_UNTIMED = frozenset({"bsm"})
"""Messages whose time is the vehicle's: the time that a gateway writes on the envelope says nothing about them."""


def uper_reader(collector: Collector, watch: ProfileWatch, stream: Stream, row: int) -> Reader:
    """Make the reader of the UPER frames that one device sends on one stream."""
    device, name = collector.registry.get(row), message_of_stream(stream)

    def read(payload: bytes, _: float) -> Sequence[Wire]:
        profile = device.profile
        return (to_message(watch.decode(row, profile, name, payload), profile),)

    return read


class EnvelopeTaker:
    """The gateway envelope of one message type: the payload names the roadside unit."""

    def __init__(
        self,
        collector: Collector,
        watch: ProfileWatch,
        stream: Stream,
        topic: str,
        *,
        make: Callable[[Stream, int, str], MessageTaker[Wire]],
    ) -> None:
        """Take messages of all units; `make` gives the taker of one."""
        self.row = -1
        self._collector, self._watch, self._stream, self._topic = collector, watch, stream, topic
        self._name = message_of_stream(stream)
        self._make = make
        self._units: dict[str, tuple[MessageTaker[Wire], StreamHealth]] = {}

    def take(self, payload: bytes, received: float) -> Accepted:
        """Take all frames of an envelope."""
        self.row = -1
        envelope = open_envelope(payload, bundle=self._name == "bsm")
        if not envelope.frames:
            raise RefusedError(RefusalReason.NOT_ENVELOPE, "byte 16", 0, "envelope holds no message")
        taker, health = self._units.get(envelope.rsu_id) or self._open(envelope.rsu_id)
        row = self.row = taker.row
        health.received += 1
        health.last_received = received
        profile = self._collector.registry.get(row).profile
        stamp = None if self._name in _UNTIMED else envelope.time_ms
        messages = [
            to_message(self._watch.decode(row, profile, self._name, frame), profile, stamp) for frame in envelope.frames
        ]
        taken = take_all(messages, taker, received, self._collector.counters, topic=self._topic, counted=True)
        self._collector.registry.note_dialect(row, "envelope")
        return taken

    def _open(self, name: str) -> tuple[MessageTaker[Wire], StreamHealth]:
        row = self._collector.registry.row_of(DeviceKind.RSU, name)
        taker = self._make(self._stream, row, self._topic)
        unit = self._units[name] = taker, self._collector.health.stream(row, self._stream.name)
        return unit
