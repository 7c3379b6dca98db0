"""Congestion and hazard events (拥堵提醒) to the roadside units upstream of where traffic stands.

Content of an advisory: `alert` (one id per link and cause while it lasts), `event_type` (GB/T 29100-2012: 707 jam,
903 stopped vehicle, 401 obstacle, 405 pedestrian, 406 animal, 902 slow vehicle, 904 wrong way), `link` id, `level`,
`speed_mps`, `queue_m`, `points` [[lon, lat]..] of the link, `radius_m`, `started` and `expires` (UTC epoch, s),
`confidence` 0..1 and `ended`, true in the last one of an alert.
"""

import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from cloudctl.advice.advisory import Advisory, AdvisoryKind
from cloudctl.advice.scene import Numbering, Scene
from cloudctl.advice.topology import Topology
from fusion.incidents import IncidentKind

JAM, STOPPED, OBSTACLE, PEDESTRIAN, ANIMAL, SLOW, WRONG_WAY = 707, 903, 401, 405, 406, 902, 904
_EVENT_TYPES = {
    IncidentKind.CONGESTION: JAM,
    IncidentKind.STOPPED_VEHICLE: STOPPED,
    IncidentKind.BLOCKED_LANE: OBSTACLE,
    IncidentKind.CONGESTION_TAIL: JAM,
    IncidentKind.SPILL_BACK: JAM,
    IncidentKind.DEBRIS: OBSTACLE,
    IncidentKind.ANIMAL_ON_CARRIAGEWAY: ANIMAL,
    IncidentKind.PEDESTRIAN_ON_CARRIAGEWAY: PEDESTRIAN,
    IncidentKind.SLOW_VEHICLE: SLOW,
    IncidentKind.WRONG_WAY: WRONG_WAY,
}
_REASONS = {
    JAM: "Traffic is jammed",
    STOPPED: "A vehicle has stopped",
    OBSTACLE: "A lane is blocked",
    PEDESTRIAN: "Somebody walks on the carriageway",
    ANIMAL: "An animal is on the carriageway",
    SLOW: "A vehicle crawls",
    WRONG_WAY: "A vehicle drives against the traffic",
}
OVER_AFTER = 10.0
"""An alert is over when its incident has been absent this long, s."""
REPEAT = 30.0
"""Twice within the life of what a unit was told, so that one lost message does no harm, s."""
EXPIRES = 60.0
REACH = 1000.0
"""Roadside units within this way upstream are told, m."""
MAX_UNITS = 6


@dataclass
class _Alert:
    """One cause on one link, from the first sign to the end."""

    id: str
    link: int
    event_type: int
    since: float
    seen: float
    told: float = -math.inf
    units: tuple[str, ...] = ()
    last: dict[str, str] = field(default_factory=dict)
    """Newest advisory to each unit."""


