"""From a topic to the taker of its messages."""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

from ingest.collector import Collector
from ingest.device_health import StreamHealth
from ingest.dialects.catalogue import STANDARD, dialect_of
from ingest.dialects.description import Form
from ingest.dialects.reading import find_form, read_form
from ingest.errors import RefusalReason, RefusedError
from ingest.intake import MapTaker, SpatTaker, status_taker
from ingest.intake_binary import EnvelopeTaker, uper_reader
from ingest.intake_bsm import BsmTaker, forwarded_bsm
from ingest.intake_day_two import SsmTaker
from ingest.intake_events import event_taker, type_of_stream
from ingest.intake_psm import PsmTaker, forwarded_psm
from ingest.intake_rsm import RsmTaker
from ingest.messages.common import Wire
from ingest.profiles import ProfileWatch
from ingest.streams import Stream
from ingest.takers import FormTaker, LenientTaker, MessageTaker, Taker
from ingest.topics import Uplink, Writing, find_route, other_forms


class Route:
    """What is known about one topic."""

    __slots__ = ("health", "received", "stream", "taker")

    def __init__(self, stream: Stream, taker: Taker, health: StreamHealth | None) -> None:
        """Keep the stream, the taker and, where the topic names a device, the record of its stream."""
        self.stream = stream
        self.taker = taker
        self.health = health
        self.received = 0


class RouteMaker:
    """Makes the route of a topic when its first message comes."""

    def __init__(self, collector: Collector, watch: ProfileWatch) -> None:
        self._collector = collector
        self._watch = watch

    def make(self, topic: str) -> Route:
        """Make a route; RefusedError where the topic is not ours or names an impossible device."""
        found = find_route(topic)
        if found is None:
            raise RefusedError(RefusalReason.UNKNOWN_TOPIC, "topic", topic)
        link, device = found
        stream = link.stream
        if device is None:
            taker = self._nameless(link, topic)
            if taker is None:
                raise RefusedError(RefusalReason.UNKNOWN_TOPIC, "topic", topic)
            return Route(stream, taker, None)
        row = self._collector.registry.row_of(link.kind, device)
        return Route(stream, self._named(link, row, topic), self._collector.health.stream(row, stream.name))

    def _nameless(self, link: Uplink, topic: str) -> Taker | None:
        """Make the taker of a topic whose payloads name the device."""
        if link.writing is Writing.ENVELOPE:
            return EnvelopeTaker(self._collector, self._watch, link.stream, topic, make=self._plain)
        return status_taker(self._collector, link.stream)

    def _named(self, link: Uplink, row: int, topic: str) -> Taker:
        taker = self._plain(link.stream, row, topic)
        if link.writing is Writing.UPER:
            read = uper_reader(self._collector, self._watch, link.stream, row)
            note = self._noting(row, "uper")
            counters = self._collector.counters
            return FormTaker(read, taker, topic, counters, counted=True, lasting=False, note=note)
        if link.form is not None:
            return self._dialect(link.form, taker, topic)
        strict = cast("Taker", taker)
        forms = other_forms(link.stream)
        if not forms:
            return strict
        others = [self._dialect(form, taker, topic) for form in forms]
        return LenientTaker(strict, others, lambda payload: find_form(forms, payload), self._noting(row, STANDARD))

    def _dialect(self, form: Form, taker: MessageTaker[Wire], topic: str) -> FormTaker:
        device, kind = self._collector.registry.get(taker.row).id, type_of_stream(form.stream)
        return FormTaker(
            lambda payload, received: read_form(form, payload, kind, device=device, received=received),
            taker,
            topic,
            self._collector.counters,
            counted=False,
            lasting=form.lasting,
            note=self._noting(taker.row, dialect_of(form)),
        )

    def _noting(self, row: int, dialect: str) -> Callable[[], None]:
        return partial(self._collector.registry.note_dialect, row, dialect)

    def _plain(self, stream: Stream, row: int, topic: str) -> MessageTaker[Wire]:
        """Make the taker of one stream of one device for messages in the standard's form."""
        collector = self._collector
        makers: dict[str, Callable[[], MessageTaker[Any]]] = {
            "obu_bsm": lambda: BsmTaker(collector, stream, row),
            "rsu_bsm": lambda: forwarded_bsm(collector, row),
            "rsu_rsm": lambda: RsmTaker(collector, stream, row, topic),
            "obu_psm": lambda: PsmTaker(collector, stream, row),
            "rsu_psm": lambda: forwarded_psm(collector, row),
            "rsu_ssm": lambda: SsmTaker(collector, stream, row, topic),
            "radar_track": lambda: RsmTaker(collector, stream, row, topic, fixed=False),
            "rsu_spat": lambda: SpatTaker(collector, stream, row),
            "rsu_map": lambda: MapTaker(collector, stream, row),
        }
        return makers.get(stream.name, lambda: event_taker(collector, stream, row))()
