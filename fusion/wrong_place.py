"""Rules: a vehicle that drives against its lane, and a pedestrian on the carriageway away from crossings."""

import math

import numpy as np
from numpy.typing import NDArray

from fusion.incident_book import Finding
from fusion.incident_parameters import IncidentParameters
from fusion.incidents import IncidentKind
from fusion.places import Places
from fusion.queues import is_motor
from fusion.scene import Scene
from fusion.track_memory import TrackMemory
from maps.lane_index import LaneIndex
from maps.network import RoadClass, RoadNetwork
from maps.participants import ParticipantKind

LARGEST_SIGMA = 1.0
"""Positions worse than this say nothing about the lane, m."""


class WrongWay:
    """Remembers for how long vehicles have driven against the lane they are on."""

    def __init__(self, network: RoadNetwork, index: LaneIndex, parameters: IncidentParameters) -> None:
        self._network, self._index, self._parameters = network, index, parameters
        self._direction = LaneDirections(network)
        self._memory = TrackMemory(seconds=0.0, metres=0.0)

    def find(self, scene: Scene) -> list[Finding]:
        """Return the incidents of this cycle."""
        tracks, parameters = scene.tracks, self._parameters
        memory = self._memory.follow(tracks.track_id)
        settled = (tracks.lane >= 0) & (np.abs(scene.lateral) < parameters.wrong_way_lateral)
        fast = (tracks.speed >= parameters.wrong_way_speed) & is_motor(tracks) & (tracks.sigma < LARGEST_SIGMA)
        rows = np.flatnonzero(fast & ~settled)
        lane = np.full(len(tracks), -1, np.int32)
        lane[rows] = self._against(scene, rows)
        wrong = lane >= 0
        memory["seconds"][:] = np.where(wrong, memory["seconds"] + scene.span, 0.0)
        memory["metres"][:] = np.where(wrong, memory["metres"] + scene.span * tracks.speed, 0.0)
        sure = (memory["seconds"] >= parameters.wrong_way_for) & (memory["metres"] >= parameters.wrong_way_distance)
        return [
            self._finding(scene, int(row), int(lane[row]), float(memory["seconds"][row]), float(memory["metres"][row]))
            for row in np.flatnonzero(sure)
        ]

    def _against(self, scene: Scene, rows: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the lane that each of these tracks drives against, -1 where none."""
        tracks, parameters = scene.tracks, self._parameters
        found = self._index.match(
            tracks.x[rows], tracks.y[rows], None, tracks.kind[rows], max_distance=3.0, sigma=tracks.sigma[rows]
        )
        lane, offset = found.lane, found.offset
        length = np.append(self._network.lanes.length, 0.0)[lane]
        motion = np.arctan2(tracks.vx[rows], tracks.vy[rows])
        angle = np.abs((motion - self._direction.at(lane, offset) + math.pi) % (2 * math.pi) - math.pi)
        inside = (offset > parameters.junction_reach) & (offset < length - parameters.junction_reach)
        near = np.abs(found.lateral) < parameters.wrong_way_lateral
        wrong = (lane >= 0) & inside & near & (angle > parameters.wrong_way_angle)
        return np.where(wrong, lane, -1).astype(np.int32)

    def _finding(self, scene: Scene, row: int, lane: int, seconds: float, metres: float) -> Finding:
        tracks, lanes = scene.tracks, self._network.lanes
        track = int(tracks.track_id[row])
        return Finding(
            cause=f"wrong_way:{track}",
            kind=IncidentKind.WRONG_WAY,
            since=scene.now - seconds,
            x=float(tracks.x[row]),
            y=float(tracks.y[row]),
            link=int(lanes.link[lane]),
            lane=lane,
            tracks=(track,),
            confidence=min(0.95, 0.5 + 0.01 * metres) * float(tracks.existence[row]),
            evidence=(
                f"vehicle {track} drove {metres:.0f} m in {seconds:.1f} s at {3.6 * float(tracks.speed[row]):.0f} km/h "
                f"against the direction of lane {lanes.id[lane]}"
            ),
        )


class LaneDirections:
    """Direction of travel along lanes."""

    def __init__(self, network: RoadNetwork) -> None:
        lanes = network.lanes
        self._points = network.points
        self._start, self._count = lanes.shape_start.astype(np.int64), lanes.shape_count.astype(np.int64)

    def at(self, lane: NDArray[np.int32], offset: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the direction (n,) of lanes (n,) at offsets (n,) m, rad clockwise from north; NaN off every lane."""
        direction = np.full(len(lane), np.nan)
        for place in np.flatnonzero(lane >= 0):
            shape = self._points[self._start[lane[place]] : self._start[lane[place]] + self._count[lane[place]]]
            steps = np.diff(shape, axis=0)
            run = np.cumsum(np.hypot(steps[:, 0], steps[:, 1]))
            east, north = steps[min(int(np.searchsorted(run, offset[place])), len(steps) - 1)]
            direction[place] = math.atan2(east, north)
        return direction


class Pedestrians:
    """Remembers for how long pedestrians have been on the carriageway."""

    def __init__(self, network: RoadNetwork, index: LaneIndex, places: Places, parameters: IncidentParameters) -> None:
        self._network, self._index, self._places, self._parameters = network, index, places, parameters
        self._memory = TrackMemory(seconds=0.0)
        roads = (RoadClass.EXPRESSWAY, RoadClass.ARTERIAL, RoadClass.COLLECTOR)
        self._busy = np.append(np.isin(network.links.road_class[network.lanes.link], roads), False)

    def find(self, scene: Scene) -> list[Finding]:
        """Return the incidents of this cycle."""
        tracks = scene.tracks
        memory = self._memory.follow(tracks.track_id)
        rows = np.flatnonzero((tracks.kind == ParticipantKind.PEDESTRIAN) & (tracks.sigma < LARGEST_SIGMA))
        lane = np.full(len(tracks), -1, np.int32)
        lane[rows] = self._lanes(scene, rows)
        memory["seconds"][:] = np.where(lane >= 0, memory["seconds"] + scene.span, 0.0)
        found = np.flatnonzero(memory["seconds"] >= self._parameters.pedestrian_for)
        return [self._finding(scene, int(row), int(lane[row]), float(memory["seconds"][row])) for row in found]

    def _lanes(self, scene: Scene, rows: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the motor lane on which each of these pedestrians walks away from crossings, -1 where none."""
        tracks, parameters, lanes = scene.tracks, self._parameters, self._network.lanes
        x, y = tracks.x[rows], tracks.y[rows]
        cars = np.full(len(rows), ParticipantKind.CAR, np.uint8)
        found = self._index.match(x, y, None, cars, max_distance=4.0, sigma=tracks.sigma[rows])
        half, length = np.append(lanes.width, 0.0)[found.lane] / 2, np.append(lanes.length, 0.0)[found.lane]
        on = (found.lane >= 0) & self._busy[found.lane]
        on &= np.abs(found.lateral) < half - parameters.pedestrian_inside
        on &= (found.offset > parameters.junction_reach) & (found.offset < length - parameters.junction_reach)
        on[on] = self._places.crossing_distance(x[on], y[on]) > parameters.crossing_reach
        return np.where(on, found.lane, -1).astype(np.int32)

    def _finding(self, scene: Scene, row: int, lane: int, seconds: float) -> Finding:
        tracks, lanes = scene.tracks, self._network.lanes
        track = int(tracks.track_id[row])
        return Finding(
            cause=f"pedestrian:{track}",
            kind=IncidentKind.PEDESTRIAN_ON_CARRIAGEWAY,
            since=scene.now - seconds,
            x=float(tracks.x[row]),
            y=float(tracks.y[row]),
            link=int(lanes.link[lane]),
            lane=lane,
            tracks=(track,),
            confidence=min(0.9, 0.5 + 0.04 * seconds) * float(tracks.existence[row]),
            evidence=f"pedestrian {track} was on lane {lanes.id[lane]} for {seconds:.1f} s, away from every crossing",
        )
