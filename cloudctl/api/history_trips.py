"""From points of the store to what the API says of tracks and trips."""

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cloudctl.api.history_models import TrackPoints, Trip, TripLink
from cloudctl.store.track_columns import TrackColumns
from maps.geodesy import LocalPlane
from maps.network import RoadNetwork
from maps.participants import ParticipantKind

STANDING = 0.5
"""m/s."""
LONGEST_STEP = 5.0
"""Between two points of a track that are further apart nothing is known, s."""


def split_tracks(points: TrackColumns) -> list[TrackPoints]:
    """One entry for each track, its points by time."""
    if not len(points):
        return []
    order = np.lexsort((points.t, points.track_id, points.session))
    ordered = points.where(order)
    changes = (np.diff(ordered.track_id) != 0) | (np.diff(ordered.session) != 0)
    starts = np.concatenate([[0], np.flatnonzero(changes) + 1, [len(ordered)]])
    return [_track(ordered, int(first), int(beyond)) for first, beyond in pairwise(starts)]


def trip_of(whole: TrackColumns, network: RoadNetwork, seen: NDArray[np.bool_]) -> Trip:
    """What may be seen of a track by time, at least one point; ways over the border do not count."""
    points = whole.where(seen)
    within = (np.diff(np.flatnonzero(seen)) == 1).astype(np.float64)
    lasting = np.diff(points.t) * within
    duration, distance = float(lasting.sum()), float((_steps(points, network.plane) * within).sum())
    standing = np.minimum(lasting, LONGEST_STEP)[points.speed[:-1] < STANDING]
    track = _track(points, 0, len(points))
    return Trip(
        session=track.session,
        id=track.id,
        kind=track.kind,
        start=_time(float(points.t[0])),
        end=_time(float(points.t[-1])),
        distance=round(distance, 1),
        mean_speed=round(distance / duration, 2) if duration > 0 else 0.0,
        standing=round(float(standing.sum()), 1),
        links=_links(points, network),
        points=track,
    )


def kind_name(kind: int) -> str:
    """Name of a kind of road user."""
    return ParticipantKind(kind).label if 0 <= kind < len(ParticipantKind) else "unknown"


def _track(points: TrackColumns, first: int, beyond: int) -> TrackPoints:
    part = slice(first, beyond)
    return TrackPoints(
        session=int(points.session[first]),
        id=int(points.track_id[first]),
        kind=kind_name(int(points.kind[first])),
        time=[_time(t) for t in points.t[part].tolist()],
        lon=np.round(points.lon[part], 7).tolist(),
        lat=np.round(points.lat[part], 7).tolist(),
        speed=np.round(points.speed[part].astype(np.float64), 2).tolist(),
        heading=np.round(points.heading[part].astype(np.float64), 2).tolist(),
    )


def _time(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


def _steps(points: TrackColumns, plane: LocalPlane) -> NDArray[np.float64]:
    """Metres from each point to the next."""
    x, y = plane.forward(points.lon, points.lat)
    return np.hypot(np.diff(x), np.diff(y))


def _links(points: TrackColumns, network: RoadNetwork) -> list[TripLink]:
    known = (points.lane >= 0) & (points.lane < len(network.lanes.id))
    link: NDArray[np.int64] = np.where(known, network.lanes.link[np.where(known, points.lane, 0)], -1).astype(np.int64)
    times, link = points.t[link >= 0], link[link >= 0]
    if not len(link):
        return []
    starts = np.concatenate([[0], np.flatnonzero(np.diff(link)) + 1])
    ends = np.concatenate([starts[1:], [len(link)]]) - 1
    table = network.links
    return [
        TripLink(
            link=str(table.id[link[first]]),
            name_zh=str(table.name_zh[link[first]]),
            name_en=str(table.name_en[link[first]]),
            entered=_time(float(times[first])),
            left=_time(float(times[last])),
        )
        for first, last in zip(starts.tolist(), ends.tolist(), strict=True)
    ]
