"""Buses that approach a signal, and when they will be at the stop line, dwell at a stop on the way included."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from cloudctl.advice.green_wave import HEADWAY, START_UP, count_ahead
from cloudctl.advice.scene import Scene
from maps.participants import ParticipantKind

RANGE = 300.0
"""Buses are looked after from this distance to the stop line on, m."""
DWELL = 15.0
"""At a stop that is still ahead, s."""
LEAST_DWELL = 3.0
"""A bus that has stood for the usual time already stands so long still, s."""
SLOW = 5.0
"""A bus that moves slower speeds up again, m/s."""
ACCELERATION, CRUISE = 1.0, 0.8
"""m/s^2; share of the limit that it then reaches."""
QUEUED = 1.5
"""Who moves slower stands in a queue, m/s."""
AT_STOP = 15.0
"""A bus that stands this near before a stop calls at it, m."""


@dataclass(frozen=True)
class Approach:
    """One bus on its way to one light."""

    vehicle: str
    group: int
    arrival: float
    """UTC epoch, s."""
    kind: int = int(ParticipantKind.BUS)
    """`maps.participants.ParticipantKind`."""
    queue: float = 0.0
    """s from green until those who stand before it have left."""
    track: int = -1
    """Id of its track."""
    dwell: float = 0.0
    """s that it will still stand at stops"""


class StopTimes:
    """Remembers since when each bus stands at its stop."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def follow(self, scene: Scene) -> Mapping[str, float]:
        """Take a picture; give for how long each bus that stands at a stop has stood, s."""
        tracks, stops = scene.picture.tracks, scene.topology.network.stops
        fit = (tracks.kind == ParticipantKind.BUS) & (tracks.self_device >= 0) & (tracks.speed < QUEUED)
        found: dict[str, float] = {}
        for row in np.flatnonzero(fit).tolist():
            rest = stops.offset[stops.lane == tracks.lane[row]] - tracks.lane_offset[row]
            if bool(((rest >= 0) & (rest <= AT_STOP)).any()):
                name = scene.device_names[int(tracks.self_device[row])]
                found[name] = self._since.get(name, scene.now)
        self._since = found
        return {name: scene.now - since for name, since in found.items()}


def approaching_buses(
    scene: Scene, others: Collection[str] = (), stood: Mapping[str, float] = MappingProxyType({})
) -> list[Approach]:
    """List the buses with a terminal, and other vehicles of these names, within RANGE of a light they must obey.

    `stood` is for how long buses have stood at their stops already, s.
    """
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
    rows = np.flatnonzero(fit)
    standing = _standing_ahead(scene, rows)
    limit = lanes.speed[tracks.lane[rows]]
    dwell = [_dwell(scene, row, stood) for row in rows.tolist()]
    return [
        Approach(
            vehicle=scene.device_names[int(tracks.self_device[row])],
            group=_group(scene, row),
            arrival=scene.now + run_time(float(distance[row]), float(tracks.speed[row]), float(most)) + stay,
            kind=int(tracks.kind[row]),
            queue=START_UP + HEADWAY * number if number else 0.0,
            track=int(tracks.track_id[row]),
            dwell=stay,
        )
        for row, number, most, stay in zip(rows.tolist(), standing.tolist(), limit.tolist(), dwell, strict=True)
    ]


def run_time(distance: float, speed: float, limit: float) -> float:
    """Time to the stop line, s: at the present speed; who is slow speeds up to what is usual under the limit, m/s."""
    if speed >= SLOW:
        return distance / speed
    cruise = max(CRUISE * limit, SLOW)
    needed = (cruise * cruise - speed * speed) / (2.0 * ACCELERATION)
    if distance >= needed:
        return (cruise - speed) / ACCELERATION + (distance - needed) / cruise
    return float((np.sqrt(speed * speed + 2.0 * ACCELERATION * distance) - speed) / ACCELERATION)


def _standing_ahead(scene: Scene, rows: NDArray[np.intp]) -> NDArray[np.int64]:
    """Count the vehicles that stand between each of these and its stop line."""
    tracks, approaches = scene.picture.tracks, scene.topology.approaches
    queued = tracks.speed < QUEUED
    own: NDArray[np.int64] = count_ahead(tracks.lane, tracks.lane_offset, queued).queued[rows]
    on = tracks.lane >= 0
    by_lane = np.bincount(tracks.lane[on & queued], minlength=len(scene.topology.network.lanes.id))
    return own + approaches.chain_sum(tracks.lane[rows], by_lane)


def dwell_ahead(scene: Scene, lane: int, offset: float) -> float:
    """Time that stops between `offset` on a lane and the next light will take, s."""
    stops, following = scene.topology.network.stops, scene.topology.approaches.following
    count = int(np.count_nonzero((stops.lane == lane) & (stops.offset > offset)))
    seen = {lane}
    while (lane := int(following[lane])) >= 0 and lane not in seen:
        seen.add(lane)
        count += int(np.count_nonzero(stops.lane == lane))
    return DWELL * count


def _dwell(scene: Scene, row: int, stood: Mapping[str, float]) -> float:
    """Time that the stops ahead will take the vehicle of a row; only buses call at them, s."""
    tracks = scene.picture.tracks
    if int(tracks.kind[row]) != ParticipantKind.BUS:
        return 0.0
    whole = dwell_ahead(scene, int(tracks.lane[row]), float(tracks.lane_offset[row]))
    already = stood.get(scene.device_names[int(tracks.self_device[row])], 0.0)
    return whole - min(already, DWELL - LEAST_DWELL) if whole > 0.0 else 0.0


def _group(scene: Scene, row: int) -> int:
    """Give the light of the vehicle's known turn, else of going straight on."""
    tracks, approaches = scene.picture.tracks, scene.topology.approaches
    lane = int(tracks.lane[row])
    route = scene.routes.get(int(tracks.self_device[row]), ())
    known = approaches.group_on_route(int(scene.topology.network.lanes.link[lane]), route)
    return int(approaches.groups[lane, 0]) if known in {None, -1} else int(known or 0)
