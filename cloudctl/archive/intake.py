"""From the broker to the spool: a batch is on disk before the broker hears that we have it."""

import asyncio
import struct
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Protocol

import structlog

from cloudctl.observability import LatencyWindow
from cloudctl.store.batch_parse import DEVICES_TOPIC, FRAME_TOPICS
from cloudctl.store.errors import SpoolFullError
from cloudctl.store.event_rows import CLOUD_EVENTS, find_telemetry_stream
from cloudctl.store.spool import Spool, SpoolClass
from cloudctl.store.spool_record import SpoolRecord
from cloudctl.store.withheld import WITHHELD_TOPIC
from ingest.broker import RawMessage
from ingest.streams import BY_NAME, StreamClass
from ingest.topics import filters_of

CLOUD_STREAMS = (
    *("trajectory", "link_state", "movement_state", "intersection_state", "signal_state"),
    *("incident", "advisory", "dead_letter", "devices_now"),
    *("stop_visit", "dispatch_advice", "priority_status"),
)
FILTERS = (
    *(BY_NAME[name].subscription for name in (*CLOUD_STREAMS, *CLOUD_EVENTS)),
    *filters_of(StreamClass.EVENT),
)
DEVICES_EVERY = 60.0
"""The list of devices comes every two seconds and is stored this often, s."""
ROOM_PAUSE = 1.0
"""How often we look for room while the spool is full, s."""
_TRAJECTORY_TOPIC = BY_NAME["trajectory"].topic
_TELEMETRY_TOPICS = FRAME_TOPICS | {BY_NAME["dead_letter"].topic, DEVICES_TOPIC}
"""Dead letters too: a flood of broken messages must not push out events."""
_FRAME_COUNT = struct.Struct("<12xI")


class SpoolGate(Protocol):
    """Says what may be put on disk."""

    def admits(self, topic: str) -> bool:
        """Tell whether a message may be put on disk as it came."""
        ...

    def note_of(self, event: SpoolRecord) -> bytes:
        """Give what is put there in its place."""
        ...


class Intake:
    """Spools what the receiver hands over; while there is no room for events it waits, and the broker keeps them."""

    def __init__(
        self,
        spool: Spool,
        *,
        clock: Callable[[], float] = time.time,
        gate: "SpoolGate | None" = None,
    ) -> None:
        """Spool a note in place of messages on topics that `gate` does not admit: nobody may store them."""
        self.points_spooled = 0
        self.waits_for_room = 0
        self.latency = LatencyWindow()
        """From receipt to disk."""
        self._spool = spool
        self._clock = clock
        self._gate = gate
        self._taking = asyncio.Lock()
        self._devices_stored = float("-inf")
        self._log = structlog.get_logger("intake")

    async def take(self, messages: Sequence[RawMessage]) -> None:
        """Put messages on disk; returns when they are there. One caller at a time: the spool has one writer."""
        async with self._taking:
            for message in messages:
                if self._is_due(message):
                    await self._append(message)
            await self._sync()
        now = self._clock()
        self.latency.add([now - message.received for message in messages])

    def _is_due(self, message: RawMessage) -> bool:
        if message.topic != DEVICES_TOPIC:
            return True
        if message.received - self._devices_stored < DEVICES_EVERY:
            return False
        self._devices_stored = message.received
        return True

    async def _append(self, message: RawMessage) -> None:
        kind, topic, payload = class_of(message.topic), message.topic, message.payload
        if self._gate is not None and not self._gate.admits(topic):
            payload = self._gate.note_of(SpoolRecord(0, message.received, topic, payload))
            topic = WITHHELD_TOPIC
        while True:
            try:
                taken = self._spool.append(kind, message.received, topic, payload)
            except SpoolFullError as error:
                await self._wait_for_room(error)
            else:
                if taken and message.topic == _TRAJECTORY_TOPIC and len(message.payload) >= _FRAME_COUNT.size:
                    self.points_spooled += _FRAME_COUNT.unpack_from(message.payload)[0]
                return

    async def _sync(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self._spool.sync)
            except SpoolFullError as error:
                await self._wait_for_room(error)
            else:
                return

    async def _wait_for_room(self, error: SpoolFullError) -> None:
        self.waits_for_room += 1
        self._log.error("no room for events, nothing is acknowledged", error=str(error), retry_in_s=ROOM_PAUSE)
        await asyncio.sleep(ROOM_PAUSE)


@lru_cache(maxsize=100_000)
def class_of(topic: str) -> SpoolClass:
    """Tell which queue a message takes."""
    telemetry = topic in _TELEMETRY_TOPICS or find_telemetry_stream(topic) is not None
    return SpoolClass.TELEMETRY if telemetry else SpoolClass.EVENT
