"""Questions about an intersection: what it showed at a moment, how it changed, who drove over red.

Times are UTC epoch s, speeds m/s. Light states are the codes of DE_LightState (T/CSAE 53-2020).
"""

from collections.abc import Sequence
from typing import NamedTuple

from cloudctl.row_source import RowSource
from cloudctl.store.page_cursor import decode_cursor, encode_cursor

RED = 3
SURE = 50
"""Least confidence (0..100) of a red light that somebody is said to have passed."""
RED_MARGIN = 1.0
"""Red must have lasted so long before, s: twice the usual latency of SPAT and of a position report."""


class GroupAt(NamedTuple):
    """Light of a signal group at a moment; None where the store does not know it."""

    group: int
    state: int | None
    confidence: int | None
    since: float | None
    next_state: int | None
    """What it changed to afterwards."""
    until: float | None


class LinkAt(NamedTuple):
    """Traffic of a link at a moment; -1 or None where not known."""

    link: int
    vehicles: int
    level: int | None
    speed: float | None
    queue: int | None


class Transition(NamedTuple):
    """A change of a light."""

    t: float
    group: int
    state: int
    previous: int
    confidence: int


class Movement(NamedTuple):
    """A way over an intersection, by rows of the road network."""

    from_link: int
    to_link: int
    group: int
    turn: int


class RedPassage(NamedTuple):
    """A vehicle that left the approach while its light was red."""

    t: float
    session: int
    track_id: int
    group: int
    from_link: int
    to_link: int
    red_for: float
    """How long the light had been red, s."""
    speed: float
    """Behind the stop line."""
    confidence: int


async def groups_at(source: RowSource, first: int, count: int, t: float) -> list[GroupAt]:
    """Lights of the groups `first .. first + count` at a moment."""
    return await source.rows(
        GroupAt,
        "SELECT g::int, was.state, was.confidence, extract(epoch FROM was.t)::float8, next.state,"
        " extract(epoch FROM next.t)::float8 FROM generate_series(%s::int, %s::int - 1) g"
        " LEFT JOIN LATERAL (SELECT t, state, confidence FROM v2x.signal_transition WHERE grp = g"
        " AND t <= to_timestamp(%s) AND t > to_timestamp(%s) - interval '1 hour' ORDER BY t DESC LIMIT 1) was ON true"
        " LEFT JOIN LATERAL (SELECT t, state FROM v2x.signal_transition WHERE grp = g"
        " AND t > to_timestamp(%s) AND t < to_timestamp(%s) + interval '1 hour' ORDER BY t LIMIT 1) next ON true"
        " ORDER BY g",
        (first, first + count, t, t, t, t),
    )


async def links_at(source: RowSource, links: Sequence[int], t: float) -> list[LinkAt]:
    """Traffic of some links at a moment."""
    return await source.rows(
        LinkAt,
        "SELECT l.link, (SELECT count(DISTINCT (session, track_id)) FROM v2x.track_link k WHERE k.link = l.link"
        " AND k.t <= to_timestamp(%s) AND k.t > to_timestamp(%s) - interval '11 seconds'"
        " AND k.t + k.last * interval '1 ms' >= to_timestamp(%s) - interval '0.5 second')::int,"
        " s.level, nullif(s.speed, -1) / 100.0::float8, nullif(s.queue, -1) FROM unnest(%s::int[]) AS l (link)"
        " LEFT JOIN LATERAL (SELECT level, speed, queue FROM v2x.link_state WHERE link = l.link"
        " AND t <= to_timestamp(%s) AND t > to_timestamp(%s) - interval '1 minute' ORDER BY t DESC LIMIT 1) s ON true",
        (t, t, t, list(links), t, t),
    )


async def transitions(
    source: RowSource, first: int, count: int, t0: float, t1: float, *, limit: int = 10_000, cursor: str | None = None
) -> tuple[list[Transition], str | None]:
    """Changes of the lights of some groups, by time, and the next page's cursor.

    Raises:
        CursorError: the cursor is not one of ours.
    """
    after = decode_cursor(cursor, (float, int)) if cursor else (0.0, -1)
    found = await source.rows(
        Transition,
        "SELECT extract(epoch FROM t)::float8, grp, state, previous, confidence FROM v2x.signal_transition"
        " WHERE grp >= %s AND grp < %s AND t >= to_timestamp(%s) AND t < to_timestamp(%s)"
        " AND (t, grp) > (to_timestamp(%s), %s) ORDER BY t, grp LIMIT %s",
        (first, first + count, t0, t1, *after, limit + 1),
    )
    page = found[:limit]
    return page, encode_cursor((page[-1].t, page[-1].group)) if len(found) > limit else None


async def red_passages(
    source: RowSource, movements: Sequence[Movement], t0: float, t1: float, *, limit: int = 1000
) -> list[RedPassage]:
    """Vehicles that left an approach on red, by time.

    The moment is that of the last point on the approach. The light must have been red for RED_MARGIN before it, with
    a confidence of at least SURE, so that neither latency nor a doubtful light accuses anybody.
    """
    columns = [list(column) for column in zip(*movements, strict=True)] if movements else [[], [], [], []]
    return await source.rows(
        RedPassage,
        "SELECT extract(epoch FROM x.t)::float8, x.session, x.track_id, x.grp, x.from_link, x.to_link,"
        " extract(epoch FROM x.t - light.t)::float8, x.entry_speed / 100.0::float8, light.confidence FROM ("
        " SELECT DISTINCT ON (b.session, b.track_id, m.grp) a.t + a.last * interval '1 ms' AS t, b.session, b.track_id,"
        " m.grp, m.from_link, m.to_link, b.entry_speed"
        " FROM unnest(%s::int[], %s::int[], %s::int[]) AS m (from_link, to_link, grp)"
        " JOIN v2x.track_link b ON b.link = m.to_link AND b.t >= to_timestamp(%s) AND b.t < to_timestamp(%s)"
        " JOIN LATERAL (SELECT t, last FROM v2x.track_link k WHERE k.link = m.from_link AND k.session = b.session"
        " AND k.track_id = b.track_id AND k.t >= b.t - interval '30 seconds' AND k.t < b.t ORDER BY k.t DESC LIMIT 1) a"
        " ON a.t + a.last * interval '1 ms' >= b.t - interval '20 seconds'"
        " ORDER BY b.session, b.track_id, m.grp, b.t) x"
        " JOIN LATERAL (SELECT t, state, confidence FROM v2x.signal_transition WHERE grp = x.grp"
        " AND t <= x.t AND t > x.t - interval '10 minutes' ORDER BY t DESC LIMIT 1) light"
        " ON light.state = %s AND light.confidence >= %s AND light.t <= x.t - %s * interval '1 second'"
        " ORDER BY 1 LIMIT %s",
        (*columns[:3], t0, t1, RED, SURE, RED_MARGIN, limit),
    )
