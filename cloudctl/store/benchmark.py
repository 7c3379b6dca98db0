"""How fast trajectories go from the spool into a database, at once and for minutes, and how large they are there."""

import os
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import psycopg

from cloudctl.store.benchmark_baseline import Baselines, measure_baselines
from cloudctl.store.benchmark_traffic import RATE_HZ, SESSION, Traffic, lane_links
from cloudctl.store.spool import Spool, SpoolClass
from cloudctl.store.writer import Writer
from ingest.streams import BY_NAME

BURST_SECONDS = 60.0
"""Most traffic of the burst, s."""
WINDOW = 60.0
"""The slowest stretch of the sustained run is looked for among stretches of this length, s."""
_START = 1_790_000_000.0
_TOPIC = BY_NAME["trajectory"].topic
_SIZES = (
    "SELECT coalesce(sum(pg_table_size(c.oid)), 0)::bigint, coalesce(sum(pg_indexes_size(c.oid)), 0)::bigint"
    " FROM pg_class c WHERE c.relkind = 'r' AND (c.oid = %s::regclass OR c.oid IN"
    " (SELECT inhrelid FROM pg_inherits WHERE inhparent = %s::regclass))"
)
TRAJECTORY, LOOKUPS = ("v2x.trajectory",), ("v2x.track_link", "v2x.device_tracks")


class Sustained(msgspec.Struct, frozen=True, kw_only=True):
    """What was stored while traffic came in at its own pace; rates are points a second."""

    seconds: float
    offered_rate: float
    stored_rate: float
    slowest_rate: float
    """In the slowest WINDOW after the first one."""
    most_waiting: int
    """Points on their way at the worst moment; ten seconds of them wait for their row to be full."""
    busy: float
    """Processor time of this process over time: spool, writer and the making of the traffic, cores."""
    load_before: float
    load_after: float


class StoreFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured; rates are points a second, sizes bytes a point."""

    server: str
    points: int
    spool_rate: float
    store_rate: float
    """From spool to commit."""
    store_cpu_us: float
    """Processor time of this process a point, us."""
    baselines: Baselines
    store_to_copy: float
    """Store rate over that of psycopg's COPY of the same points as rows."""
    bytes_table: float
    bytes_with_indexes: float
    bytes_with_lookups: float
    """With the tables that find tracks by link and by device, and their indexes."""
    sustained: Sustained | None


def measure_store(url: str, *, tracks: int = 10_000, seconds: float = 60.0, rate: float = 0.0) -> StoreFigures:
    """Store a burst of traffic, copy the same rows by other means, and store `rate` points a second for `seconds`.

    The database keeps what was stored.

    Raises:
        psycopg.Error: the database refuses.
    """
    traffic = Traffic(tracks, session=SESSION + int(time.time()) % 100_000_000)
    frames = list(traffic.frames(min(seconds, BURST_SECONDS), _START, int(time.time())))
    before = sizes(url, TRAJECTORY), sizes(url, LOOKUPS)
    with tempfile.TemporaryDirectory(prefix="v2x-bench-") as folder:
        spool = Spool(Path(folder), 64 << 30, min_free_bytes=0)
        spool_seconds = _spool(spool, frames)
        writer = Writer(url, spool, "benchmark", batch_bytes=128 << 20, lane_links=lane_links())
        started, cpu = time.perf_counter(), time.process_time()
        writer.drain()
        store_seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
        spool.close()
    points = writer.status.counters["points_stored"]
    after = sizes(url, TRAJECTORY), sizes(url, LOOKUPS)
    table, indexes = (new - old for new, old in zip(after[0], before[0], strict=True))
    lookups = sum(after[1]) - sum(before[1])
    baselines = measure_baselines(url, frames, lambda: sum(sizes(url, ("v2x.bench_points",))))
    return StoreFigures(
        server=server_name(url),
        points=points,
        spool_rate=round(points / spool_seconds),
        store_rate=round(points / store_seconds),
        store_cpu_us=round(cpu_seconds / points * 1e6, 3),
        baselines=baselines,
        store_to_copy=round(points / store_seconds / baselines.copy_rows_rate, 3),
        bytes_table=round(table / points, 1),
        bytes_with_indexes=round((table + indexes) / points, 1),
        bytes_with_lookups=round((table + indexes + lookups) / points, 1),
        sustained=measure_sustained(url, rate, seconds) if rate else None,
    )


