"""Incidents as events (open, update, close) and as the list of those that go on, with their place in degrees."""

import math
from dataclasses import dataclass

import msgspec

from fusion.incidents import Incident
from fusion.picture import TrafficPicture
from maps.network import RoadNetwork

UPDATE_EVERY = 5.0
"""An incident that changes all the time is told again no sooner, s, unless its kind becomes another."""


class IncidentEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One incident on the wire. `event` is open, update or close."""

    event: str
    incident_id: str
    kind: str
    started: float
    updated: float
    ended: float | None
    lon: float
    lat: float
    link: int
    link_id: str
    lane: int
    tracks: tuple[int, ...]
    confidence: float
    evidence: str
    figures: dict[str, float] = {}
    """The figures of the evidence by name with their unit."""


@dataclass
class _Told:
    incident: Incident
    event: IncidentEvent
    time: float


class IncidentFeed:
    """Finds out what is new about incidents from picture to picture."""

    def __init__(self, network: RoadNetwork) -> None:
        self._network = network
        self._open: dict[str, _Told] = {}

    @property
    def open(self) -> list[IncidentEvent]:
        """Incidents that go on, as last told."""
        return [told.event for told in self._open.values()]

    def follow(self, picture: TrafficPicture) -> list[IncidentEvent]:
        """Give what has happened since the last picture."""
        events: list[IncidentEvent] = []
        seen: set[str] = set()
        for incident in picture.incidents:
            seen.add(incident.incident_id)
            events += self._compare(incident, picture.time)
        for name in [name for name in self._open if name not in seen]:
            gone = self._open.pop(name).event
            events.append(msgspec.structs.replace(gone, event="close", ended=picture.time, updated=picture.time))
        return events

    def _compare(self, incident: Incident, now: float) -> list[IncidentEvent]:
        told = self._open.get(incident.incident_id)
        if incident.ended is not None:
            if self._open.pop(incident.incident_id, None) is None:
                return []
            return [self._event(incident, "close")]
        same = told is not None and told.incident.kind is incident.kind
        if told is not None and same and (told.incident == incident or now - told.time < UPDATE_EVERY):
            return []
        event = self._event(incident, "open" if told is None else "update")
        self._open[incident.incident_id] = _Told(incident, event, now)
        return [event]

    def _event(self, incident: Incident, event: str) -> IncidentEvent:
        lon, lat = self._network.plane.inverse(incident.x, incident.y)
        return IncidentEvent(
            event=event,
            incident_id=incident.incident_id,
            kind=str(incident.kind),
            started=incident.started,
            updated=incident.updated,
            ended=incident.ended,
            lon=round(float(lon), 7),
            lat=round(float(lat), 7),
            link=incident.link,
            link_id=str(self._network.links.id[incident.link]) if incident.link >= 0 else "",
            lane=incident.lane,
            tracks=incident.tracks,
            confidence=incident.confidence if math.isfinite(incident.confidence) else 0.0,
            evidence=incident.evidence,
            figures={name: value for name, value in incident.figures.items() if math.isfinite(value)},
        )
