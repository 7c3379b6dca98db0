"""Rule: a vehicle that stands where nobody should, and the lane it blocks.

A vehicle that stands is usual in a queue, at a light, giving way, at a bus stop and at a car park. It is an incident
when the road ahead of it has been free for some seconds and none of these explains it.
"""

import numpy as np
from numpy.typing import NDArray

from fusion.incident_book import Finding
from fusion.incident_parameters import IncidentParameters
from fusion.incidents import IncidentKind
from fusion.places import Places
from fusion.queues import is_motor
from fusion.scene import Scene
from fusion.track_memory import TrackMemory
from maps.network import RoadNetwork

STANDING_GAP = 15.0


class StoppedVehicles:
    """Remembers how long vehicles have stood and how long the road ahead of them has been free."""

    def __init__(self, network: RoadNetwork, places: Places, parameters: IncidentParameters) -> None:
        self._network, self._places, self._parameters = network, places, parameters
        self._memory = TrackMemory(since=np.nan, x=0.0, y=0.0, free=0.0)
        self._passed: dict[int, set[int]] = {}

    def find(self, scene: Scene) -> list[Finding]:
        """Return the incidents of this cycle."""
        stood, free = self._stood(scene)
        suspicious = (stood >= self._parameters.stopped_after) & (free >= self._parameters.free_for)
        rows = np.flatnonzero(suspicious & (scene.tracks.lane >= 0) & is_motor(scene.tracks))
        kept = {int(scene.tracks.track_id[row]) for row in rows}
        self._passed = {track: passed for track, passed in self._passed.items() if track in kept}
        return [
            self._finding(scene, int(row), float(stood[row])) for row in rows if self._odd(scene, int(row), stood[row])
        ]

    def _stood(self, scene: Scene) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return for how long each track has stood and had a free road ahead, s."""
        tracks, parameters = scene.tracks, self._parameters
        memory = self._memory.follow(tracks.track_id)
        moved = np.hypot(tracks.x - memory["x"], tracks.y - memory["y"]) > parameters.moved
        stands = tracks.speed < parameters.standing_speed
        fresh = stands & (np.isnan(memory["since"]) | moved)
        memory["since"][fresh] = scene.now
        memory["x"][fresh], memory["y"][fresh] = tracks.x[fresh], tracks.y[fresh]
        memory["since"][~stands & (moved | (tracks.speed > 2 * parameters.standing_speed))] = np.nan
        free = (scene.gap >= parameters.free_ahead) & ~scene.queued
        memory["free"][:] = np.where(free | self._at_green(scene), memory["free"] + scene.span, 0.0)
        return np.nan_to_num(scene.now - memory["since"]), memory["free"]

    def _at_green(self, scene: Scene) -> NDArray[np.bool_]:
        """Tell who is first at a stop line that has been green for long."""
        lane = scene.tracks.lane
        green = np.append(scene.green_for, np.nan)[lane]
        first: NDArray[np.bool_] = (green > 0) & (scene.gap == np.inf)
        return first

    def _odd(self, scene: Scene, row: int, stood: float) -> bool:
        """Tell whether nothing usual explains that the vehicle stands."""
        tracks, parameters = scene.tracks, self._parameters
        lane, offset = int(tracks.lane[row]), float(tracks.lane_offset[row])
        link = int(self._network.lanes.link[lane])
        if offset < parameters.lane_start and stood < parameters.green_for:
            return False
        if scene.ahead[row] < parameters.stop_line and not self._overdue(scene, lane, stood):
            return False
        if self._places.near_car_park(link, offset, parameters.parking_reach):
            return False
        return stood >= parameters.bus_stop_after or not self._places.near_stop(link, offset, parameters.bus_stop_reach)

    def _overdue(self, scene: Scene, lane: int, stood: float) -> bool:
        """Tell whether a vehicle at the end of its lane should have gone long ago and the way ahead is free."""
        if not self._places.signalised[lane]:
            return stood >= self._parameters.give_way_for
        green = scene.green_for[lane]
        return bool(min(green, stood) >= self._parameters.green_for) and not self._exit_blocked(scene, lane)

    def _exit_blocked(self, scene: Scene, lane: int) -> bool:
        """Tell whether somebody stands at the start of a lane that this one leads to."""
        connections = self._network.connections
        exits = connections.to_lane[connections.from_lane == lane]
        tracks = scene.tracks
        near = np.isin(tracks.lane, exits) & (tracks.lane_offset < 40.0)
        return bool(np.any(near & (tracks.speed < 2.0)))

    def _finding(self, scene: Scene, row: int, stood: float) -> Finding:
        tracks, lanes = scene.tracks, self._network.lanes
        track, lane = int(tracks.track_id[row]), int(tracks.lane[row])
        held, passed = self._held_up(scene, row), self._passing(scene, row)
        moving = min(len(passed), 4) / 4
        blocked = stood >= self._parameters.blocked_after and (held > 0 or len(passed) > 0)
        certainty = 0.55 + 0.25 * moving + 0.05 * min(held, 2) + 0.1 * min(stood / 30.0, 1.0)
        evidence = (
            f"vehicle {track} has stood for {stood:.0f} s on lane {lanes.id[lane]} with "
            f"{min(scene.gap[row], scene.ahead[row]):.0f} m of free lane ahead; "
            f"{held} held up behind it, {len(passed)} passed it"
        )
        return Finding(
            cause=f"stopped:{track}",
            kind=IncidentKind.BLOCKED_LANE if blocked else IncidentKind.STOPPED_VEHICLE,
            since=scene.now - stood,
            x=float(tracks.x[row]),
            y=float(tracks.y[row]),
            link=int(lanes.link[lane]),
            lane=lane,
            tracks=(track,),
            confidence=float(certainty * min(1.0, tracks.existence[row])),
            evidence=evidence,
        )

    def _held_up(self, scene: Scene, row: int) -> int:
        """Count the vehicles that stand behind one on its lane without a large gap."""
        order = scene.order
        at = int(np.flatnonzero(order.row == row)[0])
        held = 0
        for behind in range(at + 1, len(order.row)):
            if order.gap[behind] > STANDING_GAP or order.speed[behind] > self._parameters.standing_speed * 2:
                break
            held += 1
        return held

    def _passing(self, scene: Scene, row: int) -> set[int]:
        """Return the vehicles that drove past one on its link since it became suspicious."""
        tracks, link = scene.tracks, self._network.lanes.link
        on = (tracks.lane >= 0) & (link[tracks.lane] == link[tracks.lane[row]])
        beside = on & (np.abs(tracks.lane_offset - tracks.lane_offset[row]) < 12.0)
        fast = beside & (tracks.speed > self._parameters.passing_speed) & is_motor(tracks)
        passed = self._passed.setdefault(int(tracks.track_id[row]), set())
        passed.update(int(track) for track in tracks.track_id[fast])
        return passed
