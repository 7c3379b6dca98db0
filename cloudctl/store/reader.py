"""What the API reads from the store: tracks by time and place, one track, link history, gaps, rows of any question.

All reads go through one pool of connections that cannot write. Times are UTC epoch s, places deg (WGS-84), speeds m/s,
headings deg clockwise from north. Results are bounded by `limit`; where more is there, `cursor` asks for what follows.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import accumulate
from types import TracebackType
from typing import LiteralString, NamedTuple, Self, TypeVar

import psycopg
from psycopg import sql
from psycopg.rows import args_row

from cloudctl.database import make_pool
from cloudctl.store.answering import answering
from cloudctl.store.array_loader import register_array_loaders
from cloudctl.store.page_cursor import decode_cursor, encode_cursor
from cloudctl.store.track_columns import Box, SegmentRow, TrackColumns, join_segments
from cloudctl.store.trajectory_rows import SEGMENT_SECONDS

__all__ = ["Box", "StoreReader", "TrackColumns"]

STATEMENT_TIMEOUT_S = 15.0
PATIENCE_S = 5.0
"""How long a question waits for a connection, s."""
MEAN_POINTS = 20
"""Points that a row of the store holds at least on average; how many rows a page fetches follows from it."""
_TRACKS_BETWEEN = (
    "SELECT extract(epoch FROM t0)::float8, session, track_id, kind, dt, lon, lat, speed, heading, sigma, lane, device"
    " FROM v2x.trajectory WHERE t0 >= to_timestamp(%s) AND t0 < to_timestamp(%s) AND t1 >= to_timestamp(%s)"
    " AND lon_max >= %s AND lon_min <= %s AND lat_max >= %s AND lat_min <= %s"
    " AND (t0, session, track_id, kind) > (to_timestamp(%s), %s, %s, %s)"
    " ORDER BY t0, session, track_id, kind LIMIT %s"
)
_TRACK = (
    "SELECT extract(epoch FROM t0)::float8, session, track_id, kind, dt, lon, lat, speed, heading, sigma, lane, device"
    " FROM v2x.trajectory WHERE track_id = %s AND session = coalesce(%s,"
    " (SELECT s.session FROM v2x.engine_session s WHERE EXISTS (SELECT FROM v2x.trajectory x"
    " WHERE x.session = s.session AND x.track_id = %s) ORDER BY s.first_seen DESC LIMIT 1)) ORDER BY t0"
)


class TrackPage(NamedTuple):
    """Points of some tracks, ordered by ten seconds and track, and the cursor of the next page."""

    tracks: TrackColumns
    cursor: str | None


class StoredIncident(NamedTuple):
    """One incident."""

    incident_id: str
    kind: str
    started: float
    updated: float
    ended: float | None
    lon: float | None
    lat: float | None
    link_id: str | None
    lane: int | None
    confidence: float | None
    evidence: str | None
    tracks: list[int]


class StoredAdvisory(NamedTuple):
    """One advisory and the newest answer to it."""

    id: str
    kind: str
    target: str
    created: float
    valid_until: float
    reason: str
    reason_code: str
    lon: float
    lat: float
    content: dict[str, object]
    replaces: str | None
    status: str | None
    """`accepted`, `rejected`, `refused`, or None where nobody answered."""
    answered: float | None


class LinkState(NamedTuple):
    """State of one link at one moment; -1 where a number is not known."""

    t: float
    level: int
    confidence: int
    speed: float
    queue: int
    flow: int


class Gap(NamedTuple):
    """What was missed."""

    from_t: float
    to_t: float
    missed: int | None
    reason: str


Row = TypeVar("Row")


class StoreReader:
    """Reads for the API; an async context manager that owns a pool of connections."""

    def __init__(self, url: str, *, connections: int = 4) -> None:
        self._pool = make_pool(
            url,
            "v2x-reader",
            connections=connections,
            statement_timeout_s=STATEMENT_TIMEOUT_S,
            role="v2x_reader",
            patience=PATIENCE_S,
            least=1,
            read_only=True,
            prepare=register_array_loaders,
        )

    async def __aenter__(self) -> Self:
        await self._pool.open(wait=False)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pool.close()

    async def ready(self) -> bool:
        """Tell whether the database answers."""
        with suppress(psycopg.Error, TimeoutError):
            async with self._pool.connection(timeout=2.0) as connection:
                await connection.execute("SELECT 1")
                return True
        return False

    async def tracks_between(
        self, t0: float, t1: float, box: Box | None = None, limit: int = 10_000, cursor: str | None = None
    ) -> TrackPage:
        """Points of all tracks with `t0 <= t < t1` inside the box, at most `limit` (at least one row of the store).

        Raises:
            CursorError: the cursor is not one of ours.
        """
        after = decode_cursor(cursor, (float, int, int, int)) if cursor else (0.0, 0, 0, 0)
        west, south, east, north = (box or Box.everywhere()).e7()
        fetched = limit // MEAN_POINTS + 1
        rows = await self.rows(
            SegmentRow,
            _TRACKS_BETWEEN,
            (t0 - SEGMENT_SECONDS, t1, t0, west, east, south, north, *after, fetched),
        )
        taken = _within(rows, limit)
        tracks = join_segments(taken).between(t0, t1, box)
        more = len(taken) < len(rows) or len(rows) == fetched
        last = taken[-1] if taken else None
        return TrackPage(tracks, encode_cursor((last.t0, *last[1:4])) if more and last else None)

    async def track(self, track_id: int, session: int | None = None) -> TrackColumns:
        """All points of one track, by time; without a session, of the newest one that had it."""
        rows = await self.rows(SegmentRow, _TRACK, (track_id, session, track_id))
        return join_segments(rows).by_time()

    async def link_history(self, link: int, t0: float, t1: float, *, limit: int = 10_000) -> list[LinkState]:
        """States of one link (row of the road network) between the two times, by time."""
        return await self.rows(
            LinkState,
            "SELECT extract(epoch FROM t)::float8, level, confidence, CASE WHEN speed < 0 THEN -1 ELSE speed / 100.0"
            " END::float8, queue, flow FROM v2x.link_state"
            " WHERE link = %s AND t >= to_timestamp(%s) AND t < to_timestamp(%s) ORDER BY t LIMIT %s",
            (link, t0, t1, limit),
        )

    async def gaps(self, t0: float, t1: float, *, limit: int = 1000) -> list[Gap]:
        """Stretches of time from which frames are missing, the newest first."""
        return await self.rows(
            Gap,
            "SELECT extract(epoch FROM from_t)::float8, extract(epoch FROM to_t)::float8, missed, reason"
            " FROM v2x.process_gap WHERE from_t < to_timestamp(%s) AND to_t >= to_timestamp(%s)"
            " ORDER BY from_t DESC LIMIT %s",
            (t1, t0, limit),
        )

    async def rows(self, kind: Callable[..., Row], query: LiteralString, parameters: Sequence[object]) -> list[Row]:
        """Rows of any question; a task that is cancelled meanwhile cancels it at the server too.

        Raises:
            StoreDownError: the database does not answer, or refuses.
            StoreSlowError: it takes longer than STATEMENT_TIMEOUT_S.
        """
        with answering():
            async with self._pool.connection() as connection:
                cursor = connection.cursor(binary=True, row_factory=args_row(kind))
                return await (await cursor.execute(query, parameters)).fetchall()

    async def copied(self, query: LiteralString, parameters: Sequence[float | int]) -> bytes:
        """Rows of a question about very many, as the bytes of a binary COPY, for `copy_reading`.

        Raises:
            StoreDownError, StoreSlowError: as for `rows`.
        """
        statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT BINARY)").format(sql.SQL(query))
        with answering():
            async with (
                self._pool.connection() as connection,
                connection.cursor() as cursor,
                cursor.copy(statement, parameters) as copy,
            ):
                return b"".join([bytes(part) async for part in copy])


def _within(rows: Sequence[SegmentRow], limit: int) -> list[SegmentRow]:
    """The first rows with no more than `limit` points in all, at least one row."""
    totals = accumulate(len(row.dt) for row in rows)
    fitting = sum(total <= limit for total in totals)
    return list(rows[: max(1, fitting)])
