"""Tells from the truth of a simulated city which incidents really happened."""

import math
from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fusion.incidents import Incident, IncidentKind
from fusion.picture import TrafficPicture
from maps.network import RoadNetwork
from maps.participants import ParticipantKind
from simulators.world import WorldFrame

JAMS = {IncidentKind.CONGESTION, IncidentKind.CONGESTION_TAIL, IncidentKind.SPILL_BACK}
STANDS = 0.1
"""m/s"""
_NEAR = 15.0
"""An incident this close to a breakdown is about it, or about those whom it holds up, m."""
_BEHIND = 60.0
"""m"""
_JAM_SHARE = 0.5
"""Below this share of the speed limit the vehicles of a link are jammed."""
_PAIR_TIME, _PAIR_WAY = 1.2, 2.0
"""Two road users truly came close who were in one place, m, within this time of each other, s."""
_TRUE_COLLISION = 2.0
"""Times to collision below this were truly short, s."""


class Truth:
    """The last seconds of truth, and who has broken down."""

    def __init__(self, network: RoadNetwork) -> None:
        self._network = network
        self.frames: deque[WorldFrame] = deque(maxlen=7)
        self.stands: dict[str, tuple[float, float, float]] = {}
        """By vehicle that broke down: since when it has stood, and where, m."""

    def see(self, frame: WorldFrame, blockers: dict[str, str]) -> None:
        """Take the next frame and who blocks which lane."""
        self.frames.append(frame)
        for lane, vehicle in blockers.items():
            for row in np.flatnonzero((frame.id == vehicle) & (frame.speed < STANDS) & (frame.lane == lane)):
                self.stands.setdefault(vehicle, (frame.time, float(frame.x[row]), float(frame.y[row])))

    def about_breakdown(self, incident: Incident) -> bool:
        """Tell whether an incident is where somebody broke down."""
        reach = _NEAR if incident.tracks else _BEHIND
        return any(math.hypot(x - incident.x, y - incident.y) < reach for _, x, y in self.stands.values())

    def happened(self, incident: Incident, picture: TrafficPicture) -> bool:
        """Tell whether what is reported is so."""
        if self.about_breakdown(incident):
            return True
        if incident.kind in JAMS:
            return self._jammed(incident.link)
        if incident.kind is IncidentKind.NEAR_MISS:
            return self._came_close(incident, picture)
        frame = self.frames[-1]
        row = int(np.hypot(frame.x - incident.x, frame.y - incident.y).argmin())
        if incident.kind is IncidentKind.FAST_VEHICLE:
            return bool(frame.speed[row] > 1.15 * self._network.lanes.speed[incident.lane])
        if incident.kind is IncidentKind.SUDDEN_BRAKING:
            return any(bool(self._near(one, incident, 25.0, one.acceleration < -6.0)) for one in self.frames)
        if incident.kind is IncidentKind.SLOW_VEHICLE:
            return bool(frame.speed[row] < 0.35 * self._network.lanes.speed[incident.lane])
        if incident.kind is IncidentKind.PEDESTRIAN_ON_CARRIAGEWAY:
            return self._walks_among_cars(frame, row)
        return False

    def _near(self, frame: WorldFrame, incident: Incident, reach: float, which: NDArray[np.bool_]) -> bool:
        return bool(np.any(which & (np.hypot(frame.x - incident.x, frame.y - incident.y) < reach)))

    def _walks_among_cars(self, frame: WorldFrame, row: int) -> bool:
        lane = self._network.lane_rows.get(str(frame.lane[row]), -1)
        cars = lane >= 0 and bool(self._network.lanes.allowed[lane] & ParticipantKind.CAR.bit)
        return cars and frame.kind[row] == ParticipantKind.PEDESTRIAN

    def _jammed(self, link: int) -> bool:
        lanes = self._network.lanes
        names = lanes.id[lanes.link == link]
        speed = np.concatenate([frame.speed[np.isin(frame.lane, names)] for frame in self.frames])
        return bool(len(speed)) and float(speed.mean()) < _JAM_SHARE * float(self._network.links.speed[link])

    def _came_close(self, incident: Incident, picture: TrafficPicture) -> bool:
        """Tell whether two true road users near the tracks' places were in one place shortly after each other."""
        tracks, frame = picture.tracks, self.frames[-1]
        rows = [int(np.searchsorted(tracks.track_id, track)) for track in incident.tracks]
        if len(rows) < 2 or max(rows) >= len(tracks):
            return False
        who = [str(frame.id[np.hypot(frame.x - tracks.x[row], frame.y - tracks.y[row]).argmin()]) for row in rows]
        return who[0] != who[1] and (self._shared_place(*who) or self._short_time(*who))

    def _shared_place(self, one: str, other: str) -> bool:
        first, second = self._way(one), self._way(other)
        if not len(first) or not len(second):
            return False
        apart = np.hypot(first[:, None, 1] - second[None, :, 1], first[:, None, 2] - second[None, :, 2])
        soon = np.abs(first[:, None, 0] - second[None, :, 0]) <= _PAIR_TIME
        return bool(np.any(soon & (apart < _PAIR_WAY)))

    def _short_time(self, one: str, other: str) -> bool:
        for frame in self.frames:
            at = [int(rows[0]) for who in (one, other) if len(rows := np.flatnonzero(frame.id == who))]
            if len(at) == 2 and _time_to_collision(frame, *at) < _TRUE_COLLISION:
                return True
        return False

    def _way(self, who: str) -> NDArray[np.float64]:
        """Return time, x and y of the points that a road user covered, nose to tail, (m, 3)."""
        rows: Sequence[tuple[WorldFrame, int]] = [
            (frame, int(row)) for frame in self.frames for row in np.flatnonzero(frame.id == who)
        ]
        if len(rows) < 2:
            return np.zeros((0, 3))
        known = np.array([(frame.time, frame.x[row], frame.y[row], frame.heading[row]) for frame, row in rows])
        times = np.arange(known[0, 0], known[-1, 0], 0.1)
        half = float(rows[0][0].length[rows[0][1]]) / 2
        x, y = (np.interp(times, known[:, 0], known[:, column]) for column in (1, 2))
        heading = np.interp(times, known[:, 0], np.unwrap(known[:, 3]))
        along = np.linspace(-half, half, 5)
        points = [np.column_stack((times, x + a * np.sin(heading), y + a * np.cos(heading))) for a in along]
        return np.concatenate(points)


def _time_to_collision(frame: WorldFrame, one: int, other: int) -> float:
    east, north = frame.x[other] - frame.x[one], frame.y[other] - frame.y[one]
    vx, vy = frame.speed * np.sin(frame.heading), frame.speed * np.cos(frame.heading)
    way = math.hypot(east, north)
    closing = -(east * (vx[other] - vx[one]) + north * (vy[other] - vy[one])) / max(way, 1e-6)
    gap = max(way - (frame.length[one] + frame.length[other]) / 2, 0.0)
    return gap / closing if closing > 0.5 else math.inf
