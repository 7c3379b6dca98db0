"""Tells the devices of an area of an event that an operator published: roadside units by RSI, vehicles by ADVICE.

An advisor like the others: it looks at the picture and gives advisories. Content of one: `alert` (the event's id),
`event_type`, `event_source` police, `text`, `points`, `radius_m`, `started` and `expires` (UTC epoch, s), `confidence`
and `ended`, true in what is said when it is over.
"""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cloudctl.advice.advisory import Advisory, AdvisoryKind
from cloudctl.advice.congestion import link_points, upstream_units
from cloudctl.advice.scene import Numbering, Scene
from cloudctl.incidents.event_types import BY_CODE, DEFAULT_SEVERITY
from cloudctl.incidents.work import EventOrder, EventState
from ingest.messages.enumerations import EventSource

NEAREST_UNIT = 1000.0
"""Where no roadside unit stands in the area, the nearest one within this distance is told, m."""
BESIDE = 60.0
"""A unit within this distance of a link stands beside it, m."""
AGAIN = 60.0
"""A device that did not answer is told once more after so long, s."""
FAILED = frozenset({"connection_abnormal", "expired"})
POINTS_MOST = 32
"""Of a reference path (DF_ReferencePath, T/CSAE 53-2020)."""


@dataclass
class _Told:
    """What a device was told last."""

    advisory: str
    status: str
    when: float


@dataclass
class _Event:
    order: EventOrder
    told: dict[str, _Told] = field(default_factory=dict)
    """By target."""
    revision_told: dict[str, int] = field(default_factory=dict)
    ending: bool = False


class OperatorEvents:
    """Events that stand, whom they were told, and what became of it."""

    def __init__(self) -> None:
        self._events: dict[str, _Event] = {}
        self._by_advisory: dict[str, tuple[str, str]] = {}
        self._ids = Numbering("event")

    def publish(self, order: EventOrder) -> None:
        """Take an event, or a higher revision of one; the same once more changes nothing."""
        known = self._events.get(order.id)
        if known is None or known.ending:
            self._events[order.id] = _Event(order)
        elif order.revision > known.order.revision:
            known.order = order

    def end(self, event: str) -> bool:
        """End an event at the devices; False where there is none."""
        known = self._events.get(event)
        if known is None:
            return False
        known.ending = True
        return True

    def advise(self, scene: Scene) -> list[Advisory]:
        """Tell whoever has come into an area, and all who were told of what is over."""
        found: list[Advisory] = []
        for event in list(self._events.values()):
            if event.ending or scene.now >= event.order.until:
                found += [self._advisory(scene, event, target, ended=True) for target in event.told]
                del self._events[event.order.id]
                continue
            found += [self._advisory(scene, event, target) for target in self._due(scene, event)]
        return found

    def settled(self, advisory: str, status: str, now: float) -> None:
        """Note what became of an advisory."""
        event_id, target = self._by_advisory.pop(advisory, ("", ""))
        event = self._events.get(event_id)
        if event is not None and target in event.told and event.told[target].advisory == advisory:
            event.told[target] = _Told(advisory, status, now)

    def states(self) -> tuple[EventState, ...]:
        """Give who was told what, for every event that stands."""
        return tuple(_state(event) for event in self._events.values() if not event.ending)

    def _due(self, scene: Scene, event: _Event) -> list[str]:
        return [target for target in targets(scene, event.order) if self._wants(event, target, scene.now)]

    def _wants(self, event: _Event, target: str, now: float) -> bool:
        told = event.told.get(target)
        if told is None or event.revision_told.get(target, 0) < event.order.revision:
            return True
        return told.status in FAILED and now - told.when >= AGAIN

    def _advisory(self, scene: Scene, event: _Event, target: str, *, ended: bool = False) -> Advisory:
        order, before = event.order, event.told.get(target)
        name = self._ids.next(scene.now)
        event.told[target] = _Told(name, "sent", scene.now)
        event.revision_told[target] = order.revision
        self._by_advisory[name] = (order.id, target)
        expires = scene.now if ended else order.until
        known = BY_CODE.get(order.event_type)
        return Advisory(
            id=name,
            kind=AdvisoryKind.EVENT,
            target=target,
            created=scene.now,
            valid_until=expires,
            reason=order.text,
            reason_code=f"event.{order.event_type}.{'ended' if ended else 'active'}",
            lon=order.lon,
            lat=order.lat,
            content={
                "alert": order.id,
                "event_type": order.event_type,
                "event_source": EventSource.POLICE.value,
                "severity": known.severity if known else DEFAULT_SEVERITY,
                "text": order.text,
                "links": list(order.links),
                "points": _points(scene, order),
                "radius_m": order.radius_m,
                "started": order.started,
                "expires": expires,
                "confidence": 1.0,
                "ended": ended,
            },
            replaces=before.advisory if before else None,
        )


