"""The archiver's disk spool: two durable queues under one limit; telemetry gives way to events.

Telemetry (column frames, dead letters) may take the limit less the share of events. When an event finds no room, or the
disk is full, spooled telemetry goes first, the oldest before the newest, and every record that goes is counted. Only
when nothing is left to give is an event refused; it is then not acknowledged, so that the broker keeps it.
"""

import shutil
from enum import StrEnum
from pathlib import Path

from cloudctl.store.errors import SpoolFullError
from cloudctl.store.spool_queue import SEGMENT_BYTES, SpoolQueue
from cloudctl.store.spool_record import record_size

EVENT_SHARE = 0.25
"""Part of the limit that telemetry leaves to events."""
MIN_FREE_BYTES = 256 << 20
"""Room on the disk that telemetry leaves to others, the database among them."""


class SpoolClass(StrEnum):
    """Which queue a message takes."""

    EVENT = "event"
    TELEMETRY = "telemetry"


class Spool:
    """Both queues. `append`, `sync` and `close` belong to one thread; the queues' `read` and `commit` to another."""

    def __init__(
        self,
        directory: Path,
        max_bytes: int,
        *,
        min_free_bytes: int = MIN_FREE_BYTES,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        segment_bytes = min(segment_bytes, max(max_bytes // 16, 1 << 16))
        self.directory = directory
        self.max_bytes = max_bytes
        self.min_free_bytes = min_free_bytes
        self.events = SpoolQueue(directory / SpoolClass.EVENT.value, segment_bytes=segment_bytes)
        self.telemetry = SpoolQueue(directory / SpoolClass.TELEMETRY.value, segment_bytes=segment_bytes)
        self.spooled = dict.fromkeys(SpoolClass, 0)
        """Messages on disk since the start, by class."""
        self.shed = 0
        """Telemetry messages given up for want of room."""
        self._disk_short = False
        self._watch_disk()

    @property
    def disk_bytes(self) -> int:
        """Bytes on disk and about to be."""
        return sum(queue.disk_bytes + queue.pending_bytes for queue in (self.events, self.telemetry))

    @property
    def waiting_bytes(self) -> int:
        """Bytes that are not in the database yet."""
        return sum(queue.waiting_bytes + queue.pending_bytes for queue in (self.events, self.telemetry))

    def append(self, kind: SpoolClass, received: float, topic: str, payload: bytes) -> bool:
        """Take a message; False where telemetry was shed.

        Raises:
            SpoolFullError: an event found no room; do not acknowledge it.
        """
        size = record_size(topic, payload)
        if kind is SpoolClass.EVENT:
            self._make_room(size)
            self.events.append(received, topic, payload)
            return True
        if self._disk_short or self.disk_bytes + size > self.max_bytes * (1 - EVENT_SHARE):
            self.shed += 1
            return False
        self.telemetry.append(received, topic, payload)
        return True

    def sync(self) -> None:
        """Put everything that was taken on disk; afterwards it may be acknowledged.

        Raises:
            SpoolFullError: the disk takes no events; they stay in memory, a later call tries again.
        """
        self._sync_events()
        try:
            self.spooled[SpoolClass.TELEMETRY] += self.telemetry.sync()
        except OSError:
            self.shed += self.telemetry.discard_pending()
        self._watch_disk()

    def close(self) -> None:
        """Close the files."""
        self.events.close()
        self.telemetry.close()

    def _sync_events(self) -> None:
        while True:
            try:
                self.spooled[SpoolClass.EVENT] += self.events.sync()
            except OSError as error:
                if not self._give_up_telemetry():
                    raise SpoolFullError(self.directory, error.strerror or str(error)) from error
            else:
                return

    def _make_room(self, size: int) -> None:
        while self.disk_bytes + size > self.max_bytes:
            if not self._give_up_telemetry():
                raise SpoolFullError(self.directory, f"the limit of {self.max_bytes} bytes is reached")

    def _give_up_telemetry(self) -> bool:
        """Free the oldest spooled telemetry; False where there is none left."""
        if not self.telemetry.disk_bytes:
            dropped = self.telemetry.discard_pending()
            self.shed += dropped
            return dropped > 0
        self.shed += self.telemetry.drop_oldest()
        return True

    def _watch_disk(self) -> None:
        self._disk_short = shutil.disk_usage(self.directory).free < self.min_free_bytes
