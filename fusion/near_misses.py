"""Rule: road users that would have collided within a second, or crossed each other's way within one.

Time to collision (TTC; Hayward 1972) is found for pairs on a collision course by moving both bodies on; it counts where
the braking that would avoid the collision is harder than drivers brake. Post-encroachment time (PET; Allen, Shin and
Cooper 1978) is the time between one leaving a place and another, on a crossing way, reaching it.
"""

import numpy as np

from fusion.close_pairs import CloseCalls, close_calls
from fusion.credible_motion import CredibleMotion
from fusion.encroachment import Encroachments
from fusion.findings import about_track
from fusion.incident_book import Finding
from fusion.incident_parameters import IncidentParameters
from fusion.incidents import IncidentKind
from fusion.scene import Scene
from maps.network import RoadNetwork
from maps.participants import ParticipantKind

_FORGET = 5.0
"""s"""
_RECENT = 0.3
"""Who drives was reported so lately, s."""


class NearMisses:
    """Remembers pairs that have been close to a collision."""

    def __init__(self, network: RoadNetwork, parameters: IncidentParameters) -> None:
        self._network, self._parameters = network, parameters
        self._encroachments, self._credible = Encroachments(network), CredibleMotion()
        self._least_speed = np.full(len(ParticipantKind), parameters.encroachment_speed)
        self._least_speed[ParticipantKind.CYCLIST] = parameters.encroachment_speed / 2
        self._least_speed[ParticipantKind.PEDESTRIAN] = parameters.encroachment_walk
        self._lasting: dict[tuple[int, int], tuple[float, float]] = {}
        """Since when and until when pairs have been on a collision course."""

    def find(self, scene: Scene) -> list[Finding]:
        """Return the incidents of this cycle."""
        tracks = scene.tracks
        old = scene.now - tracks.born >= self._parameters.collision_age
        stands = tracks.speed < self._parameters.standing_speed
        known = stands | (scene.now - tracks.updated < _RECENT)  # who stands is there though it is hidden for a moment
        fresh = scene.placed & known & self._credible.follow(scene)
        rows = np.flatnonzero(old & fresh & scene.sure & (tracks.kind != ParticipantKind.UNKNOWN))
        return [*self._collisions(scene, rows), *self._crossings(scene, rows)]

    def _collisions(self, scene: Scene, rows: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> list[Finding]:
        parameters = self._parameters
        calls = close_calls(scene.tracks, scene.lateral, rows, parameters.collision_time, parameters.collision_braking)
        ids = scene.tracks.track_id
        found, seen = [], dict[tuple[int, int], tuple[float, float]]()
        for place in range(len(calls.first)):
            pair = int(ids[calls.first[place]]), int(ids[calls.second[place]])
            since, last = self._lasting.get(pair, (scene.now, scene.now))
            since = scene.now if scene.now - last > _FORGET else since
            seen[pair] = since, scene.now
            if scene.now - since >= parameters.collision_cycles:
                found.append(self._collision(scene, calls, place))
        kept = {pair: when for pair, when in self._lasting.items() if scene.now - when[1] <= 0.15}
        self._lasting = {**kept, **seen}
        return found

    def _collision(self, scene: Scene, calls: CloseCalls, place: int) -> Finding:
        first, second = int(calls.first[place]), int(calls.second[place])
        time, braking = float(calls.time[place]), float(calls.braking[place])
        other = int(scene.tracks.track_id[second])
        return about_track(
            self._network,
            scene,
            first,
            IncidentKind.NEAR_MISS,
            since=scene.now,
            confidence=min(0.9, 0.5 + 0.3 * (self._parameters.collision_time - time)),
            evidence=(
                f"{int(scene.tracks.track_id[first])} and {other} were {time:.1f} s from a collision that only "
                f"{braking:.1f} m/s2 of braking would avoid"
            ),
            figures={"time_to_collision_s": time, "braking_mps2": braking},
            others=(other,),
        )

    def _concerns_vehicle(self, scene: Scene, row: int, other: int) -> bool:
        """Tell whether one of two road users is a motor vehicle: walkers and riders pass each other closely."""
        ids = scene.tracks.track_id
        place = int(np.searchsorted(ids, other))
        known = place < len(ids) and int(ids[place]) == other
        return bool(scene.vehicles[row] or (known and scene.vehicles[place]))

    def _crossings(self, scene: Scene, rows: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> list[Finding]:
        parameters = self._parameters
        found = self._encroachments.follow(
            scene.tracks, rows, scene.now, parameters.encroachment_time, self._least_speed
        )
        findings = []
        for row, other, time in found:
            if not self._concerns_vehicle(scene, row, other):
                continue
            findings.append(
                about_track(
                    self._network,
                    scene,
                    row,
                    IncidentKind.NEAR_MISS,
                    since=scene.now,
                    confidence=min(0.9, 0.5 + 0.5 * (parameters.encroachment_time - time)),
                    evidence=(
                        f"{int(scene.tracks.track_id[row])} crossed the way of {other} "
                        f"{time:.1f} s after it had left the place"
                    ),
                    figures={"post_encroachment_s": time},
                    others=(other,),
                )
            )
        return findings
