"""Drain the spool into the database: in order, in batches, for as long as it takes.

A database that is down, or refuses for a reason of its own, is tried again with growing pauses while the spool grows. A
batch that it refuses for what is in it is halved until the message that is the reason stands alone; that one goes to
the dead letters, the rest is stored.
"""

import random
import struct
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event, Lock

import psycopg
import structlog

from cloudctl.errors import CloudctlError
from cloudctl.store.batch import Gate, StoreState, load_state, open_gate, quarantine, store_batch
from cloudctl.store.batch_parse import FRAME_TOPICS
from cloudctl.store.migrate import migrate
from cloudctl.store.spool import Spool
from cloudctl.store.spool_queue import SpoolQueue
from cloudctl.store.spool_record import SpoolRecord
from cloudctl.store.track_places import NO_LANES, LaneLinks
from cloudctl.store.trajectory_rows import SEGMENT_SECONDS

POLL_SECONDS = 0.2
GRACE_SECONDS = 1.0
"""How long after the end of ten seconds of trajectories their last frame may still come."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0
MAINTENANCE_SECONDS, MAINTENANCE_RETRY = 3600.0, 60.0
HOUSE_KEY = 0x56325848
"""Advisory lock of those who make or drop tables or sum them up ("V2XH"): at once they would wait for each other."""
LOCK_PATIENCE = "5s"
EVENT_BATCH_BYTES, TELEMETRY_BATCH_BYTES = 4 << 20, 16 << 20
_POISON_CLASSES = frozenset({"21", "22", "23", "54"})
"""SQLSTATE classes that blame the data: cardinality, data, integrity, program limit."""
_FRAME_TIME = struct.Struct("<16xd")


@dataclass(frozen=True)
class WriterStatus:
    """What a health report says of the writer."""

    connected: bool
    counters: dict[str, int]
    """Since the start of the process."""
    last_error: str


class Writer:
    """Owner of the connection that writes; `run` belongs in a thread of its own."""

    def __init__(
        self,
        url: str,
        spool: Spool,
        map_name: str,
        *,
        clock: Callable[[], float] = time.time,
        batch_bytes: int = TELEMETRY_BATCH_BYTES,
        lane_links: LaneLinks = NO_LANES,
        gate: Gate = open_gate,
    ) -> None:
        self._url = url
        self._spool = spool
        self._map_name = map_name
        self._clock = clock
        self._batch_bytes = batch_bytes
        self._lane_links = lane_links
        self._gate = gate
        self._lock = Lock()
        self._status = WriterStatus(connected=False, counters={}, last_error="")
        self._counters: Counter[str] = Counter()
        self._pause = FIRST_PAUSE
        self._bucket = -1.0
        self._maintained = -MAINTENANCE_SECONDS
        self._log = structlog.get_logger("writer")

    @property
    def status(self) -> WriterStatus:
        """Consistent view for another thread."""
        with self._lock:
            return self._status

    def run(self, stop: Event) -> None:
        """Drain until `stop`; then store what is spooled by then, if the database lets us, and return."""
        while not stop.is_set():
            try:
                self._serve(stop)
            except (psycopg.Error, CloudctlError) as error:
                detail = " ".join(str(error).split())
                self._log.warning("database refuses, messages stay in the spool", error=detail, retry_in_s=self._pause)
                self._publish(connected=False, error=detail)
                stop.wait(self._pause * random.uniform(0.5, 1.0))
                self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def drain(self) -> None:
        """Connect, store everything that is spooled now, and return.

        Raises:
            psycopg.Error: the database does not answer or refuses.
            CloudctlError: no schema, or a batch whose count is wrong.
        """
        with self._connect() as connection:
            drainer = _Drainer(connection, self._spool, self._load_state(connection), self._count)
            while drainer.drain_events() or drainer.drain_telemetry(None, self._batch_bytes):
                pass

    def _serve(self, stop: Event) -> None:
        with self._connect() as connection:
            drainer = _Drainer(connection, self._spool, self._load_state(connection), self._count)
            self._publish(connected=True, error="")
            while not stop.is_set():
                self._maintain(connection)
                if not (drainer.drain_events() or self._drain_due(drainer)):
                    stop.wait(POLL_SECONDS)
                self._pause = FIRST_PAUSE
            while drainer.drain_events() or drainer.drain_telemetry(None, self._batch_bytes):
                pass

    def _load_state(self, connection: psycopg.Connection) -> StoreState:
        return load_state(connection, self._map_name, self._lane_links, self._gate)

    def _connect(self) -> psycopg.Connection:
        migrate(self._url)
        connection = psycopg.connect(self._url, autocommit=True, connect_timeout=5, application_name="v2x-archiver")
        connection.execute("SET synchronous_commit = on")
        connection.execute("SET timezone = 'UTC'")
        return connection

    def _drain_due(self, drainer: "_Drainer") -> bool:
        """Store the tens of seconds that are complete; whole ones make long rows, and long rows are small ones."""
        boundary = (self._clock() - GRACE_SECONDS) // SEGMENT_SECONDS * SEGMENT_SECONDS
        if boundary == self._bucket:
            return False
        if drainer.drain_telemetry(boundary, self._batch_bytes):
            return True
        self._bucket = boundary
        return False

    def _maintain(self, connection: psycopg.Connection) -> None:
        if time.monotonic() - self._maintained < MAINTENANCE_SECONDS:
            return
        self._maintained = time.monotonic()
        try:
            with connection.transaction():
                connection.execute("SELECT set_config('lock_timeout', %s, true)", (LOCK_PATIENCE,))
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (HOUSE_KEY,))
                connection.execute("SELECT v2x.maintain(to_timestamp(%s))", (self._clock(),))
        except psycopg.errors.LockNotAvailable:
            self._log.info("maintenance put off: somebody holds a table")
            self._maintained += MAINTENANCE_RETRY - MAINTENANCE_SECONDS

    def _count(self, done: Counter[str]) -> None:
        self._counters += done
        self._publish(connected=True, error="")

    def _publish(self, *, connected: bool, error: str) -> None:
        with self._lock:
            self._status = WriterStatus(connected, dict(self._counters), error)


class _Drainer:
    """One connection's work: batches in order, with what each needs to know of those before it."""

    def __init__(
        self,
        connection: psycopg.Connection,
        spool: Spool,
        state: StoreState,
        count: Callable[[Counter[str]], None],
    ) -> None:
        self._connection = connection
        self._spool = spool
        self._state = state
        self._count = count

    def drain_events(self) -> bool:
        """Store one batch of events; False where there is none."""
        records = self._spool.events.read(EVENT_BATCH_BYTES) if self._spool.events.waiting else []
        self._store(self._spool.events, records)
        return bool(records)

    def drain_telemetry(self, boundary: float | None, batch_bytes: int) -> bool:
        """Store one batch of telemetry from before `boundary` (epoch s; None: of any time); False if there is none."""
        records = self._spool.telemetry.read(batch_bytes) if self._spool.telemetry.waiting else []
        if boundary is not None:
            due = next((i for i, record in enumerate(records) if content_time(record) >= boundary), len(records))
            records = records[:due]
        self._store(self._spool.telemetry, records)
        return bool(records)

    def _store(self, queue: SpoolQueue, records: Sequence[SpoolRecord]) -> None:
        if not records:
            return
        try:
            done, self._state = store_batch(self._connection, records, self._state)
        except psycopg.Error as error:
            if (error.sqlstate or "")[:2] not in _POISON_CLASSES:
                raise
            if len(records) > 1:
                middle = len(records) // 2
                self._store(queue, records[:middle])
                self._store(queue, records[middle:])
                return
            done = quarantine(self._connection, records[0], f"{error.sqlstate}: {error}", self._state.gate)
        queue.commit(records[-1].number)
        self._count(done)


def content_time(record: SpoolRecord) -> float:
    """Time of a frame's content, UTC epoch s, never later than its receipt."""
    if record.topic in FRAME_TOPICS and len(record.payload) >= _FRAME_TIME.size:
        time_ms: float = _FRAME_TIME.unpack_from(record.payload)[0]
        return min(record.received, time_ms / 1e3)
    return record.received
