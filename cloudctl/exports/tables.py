"""What is exported, as Arrow tables a piece at a time: points of tracks, states of links, changes of lights, incidents.

Times are UTC, places WGS-84 deg, speeds m/s, headings deg clockwise from north, sigma m.
"""

from collections.abc import AsyncIterator, Sequence
from enum import StrEnum
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cloudctl.row_source import Row, RowSource
from cloudctl.store.reader import Box, StoredIncident, StoreReader
from cloudctl.store.record_queries import incident_page
from cloudctl.store.track_columns import TrackColumns
from cloudctl.store.track_queries import points_by_track
from maps.participants import ParticipantKind

PAGE_POINTS = 50_000
PAGE_ROWS = 20_000
PAGE_TRACKS = 500
"""Most tracks of a piece."""
TIME = pa.timestamp("ms", tz="UTC")
TRACK_SCHEMA = pa.schema(
    [
        *(("time", TIME), ("session", pa.int64()), ("track", pa.int64()), ("kind", pa.string())),
        *(("lon", pa.float64()), ("lat", pa.float64()), ("speed", pa.float32()), ("heading", pa.float32())),
        *(("sigma", pa.float32()), ("lane", pa.int32()), ("device", pa.int32())),
    ]
)
STATE_SCHEMA = pa.schema(
    [
        *(("time", TIME), ("link", pa.int32()), ("level", pa.int16()), ("confidence", pa.float32())),
        *(("speed", pa.float32()), ("queue", pa.float32()), ("flow", pa.float32())),
    ]
)
LIGHT_SCHEMA = pa.schema(
    [
        ("time", TIME),
        ("group", pa.int32()),
        ("state", pa.int16()),
        ("previous", pa.int16()),
        ("confidence", pa.float32()),
    ]
)
INCIDENT_SCHEMA = pa.schema(
    [
        *(("id", pa.string()), ("kind", pa.string()), ("started", TIME), ("updated", TIME), ("ended", TIME)),
        *(("lon", pa.float64()), ("lat", pa.float64()), ("link", pa.string()), ("confidence", pa.float32())),
        *(("evidence", pa.string()), ("tracks", pa.list_(pa.int64()))),
    ]
)


class Content(StrEnum):
    """What can be exported."""

    TRACKS = "tracks"
    STATES = "states"
    LIGHTS = "lights"
    INCIDENTS = "incidents"


SCHEMAS = {
    Content.TRACKS: TRACK_SCHEMA,
    Content.STATES: STATE_SCHEMA,
    Content.LIGHTS: LIGHT_SCHEMA,
    Content.INCIDENTS: INCIDENT_SCHEMA,
}


class Sight(Protocol):
    """What of the city may be exported."""

    def places(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which places (deg)."""
        ...

    def links(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which links, by row of the road network."""
        ...


_KIND_NAMES = np.array([kind.label for kind in ParticipantKind], object)


async def track_tables(
    reader: StoreReader, t0: float, t1: float, box: Box | None, sight: Sight | None = None
) -> AsyncIterator[pa.Table]:
    """Points of all tracks of a time and an area as far as they may be seen, track by track and by time."""
    after = None
    while True:
        points, after = await points_by_track(reader, t0, t1, box, after=after, most=PAGE_TRACKS)
        if sight is not None:
            points = points.where(sight.places(points.lon, points.lat))
        if len(points):
            yield track_table(points)
        if after is None:
            return


def track_table(points: TrackColumns) -> pa.Table:
    """One Arrow table of points, in their order."""
    kind = _KIND_NAMES[np.minimum(points.kind, len(_KIND_NAMES) - 1)]
    columns = [
        *(times(points.t), points.session, points.track_id, kind, points.lon, points.lat),
        *(points.speed, points.heading, points.sigma, points.lane, points.device),
    ]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, TRACK_SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=TRACK_SCHEMA)


