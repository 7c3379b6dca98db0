"""Rule: a vehicle that loses speed faster than drivers do of their own will."""

import numpy as np

from fusion.credible_motion import CredibleMotion
from fusion.findings import about_track, lane_name
from fusion.incident_book import Finding
from fusion.incident_parameters import IncidentParameters
from fusion.incidents import IncidentKind
from fusion.motion_history import MotionHistory
from fusion.scene import Scene
from fusion.track_memory import TrackMemory
from maps.network import RoadNetwork

_OLD = 2.5
"""Tracks younger than this may still be finding their speed, s."""
_SURE = 10.0
"""A loss of speed must be so many times the uncertainty of the speed, which grows while a vehicle brakes hard."""


class SuddenBraking:
    """Judges the speeds of the last two seconds."""

    def __init__(self, network: RoadNetwork, history: MotionHistory, parameters: IncidentParameters) -> None:
        self._network, self._history, self._parameters = network, history, parameters
        self._credible, self._memory = CredibleMotion(), TrackMemory(hard=0.0)

    def find(self, scene: Scene) -> list[Finding]:
        """Return the incidents of this cycle."""
        tracks, believed = scene.tracks, self._credible.follow(scene)
        drop = np.minimum(self._history.steady - tracks.speed, self._history.drop)
        drop, parameters = np.nan_to_num(drop), self._parameters
        hard = (drop >= parameters.braking_drop) & self._history.watched & believed
        memory = self._memory.follow(tracks.track_id, scene.alignment)
        rows = np.flatnonzero(hard & ((memory["hard"] > 0.0) | (drop >= parameters.braking_at_once)))
        memory["hard"][:] = hard
        sigma = np.sqrt((tracks.covariance[rows, 2, 2] + tracks.covariance[rows, 3, 3]) / 2)
        old = scene.now - tracks.born[rows] >= _OLD
        rows = rows[scene.vehicles[rows] & old & (drop[rows] > _SURE * sigma)]
        return [self._finding(scene, int(row)) for row in rows]

    def _finding(self, scene: Scene, row: int) -> Finding:
        track, within = int(scene.tracks.track_id[row]), self._parameters.braking_within
        last = float(scene.tracks.speed[row])
        drop = float(self._history.drop[row])
        first = last + drop
        return about_track(
            self._network,
            scene,
            row,
            IncidentKind.SUDDEN_BRAKING,
            since=scene.now - within,
            confidence=min(0.95, 0.5 + 0.05 * drop),
            evidence=(
                f"vehicle {track} braked from {3.6 * first:.0f} to {3.6 * (first - drop):.0f} km/h "
                f"within {within:.1f} s on lane {lane_name(self._network, int(scene.tracks.lane[row]))}"
            ),
            figures={"from_mps": first, "to_mps": first - drop, "deceleration_mps2": drop / within},
        )