def targets(scene: Scene, order: EventOrder) -> list[str]:
    """List the devices of an area: `rsu:{esn}` in the circle, beside and upstream of its links, `obu:{vid}` in both."""
    network = scene.topology.network
    x, y = (float(each) for each in network.plane.forward(order.lon, order.lat))
    links = [network.link_rows[link] for link in order.links if link in network.link_rows]
    units = dict.fromkeys(_units_around(scene, x, y, order.radius_m))
    units |= dict.fromkeys(unit for link in links for unit in upstream_units(scene, link))
    units |= dict.fromkeys(unit for link in links for unit in _units_along(scene, link))
    tracks = scene.picture.tracks
    inside = np.hypot(tracks.x - x, tracks.y - y) <= order.radius_m
    if links:
        inside |= (tracks.lane >= 0) & np.isin(network.lanes.link[tracks.lane], links)
    equipped = tracks.self_device[inside & (tracks.self_device >= 0)]
    names = dict.fromkeys(scene.device_names[row] for row in equipped.tolist())
    return [*(f"rsu:{unit}" for unit in units), *(f"obu:{name}" for name in names)]


def _places(scene: Scene) -> tuple[list[str], NDArray[np.float64]]:
    """Serials of all roadside units and where they stand (n, 2), m; those of signals count where no place is known."""
    signals = scene.topology.network.signals
    at_signals = {unit: (float(signals.x[row]), float(signals.y[row])) for row, unit in scene.roadside_units.items()}
    places = at_signals | dict(scene.unit_places)
    return list(places), np.array(list(places.values()), np.float64).reshape(-1, 2)


def _units_around(scene: Scene, x: float, y: float, radius: float) -> list[str]:
    units, places = _places(scene)
    if not units:
        return []
    distance = np.hypot(places[:, 0] - x, places[:, 1] - y)
    reach = max(radius, min(float(distance.min()), NEAREST_UNIT))
    return [units[row] for row in np.flatnonzero(distance <= reach).tolist()]


def _units_along(scene: Scene, link: int) -> list[str]:
    """Units that stand beside a link."""
    units, places = _places(scene)
    links = scene.topology.network.links
    shape = scene.topology.network.shape(int(links.shape_start[link]), int(links.shape_count[link]))
    if not units or len(shape) < 2:
        return []
    start, way = shape[:-1], np.diff(shape, axis=0)
    length = np.maximum((way * way).sum(axis=1), 1e-9)
    share = np.clip(((places[:, None] - start) * way).sum(axis=2) / length, 0.0, 1.0)
    away = np.linalg.norm(places[:, None] - start - share[..., None] * way, axis=2).min(axis=1)
    return [units[row] for row in np.flatnonzero(away <= BESIDE).tolist()]


def _points(scene: Scene, order: EventOrder) -> list[list[float]]:
    """Shape of the first link that it concerns, else none."""
    rows = scene.topology.network.link_rows
    known = [rows[link] for link in order.links if link in rows]
    return link_points(scene.topology, known[0])[:POINTS_MOST] if known else []


def _state(event: _Event) -> EventState:
    units = {target[4:]: told.status for target, told in event.told.items() if target.startswith("rsu:")}
    vehicles = Counter(told.status for target, told in event.told.items() if target.startswith("obu:"))
    return EventState(id=event.order.id, revision=event.order.revision, units=units, vehicles=dict(vehicles))
