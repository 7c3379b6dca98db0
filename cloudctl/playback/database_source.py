"""A period out of the database."""

import asyncio
from collections.abc import Sequence

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
from cloudctl.store.copy_reading import STRETCHES, read_numbers, read_stretches
from cloudctl.store.reader import StoreReader
from cloudctl.store.record_queries import incident_page
from cloudctl.store.trajectory_rows import SEGMENT_SECONDS

MOST_ADVISORIES, MOST_INCIDENTS = 2000, 2000
_LIGHT_COLUMNS = (">f8", ">i4", ">i2", ">i2")
_LIGHTS = (
    "SELECT extract(epoch FROM t)::float8, grp, state, confidence FROM v2x.signal_transition"
    " WHERE t >= to_timestamp(%s) AND t < to_timestamp(%s)"
)
_LIGHTS_BEFORE = (
    "SELECT DISTINCT ON (grp) extract(epoch FROM t)::float8, grp, state, confidence FROM v2x.signal_transition"
    " WHERE t >= to_timestamp(%s) AND t < to_timestamp(%s) ORDER BY grp, t DESC"
)
_LINK_COLUMNS = (">f8", *(">i4",) * 6)
_LINKS = (
    "SELECT extract(epoch FROM t)::float8, link::int, level::int, confidence::int, speed::int, queue::int, flow::int"
    " FROM v2x.link_state"
    " WHERE t > to_timestamp(%s) AND t < to_timestamp(%s)"
)
_ADVISORIES = (
    "SELECT id, kind, target, extract(epoch FROM created)::float8, extract(epoch FROM valid_until)::float8, reason,"
    " reason_code, lon, lat, content, replaces FROM v2x.advisory"
    " WHERE created > to_timestamp(%s) AND created < to_timestamp(%s) ORDER BY created, id LIMIT %s"
)


class DatabaseSource:
    """Reads through a reader that is open; its methods raise StoreError where the database does not answer."""

    def __init__(self, reader: StoreReader) -> None:
        self._reader = reader
        self._lights: tuple[float, Lights] | None = None
        """Lights in force at the end of the last piece: what follows it needs not be searched for."""

    async def fetch(self, start: float, end: float) -> Footage:
        """Everything of a stretch of time."""
        first = start // SEGMENT_SECONDS * SEGMENT_SECONDS  # no row of the store reaches over a whole ten seconds
        stretches, links, incidents, advisories, lights = await asyncio.gather(
            self._reader.copied(STRETCHES, (first, end)),
            self._reader.copied(_LINKS, (start - STATE_SECONDS, end)),
            incident_page(self._reader, start, end, kind=None, limit=MOST_INCIDENTS, cursor=None),
            self._reader.rows(_advisory, _ADVISORIES, (start - ADVICE_SECONDS, end, MOST_ADVISORIES)),
            self._fetch_lights(start, end),
        )
        points = await asyncio.to_thread(read_stretches, stretches)
        return Footage(start, end, points, lights, _links(links), tuple(incidents[0]), tuple(advisories))

    async def _fetch_lights(self, start: float, end: float) -> Lights:
        within = _lights(await self._reader.copied(_LIGHTS, (start, end)))
        if self._lights is not None and self._lights[0] == start:
            before = self._lights[1]
        else:
            before = _lights(await self._reader.copied(_LIGHTS_BEFORE, (start - LIGHT_SECONDS, start)))
        lights = join_lights(before, within)
        self._lights = (end, last_lights(lights))
        return lights


def _lights(copied: bytes) -> Lights:
    t, *numbers = _by_time(copied, _LIGHT_COLUMNS)
    return Lights(t, *(column.astype(np.int64) for column in numbers))


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


def _links(copied: bytes) -> LinkStates:
    t, *numbers = _by_time(copied, _LINK_COLUMNS)
    return LinkStates(t, *(column.astype(np.int64) for column in numbers))


def _by_time(copied: bytes, columns: Sequence[str]) -> list[NDArray[np.float64]]:
    table = [column.astype(np.float64) for column in read_numbers(copied, columns)]
    order = np.argsort(table[0], kind="stable")
    return [column[order] for column in table]


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
