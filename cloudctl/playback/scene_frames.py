"""A scene as the frames and messages of the live feed: the map draws the past with the code that draws the present.

Frames bear the time at which they are shown, because the map moves road users on by its own clock; when it was is told
beside them. What the store does not keep is as good as it can be: length and width are typical of the kind, the end of
a light is when it did change.
"""

import numpy as np
from numpy.typing import NDArray

from cloudctl.playback.footage import Scene
from cloudctl.publish.frames import Column, FrameKind, encode_frame
from cloudctl.publish.incident_feed import IncidentEvent
from cloudctl.store.reader import StoredIncident
from fusion.track_view import TYPICAL_SIZE

UNKNOWN = 65535
_LENGTH, _WIDTH = (np.round(np.array(TYPICAL_SIZE)[:, side] * 10).astype(np.uint8) for side in (0, 1))
_TICKS_A_SECOND = 10


def movers_frame(scene: Scene, shown: float) -> bytes:
    """Road users."""
    points = scene.points
    kind = np.minimum(points.kind, len(_LENGTH) - 1)
    age = np.clip((scene.time - points.t) * 1e3, 0, UNKNOWN - 1)
    columns: dict[str, Column] = {
        "id": points.track_id.astype(np.uint32),
        "lon": points.lon,
        "lat": points.lat,
        "speed": points.speed.astype(np.uint16),
        "heading": points.heading.astype(np.uint16),
        "age": np.rint(age).astype(np.uint16),
        "class": points.kind,
        "flags": np.zeros(len(points), np.uint8),
        "length": _LENGTH[kind],
        "width": _WIDTH[kind],
    }
    return encode_frame(FrameKind.MOVERS, tick_of(scene.time), shown, columns)


def links_frame(scene: Scene, shown: float) -> bytes:
    """Links with a state."""
    links = scene.links
    columns: dict[str, Column] = {
        "link": links.link.astype(np.uint32),
        "level": links.level.astype(np.uint8),
        "conf": links.confidence.astype(np.uint8),
        "speed": _u16(links.speed),
        "queue": _u16(links.queue),
        "flow": _u16(links.flow),
    }
    return encode_frame(FrameKind.LINKS, tick_of(scene.time), shown, columns)


def signals_frame(scene: Scene, shown: float) -> bytes:
    """Lights that are known."""
    lights = scene.lights
    left = np.rint((scene.until - scene.time) * 10)
    unknown = np.full(len(lights.group), UNKNOWN, np.uint16)
    columns: dict[str, Column] = {
        "group": lights.group.astype(np.uint32),
        "state": lights.state.astype(np.uint8),
        "conf": lights.confidence.astype(np.uint8),
        "likely": np.where(np.isnan(left), UNKNOWN, np.clip(left, 0, UNKNOWN - 1)).astype(np.uint16),
        "min": unknown,
        "max": unknown,
        "nextgrn": unknown,
        "age": np.zeros(len(lights.group), np.uint16),
    }
    return encode_frame(FrameKind.SIGNALS, tick_of(scene.time), shown, columns)


def incident_event(incident: StoredIncident, t: float) -> IncidentEvent:
    """An incident as it went on at a moment."""
    return IncidentEvent(
        event="update",
        incident_id=incident.incident_id,
        kind=incident.kind,
        started=incident.started,
        updated=min(incident.updated, t),
        ended=None,
        lon=incident.lon or 0.0,
        lat=incident.lat or 0.0,
        link=-1,
        link_id=incident.link_id or "",
        lane=-1 if incident.lane is None else incident.lane,
        tracks=tuple(incident.tracks),
        confidence=incident.confidence or 0.0,
        evidence=incident.evidence or "",
    )


def tick_of(t: float) -> int:
    """Number of a frame: tenths of a second of its content, within the 32 bits that a frame has for it."""
    return round(t * _TICKS_A_SECOND) & 0xFFFFFFFF


def _u16(values: NDArray[np.int64]) -> NDArray[np.uint16]:
    return np.where(values < 0, UNKNOWN, np.minimum(values, UNKNOWN - 1)).astype(np.uint16)