async def state_tables(source: RowSource, t0: float, t1: float, sight: Sight | None = None) -> AsyncIterator[pa.Table]:
    """States of all links of a time that may be seen, by time and link; what is not known is null."""
    t, key = t0, -1
    while True:
        found = await source.rows(
            lambda *row: row,
            "SELECT extract(epoch FROM t)::float8, link, level, confidence / 100.0::float8,"
            " nullif(speed, -1) / 100.0::float8, nullif(queue, -1)::float8, nullif(flow, -1)::float8"
            " FROM v2x.link_state WHERE t >= to_timestamp(%s) AND t < to_timestamp(%s)"
            " AND (t, link) > (to_timestamp(%s), %s) ORDER BY t, link LIMIT %s",
            (t0, t1, t, key, PAGE_ROWS),
        )
        seen = found if sight is None else _seen(found, sight.links(np.array([row[1] for row in found], np.int64)))
        if seen:
            yield _table(seen, STATE_SCHEMA)
        if len(found) < PAGE_ROWS:
            return
        t, key = float(found[-1][0]), int(found[-1][1])


async def light_tables(source: RowSource, t0: float, t1: float) -> AsyncIterator[pa.Table]:
    """Changes of all lights of a time, by time and group."""
    t, key = t0, -1
    while True:
        found = await source.rows(
            lambda *row: row,
            "SELECT extract(epoch FROM t)::float8, grp, state, nullif(previous, -1), confidence / 100.0::float8"
            " FROM v2x.signal_transition WHERE t >= to_timestamp(%s) AND t < to_timestamp(%s)"
            " AND (t, grp) > (to_timestamp(%s), %s) ORDER BY t, grp LIMIT %s",
            (t0, t1, t, key, PAGE_ROWS),
        )
        if found:
            yield _table(found, LIGHT_SCHEMA)
        if len(found) < PAGE_ROWS:
            return
        t, key = float(found[-1][0]), int(found[-1][1])


async def incident_tables(
    source: RowSource, t0: float, t1: float, box: Box | None, sight: Sight | None = None
) -> AsyncIterator[pa.Table]:
    """Incidents of a time and an area that may be seen, the newest first; those without a place are in no area."""
    cursor = None
    while True:
        found, cursor = await incident_page(source, t0, t1, kind=None, limit=PAGE_ROWS, cursor=cursor)
        bound = box or (None if sight is None else Box.everywhere())
        inside = [incident for incident in found if bound is None or _is_inside(incident, bound)]
        if sight is not None:
            lon, lat = (np.array([getattr(each, name) for each in inside], np.float64) for name in ("lon", "lat"))
            inside = _seen(inside, sight.places(lon, lat))
        if inside:
            yield _incident_table(inside)
        if cursor is None:
            return


def times(seconds: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Milliseconds since 1970 of UTC epoch s."""
    return np.round(seconds * 1e3).astype(np.int64)


def _seen(rows: Sequence[Row], own: NDArray[np.bool_]) -> list[Row]:
    return [row for row, is_own in zip(rows, own.tolist(), strict=True) if is_own]


def _is_inside(incident: StoredIncident, box: Box) -> bool:
    if incident.lon is None or incident.lat is None:
        return False
    return box.west <= incident.lon <= box.east and box.south <= incident.lat <= box.north


def _incident_table(incidents: list[StoredIncident]) -> pa.Table:
    rows = [
        (
            *(i.incident_id, i.kind, _ms(i.started), _ms(i.updated), _ms(i.ended), i.lon, i.lat, i.link_id),
            *(i.confidence, i.evidence, i.tracks),
        )
        for i in incidents
    ]
    columns = list(zip(*rows, strict=True))
    return pa.Table.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, INCIDENT_SCHEMA, strict=True)],
        schema=INCIDENT_SCHEMA,
    )


def _ms(epoch: float | None) -> int | None:
    return None if epoch is None else round(epoch * 1e3)


def _table(rows: list[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    first, *others = zip(*rows, strict=True)
    columns: list[object] = [times(np.array(first, np.float64)), *others]
    return pa.Table.from_arrays(
        [pa.array(column, field.type, from_pandas=True) for column, field in zip(columns, schema, strict=True)],
        schema=schema,
    )
