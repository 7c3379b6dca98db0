"""Rule: a vehicle that passes a stop line while all lights of its lane are red, and drives on.

The moment counts in which the front passes the line, so that who waits beyond it for a gap does nothing wrong, and who
only creeps over it neither; nor does who stands again before the vehicle has left the line behind. Turning right at red
is allowed where no arrow forbids it (Regulations for the Implementation of the Road Traffic Safety Law of the PRC,
article 38), so right turns are left out.
"""

import math

import numpy as np
from numpy.typing import NDArray

from fusion.findings import about_track, lane_name
from fusion.incident_book import Finding
from fusion.incident_parameters import IncidentParameters
from fusion.incidents import IncidentKind
from fusion.lane_ends import LaneEnds
from fusion.scene import Scene
from fusion.track_memory import TrackMemory
from maps.network import RoadNetwork

_BEFORE = 2.5
"""The front must have been this far before the line, m."""
_PATIENCE = 8.0
"""Who has not driven on by then waits beyond the line, s."""
_RIGHT = math.radians(35.0)
_SURE = 0.9
"""Least probability of a lane on which a vehicle is for sure."""
_APPROACHED = 1.5
"""Who was seen from outside on that road for less than this before the line, s, may have come by another lane, or by
another road where two meet at an angle."""
_UNSEEN = 3.0
"""Who drives on with its terminal in the lane where it was seen last is the same when it is seen from outside again so
much later, s,"""
_SILENT = 0.5
"""unless nobody reports it, s."""
_AWAY = 6
"""Who is lost from sight for so many looks, a second or so, is the same when it comes back."""
_JUMP = 1.5
"""Who is so far, m, from where it drove to was somewhere else before: its terminal was taken for its neighbour's."""


