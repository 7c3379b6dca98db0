"""Rule: a pedestrian, or a small creature of unknown kind, on the carriageway away from crossings."""

import numpy as np
from numpy.typing import NDArray

from fusion.findings import about_track, lane_name
from fusion.incident_book import Finding
from fusion.incident_parameters import IncidentParameters
from fusion.incidents import IncidentKind
from fusion.lane_bounds import LaneBounds
from fusion.lasting import Lasting
from fusion.places import Places
from fusion.scene import Scene
from fusion.tracks import TrackTable
from maps.lane_index import LaneIndex
from maps.network import RoadClass, RoadNetwork
from maps.participants import ParticipantKind

_MOVES = 0.5
_LONGEST = 2.5
"""An unknown road user that moves faster, m/s, and is shorter, m, may be an animal."""
_NO_CYCLE = 1.0
"""Who is shorter than this, m, rides no cycle: sensors take walkers for riders, and measure them all the same."""


class Carriageway:
    """Finds who is on a lane for motor vehicles, away from junctions and crossings."""

    def __init__(self, network: RoadNetwork, index: LaneIndex, places: Places, parameters: IncidentParameters) -> None:
        self._network, self._index, self._places, self._parameters = network, index, places, parameters
        roads = (RoadClass.EXPRESSWAY, RoadClass.ARTERIAL, RoadClass.COLLECTOR)
        self._bounds = LaneBounds(network)
        self._busy = np.append(np.isin(network.links.road_class[network.lanes.link], roads), False)

    def lanes(self, scene: Scene, rows: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the motor lane on which each of these tracks is, -1 where none."""
        tracks, parameters, lanes = scene.tracks, self._parameters, self._network.lanes
        x, y = tracks.x[rows], tracks.y[rows]
        cars = np.full(len(rows), ParticipantKind.CAR, np.uint8)
        found = self._index.match(x, y, None, cars, max_distance=4.0, sigma=tracks.sigma[rows])
        half = np.append(lanes.width, 0.0)[found.lane] / 2
        on = (found.lane >= 0) & self._busy[found.lane]
        on &= np.abs(found.lateral) < half - parameters.pedestrian_inside
        on &= self._bounds.away(found.lane, found.offset, parameters.junction_reach)
        on[on] = self._places.crossing_distance(x[on], y[on]) > parameters.crossing_reach
        return np.where(on, found.lane, -1).astype(np.int32)


class Pedestrians:
    """Remembers for how long pedestrians and animals have been on the carriageway."""

    def __init__(self, network: RoadNetwork, carriageway: Carriageway, parameters: IncidentParameters) -> None:
        self._network, self._carriageway, self._parameters = network, carriageway, parameters
        self._lasting = Lasting()

    def find(self, scene: Scene) -> list[Finding]:
        """Return the incidents of this cycle."""
        tracks = scene.tracks
        unknown = (tracks.kind == ParticipantKind.UNKNOWN) & (tracks.length < _LONGEST) & (tracks.speed > _MOVES)
        walks = (tracks.kind == ParticipantKind.PEDESTRIAN) | self._mistaken(tracks)
        rows = np.flatnonzero((walks | unknown) & scene.sure)
        lane = np.full(len(tracks), -1, np.int32)
        lane[rows] = self._carriageway.lanes(scene, rows)
        held = self._lasting.follow(scene, lane >= 0)
        found = np.flatnonzero((held.seconds >= self._parameters.pedestrian_for) & (lane >= 0))
        return [self._finding(scene, int(row), int(lane[row]), float(held.seconds[row])) for row in found]

    def _mistaken(self, tracks: TrackTable) -> NDArray[np.bool_]:
        """Tell which tracks are taken for riders but are too short for that."""
        short = (tracks.length > 0.0) & (tracks.length < _NO_CYCLE)
        rider: NDArray[np.bool_] = (tracks.kind == ParticipantKind.CYCLIST) & short
        return rider

    def _finding(self, scene: Scene, row: int, lane: int, seconds: float) -> Finding:
        track = int(scene.tracks.track_id[row])
        animal = scene.tracks.kind[row] == ParticipantKind.UNKNOWN
        kind = IncidentKind.ANIMAL_ON_CARRIAGEWAY if animal else IncidentKind.PEDESTRIAN_ON_CARRIAGEWAY
        who = "a small road user of unknown kind" if animal else "pedestrian"
        return about_track(
            self._network,
            scene,
            row,
            kind,
            since=scene.now - seconds,
            confidence=min(0.9, 0.5 + 0.04 * seconds),
            evidence=(
                f"{who} {track} was on lane {lane_name(self._network, lane)} for {seconds:.1f} s, "
                "away from every crossing"
            ),
            figures={"lasted_s": seconds, "speed_mps": float(scene.tracks.speed[row])},
            lane=lane,
        )
