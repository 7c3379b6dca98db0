"""What dispatch keeps in the database: uploaded timetables; and what the days were like, from stored visits."""

import datetime as dt
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg_pool import AsyncConnectionPool

from cloudctl.dispatch.errors import DispatchStoreError

PATIENCE_S = 3.0
STATEMENT_TIMEOUT_MS = 20_000
LONGEST_GAP_S = 7200.0
"""Headways above are no headways: the line did not run."""


@dataclass(frozen=True)
class LineDay:
    """One line on one day."""

    line: str
    visits: int
    variation: float | None
    wait: float | None
    dwell: float | None
    advice: dict[str, int] = field(default_factory=dict)
    priority: dict[str, int] = field(default_factory=dict)


class DispatchStore:
    """A pool of connections; used while `run` runs or within `opened`."""

    def __init__(self, url: str) -> None:
        options = f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c timezone=UTC"
        kwargs = {"autocommit": True, "options": options, "application_name": "v2x-dispatch"}
        self._pool = AsyncConnectionPool(url, min_size=0, max_size=3, timeout=PATIENCE_S, open=False, kwargs=kwargs)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Open the pool for the block."""
        await self._pool.open()
        try:
            yield
        finally:
            await self._pool.close()

    async def keep_timetable(self, content: bytes, version: str, by: str) -> None:
        """Keep an uploaded timetable; the same content is kept once.

        Raises:
            DispatchStoreError: the database does not answer.
        """
        async with self._connection() as connection:
            await connection.execute(
                "INSERT INTO v2x.timetable (digest, version, uploaded_by, content)"
                " VALUES (sha256(%(content)s), %(version)s, %(by)s, %(content)s)"
                " ON CONFLICT (digest) DO UPDATE SET uploaded = now(), uploaded_by = excluded.uploaded_by",
                {"content": content, "version": version, "by": by},
            )

    async def newest_timetable(self) -> bytes | None:
        """Give the timetable that was uploaded last; raises DispatchStoreError where the database does not answer."""
        async with self._connection() as connection:
            found = await connection.execute("SELECT content FROM v2x.timetable ORDER BY uploaded DESC LIMIT 1")
            row = await found.fetchone()
        return None if row is None else bytes(row[0])

    async def day(self, start: dt.datetime, end: dt.datetime, lines: Collection[str] | None) -> list[LineDay]:
        """Sum up the lines between two moments; None for all lines. Raises DispatchStoreError."""
        wanted = None if lines is None else list(lines)
        span = {"start": start, "end": end, "lines": wanted, "longest": LONGEST_GAP_S}
        async with self._connection() as connection:
            ran = await (await connection.execute(_VISITS, span)).fetchall()
            advised = await (await connection.execute(_ADVICE, span)).fetchall()
            asked = await (await connection.execute(_PRIORITY, span)).fetchall()
        return _sum_up(ran, advised, asked)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[psycopg.AsyncConnection]:
        try:
            async with self._pool.connection() as connection:
                yield connection
        except psycopg.Error as fault:
            raise DispatchStoreError(" ".join(str(fault).split()) or "no answer") from fault


def _sum_up(
    ran: list[tuple[object, ...]], advised: list[tuple[object, ...]], asked: list[tuple[object, ...]]
) -> list[LineDay]:
    found = {
        str(line): LineDay(str(line), int(str(visits)), _number(spread), _number(wait), _number(dwell))
        for line, visits, spread, wait, dwell in ran
    }
    for line, kind, status, count in advised:
        found.setdefault(str(line), LineDay(str(line), 0, None, None, None)).advice[f"{kind}.{status}"] = int(
            str(count)
        )
    for line, status, count in asked:
        found.setdefault(str(line), LineDay(str(line), 0, None, None, None)).priority[str(status)] = int(str(count))
    return sorted(found.values(), key=lambda each: each.line)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


_VISITS = """
WITH visit AS (
    SELECT line, pattern, number, extract(epoch FROM departure - arrival)::float8 AS dwell, arrival,
        extract(epoch FROM arrival - lag(arrival) OVER (
            PARTITION BY line, pattern, number ORDER BY arrival))::float8 AS gap
    FROM v2x.stop_visit
    WHERE arrival >= %(start)s AND arrival < %(end)s AND (%(lines)s::text[] IS NULL OR line = ANY (%(lines)s::text[]))
), place AS (
    SELECT line, pattern, number, count(*) AS visits, avg(dwell) AS dwell,
        CASE WHEN count(gap) FILTER (WHERE gap <= %(longest)s) > 1
            THEN stddev_pop(gap) FILTER (WHERE gap <= %(longest)s)
                / nullif(avg(gap) FILTER (WHERE gap <= %(longest)s), 0) END AS spread,
        sum(gap) FILTER (WHERE gap <= %(longest)s) AS whole,
        sum(gap * gap) FILTER (WHERE gap <= %(longest)s) AS squares
    FROM visit GROUP BY line, pattern, number
)
SELECT line, sum(visits)::int8, avg(spread), sum(squares) / nullif(2 * sum(whole), 0),
    sum(dwell * visits) / sum(visits) FROM place GROUP BY line
"""
_ADVICE = """
SELECT line, kind, status, count(*) FROM (
    SELECT DISTINCT ON (id) id, line, kind, status FROM v2x.dispatch_advice
    WHERE created >= %(start)s AND created < %(end)s AND (%(lines)s::text[] IS NULL OR line = ANY (%(lines)s::text[]))
    ORDER BY id, updated DESC
) AS newest GROUP BY line, kind, status
"""
_PRIORITY = """
SELECT line, status, count(*) FROM (
    SELECT DISTINCT ON (id) id, line, status FROM v2x.priority_request
    WHERE requested >= %(start)s AND requested < %(end)s
        AND (%(lines)s::text[] IS NULL OR line = ANY (%(lines)s::text[]))
    ORDER BY id, updated DESC
) AS newest GROUP BY line, status
"""
