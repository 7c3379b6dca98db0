"""Rule: a small object of unknown kind that lies on a lane."""

import numpy as np

from fusion.findings import about_track, lane_name
from fusion.incident_book import Finding
from fusion.incident_parameters import IncidentParameters
from fusion.incidents import IncidentKind
from fusion.lasting import Lasting
from fusion.pedestrians import Carriageway
from fusion.scene import Scene
from maps.network import RoadNetwork
from maps.participants import ParticipantKind


class Debris:
    """Remembers for how long objects have lain on lanes."""

    def __init__(self, network: RoadNetwork, carriageway: Carriageway, parameters: IncidentParameters) -> None:
        self._network, self._carriageway, self._parameters = network, carriageway, parameters
        self._lasting = Lasting(grace=0.5)

    def find(self, scene: Scene) -> list[Finding]:
        """Return the incidents of this cycle."""
        tracks, parameters = scene.tracks, self._parameters
        lies = (tracks.kind == ParticipantKind.UNKNOWN) & (tracks.length < parameters.debris_length)
        lies &= (tracks.speed < parameters.standing_speed) & scene.sure
        rows = np.flatnonzero(lies)
        lane = np.full(len(tracks), -1, np.int32)
        lane[rows] = self._carriageway.lanes(scene, rows)
        held = self._lasting.follow(scene, lane >= 0)
        found = np.flatnonzero((held.seconds >= parameters.debris_for) & (lane >= 0))
        return [self._finding(scene, int(row), int(lane[row]), float(held.seconds[row])) for row in found]

    def _finding(self, scene: Scene, row: int, lane: int, seconds: float) -> Finding:
        tracks = scene.tracks
        length = float(tracks.length[row])
        return about_track(
            self._network,
            scene,
            row,
            IncidentKind.DEBRIS,
            since=scene.now - seconds,
            confidence=min(0.9, 0.5 + 0.03 * seconds),
            evidence=(
                f"an object of {length:.1f} m (track {int(tracks.track_id[row])}) has lain on lane "
                f"{lane_name(self._network, lane)} for {seconds:.0f} s"
            ),
            figures={"lain_s": seconds, "length_m": length},
            lane=lane,
        )
