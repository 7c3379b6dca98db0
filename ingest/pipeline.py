"""The way of a message: one ordered list of steps from MQTT bytes to columns, shelves and counters.

1. topic       `routes`: which stream, which device, how it is written; once per topic, then remembered
2. decode      JSON to a checked struct; UPER through the device's profile (`profiles`); vendor dialects (`dialects`)
3. time        `timebase`: full UTC from secMark or moy, clock offset of the device
4. plausible   `plausibility`: in the city, near the unit, not too fast
5. duplicates  `duplicates`: repeats collapse, gaps are counted
6. collect     `observation_buffer` for BSM and RSM, shelves for the rest

Not safe for threads: one thread calls everything.
"""

import msgspec

from ingest.collector import Collector, Counters, Report
from ingest.device_health import DeviceReport
from ingest.device_registry import DeviceRegistry
from ingest.errors import RefusalReason, RefusedError
from ingest.messages.common import Wire
from ingest.messages.decoding import MAX_PAYLOAD, find_members, refusal_of
from ingest.messages.map_data import MapData
from ingest.messages.spat import Spat
from ingest.observation import ObservationBatch
from ingest.plausibility import COVERAGE_RADIUS, BoxE7
from ingest.profiles import ProfileMismatch, ProfileWatch
from ingest.routes import Route, RouteMaker
from ingest.verdicts import Accepted, DeadLetter, Refused
from maps.geodesy import LocalPlane

UNKNOWN_STREAM = "unknown"
LONGEST_DEAD_LETTER = 4096
"""Bytes of a refused payload that are kept."""

FLAG_EVERY = 1.0
"""s between two messages of one topic that are stored with a warning."""

_MAX_ROUTES = 500_000


