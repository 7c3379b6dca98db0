"""Rule: a vehicle that stands where nobody should, and the lane it blocks.

A vehicle that stands is usual in a queue, at a light, giving way, beside a queue that it wants to join, at a bus stop
and at a car park. It is an incident when the road ahead of it has been free for some seconds and none of these explains
it.
"""

import numpy as np
from numpy.typing import NDArray

from fusion.incident_book import Finding
from fusion.incident_parameters import IncidentParameters
from fusion.incidents import IncidentKind
from fusion.lane_bounds import LaneBounds
from fusion.lane_ends import LaneEnds
from fusion.path_index import PathIndex
from fusion.places import Places
from fusion.queues import is_motor
from fusion.scene import Scene
from fusion.standing import StandingOrder, neighbours_stand
from fusion.track_memory import TrackMemory
from maps.network import RoadNetwork
from maps.participants import ParticipantKind

STANDING_GAP = 15.0
_LIKE_BUS = (ParticipantKind.BUS, ParticipantKind.TRUCK, ParticipantKind.UNKNOWN)
"""Kinds that a sensor may give a bus."""
_EXIT_SLOW = 2.0
"""m/s"""
_EXIT_REACH = 40.0
"""m"""


class StoppedVehicles:
    """Remembers how long vehicles have stood and how long the road ahead of them has been free."""

    def __init__(
        self, network: RoadNetwork, places: Places, paths: PathIndex, ends: LaneEnds, parameters: IncidentParameters
    ) -> None:
        self._network, self._places, self._parameters = network, places, parameters
        self._paths, self._ends, self._bounds = paths, ends, LaneBounds(network)
        self._memory = TrackMemory(parameters.standing_lost_for, since=np.nan, x=0.0, y=0.0, free=0.0, green=0.0)
        self._passed: dict[int, set[int]] = {}

    def find(self, scene: Scene) -> list[Finding]:
        """Return the incidents of this cycle."""
        stood, free, green = self._stood(scene)
        suspicious = (stood >= self._parameters.stopped_after) & (free >= self._parameters.free_for)
        tracks = scene.tracks
        lies = (tracks.kind == ParticipantKind.UNKNOWN) & (tracks.length < self._parameters.debris_length)
        rows = np.flatnonzero(suspicious & (tracks.lane >= 0) & scene.motor & scene.sure & ~lies)
        rows = rows[self._odd(scene, rows, stood[rows], green[rows])]
        kept = {int(scene.tracks.track_id[row]) for row in rows}
        self._passed = {track: passed for track, passed in self._passed.items() if track in kept}
        return [self._finding(scene, int(row), float(stood[row])) for row in rows]

    def _stood(self, scene: Scene) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return for how long each track has stood, had a free road ahead, and had green at its stop line, s."""
        tracks, parameters = scene.tracks, self._parameters
        memory = self._memory.follow(tracks.track_id, scene.alignment)
        moved = np.hypot(tracks.x - memory["x"], tracks.y - memory["y"]) > parameters.moved
        speed = tracks.speed
        stands = speed < parameters.standing_speed
        fresh = stands & (np.isnan(memory["since"]) | moved)
        memory["since"][fresh] = scene.now
        memory["x"][fresh], memory["y"][fresh] = tracks.x[fresh], tracks.y[fresh]
        memory["green"][fresh] = 0.0
        memory["since"][~stands & (moved | (speed > 2 * parameters.standing_speed))] = np.nan
        lane_green = np.append(scene.green_for, np.nan)[tracks.lane]
        first = (lane_green > 0) & (scene.gap == np.inf)
        free = ((scene.gap >= parameters.free_ahead) & ~scene.queued) | first
        free &= scene.seen_ahead
        merges = self._waits_to_merge(scene, stands & free)
        gained = np.where(merges, -scene.span, scene.span)
        memory["free"][:] = np.where(free, np.maximum(memory["free"] + gained, 0.0), 0.0)
        free &= ~merges
        counts = free & first & stands
        memory["green"][:] = np.where(counts, memory["green"] + scene.span, np.where(free, memory["green"], 0.0))
        return np.nan_to_num(scene.now - memory["since"]), memory["free"], memory["green"]

    def _waits_to_merge(self, scene: Scene, ask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Tell who stands beside a queue on the next lane, (n,)."""
        waits = np.zeros(len(scene.tracks), np.bool_)
        rows = np.flatnonzero(ask & (scene.tracks.lane >= 0) & scene.motor)
        order = StandingOrder.of(scene.tracks, scene.order, self._parameters.standing_speed)
        reach = (self._parameters.merge_behind, self._parameters.merge_ahead)
        lanes = self._network.lanes
        offset = scene.tracks.lane_offset[rows].astype(np.float64)
        waits[rows] = neighbours_stand(scene.tracks.lane[rows], offset, order, lanes.link, reach)
        return waits

    def _odd(
        self, scene: Scene, rows: NDArray[np.int64], stood: NDArray[np.float64], green: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Tell for which rows nothing usual explains that the vehicle stands."""
        tracks, parameters = scene.tracks, self._parameters
        lane, offset = tracks.lane[rows], tracks.lane_offset[rows]
        begins, ends = self._bounds.begins[lane], self._bounds.ends[lane]
        odd = ~begins | (offset >= parameters.lane_start) | (stood >= parameters.start_for)
        at_line = ends & (scene.ahead[rows] < parameters.stop_line)
        light = self._places.signalised[lane]
        overdue = np.where(light, np.minimum(green, stood) >= parameters.green_for, stood >= parameters.give_way_for)
        odd &= ~at_line | overdue
        odd &= ~self._crosses_node(scene, rows)
        bus = np.isin(tracks.kind[rows], _LIKE_BUS)
        for place in np.flatnonzero(odd):
            link, where = int(self._network.lanes.link[lane[place]]), float(offset[place])
            serves = bus[place] and stood[place] < parameters.bus_stop_after
            if self._places.near_car_park(link, where, parameters.parking_reach) or (
                serves and self._places.near_stop(link, where, parameters.bus_stop_reach)
            ):
                odd[place] = False
            elif scene.ahead[rows[place]] < parameters.exit_ahead:
                odd[place] = not self._exit_blocked(scene, int(lane[place]))
        return odd

    def _crosses_node(self, scene: Scene, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell who stands on the way across a node: there one gives way."""
        tracks = scene.tracks
        heading = tracks.heading[rows].astype(np.float64)
        found = self._paths.match(tracks.x[rows], tracks.y[rows], heading, tracks.kind[rows], 0.8)
        crosses: NDArray[np.bool_] = found.found & found.crossing & (found.lateral < 2.0)
        return crosses

    def _exit_blocked(self, scene: Scene, lane: int) -> bool:
        """Tell whether somebody stands at the start of a lane that this one leads to."""
        tracks = scene.tracks
        near = np.isin(tracks.lane, self._ends.exits(lane)) & (tracks.lane_offset < _EXIT_REACH)
        return bool(np.any(near & (tracks.speed < _EXIT_SLOW)))

    def _finding(self, scene: Scene, row: int, stood: float) -> Finding:
        tracks, lanes = scene.tracks, self._network.lanes
        track, lane = int(tracks.track_id[row]), int(tracks.lane[row])
        held, passed = self._held_up(scene, row), self._passing(scene, row)
        moving = min(len(passed), 4) / 4
        blocked = stood >= self._parameters.blocked_after and (held > 0 or len(passed) > 0)
        certainty = 0.55 + 0.25 * moving + 0.05 * min(held, 2) + 0.1 * min(stood / 30.0, 1.0)
        free = float(min(scene.gap[row], scene.ahead[row]))
        evidence = (
            f"vehicle {track} has stood for {stood:.0f} s on lane {lanes.id[lane]} with "
            f"{free:.0f} m of free lane ahead; {held} held up behind it, {len(passed)} passed it"
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
            figures={"stood_s": round(stood, 1), "free_m": round(free, 1), "held_up": held, "passed": len(passed)},
        )

    def _held_up(self, scene: Scene, row: int) -> int:
        """Count the vehicles that stand behind one on its lane without a large gap."""
        order = scene.order
        at = int(np.flatnonzero(order.row == row)[0])
        moves = (order.gap[at + 1 :] > STANDING_GAP) | (order.speed[at + 1 :] > self._parameters.standing_speed * 2)
        return int(np.argmax(moves)) if moves.any() else len(moves)

    def _passing(self, scene: Scene, row: int) -> set[int]:
        """Return the vehicles that drove past one on its link since it became suspicious."""
        tracks, link = scene.tracks, self._network.lanes.link
        on = (tracks.lane >= 0) & (link[tracks.lane] == link[tracks.lane[row]])
        beside = on & (np.abs(tracks.lane_offset - tracks.lane_offset[row]) < 12.0)
        fast = beside & (tracks.speed > self._parameters.passing_speed) & is_motor(tracks)
        passed = self._passed.setdefault(int(tracks.track_id[row]), set())
        passed.update(int(track) for track in tracks.track_id[fast])
        return passed
