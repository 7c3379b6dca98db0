"""Rule: a vehicle that stands at the kerb or beside the road, away from car parks and bus stops, is parked there.

Nothing ahead of it holds it up. Whether it only lets somebody get off shows later, so confidence grows with time.
"""

import numpy as np

from fusion.findings import about_track, lane_name
from fusion.incident_book import Finding
from fusion.incident_parameters import IncidentParameters
from fusion.incidents import IncidentKind
from fusion.lane_bounds import LaneBounds
from fusion.places import Places
from fusion.scene import Scene
from fusion.standstill import Standstill
from maps.lane_index import LaneIndex
from maps.network import RoadNetwork
from maps.participants import ParticipantKind

_REACH = 8.0
"""m"""


class IllegalParking:
    """Remembers for how long vehicles have stood at the kerb."""

    def __init__(self, network: RoadNetwork, index: LaneIndex, places: Places, parameters: IncidentParameters) -> None:
        self._network, self._index, self._places, self._parameters = network, index, places, parameters
        self._stood, self._free = (
            Standstill(grace, parameters.standing_lost_for, parameters.moved) for grace in (1.0, 2.0)
        )
        self._bounds = LaneBounds(network)
        self._rightmost = np.append(network.lanes.index == self._first_for_cars(), False)

    def _first_for_cars(self) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        """Return by lane the index of the rightmost lane of its link that cars may use."""
        lanes = self._network.lanes
        cars = (lanes.allowed & ParticipantKind.CAR.bit) > 0
        first = np.full(len(self._network.links.id), 255, np.int64)
        np.minimum.at(first, lanes.link[cars], lanes.index[cars].astype(np.int64))
        return first[lanes.link]

    def find(self, scene: Scene) -> list[Finding]:
        """Return the incidents of this cycle."""
        tracks, parameters = scene.tracks, self._parameters
        stands = scene.vehicles & scene.placed & (tracks.speed < parameters.standing_speed) & ~scene.queued
        stands &= (tracks.kind != ParticipantKind.MOTORCYCLE) & scene.seen_ahead
        rows = np.flatnonzero(stands)
        lane = np.full(len(tracks), -1, np.int32)
        x, y, kind = tracks.x[rows], tracks.y[rows], np.full(len(rows), ParticipantKind.CAR, np.uint8)
        found = self._index.match(x, y, tracks.heading[rows], kind, max_distance=_REACH, sigma=2.0)
        lanes = self._network.lanes
        half = np.append(lanes.width, 0.0)[found.lane] / 2
        right = -found.lateral
        at_kerb = self._rightmost[found.lane] & (right >= parameters.parked_aside)
        at_kerb &= right <= half + parameters.parked_reach
        at_kerb &= self._bounds.away(found.lane, found.offset, parameters.stop_line)
        lane[rows] = np.where(at_kerb, found.lane, -1)
        clear = lane >= 0
        clear[rows] &= (scene.gap[rows] >= parameters.free_ahead) | (right > half)
        hidden = ~(scene.sure & scene.placed)
        stood, free = self._stood.follow(scene, lane >= 0, hidden), self._free.follow(scene, clear, hidden)
        parked = (stood >= parameters.parked_after) & (free >= parameters.free_for)
        return [
            self._finding(scene, int(row), int(lane[row]), float(stood[row]))
            for row in np.flatnonzero(parked)
            if self._forbidden(scene, int(row), int(lane[row]))
        ]

    def _forbidden(self, scene: Scene, row: int, lane: int) -> bool:
        """Tell whether neither a car park nor a bus stop is there."""
        link, offset = int(self._network.lanes.link[lane]), float(scene.tracks.lane_offset[row])
        if not np.isfinite(offset):
            return True
        if self._places.near_car_park(link, offset, self._parameters.parking_reach):
            return False
        bus = scene.tracks.kind[row] in {ParticipantKind.BUS, ParticipantKind.TRUCK}
        return not (bus and self._places.near_stop(link, offset, self._parameters.bus_stop_reach))

    def _finding(self, scene: Scene, row: int, lane: int, seconds: float) -> Finding:
        track = int(scene.tracks.track_id[row])
        return about_track(
            self._network,
            scene,
            row,
            IncidentKind.ILLEGAL_PARKING,
            since=scene.now - seconds,
            confidence=min(0.9, 0.5 + seconds / 150.0),
            evidence=(
                f"vehicle {track} has stood at the kerb of lane {lane_name(self._network, lane)} for {seconds:.0f} s"
            ),
            figures={"stood_s": seconds},
            lane=lane,
        )