class Pipeline:
    """Takes messages in, gives columns and typed reports out."""

    def __init__(
        self,
        plane: LocalPlane,
        box: BoxE7,
        registry: DeviceRegistry,
        *,
        coverage_radius: float = COVERAGE_RADIUS,
    ) -> None:
        """Take messages about the city inside `box`; positions come out in `plane`."""
        self._plane = plane
        self._collector = Collector(box, registry, coverage_radius)
        self._routes: dict[str, Route] = {}
        self._flagged: dict[str, float] = {}
        self._profiles = ProfileWatch(box)
        self._maker = RouteMaker(self._collector, self._profiles)
        self.registry = registry
        self._held = registry.held
        self.health = self._collector.health
        self.clocks = self._collector.clocks

    @property
    def counters(self) -> Counters:
        """Counts since the start."""
        counters = self._collector.counters
        counters.dead_letters_shed = self._collector.dead_letters.shed
        counters.reports_shed = self._collector.spats.shed + self._collector.maps.shed + self._collector.events.shed
        return counters

    def accept(self, topic: str, payload: bytes, received: float) -> Accepted | Refused:
        """Take one message, received at UTC epoch s. Never raises for what a device sent."""
        counters = self._collector.counters
        route = self._routes.get(topic)
        try:
            if route is None:
                route = self._open(topic)
            name = route.stream.name
            counters.received[name] += 1
            health = route.health
            if health is not None:
                health.received += 1
                health.last_received = received
            if len(payload) > MAX_PAYLOAD:
                raise _too_large(payload)
            accepted = route.taker.take(payload, received) if not self._held else self._hold(route, payload, received)
        except RefusedError as error:
            return self._refuse(topic, route, payload, received, error)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return self._refuse(topic, route, payload, received, refusal_of(error, payload))
        counters.accepted[name] += 1
        return accepted if accepted.warning is None else self._flag(topic, payload, received, accepted)

    def take_observations(self, now: float) -> ObservationBatch:
        """Take what vehicles and roadside units reported since the last call; `now` is UTC epoch s."""
        collector = self._collector
        collector.clocks.grow(len(collector.registry))
        return collector.buffer.take(self._plane, collector.clocks.offsets(now), self.registry.shifted)

    def take_spats(self) -> list[Report[Spat]]:
        """Take the SPATs since the last call."""
        return self._collector.spats.take()

    def take_maps(self) -> list[Report[MapData]]:
        """Take the MAPs since the last call."""
        return self._collector.maps.take()

    def take_events(self) -> list[Report[Wire]]:
        """Take VIR, RSI, parking, registration, running info and acknowledgements since the last call."""
        return self._collector.events.take()

    def take_dead_letters(self) -> list[DeadLetter]:
        """Take what was refused since the last call, without repeats; payloads are cut to 4096 bytes."""
        return self._collector.dead_letters.take()

    def take_profile_mismatches(self) -> list[ProfileMismatch]:
        """Take the devices found, since the last call, to encode with another profile than the registry says."""
        return self._profiles.take_mismatches()

    def note_shed(self, topic: str, count: int) -> None:
        """Charge messages that were dropped unread to the device of their topic."""
        route = self._routes.get(topic)
        if route is not None and route.taker.row >= 0:
            self.health.note_shed(route.taker.row, count)

    def report_devices(self, now: float) -> list[DeviceReport]:
        """Give the state of every device."""
        return self.health.report(now)

    def _open(self, topic: str) -> Route:
        """Remember what a topic is; RefusedError where it is not ours or names an impossible device."""
        if len(self._routes) >= _MAX_ROUTES:
            raise RefusedError(RefusalReason.TOO_MANY_DEVICES, "topic", topic)
        route = self._routes[topic] = self._maker.make(topic)
        return route

    def _hold(self, route: Route, payload: bytes, received: float) -> Accepted:
        """Take a message, and what it reports out of the picture again where its device is not approved."""
        buffer = self._collector.buffer
        end = buffer.end
        accepted = route.taker.take(payload, received)
        if route.taker.row in self._held:
            buffer.end = end
            self._collector.counters.held[route.stream.name] += 1
        return accepted

    def _flag(self, topic: str, payload: bytes, received: float, accepted: Accepted) -> Accepted:
        """Keep a message that came with a warning; of a stream of them one a second, so that it is not a flood."""
        reason = accepted.warning
        if reason is None or self._flagged.get(topic, 0.0) > received - FLAG_EVERY:
            return accepted
        self._flagged[topic] = received
        device = self.registry.get(accepted.device).id
        detail = f"clock of {device} is more than 5 minutes off: the message is kept out of the live picture"
        letter = DeadLetter(received, topic, payload[:LONGEST_DEAD_LETTER], reason.value, detail)
        self._collector.dead_letters.put(letter)
        verdict = Refused(topic, accepted.stream, accepted.device, reason, "timestamp", detail)
        return msgspec.structs.replace(accepted, partly=verdict)

    def _refuse(self, topic: str, route: Route | None, payload: bytes, received: float, error: RefusedError) -> Refused:
        """Count a refusal, keep the bytes, say why."""
        collector, reason = self._collector, error.reason
        row = route.taker.row if route is not None and route.taker.row >= 0 else None
        if route is None:
            collector.counters.received[UNKNOWN_STREAM] += 1
        collector.counters.refused[reason.value] += 1
        if row is not None:
            self.health.note_refusal(row, reason.value)
        if reason is not RefusalReason.DUPLICATE:
            letter = DeadLetter(received, topic, payload[:LONGEST_DEAD_LETTER], reason.value, str(error))
            collector.dead_letters.put(letter)
        msg_cnt, seq_num = find_members(payload, "msgCnt", "seqNum") if len(payload) <= MAX_PAYLOAD else (None, None)
        return Refused(
            topic=topic,
            stream=None if route is None else route.stream.name,
            device=row,
            reason=reason,
            field=error.field,
            detail=str(error),
            msg_cnt=msg_cnt if isinstance(msg_cnt, int) and 0 <= msg_cnt <= 127 else None,
            seq_num=seq_num if isinstance(seq_num, (str, int)) else None,
        )


def _too_large(payload: bytes) -> RefusedError:
    size = len(payload)
    return RefusedError(RefusalReason.TOO_LARGE, "", size, f"message of {size} bytes is larger than {MAX_PAYLOAD}")
