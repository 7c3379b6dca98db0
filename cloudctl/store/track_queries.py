"""Questions about tracks by link and by device. Times are UTC epoch s, speeds m/s, lengths m."""

from collections.abc import Sequence
from typing import NamedTuple

from cloudctl.row_source import RowSource
from cloudctl.store.page_cursor import decode_cursor, encode_cursor
from cloudctl.store.track_columns import Box, SegmentRow, TrackColumns, join_segments
from cloudctl.store.trajectory_rows import SEGMENT_SECONDS


class LinkStay(NamedTuple):
    """A stretch of one track on one link, cut every ten seconds."""

    t: float
    last: float
    """Time of its last point on the link."""
    session: int
    track_id: int
    dwell: float
    """Time that its points stand for, s."""
    distance: float
    entry_speed: float


class DeviceTrack(NamedTuple):
    """A track whose newest source a device was."""

    session: int
    track_id: int
    first: float
    last: float


async def stays_on_link(
    source: RowSource, link: int, t0: float, t1: float, *, limit: int = 1000, cursor: str | None = None
) -> tuple[list[LinkStay], str | None]:
    """Stays on a link (row of the road network) that began in `t0 <= t < t1`, by time, and the next page's cursor.

    Raises:
        CursorError: the cursor is not one of ours.
    """
    after = decode_cursor(cursor, (float, int, int)) if cursor else (0.0, -1, -1)
    found = await source.rows(
        LinkStay,
        "SELECT extract(epoch FROM t)::float8, extract(epoch FROM t)::float8 + last / 1000.0::float8, session,"
        " track_id, dwell / 1000.0::float8, distance / 100.0::float8, entry_speed / 100.0::float8 FROM v2x.track_link"
        " WHERE link = %s AND t >= to_timestamp(%s) AND t < to_timestamp(%s)"
        " AND (t, session, track_id) > (to_timestamp(%s), %s, %s) ORDER BY t, session, track_id LIMIT %s",
        (link, t0, t1, *after, limit + 1),
    )
    page = found[:limit]
    more = len(found) > limit
    return page, encode_cursor((page[-1].t, page[-1].session, page[-1].track_id)) if more else None


async def tracks_of_device(
    source: RowSource, device: str, t0: float, t1: float, *, limit: int = 1000, cursor: str | None = None
) -> tuple[list[DeviceTrack], str | None]:
    """Tracks that a device saw, or is itself, in a time, by session and id, and the next page's cursor.

    Raises:
        CursorError: the cursor is not one of ours.
    """
    after = decode_cursor(cursor, (int, int)) if cursor else (-1, -1)
    found = await source.rows(
        DeviceTrack,
        "SELECT d.session, k.track_id, extract(epoch FROM min(d.t))::float8, extract(epoch FROM max(d.t))::float8 + 10"
        " FROM v2x.device_row r JOIN v2x.device_tracks d ON d.session = r.session AND d.device = r.device"
        " CROSS JOIN LATERAL unnest(d.tracks) AS k (track_id)"
        " WHERE r.id = %s AND d.t > to_timestamp(%s) - interval '10 seconds' AND d.t < to_timestamp(%s)"
        " GROUP BY d.session, k.track_id HAVING (d.session, k.track_id) > (%s, %s)"
        " ORDER BY d.session, k.track_id LIMIT %s",
        (device, t0, t1, *after, limit + 1),
    )
    page = found[:limit]
    more = len(found) > limit
    return page, encode_cursor((page[-1].session, page[-1].track_id)) if more else None


async def points_of_tracks(source: RowSource, tracks: Sequence[tuple[int, int]], t0: float, t1: float) -> TrackColumns:
    """Points with `t0 <= t < t1` of some tracks (session, id)."""
    rows = await source.rows(
        SegmentRow,
        "SELECT extract(epoch FROM x.t0)::float8, x.session, x.track_id, x.kind, x.dt, x.lon, x.lat, x.speed,"
        " x.heading, x.sigma, x.lane, x.device FROM unnest(%s::bigint[], %s::bigint[]) AS k (session, track_id)"
        " JOIN v2x.trajectory x ON x.session = k.session AND x.track_id = k.track_id"
        " WHERE x.t0 >= to_timestamp(%s) AND x.t0 < to_timestamp(%s)",
        ([session for session, _ in tracks], [track for _, track in tracks], t0 - SEGMENT_SECONDS, t1),
    )
    return join_segments(rows).between(t0, t1)


async def points_by_track(
    source: RowSource, t0: float, t1: float, box: Box | None, *, after: tuple[int, int] | None, most: int
) -> tuple[TrackColumns, tuple[int, int] | None]:
    """Points with `t0 <= t < t1` inside the box of the next `most` tracks (session, id) after one, whole and by time.

    Returns:
        The points, by track and time, and the last track; None where no more follow.
    """
    west, south, east, north = (box or Box.everywhere()).e7()
    session, track = after or (-1, -1)
    rows = await source.rows(
        SegmentRow,
        "WITH inside AS MATERIALIZED (SELECT * FROM v2x.trajectory WHERE t0 >= to_timestamp(%s)"
        " AND t0 < to_timestamp(%s) AND t1 >= to_timestamp(%s) AND lon_max >= %s AND lon_min <= %s AND lat_max >= %s"
        " AND lat_min <= %s AND (session, track_id) > (%s, %s)),"
        " chosen AS (SELECT DISTINCT session, track_id FROM inside ORDER BY session, track_id LIMIT %s)"
        " SELECT extract(epoch FROM t0)::float8, session, track_id, kind, dt, lon, lat, speed, heading, sigma, lane,"
        " device FROM inside JOIN chosen USING (session, track_id) ORDER BY session, track_id, t0",
        (t0 - SEGMENT_SECONDS, t1, t0, west, east, south, north, session, track, most),
    )
    if not rows:
        return join_segments(rows), None
    last = (rows[-1].session, rows[-1].track_id)
    tracks = len({(row.session, row.track_id) for row in rows})
    return join_segments(rows).between(t0, t1, box), last if tracks == most else None