def measure_sustained(url: str, rate: float, seconds: float) -> Sustained:
    """Take in traffic at its own pace, with the archiver's own writer behind it.

    Raises:
        psycopg.Error: the database refuses.
    """
    traffic = Traffic(max(1, round(rate / RATE_HZ)), session=SESSION + 100_000_000 + int(time.time()) % 100_000_000)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="v2x-bench-") as folder:
        spool = Spool(Path(folder), 64 << 30, min_free_bytes=0)
        writer = Writer(url, spool, "benchmark", lane_links=lane_links())
        stop = threading.Event()
        thread = threading.Thread(target=writer.run, args=(stop,), daemon=True)
        started, cpu = time.perf_counter(), time.process_time()
        thread.start()
        history = _feed(spool, writer, traffic, seconds)
        stop.set()
        thread.join()
        elapsed, busy = time.perf_counter() - started, time.process_time() - cpu
        spool.close()
    return Sustained(
        seconds=round(elapsed, 1),
        offered_rate=round(history[-1][1] / seconds),
        stored_rate=round(writer.status.counters.get("points_stored", 0) / elapsed),
        slowest_rate=round(_slowest(history)),
        most_waiting=max(offered - stored for _, offered, stored in history),
        busy=round(busy / elapsed, 2),
        load_before=round(load, 2),
        load_after=round(os.getloadavg()[0], 2),
    )


def _feed(spool: Spool, writer: Writer, traffic: Traffic, seconds: float) -> list[tuple[float, int, int]]:
    """Spool a frame whenever it is due; give (s since the start, points spooled, points stored) for each."""
    history = []
    begun = time.time()
    for index in range(max(1, int(seconds * RATE_HZ))):
        due = begun + index / RATE_HZ
        time.sleep(max(due - time.time(), 0.0))
        spool.append(SpoolClass.TELEMETRY, time.time(), _TOPIC, traffic.frame(index, due, 2 * index))
        spool.sync()
        stored = writer.status.counters.get("points_stored", 0)
        history.append((time.time() - begun, (index + 1) * traffic.tracks, stored))
    return history


def _slowest(history: Sequence[tuple[float, int, int]]) -> float:
    """Points a second stored in the slowest stretch of WINDOW after the first; of the whole where it was shorter."""
    width = int(WINDOW * RATE_HZ)
    if len(history) <= 2 * width:
        return history[-1][2] / max(history[-1][0], 1e-9)
    pairs = zip(history[width:-width], history[2 * width :], strict=True)
    return min((late[2] - early[2]) / (late[0] - early[0]) for early, late in pairs)


def server_name(url: str) -> str:
    """Name, version and edition of the server."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT 'PostgreSQL ' || current_setting('server_version') || coalesce(', TimescaleDB ' ||"
            " (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') || ' '"
            " || v2x.timescale_edition(), '')"
        ).fetchone()
    return str(row[0]) if row else ""


def sizes(url: str, tables: Sequence[str]) -> tuple[int, int]:
    """Bytes of some tables with their partitions, and of their indexes."""
    total = [0, 0]
    with psycopg.connect(url) as connection:
        for table in tables:
            row = connection.execute(_SIZES, (table, table)).fetchone()
            total = [have + int(more) for have, more in zip(total, row or (0, 0), strict=True)]
    return total[0], total[1]


def _spool(spool: Spool, frames: Sequence[bytes]) -> float:
    started = time.perf_counter()
    for index, frame in enumerate(frames):
        spool.append(SpoolClass.TELEMETRY, _START + index / RATE_HZ, _TOPIC, frame)
        spool.sync()
    return time.perf_counter() - started