class RedLight:
    """Follows vehicles over stop lines."""

    def __init__(self, network: RoadNetwork, ends: LaneEnds, parameters: IncidentParameters) -> None:
        self._network, self._ends, self._parameters = network, ends, parameters
        self._memory = TrackMemory(
            _AWAY,
            lane=-1.0,
            since=np.inf,
            close=0.0,
            crossed=np.nan,
            red=0.0,
            speed=0.0,
            x=np.nan,
            y=np.nan,
            looked=0.0,
        )
        self._link = np.append(network.lanes.link, -1)
        self._heading = np.arctan2(ends.east, ends.north)

    def find(self, scene: Scene) -> list[Finding]:
        """Return the incidents of this cycle."""
        if not len(scene.red_for):
            return []
        tracks, parameters = scene.tracks, self._parameters
        memory = self._memory.follow(tracks.track_id, scene.alignment)
        self._forget_jumps(scene, memory)
        self._approach(scene, memory)
        lane = memory["lane"].astype(np.int32)
        rows = np.flatnonzero(lane >= 0)
        past = self._ends.beyond(lane[rows], tracks.x[rows], tracks.y[rows])
        front = past + tracks.length[rows] / 2
        waits = np.isnan(memory["crossed"][rows])
        memory["close"][rows] = np.where(waits & (front < -_BEFORE), 1.0, memory["close"][rows])
        came = scene.now - memory["since"][rows] >= _APPROACHED
        passes = waits & (front >= 0.0) & (memory["close"][rows] > 0.0)
        crossing = rows[passes & came]
        memory["crossed"][crossing] = scene.now
        memory["red"][crossing] = np.nan_to_num(scene.red_for[lane[crossing]])
        memory["speed"][crossing] = tracks.speed[crossing]
        at = np.where(np.isnan(memory["crossed"][rows]), scene.now, memory["crossed"][rows])
        soon = scene.now - at <= parameters.red_after
        changed = rows[~waits & soon & (np.nan_to_num(scene.red_for[lane[rows]]) == 0.0)]
        memory["red"][changed] = 0.0
        away = past - tracks.length[rows] / 2
        ran = (memory["red"][rows] >= parameters.red_for) & (memory["speed"][rows] >= parameters.red_speed)
        ran &= (
            (away >= parameters.red_beyond)
            & ~waits
            & scene.vehicles[rows]
            & scene.placed[rows]
            & ~self._turned_right(scene, rows, lane[rows])
        )
        ran &= ~soon
        stands = ~waits & (tracks.speed[rows] < parameters.standing_speed)
        found = [self._finding(scene, int(row), int(lane[row]), memory) for row in rows[ran]]
        late = ((away >= parameters.red_beyond) & scene.placed[rows]) | (scene.now - at > _PATIENCE)
        elsewhere = waits & (front < 0.0) & self._on_another_road(scene, rows, lane[rows])
        over = rows[ran | stands | (~waits & ~soon & late) | (passes & ~came) | elsewhere]
        memory["lane"][over] = -1.0
        memory["crossed"][over], memory["close"][over] = np.nan, 0.0
        return found

    def _forget_jumps(self, scene: Scene, memory: dict[str, NDArray[np.float64]]) -> None:
        """Follow nobody on who was not where it was shown."""
        tracks = scene.tracks
        span = scene.now - memory["looked"]
        east, north = tracks.x - memory["x"] - span * tracks.vx, tracks.y - memory["y"] - span * tracks.vy
        jumped = np.hypot(east, north) > _JUMP
        memory["lane"][jumped], memory["crossed"][jumped], memory["close"][jumped] = -1.0, np.nan, 0.0
        memory["x"][:], memory["y"][:], memory["looked"][:] = tracks.x, tracks.y, scene.now

    def _approach(self, scene: Scene, memory: dict[str, NDArray[np.float64]]) -> None:
        """Note the lane of those who come up to a light."""
        tracks = scene.tracks
        lane, ahead = tracks.lane, np.nan_to_num(scene.ahead, nan=np.inf)
        ruled = np.append(np.isfinite(scene.red_for), False)[lane]
        comes = ruled & (lane >= 0) & (ahead > _BEFORE) & (ahead < 60.0) & (tracks.lane_probability > 0.5)
        fresh = comes & np.isnan(memory["crossed"]) & scene.motor & scene.placed
        other = fresh & (memory["lane"] != lane)
        memory["close"][other] = 0.0
        known = memory["lane"].astype(np.int32)
        changed = fresh & (self._link[known] != self._link[lane])
        memory["since"][changed | self._out_of_sight(scene, comes & (known != lane))] = scene.now
        memory["lane"][fresh] = lane[fresh]

    def _out_of_sight(self, scene: Scene, elsewhere: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Tell whose way (n,) is not known: `elsewhere` are those on another lane than where they were seen last."""
        tracks = scene.tracks
        long = scene.now - tracks.roadside > _UNSEEN
        lost: NDArray[np.bool_] = ~scene.placed & (long | elsewhere | (scene.now - tracks.updated > _SILENT))
        return lost

    def _on_another_road(self, scene: Scene, rows: NDArray[np.int64], lane: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Tell who drives on another road than that of the light for sure."""
        own = scene.tracks.lane[rows]
        sure = (own >= 0) & (scene.tracks.lane_probability[rows] > _SURE)
        other: NDArray[np.bool_] = sure & (self._link[own] != self._link[lane])
        return other

    def _turned_right(self, scene: Scene, rows: NDArray[np.int64], lane: NDArray[np.int32]) -> NDArray[np.bool_]:
        turn = scene.tracks.heading[rows] - self._heading[lane]
        right: NDArray[np.bool_] = (turn + np.pi) % (2 * np.pi) - np.pi > _RIGHT
        return right

    def _finding(self, scene: Scene, row: int, lane: int, memory: dict[str, NDArray[np.float64]]) -> Finding:
        track, red, speed = int(scene.tracks.track_id[row]), float(memory["red"][row]), float(memory["speed"][row])
        return about_track(
            self._network,
            scene,
            row,
            IncidentKind.RED_LIGHT_PASSAGE,
            since=float(memory["crossed"][row]),
            confidence=min(0.95, 0.6 + 0.05 * red),
            evidence=(
                f"vehicle {track} passed the stop line of lane {lane_name(self._network, lane)} at "
                f"{3.6 * speed:.0f} km/h, {red:.1f} s after the light had turned red"
            ),
            figures={"red_s": red, "speed_mps": speed},
            lane=lane,
        )