class Congestion:
    """Raises, repeats and ends one alert per link and cause."""

    def __init__(self) -> None:
        self._alerts: dict[tuple[int, int], _Alert] = {}
        self._ids = Numbering("congestion")
        self._alert_ids = Numbering("alert")

    def advise(self, scene: Scene) -> list[Advisory]:
        """Tell the roadside units what has begun, goes on or is over."""
        for key in sorted(_causes(scene)):
            alert = self._alerts.get(key)
            if alert is None:
                alert = _Alert(self._alert_ids.next(scene.now), *key, since=scene.now, seen=scene.now)
                self._alerts[key] = alert
            alert.seen = scene.now
        advisories: list[Advisory] = []
        for key, alert in list(self._alerts.items()):
            advisories += self._follow(scene, alert)
            if scene.now - alert.seen >= OVER_AFTER:
                del self._alerts[key]
        return advisories

    def _follow(self, scene: Scene, alert: _Alert) -> list[Advisory]:
        if scene.now - alert.seen >= OVER_AFTER:
            return [self._tell(scene, alert, unit, ended=True) for unit in alert.units]
        if scene.now - alert.told < REPEAT:
            return []
        alert.units = upstream_units(scene, alert.link)
        alert.told = scene.now
        return [self._tell(scene, alert, unit, ended=False) for unit in alert.units]

    def _tell(self, scene: Scene, alert: _Alert, unit: str, *, ended: bool) -> Advisory:
        network, links = scene.topology.network, scene.picture.links
        row = alert.link
        lon, lat = (float(column[row]) for column in scene.topology.link_middle)
        advisory_id = self._ids.next(scene.now)
        replaces, alert.last[unit] = alert.last.get(unit), advisory_id
        return Advisory(
            id=advisory_id,
            kind=AdvisoryKind.CONGESTION,
            target=f"rsu:{unit}",
            created=scene.now,
            valid_until=scene.now if ended else scene.now + EXPIRES,
            reason=_reason(scene, alert, ended=ended),
            reason_code=f"congestion.{alert.event_type}.{'ended' if ended else 'active'}",
            lon=lon,
            lat=lat,
            content={
                "alert": alert.id,
                "event_type": alert.event_type,
                "link": str(network.links.id[row]),
                "level": int(links.level[row]),
                "speed_mps": _known(float(links.speed[row])),
                "queue_m": _known(float(links.queue_length[row])),
                "points": link_points(scene.topology, row),
                "radius_m": round(float(network.links.length[row]) / 2, 1),
                "started": alert.since,
                "expires": scene.now if ended else scene.now + EXPIRES,
                "confidence": round(float(links.confidence[row]), 2),
                "ended": ended,
            },
            replaces=replaces,
        )


def _known(value: float) -> float | None:
    return round(value, 2) if math.isfinite(value) else None


def _causes(scene: Scene) -> set[tuple[int, int]]:
    """Links and event types that are wrong at this moment."""
    return {
        (incident.link, _EVENT_TYPES[incident.kind])
        for incident in scene.picture.incidents
        if incident.kind in _EVENT_TYPES and incident.ended is None and incident.link >= 0
    }


def _reason(scene: Scene, alert: _Alert, *, ended: bool) -> str:
    name = scene.topology.network.links.id[alert.link]
    what = _REASONS[alert.event_type]
    if ended:
        return f"{what} on link {name}: over after {alert.seen - alert.since:.0f} s."
    speed, queue = float(scene.picture.links.speed[alert.link]), float(scene.picture.links.queue_length[alert.link])
    known = f" at {speed * 3.6:.0f} km/h with {queue:.0f} m of queue" if math.isfinite(speed) else ""
    return f"{what} on link {name}{known} for {scene.now - alert.since:.0f} s."


def link_points(topology: Topology, row: int) -> list[list[float]]:
    """Shape of a link as [[lon, lat]..], deg."""
    links = topology.network.links
    shape = topology.network.shape(int(links.shape_start[row]), int(links.shape_count[row]))
    lon, lat = topology.network.plane.inverse(shape[:, 0], shape[:, 1])
    return [[round(float(east), 7), round(float(north), 7)] for east, north in zip(lon, lat, strict=True)]


def upstream_units(scene: Scene, link: int) -> tuple[str, ...]:
    """Serials of the roadside units at the signals upstream of a link, the nearest first (breadth first)."""
    topology, links = scene.topology, scene.topology.network.links
    queue, seen, found = deque([(link, 0.0)]), {link}, dict[str, None]()
    while queue and len(found) < MAX_UNITS:
        row, way = queue.popleft()
        for before in topology.predecessors.get(row, np.empty(0, np.int64)).tolist():
            source = int(topology.moves.source[before])
            if source in seen:
                continue
            seen.add(source)
            unit = scene.roadside_units.get(int(topology.link_signal[source]))
            if unit is not None:
                found[unit] = None
            if way + float(links.length[source]) <= REACH:
                queue.append((source, way + float(links.length[source])))
    return tuple(found)[:MAX_UNITS]
