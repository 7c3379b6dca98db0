"""Buses that approach a signal, and when they will be at the stop line, dwell at a stop on the way included."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from cloudctl.advice.scene import Scene
from maps.participants import ParticipantKind

RANGE = 200.0
"""Buses are looked after from this distance to the stop line on, m."""
DWELL = 15.0
"""At a stop that is still ahead, s."""
SLOWEST = 5.0
"""A bus that moves slower is taken to speed up to this again, m/s."""


@dataclass(frozen=True)
class Approach:
    """One bus on its way to one light."""

    vehicle: str
    group: int
    arrival: float
    """UTC epoch, s."""
    kind: int = int(ParticipantKind.BUS)
    """`maps.participants.ParticipantKind`."""


def approaching_buses(scene: Scene, others: Collection[str] = ()) -> list[Approach]:
    """List the buses with a terminal, and other vehicles of these names, within RANGE of a light they must obey."""
    tracks, lanes = scene.picture.tracks, scene.topology.network.lanes
    approaches = scene.topology.approaches
    groups = approaches.groups[tracks.lane]
    distance = lanes.length[tracks.lane] - tracks.lane_offset - np.nan_to_num(tracks.length, nan=12.0) / 2
    distance = distance + approaches.beyond[tracks.lane]
    wanted = tracks.kind == ParticipantKind.BUS
    if others:
        equipped = np.flatnonzero((tracks.self_device >= 0) & ~wanted)
        named = [scene.device_names[row] in others for row in tracks.self_device[equipped].tolist()]
        wanted = wanted.copy()
        wanted[equipped[named]] = True
    fit = wanted & (tracks.self_device >= 0) & (tracks.lane >= 0)
    fit &= (groups[:, 0] >= 0) & (distance > 0.0) & (distance <= RANGE)
    return [
        Approach(
            vehicle=scene.device_names[int(tracks.self_device[row])],
            group=_group(scene, row),
            arrival=scene.now + float(distance[row]) / max(float(tracks.speed[row]), SLOWEST) + _dwell(scene, row),
            kind=int(tracks.kind[row]),
        )
        for row in np.flatnonzero(fit).tolist()
    ]


def dwell_ahead(scene: Scene, lane: int, offset: float) -> float:
    """Time that stops between `offset` on a lane and the next light will take, s."""
    stops, following = scene.topology.network.stops, scene.topology.approaches.following
    count = int(np.count_nonzero((stops.lane == lane) & (stops.offset > offset)))
    seen = {lane}
    while (lane := int(following[lane])) >= 0 and lane not in seen:
        seen.add(lane)
        count += int(np.count_nonzero(stops.lane == lane))
    return DWELL * count


def _dwell(scene: Scene, row: int) -> float:
    """Time that the stops ahead will take the vehicle of a row; only buses call at them, s."""
    tracks = scene.picture.tracks
    if int(tracks.kind[row]) != ParticipantKind.BUS:
        return 0.0
    return dwell_ahead(scene, int(tracks.lane[row]), float(tracks.lane_offset[row]))


def _group(scene: Scene, row: int) -> int:
    """Give the light of the vehicle's known turn, else of going straight on."""
    tracks, approaches = scene.picture.tracks, scene.topology.approaches
    lane = int(tracks.lane[row])
    route = scene.routes.get(int(tracks.self_device[row]), ())
    known = approaches.group_on_route(int(scene.topology.network.lanes.link[lane]), route)
    return int(approaches.groups[lane, 0]) if known in {None, -1} else int(known or 0)
