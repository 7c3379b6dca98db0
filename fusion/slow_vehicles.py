"""Rule: a vehicle that crawls along a free road."""

import numpy as np
from numpy.typing import NDArray

from fusion.findings import about_track, lane_name
from fusion.incident_book import Finding
from fusion.incident_parameters import IncidentParameters
from fusion.incidents import IncidentKind
from fusion.lane_bounds import LaneBounds
from fusion.lasting import Lasting
from fusion.motion_history import MotionHistory
from fusion.places import Places
from fusion.scene import Scene
from maps.network import RoadClass, RoadNetwork
from maps.participants import ParticipantKind

_LEAST = 0.8
"""Slower vehicles stand, m/s."""
_START = 40.0
"""Behind a junction vehicles still speed up, m."""
_AWAY, _CLOSE = 0.6, 10.0
"""Who is faster than this share of the limit and farther ahead than this, m, drives away."""


class SlowVehicles:
    """Remembers for how long vehicles have crawled."""

    def __init__(
        self, network: RoadNetwork, places: Places, history: MotionHistory, parameters: IncidentParameters
    ) -> None:
        self._network, self._places, self._history, self._parameters = network, places, history, parameters
        self._lasting, self._bounds = Lasting(grace=1.0), LaneBounds(network)
        major = (RoadClass.EXPRESSWAY, RoadClass.ARTERIAL, RoadClass.COLLECTOR)
        self._major = np.append(np.isin(network.links.road_class[network.lanes.link], major), False)
        self._limit = np.append(network.lanes.speed, np.inf)

    def find(self, scene: Scene) -> list[Finding]:
        """Return the incidents of this cycle."""
        tracks, parameters = scene.tracks, self._parameters
        speed = tracks.speed
        slow = (speed > _LEAST) & (
            speed < np.minimum(parameters.slow_share * self._limit[tracks.lane], parameters.slow_most)
        )
        slow &= tracks.kind != ParticipantKind.MOTORCYCLE
        slow &= (
            scene.seen_ahead
            & self._major[tracks.lane]
            & scene.vehicles
            & ((tracks.lane_offset > _START) | ~self._bounds.begins[tracks.lane])
        )
        slow &= np.nan_to_num(scene.ahead) > parameters.slow_free
        slow &= (scene.gap > parameters.slow_free) | self._drives_away(scene)
        slow &= np.abs(np.nan_to_num(self._history.drop, nan=99.0)) < parameters.slow_settled
        held = self._lasting.follow(scene, slow)
        sure = (held.seconds >= parameters.slow_for) & (held.metres >= parameters.slow_distance) & slow
        return [
            self._finding(scene, int(row), float(held.seconds[row]), float(held.metres[row]))
            for row in np.flatnonzero(sure)
            if not self._turns_aside(scene, int(row))
        ]

    def _drives_away(self, scene: Scene) -> NDArray[np.bool_]:
        """Tell for whom the one ahead on the lane drives away and holds nobody up: who has overtaken it, mostly."""
        leader = scene.leader_speed
        return (scene.gap > _CLOSE) & (leader > _AWAY * self._limit[scene.tracks.lane])

    def _turns_aside(self, scene: Scene, row: int) -> bool:
        """Tell whether a bus stop or a car park is at hand."""
        lane, offset = int(scene.tracks.lane[row]), float(scene.tracks.lane_offset[row])
        link = int(self._network.lanes.link[lane])
        parking = self._places.near_car_park(link, offset, self._parameters.parking_reach * 2)
        return parking or self._places.near_stop(link, offset, self._parameters.bus_stop_reach)

    def _finding(self, scene: Scene, row: int, seconds: float, metres: float) -> Finding:
        track, lane = int(scene.tracks.track_id[row]), int(scene.tracks.lane[row])
        speed, limit = float(scene.tracks.speed[row]), float(self._limit[lane])
        return about_track(
            self._network,
            scene,
            row,
            IncidentKind.SLOW_VEHICLE,
            since=scene.now - seconds,
            confidence=min(0.9, 0.5 + 0.02 * seconds),
            evidence=(
                f"vehicle {track} has driven {3.6 * metres / seconds:.0f} km/h for {seconds:.0f} s on lane "
                f"{lane_name(self._network, lane)}, where {3.6 * limit:.0f} km/h are allowed and the road is free"
            ),
            figures={"speed_mps": speed, "limit_mps": limit, "lasted_s": seconds, "driven_m": metres},
        )
