"""Rule: a vehicle far above the speed limit."""

import numpy as np

from fusion.findings import about_track, lane_name
from fusion.incident_book import Finding
from fusion.incident_parameters import IncidentParameters
from fusion.incidents import IncidentKind
from fusion.lasting import Lasting
from fusion.scene import Scene
from fusion.track_memory import TrackMemory
from maps.network import RoadNetwork

_BELIEVED = 0.7
"""Least probability of the lane whose limit counts."""
_DOUBT, _AWAY = 1.0, 5
"""Who is no longer too fast for so long, s, may be so still; who is lost from sight for so many looks is the same when
it comes back."""


class FastVehicles:
    """Remembers for how long vehicles have driven too fast."""

    def __init__(self, network: RoadNetwork, parameters: IncidentParameters) -> None:
        self._network, self._parameters = network, parameters
        self._lasting, self._memory = Lasting(_DOUBT, _AWAY), TrackMemory(_AWAY, allowed=np.inf)
        self._limit = np.append(network.lanes.speed, np.inf)

    def find(self, scene: Scene) -> list[Finding]:
        """Return the incidents of this cycle."""
        tracks, parameters = scene.tracks, self._parameters
        limit = self._limit[tracks.lane]
        sigma = np.sqrt((tracks.covariance[:, 2, 2] + tracks.covariance[:, 3, 3]) / 2)
        allowed = np.maximum(parameters.fast_share * limit, limit + parameters.fast_more) + 2 * sigma
        known = tracks.lane_probability >= _BELIEVED
        memory = self._memory.follow(tracks.track_id, scene.alignment)
        memory["allowed"][known] = allowed[known]
        fast = scene.vehicles & (tracks.speed > allowed) & known
        between = ~known & (tracks.speed > memory["allowed"])  # across a junction it is as fast as before it
        held = self._lasting.follow(scene, fast, between)
        sure = fast & (held.seconds >= parameters.fast_for)
        return [self._finding(scene, int(row), float(held.seconds[row])) for row in np.flatnonzero(sure)]

    def _finding(self, scene: Scene, row: int, seconds: float) -> Finding:
        track, lane = int(scene.tracks.track_id[row]), int(scene.tracks.lane[row])
        speed, limit = float(scene.tracks.speed[row]), float(self._limit[lane])
        return about_track(
            self._network,
            scene,
            row,
            IncidentKind.FAST_VEHICLE,
            since=scene.now - seconds,
            confidence=min(0.95, 0.4 + 0.5 * (speed / limit - 1) + 0.05 * seconds),
            evidence=(
                f"vehicle {track} drives {3.6 * speed:.0f} km/h for {seconds:.1f} s on lane "
                f"{lane_name(self._network, lane)}, where {3.6 * limit:.0f} km/h are allowed"
            ),
            figures={"speed_mps": speed, "limit_mps": limit, "lasted_s": seconds},
        )
