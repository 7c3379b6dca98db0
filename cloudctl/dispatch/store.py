"""What dispatch keeps in the database: uploaded timetables; and what the days were like, from stored visits."""

import datetime as dt
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from cloudctl.database import Database, Terms
from cloudctl.dispatch.errors import DispatchStoreError
from cloudctl.dispatch.kept import StoredDwell
from cloudctl.dispatch.orders import TrunkArrival

_TERMS = Terms("v2x-dispatch", DispatchStoreError, statement_timeout_s=20.0, connections=3)
DWELL_DAYS, DWELL_VISITS, LONGEST_DWELL_S = 14, 20, 600.0
"""Dwells follow from so many newest visits of a stop and line, no older than this; longer ones are no dwells."""
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
        self._database = Database(url, _TERMS)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Open the pool for the block."""
        async with self._database.opened():
            yield

    async def keep_timetable(self, content: bytes, version: str, by: str) -> None:
        """Keep an uploaded timetable; the same content is kept once.

        Raises:
            DispatchStoreError: the database does not answer.
        """
        async with self._database.connection() as connection:
            await connection.execute(
                "INSERT INTO v2x.timetable (digest, version, uploaded_by, content)"
                " VALUES (sha256(%(content)s), %(version)s, %(by)s, %(content)s)"
                " ON CONFLICT (digest) DO UPDATE SET uploaded = now(), uploaded_by = excluded.uploaded_by",
                {"content": content, "version": version, "by": by},
            )

    async def newest_timetable(self) -> bytes | None:
        """Give the timetable that was uploaded last; raises DispatchStoreError where the database does not answer."""
        async with self._database.connection() as connection:
            found = await connection.execute("SELECT content FROM v2x.timetable ORDER BY uploaded DESC LIMIT 1")
            row = await found.fetchone()
        return None if row is None else bytes(row[0])

    async def keep_trunk_arrivals(
        self, arrivals: Collection[TrunkArrival], lines: Collection[str] | None, by: str
    ) -> None:
        """Let arrivals take the place of those of some lines; None for all. Raises DispatchStoreError."""
        wanted = None if lines is None else list(lines)
        rows = [(each.stop, each.line, each.trunk, each.arrival, by) for each in arrivals]
        async with self._database.connection() as connection, connection.transaction(), connection.cursor() as cursor:
            await cursor.execute(
                "DELETE FROM v2x.trunk_arrival WHERE %(lines)s::text[] IS NULL OR line = ANY (%(lines)s::text[])",
                {"lines": wanted},
            )
            await cursor.executemany(
                "INSERT INTO v2x.trunk_arrival (stop, line, trunk, arrival, told_by)"
                " VALUES (%s, %s, %s, to_timestamp(%s), %s) ON CONFLICT DO NOTHING",
                rows,
            )

    async def trunk_arrivals(self, since: float) -> tuple[TrunkArrival, ...]:
        """Give the arrivals after a UTC epoch, s, the earliest first, and forget the others.

        Raises:
            DispatchStoreError: the database does not answer.
        """
        async with self._database.connection() as connection:
            await connection.execute("DELETE FROM v2x.trunk_arrival WHERE arrival <= to_timestamp(%s)", (since,))
            found = await connection.execute(
                "SELECT stop, extract(epoch FROM arrival)::float8, trunk, line FROM v2x.trunk_arrival ORDER BY arrival"
            )
            return tuple(TrunkArrival(*row) for row in await found.fetchall())

    async def dwells(self) -> tuple[StoredDwell, ...]:
        """Give the dwells of each stop and line by its newest visits. Raises DispatchStoreError."""
        async with self._database.connection() as connection:
            found = await connection.execute(
                _DWELLS, {"days": DWELL_DAYS, "most": DWELL_VISITS, "longest": LONGEST_DWELL_S}
            )
            rows = await found.fetchall()
        return tuple(
            StoredDwell(stop=stop, line=line, mean=mean, spread=spread, visits=visits)
            for stop, line, mean, spread, visits in rows
        )

    async def day(self, start: dt.datetime, end: dt.datetime, lines: Collection[str] | None) -> list[LineDay]:
        """Sum up the lines between two moments; None for all lines. Raises DispatchStoreError."""
        wanted = None if lines is None else list(lines)
        span = {"start": start, "end": end, "lines": wanted, "longest": LONGEST_GAP_S}
        async with self._database.connection() as connection:
            ran = await (await connection.execute(_VISITS, span)).fetchall()
            advised = await (await connection.execute(_ADVICE, span)).fetchall()
            asked = await (await connection.execute(_PRIORITY, span)).fetchall()
        return _sum_up(ran, advised, asked)


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
_DWELLS = """
SELECT stop, line, avg(dwell)::float8, coalesce(stddev_samp(dwell), 0)::float8, count(*)::int4 FROM (
    SELECT stop, line, extract(epoch FROM departure - arrival)::float8 AS dwell,
        row_number() OVER (PARTITION BY stop, line ORDER BY arrival DESC) AS age
    FROM v2x.stop_visit
    WHERE arrival >= now() - make_interval(days => %(days)s) AND departure > arrival
) AS visit
WHERE age <= %(most)s AND dwell <= %(longest)s GROUP BY stop, line ORDER BY line, stop
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
