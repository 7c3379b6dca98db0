"""A period out of the database."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cloudctl.advice.advisory import Advisory, AdvisoryKind
from cloudctl.playback.footage import (
    ADVICE_SECONDS,
    LIGHT_SECONDS,
    STATE_SECONDS,
    Footage,
    Lights,
    LinkStates,
)
from cloudctl.store.reader import StoreReader
from cloudctl.store.track_columns import SegmentRow, TrackColumns, join_segments
from cloudctl.store.trajectory_rows import SEGMENT_SECONDS

MOST_ADVISORIES, MOST_INCIDENTS = 2000, 2000
_SEGMENTS = (
    "SELECT extract(epoch FROM t0)::float8, session, track_id, kind, dt, lon, lat, speed, heading, sigma, lane, device"
    " FROM v2x.trajectory WHERE t0 >= to_timestamp(%s) AND t0 < to_timestamp(%s)"
)
_LIGHTS = (
    "SELECT extract(epoch FROM t)::float8, grp, state, confidence FROM v2x.signal_transition"
    " WHERE t >= to_timestamp(%s) AND t < to_timestamp(%s)"
)
_LIGHTS_BEFORE = (
    "SELECT DISTINCT ON (grp) extract(epoch FROM t)::float8, grp, state, confidence FROM v2x.signal_transition"
    " WHERE t >= to_timestamp(%s) AND t < to_timestamp(%s) ORDER BY grp, t DESC"
)
_LINKS = (
    "SELECT extract(epoch FROM t)::float8, link, level, confidence, speed, queue, flow FROM v2x.link_state"
    " WHERE t > to_timestamp(%s) AND t < to_timestamp(%s)"
)
_ADVISORIES = (
    "SELECT id, kind, target, extract(epoch FROM created)::float8, extract(epoch FROM valid_until)::float8, reason,"
    " reason_code, lon, lat, content, replaces FROM v2x.advisory"
    " WHERE created > to_timestamp(%s) AND created < to_timestamp(%s) ORDER BY created, id LIMIT %s"
)


class _Light(NamedTuple):
    t: float
    group: int
    state: int
    confidence: int


class _Link(NamedTuple):
    t: float
    link: int
    level: int
    confidence: int
    speed: int
    queue: int
    flow: int


class DatabaseSource:
    """Reads through a reader that is open; its methods raise psycopg.Error where the database refuses."""

    def __init__(self, reader: StoreReader) -> None:
        self._reader = reader
        self._lights: tuple[float, Lights] | None = None
        """Lights in force at the end of the last piece: what follows it needs not be searched for."""

    async def fetch(self, start: float, end: float) -> Footage:
        """Everything of a stretch of time."""
        first = start // SEGMENT_SECONDS * SEGMENT_SECONDS  # no row of the store reaches over a whole ten seconds
        segments, links, incidents, advisories, lights = await asyncio.gather(
            self._reader.rows(SegmentRow, _SEGMENTS, (first, end)),
            self._reader.rows(_Link, _LINKS, (start - STATE_SECONDS, end)),
            self._reader.incidents(start, end, limit=MOST_INCIDENTS),
            self._reader.rows(_advisory, _ADVISORIES, (start - ADVICE_SECONDS, end, MOST_ADVISORIES)),
            self._fetch_lights(start, end),
        )
        points = await asyncio.to_thread(_points, segments, start, end)
        return Footage(start, end, points, lights, _links(links), tuple(incidents), tuple(advisories))

    async def _fetch_lights(self, start: float, end: float) -> Lights:
        within = await self._reader.rows(_Light, _LIGHTS, (start, end))
        if self._lights is not None and self._lights[0] == start:
            before = self._lights[1]
        else:
            before = lights_of(await self._reader.rows(_Light, _LIGHTS_BEFORE, (start - LIGHT_SECONDS, start)))
        lights = join_lights(before, lights_of(within))
        self._lights = (end, last_lights(lights))
        return lights


def lights_of(rows: Sequence[tuple[float, int, int, int]]) -> Lights:
    """Columns of rows (time, group, state, confidence)."""
    t, group, state, confidence = _columns(rows, 4)
    return Lights(t, group.astype(np.int64), state.astype(np.int64), confidence.astype(np.int64))


def join_lights(first: Lights, second: Lights) -> Lights:
    """Both, by time."""
    joined = Lights(
        np.concatenate([first.t, second.t]),
        np.concatenate([first.group, second.group]),
        np.concatenate([first.state, second.state]),
        np.concatenate([first.confidence, second.confidence]),
    )
    return joined.where(np.argsort(joined.t, kind="stable"))


def last_lights(lights: Lights) -> Lights:
    """The last change of each light."""
    _, places = np.unique(lights.group[::-1], return_index=True)
    return lights.where(np.sort(len(lights.group) - 1 - places))


def _points(segments: Sequence[SegmentRow], start: float, end: float) -> TrackColumns:
    return join_segments(segments).between(start, end).by_time()


def _links(rows: Sequence[_Link]) -> LinkStates:
    t, *numbers = _columns(rows, 7)
    return LinkStates(t, *(column.astype(np.int64) for column in numbers))


def _columns(rows: Sequence[tuple[float, ...]], count: int) -> list[NDArray[np.float64]]:
    table = np.array(rows, np.float64).reshape(-1, count)
    order = np.argsort(table[:, 0], kind="stable")
    return [table[order, place] for place in range(count)]


def _advisory(*row: object) -> Advisory:
    names = (
        "id",
        "kind",
        "target",
        "created",
        "valid_until",
        "reason",
        "reason_code",
        "lon",
        "lat",
        "content",
        "replaces",
    )
    values = dict(zip(names, row, strict=True))
    values["kind"] = AdvisoryKind(str(values["kind"]))
    return Advisory(**values)  # type: ignore[arg-type]  # the columns have the types of the fields
