"""Rule: a vehicle that drives against the lane it is on, where no way leads the way it drives."""

import math

import numpy as np
from numpy.typing import NDArray

from fusion.findings import about_track, lane_name
from fusion.incident_book import Finding
from fusion.incident_parameters import IncidentParameters
from fusion.incidents import IncidentKind
from fusion.lane_bounds import LaneBounds
from fusion.lasting import Lasting
from fusion.path_index import PathIndex
from fusion.scene import Scene
from maps.lane_index import LaneIndex
from maps.network import RoadNetwork

_UNSEEN, _AWAY = 1.0, 5
"""Sensors may miss it for so long, s, the picture be without it for so many looks; its way then does not count."""


class WrongWay:
    """Remembers for how long vehicles have driven against the lane they are on."""

    def __init__(
        self, network: RoadNetwork, index: LaneIndex, paths: PathIndex, parameters: IncidentParameters
    ) -> None:
        self._network, self._index, self._paths, self._parameters = network, index, paths, parameters
        self._lasting, self._bounds = Lasting(_UNSEEN, _AWAY), LaneBounds(network)

    def find(self, scene: Scene) -> list[Finding]:
        """Return the incidents of this cycle."""
        tracks, parameters = scene.tracks, self._parameters
        settled = (tracks.lane >= 0) & (np.abs(scene.lateral) < parameters.wrong_way_lateral)
        fast = (tracks.speed >= parameters.wrong_way_speed) & scene.motor & scene.sure
        rows = np.flatnonzero(fast & ~settled & (tracks.sigma < parameters.wrong_way_sigma))
        lane = np.full(len(tracks), -1, np.int32)
        lane[rows] = self._against(scene, rows)
        held = self._lasting.follow(scene, lane >= 0)
        sure = (held.seconds >= parameters.wrong_way_for) & (held.metres >= parameters.wrong_way_distance)
        return [
            self._finding(scene, int(row), int(lane[row]), float(held.seconds[row]), float(held.metres[row]))
            for row in np.flatnonzero(sure & (lane >= 0))
        ]

    def _against(self, scene: Scene, rows: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the lane that each of these tracks drives against, -1 where none."""
        tracks, parameters = scene.tracks, self._parameters
        x, y, kind = tracks.x[rows], tracks.y[rows], tracks.kind[rows]
        motion = np.arctan2(tracks.vx[rows], tracks.vy[rows]).astype(np.float64)
        back = (motion + math.pi) % (2 * math.pi)
        found = self._index.match(x, y, back, kind, max_distance=3.0, sigma=np.maximum(tracks.sigma[rows], 0.8))
        inside = self._bounds.away(found.lane, found.offset, parameters.junction_reach)
        near = np.abs(found.lateral) < parameters.wrong_way_lateral
        wrong = (found.lane >= 0) & inside & near & self._opposed(x, y, back, kind)
        wrong[wrong] = ~self._rightful(x[wrong], y[wrong], motion[wrong], kind[wrong], scene.placed[rows[wrong]])
        return np.where(wrong, found.lane, -1).astype(np.int32)

    def _opposed(
        self, x: NDArray[np.float64], y: NDArray[np.float64], back: NDArray[np.float64], kind: NDArray[np.uint8]
    ) -> NDArray[np.bool_]:
        """Tell who drives nearly straight against a way."""
        against = self._paths.match(x, y, back, kind, 0.8)
        opposed: NDArray[np.bool_] = against.found & (against.turn < math.pi - self._parameters.wrong_way_angle)
        return opposed

    def _rightful(
        self,
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        motion: NDArray[np.float64],
        kind: NDArray[np.uint8],
        placed: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        """Tell for whom some way leads where they drive; `placed` (n,) says who is seen from outside."""
        way = self._paths.match(x, y, motion, kind, 2.5)
        near = way.lateral < np.where(placed, self._parameters.right_way_lateral, self._parameters.terminal_lateral)
        rightful: NDArray[np.bool_] = way.found & near & (way.turn < self._parameters.right_way_angle)
        return rightful

    def _finding(self, scene: Scene, row: int, lane: int, seconds: float, metres: float) -> Finding:
        track, speed = int(scene.tracks.track_id[row]), float(scene.tracks.speed[row])
        return about_track(
            self._network,
            scene,
            row,
            IncidentKind.WRONG_WAY,
            since=scene.now - seconds,
            confidence=min(0.95, 0.5 + 0.01 * metres),
            evidence=(
                f"vehicle {track} drove {metres:.0f} m in {seconds:.1f} s at {3.6 * speed:.0f} km/h "
                f"against the direction of lane {lane_name(self._network, lane)}"
            ),
            figures={"driven_m": metres, "lasted_s": seconds, "speed_mps": speed},
            lane=lane,
        )
