"""Questions about what was written down: incidents, advisories and their effect, devices, raw reports.

Times are UTC epoch s, speeds m/s. Lists come a page at a time, the newest first.
"""

from typing import NamedTuple

from cloudctl.row_source import RowSource
from cloudctl.store.page_cursor import decode_cursor, encode_cursor
from cloudctl.store.reader import StoredAdvisory, StoredIncident

FAR = 4_102_444_800.0
"""2100-01-01: before the first page."""


class AdvisoryOutcome(NamedTuple):
    """What came of an advisory; None where not known."""

    status: str
    speed_before: float | None
    speed_after: float | None
    followed: bool | None


class DeviceHealth(NamedTuple):
    """What the platform saw of a device at a moment."""

    t: float
    online: bool
    rates: dict[str, float]
    refused: dict[str, int]
    missing: int
    shed: int
    clock_offset: float | None
    latency: float | None


class StoredObservation(NamedTuple):
    """A raw report of a device."""

    t: float
    received: float
    stream: str
    payload: bytes
    key: bytes


async def incident_page(
    source: RowSource, t0: float, t1: float, *, kind: str | None, limit: int, cursor: str | None
) -> tuple[list[StoredIncident], str | None]:
    """Incidents that were going on in a time.

    Raises:
        CursorError: the cursor is not one of ours.
    """
    after = decode_cursor(cursor, (float, str)) if cursor else (FAR, "")
    found = await source.rows(
        StoredIncident,
        "SELECT incident_id, kind, extract(epoch FROM started)::float8, extract(epoch FROM updated)::float8,"
        " extract(epoch FROM ended)::float8, lon, lat, link_id, lane, confidence, evidence, tracks FROM v2x.incident"
        " WHERE started < to_timestamp(%s) AND (ended IS NULL OR ended >= to_timestamp(%s))"
        " AND kind = coalesce(%s, kind)"
        " AND (started, incident_id) < (to_timestamp(%s), %s) ORDER BY started DESC, incident_id DESC LIMIT %s",
        (t1, t0, kind, *after, limit + 1),
    )
    page = found[:limit]
    return page, encode_cursor((page[-1].started, page[-1].incident_id)) if len(found) > limit else None


async def advisory_page(
    source: RowSource, t0: float, t1: float, *, kind: str | None, target: str | None, limit: int, cursor: str | None
) -> tuple[list[tuple[StoredAdvisory, AdvisoryOutcome]], str | None]:
    """Advisories made in a time, with the newest answer and what came of each.

    Raises:
        CursorError: the cursor is not one of ours.
    """
    after = decode_cursor(cursor, (float, str)) if cursor else (FAR, "")
    found = await source.rows(
        _advisory,
        "SELECT a.id, a.kind, a.target, extract(epoch FROM a.created)::float8,"
        " extract(epoch FROM a.valid_until)::float8, a.reason, a.reason_code, a.lon, a.lat, a.content, a.replaces,"
        " n.status, extract(epoch FROM n.t)::float8, coalesce(e.status, 'pending'), e.speed_before::float8,"
        " e.speed_after::float8, e.followed FROM v2x.advisory a LEFT JOIN LATERAL (SELECT status, t"
        " FROM v2x.acknowledgement WHERE reference = a.id AND t >= a.created - interval '1 minute'"
        " ORDER BY t DESC LIMIT 1) n ON true"
        " LEFT JOIN v2x.advisory_effect e ON e.id = a.id AND e.created = a.created"
        " WHERE a.created >= to_timestamp(%s) AND a.created < to_timestamp(%s) AND a.kind = coalesce(%s, a.kind)"
        " AND a.target = coalesce(%s, a.target) AND (a.created, a.id) < (to_timestamp(%s), %s)"
        " ORDER BY a.created DESC, a.id DESC LIMIT %s",
        (t0, t1, kind, target, *after, limit + 1),
    )
    page = found[:limit]
    return page, encode_cursor((page[-1][0].created, page[-1][0].id)) if len(found) > limit else None


def _advisory(*columns: object) -> tuple[StoredAdvisory, AdvisoryOutcome]:
    width = len(StoredAdvisory._fields)
    return StoredAdvisory._make(columns[:width]), AdvisoryOutcome._make(columns[width:])


async def health_page(
    source: RowSource, device: str, t0: float, t1: float, *, limit: int, cursor: str | None
) -> tuple[list[DeviceHealth], str | None]:
    """What the platform saw of a device in a time.

    Raises:
        CursorError: the cursor is not one of ours.
    """
    (before,) = decode_cursor(cursor, (float,)) if cursor else (FAR,)
    found = await source.rows(
        DeviceHealth,
        "SELECT extract(epoch FROM t)::float8, online, rates, refused, missing, shed, clock_offset::float8,"
        " latency::float8 FROM v2x.device_health WHERE device = %s AND t >= to_timestamp(%s) AND t < to_timestamp(%s)"
        " AND t < to_timestamp(%s) ORDER BY t DESC LIMIT %s",
        (device, t0, t1, before, limit + 1),
    )
    page = found[:limit]
    return page, encode_cursor((page[-1].t,)) if len(found) > limit else None


async def observation_page(
    source: RowSource, device: str, t0: float, t1: float, *, limit: int, cursor: str | None
) -> tuple[list[StoredObservation], str | None]:
    """Raw reports of a device in a time.

    Raises:
        CursorError: the cursor is not one of ours.
    """
    before, key = decode_cursor(cursor, (float, str)) if cursor else (FAR, "")
    found = await source.rows(
        StoredObservation,
        "SELECT extract(epoch FROM t)::float8, extract(epoch FROM received)::float8, stream, payload, key"
        " FROM v2x.observation WHERE device = %s AND t >= to_timestamp(%s) AND t < to_timestamp(%s)"
        " AND (t, encode(key, 'hex')) < (to_timestamp(%s), %s) ORDER BY t DESC, encode(key, 'hex') DESC LIMIT %s",
        (device, t0, t1, before, key, limit + 1),
    )
    page = found[:limit]
    return page, encode_cursor((page[-1].t, page[-1].key.hex())) if len(found) > limit else None
