"""Ten seconds of the past as columns, and the scene at any moment of them.

Everything is picked by time: of each road user the last point, of each light and link the last state, the incidents
that went on, the advisories given lately. So a scene depends on its moment alone, whatever was played before.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from cloudctl.advice.advisory import Advisory
from cloudctl.store.copy_reading import Stretches
from cloudctl.store.reader import StoredIncident
from maps.compiled import compiled

CHUNK_SECONDS = 10.0
"""Length of the pieces that a period is fetched in: that of the store's rows."""
SEEN_SECONDS = 0.5
"""A road user without a point for longer is gone."""
STATE_SECONDS = 60.0
"""A link without a state for longer is unknown."""
LIGHT_SECONDS = 3600.0
"""A light that did not change for longer is unknown."""
ADVICE_SECONDS = 60.0
"""An advisory is shown this long."""


@dataclass(frozen=True)
class Lights:
    """Changes of lights, by time, (n,)."""

    t: NDArray[np.float64]
    group: NDArray[np.int64]
    state: NDArray[np.int64]
    confidence: NDArray[np.int64]

    def where(self, rows: NDArray[np.int64]) -> "Lights":
        """Some rows, in that order."""
        return Lights(self.t[rows], self.group[rows], self.state[rows], self.confidence[rows])


@dataclass(frozen=True)
class LinkStates:
    """States of links, by time, (n,); -1 where a number is not known."""

    t: NDArray[np.float64]
    link: NDArray[np.int64]
    level: NDArray[np.int64]
    confidence: NDArray[np.int64]
    speed: NDArray[np.int64]
    """0.01 m/s."""
    queue: NDArray[np.int64]
    """m."""
    flow: NDArray[np.int64]
    """Vehicles an hour."""

    def where(self, rows: NDArray[np.int64]) -> "LinkStates":
        """Some rows, in that order."""
        numbers = (self.link, self.level, self.confidence, self.speed, self.queue, self.flow)
        return LinkStates(self.t[rows], *(column[rows] for column in numbers))


@dataclass(frozen=True)
class Footage:
    """What happened in `start <= t < end`, and what was in force when it began."""

    start: float
    end: float
    points: Stretches
    lights: Lights
    links: LinkStates
    incidents: tuple[StoredIncident, ...]
    advisories: tuple[Advisory, ...]

    def covers(self, t: float) -> bool:
        """Tell whether a moment lies in it."""
        return self.start <= t < self.end


@dataclass(frozen=True)
class Movers:
    """Road users at one moment, by session and track, (k,)."""

    t: NDArray[np.float64]
    """When each was last seen, UTC epoch s."""
    session: NDArray[np.int64]
    track_id: NDArray[np.int64]
    kind: NDArray[np.uint8]
    lon: NDArray[np.int32]
    lat: NDArray[np.int32]
    """1e-7 deg."""
    speed: NDArray[np.int16]
    """0.01 m/s."""
    heading: NDArray[np.int32]
    """0.01 deg, 0 .. 35999."""

    def __len__(self) -> int:
        return len(self.t)

    def where(self, rows: NDArray[np.int64]) -> "Movers":
        """Some rows, in that order."""
        return Movers(*(getattr(self, column.name)[rows] for column in fields(self)))


@dataclass(frozen=True)
class Scene:
    """All that is shown of one moment; the columns are as in `Footage`, each road user, light and link once."""

    time: float
    points: Movers
    lights: Lights
    links: LinkStates
    until: NDArray[np.float64]
    """When each light changed next, UTC epoch s; NaN where that lies beyond the footage."""
    incidents: tuple[StoredIncident, ...]
    advisories: tuple[Advisory, ...]


def scene_at(footage: Footage, t: float, before: Footage | None = None) -> Scene:
    """Pick the scene of a moment of the footage; who was last seen in the footage `before` it is shown too."""
    seen = [seen_at(piece.points, t) for piece in (before, footage) if piece is not None]
    points = Movers(*(np.concatenate([getattr(each, name.name) for each in seen]) for name in fields(Movers)))
    key = points.session * (1 << 32) + points.track_id
    rows = newest(points.t, key, np.ones(len(points), bool))
    lights, links = footage.lights, footage.links
    lit = newest(lights.t, lights.group, (lights.t <= t) & (lights.t > t - LIGHT_SECONDS))
    known = newest(links.t, links.link, (links.t <= t) & (links.t > t - STATE_SECONDS))
    shown = lights.where(lit)
    return Scene(
        time=t,
        points=points.where(rows),
        lights=shown,
        links=links.where(known),
        until=_next_changes(lights, shown.group, t),
        incidents=tuple(i for i in footage.incidents if i.started <= t and (i.ended is None or i.ended > t)),
        advisories=tuple(a for a in footage.advisories if t - ADVICE_SECONDS < a.created <= t),
    )


def seen_at(points: Stretches, t: float) -> Movers:
    """The last point of each stretch that is not younger than `t` (UTC epoch s) and not too old."""
    found = _last_seen(points.begin, points.time, round(t * 1e3), round((t - SEEN_SECONDS) * 1e3))
    rows = np.flatnonzero(found >= 0)
    places = found[rows]
    return Movers(
        t=points.time[places] / 1e3,
        session=points.session[rows],
        track_id=points.track_id[rows],
        kind=points.kind[rows].astype(np.uint8),
        lon=points.lon[places],
        lat=points.lat[places],
        speed=points.speed[places],
        heading=points.heading[places].astype(np.int32) % 36000,
    )


@compiled
def _last_seen(begin: NDArray[np.int64], time: NDArray[np.int64], at: int, after: int) -> NDArray[np.int64]:
    """Place of the last point of each stretch with `after < time <= at` (ms), -1 where there is none."""
    found = np.full(len(begin) - 1, -1, np.int64)
    for row in range(len(found)):
        low, high = begin[row], begin[row + 1]
        while low < high:
            middle = (low + high) // 2
            if time[middle] <= at:
                low = middle + 1
            else:
                high = middle
        if low > begin[row] and time[low - 1] > after:
            found[row] = low - 1
    return found


def newest(t: NDArray[np.float64], key: NDArray[np.int64], chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Row of the last of the chosen rows of each key, by key."""
    rows = np.flatnonzero(chosen)
    rows = rows[np.lexsort((t[rows], key[rows]))]
    last = np.ones(len(rows), bool)
    last[:-1] = key[rows][1:] != key[rows][:-1]
    return rows[last]


def _next_changes(lights: Lights, groups: NDArray[np.int64], t: float) -> NDArray[np.float64]:
    later = lights.t > t
    order = np.lexsort((lights.t[later], lights.group[later]))
    group, time = lights.group[later][order], lights.t[later][order]
    place = np.searchsorted(group, groups)
    found = (place < len(group)) & (group[np.minimum(place, max(len(group) - 1, 0))] == groups) if len(group) else None
    if found is None:
        return np.full(len(groups), np.nan)
    return np.where(found, time[np.minimum(place, len(group) - 1)], np.nan)
