"""The other ways to store the same points, measured in the same run: psycopg's COPY of a row a point, and its like.

The table of points is what one would make without columnar rows: the same eleven values, one row a point, found by
track, by time and place. What its rows cost is the price that columnar rows are compared with.
"""

import time
from collections.abc import Callable, Sequence
from itertools import starmap

import msgspec
import psycopg

from cloudctl.publish.frames import decode_frame
from cloudctl.store.copy_format import HEADER, TRAILER, CopyColumn, PgType, encode_rows, timestamps
from cloudctl.store.trajectory_rows import COLUMNS, Points, encode_trajectories, points_of

MOST_ROWS = 1_000_000
"""Rows of the baselines; more take longer and tell no more."""
_TABLE = (
    "CREATE TABLE v2x.bench_points (t timestamptz NOT NULL, session bigint NOT NULL, track_id bigint NOT NULL,"
    " kind smallint NOT NULL, lon integer NOT NULL, lat integer NOT NULL, speed smallint NOT NULL,"
    " heading smallint NOT NULL, sigma smallint NOT NULL, lane integer NOT NULL, device integer NOT NULL)"
)
_INDEXES = (
    "CREATE INDEX ON v2x.bench_points (session, track_id, t)",
    "CREATE INDEX ON v2x.bench_points USING brin (t, lon, lat) WITH (pages_per_range = 8, autosummarize = on)",
)
_COPY = "COPY v2x.bench_points FROM STDIN (FORMAT BINARY)"
_TYPES = ("int8", "int8", "int8", "int2", "int4", "int4", "int2", "int2", "int2", "int4", "int4")


class Baselines(msgspec.Struct, frozen=True, kw_only=True):
    """Rates in points a second, size in bytes a point, times in ms."""

    rows: int
    copy_rows_rate: float
    """psycopg's `copy.write_row` of a row a point, binary, into an indexed table."""
    copy_encoded_rate: float
    """The same rows encoded beforehand, into the same table."""
    copy_bare_rate: float
    """The columnar rows encoded beforehand, into a table without any index."""
    bytes_with_indexes: float
    """A row a point."""
    track_ms: float
    """One track's points read from the rows."""
    area_ms: float
    """Points of a square kilometre over ten seconds read from the rows."""


def measure_baselines(url: str, frames: Sequence[bytes], size: Callable[[], int]) -> Baselines:
    """Copy the points of the frames, MOST_ROWS of them at most; the tables are removed again.

    Raises:
        psycopg.Error: the database refuses.
    """
    decoded, total = [], 0
    for frame in frames:
        decoded.append(decode_frame(frame))
        total += len(decoded[-1])
        if total >= MOST_ROWS:
            break
    points = points_of(decoded)
    with psycopg.connect(url, autocommit=True) as connection:
        try:
            by_rows = _indexed(connection, lambda: _copy_rows(connection, points))
            encoded = HEADER + encode_rows(_columns(points)) + TRAILER
            by_bytes = _indexed(connection, lambda: _copy_bytes(connection, _COPY.encode(), encoded))
            connection.execute("VACUUM ANALYZE v2x.bench_points")
            used = size()
            track, area = _track_ms(connection, points), _area_ms(connection, points)
        finally:
            connection.execute("DROP TABLE IF EXISTS v2x.bench_points")
        bare = _copy_bare(connection, points)
    return Baselines(
        rows=len(points),
        copy_rows_rate=round(len(points) / by_rows),
        copy_encoded_rate=round(len(points) / by_bytes),
        copy_bare_rate=round(len(points) / bare),
        bytes_with_indexes=round(used / len(points), 1),
        track_ms=track,
        area_ms=area,
    )


def _indexed(connection: psycopg.Connection, copy: Callable[[], float]) -> float:
    connection.execute("DROP TABLE IF EXISTS v2x.bench_points")
    connection.execute(_TABLE)
    for index in _INDEXES:
        connection.execute(index.encode())
    return copy()


def _copy_rows(connection: psycopg.Connection, points: Points) -> float:
    """As the manual of psycopg says: types set, one call a row."""
    columns = [column.values.tolist() for column in _columns(points)]
    started = time.perf_counter()
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(_TYPES)
        for row in zip(*columns, strict=True):
            copy.write_row(row)
    return time.perf_counter() - started


def _copy_bytes(connection: psycopg.Connection, statement: bytes, data: bytes) -> float:
    started = time.perf_counter()
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(data)
    return time.perf_counter() - started


def _copy_bare(connection: psycopg.Connection, points: Points) -> float:
    rows = encode_trajectories(points)
    connection.execute("CREATE TABLE v2x.bench_copy AS SELECT * FROM v2x.trajectory LIMIT 0")
    try:
        statement = f"COPY v2x.bench_copy ({', '.join(COLUMNS)}) FROM STDIN (FORMAT BINARY)"
        return _copy_bytes(connection, statement.encode(), rows.data)
    finally:
        connection.execute("DROP TABLE v2x.bench_copy")


def _columns(points: Points) -> list[CopyColumn]:
    return list(
        starmap(
            CopyColumn,
            [
                (PgType.INT8, timestamps(points.time)),
                (PgType.INT8, points.session),
                (PgType.INT8, points.track),
                (PgType.INT2, points.kind),
                (PgType.INT4, points.lon),
                (PgType.INT4, points.lat),
                (PgType.INT2, points.speed),
                (PgType.INT2, points.heading),
                (PgType.INT2, points.sigma),
                (PgType.INT4, points.lane),
                (PgType.INT4, points.device),
            ],
        )
    )


def _track_ms(connection: psycopg.Connection, points: Points) -> float:
    question = (
        "SELECT t, lon, lat, speed, heading FROM v2x.bench_points WHERE session = %s AND track_id = %s ORDER BY t"
    )
    return _best_ms(connection, question, (int(points.session[0]), int(points.track[len(points) // 2])))


def _area_ms(connection: psycopg.Connection, points: Points) -> float:
    lon, lat, start = int(points.lon.mean()), int(points.lat.mean()), float(points.time.min())
    question = (
        "SELECT t, track_id, lon, lat, speed, heading FROM v2x.bench_points WHERE t >= to_timestamp(%s)"
        " AND t < to_timestamp(%s) AND lon BETWEEN %s AND %s AND lat BETWEEN %s AND %s"
    )
    return _best_ms(connection, question, (start, start + 10, lon - 50_000, lon + 50_000, lat - 45_000, lat + 45_000))


def _best_ms(connection: psycopg.Connection, question: str, parameters: Sequence[object]) -> float:
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        connection.execute(question.encode(), parameters, binary=True).fetchall()
        best = min(best, time.perf_counter() - started)
    return round(best * 1e3, 2)
