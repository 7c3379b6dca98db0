"""How fast trajectories go from the spool into a database, how large they are there, and how fast reads come back."""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import psycopg

from cloudctl.publish.frames import FrameKind, decode_frame, encode_frame
from cloudctl.store.spool import Spool, SpoolClass
from cloudctl.store.trajectory_rows import COLUMNS, encode_trajectories, points_of
from cloudctl.store.writer import Writer
from ingest.streams import BY_NAME

RATE_HZ = 5.0
SESSION = 4_000_000_000
"""Session of the benchmark's points, so that they can be told apart."""
_START = 1_790_000_000.0
_SIZES = (
    "SELECT coalesce(sum(pg_table_size(oid)), 0)::bigint, coalesce(sum(pg_indexes_size(oid)), 0)::bigint FROM pg_class"
    " WHERE relkind = 'r' AND (relname LIKE 'trajectory%%' OR oid IN (SELECT inhrelid FROM pg_inherits"
    " WHERE inhparent = 'v2x.trajectory'::regclass))"
)


class StoreFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured; rates are points a second, sizes bytes a point."""

    points: int
    spool_rate: float
    store_rate: float
    """From spool to commit."""
    store_cpu_us: float
    """Processor time of this process a point, us."""
    raw_copy_rate: float
    """The same rows, encoded beforehand, by COPY into a table of the same columns without indexes."""
    bytes_table: float
    bytes_with_indexes: float


def measure_store(url: str, *, tracks: int = 10_000, seconds: float = 60.0) -> StoreFigures:
    """Store `tracks` road users at 5 Hz for `seconds` of traffic; the database keeps the points.

    Raises:
        psycopg.Error: the database refuses.
    """
    frames = make_frames(tracks, seconds)
    before = _sizes(url)
    with tempfile.TemporaryDirectory(prefix="v2x-bench-") as folder:
        spool = Spool(Path(folder), 64 << 30, min_free_bytes=0)
        spool_seconds = _spool(spool, frames)
        writer = Writer(url, spool, "benchmark", batch_bytes=128 << 20)
        started, cpu = time.perf_counter(), time.process_time()
        writer.drain()
        store_seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
        spool.close()
    points = writer.status.counters["points_stored"]
    table, indexes = (after - earlier for after, earlier in zip(_sizes(url), before, strict=True))
    return StoreFigures(
        points=points,
        spool_rate=round(points / spool_seconds),
        store_rate=round(points / store_seconds),
        store_cpu_us=round(cpu_seconds / points * 1e6, 3),
        raw_copy_rate=round(points / _raw_copy(url, frames)),
        bytes_table=round(table / points, 1),
        bytes_with_indexes=round((table + indexes) / points, 1),
    )


def make_frames(tracks: int, seconds: float) -> list[bytes]:
    """Frames of road users that drive straight on with a little noise, in a city of 20 km."""
    rng = np.random.default_rng(1)
    start = rng.uniform((112.83, 28.11), (113.03, 28.29), (tracks, 2))
    heading, speed = rng.uniform(0, 360, tracks), rng.uniform(0, 20, tracks)
    step = speed[:, None] / RATE_HZ / 1e5 * np.stack([np.sin(np.radians(heading)), np.cos(np.radians(heading))], axis=1)
    first_tick = int(time.time())
    frames = []
    for index in range(int(seconds * RATE_HZ)):
        place = np.round((start + step * index + rng.normal(0, 1e-6, (tracks, 2))) * 1e7).astype(np.int32)
        frame_time = _START + index / RATE_HZ
        columns = {
            "id": np.arange(tracks, dtype=np.uint32),
            "time": np.full(tracks, frame_time),
            "lon": place[:, 0],
            "lat": place[:, 1],
            "speed": np.clip(speed * 100 + rng.normal(0, 10, tracks), 0, 65535).astype(np.uint16),
            "heading": ((heading * 100 + rng.normal(0, 20, tracks)) % 36000).astype(np.uint16),
            "class": (np.arange(tracks) % 5 + 1).astype(np.uint8),
            "sigma": rng.integers(20, 80, tracks).astype(np.uint16),
            "lane": ((np.arange(tracks) * 7 + (index + np.arange(tracks)) // 60) % 9000).astype(np.int32),
            "dev": (np.arange(tracks) % 200 + (index + np.arange(tracks)) // 100).astype(np.int32),
        }
        frames.append(encode_frame(FrameKind.TRAJECTORY, first_tick + 2 * index, frame_time, columns, epoch=SESSION))
    return frames


def _spool(spool: Spool, frames: Sequence[bytes]) -> float:
    started = time.perf_counter()
    for index, frame in enumerate(frames):
        spool.append(SpoolClass.TELEMETRY, _START + index / RATE_HZ, BY_NAME["trajectory"].topic, frame)
        spool.sync()
    return time.perf_counter() - started


def _raw_copy(url: str, frames: Sequence[bytes]) -> float:
    rows = encode_trajectories(points_of([decode_frame(frame) for frame in frames]))
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE v2x.bench_copy AS SELECT * FROM v2x.trajectory LIMIT 0")
        started = time.perf_counter()
        with cursor.copy(f"COPY v2x.bench_copy ({', '.join(COLUMNS)}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(rows.data)
        elapsed = time.perf_counter() - started
        connection.rollback()
    return elapsed


def _sizes(url: str) -> tuple[int, int]:
    """Bytes of the trajectories' tables and of their indexes."""
    with psycopg.connect(url) as connection:
        row = connection.execute(_SIZES).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)
