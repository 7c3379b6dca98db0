"""Camera and radar of many roadside units at once: what they see of the world, with their errors, as columns.

All units that sample at the same moment are computed together: pairs of (unit, road user) are rows. Which road users
can come into range is found once per simulation step with a KD-tree.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from maps.participants import ParticipantKind as Kind
from simulators.fleet_levels import Level
from simulators.fleet_motion import Motion, Rows, Segment, Values, degrees_per_metre
from simulators.rsu_clutter import Clutter

PERIOD = 0.1
"""Time between two samples of a unit, s."""
REMEMBERED = 1.0
"""A road user unseen for longer gets a new ptcId, s."""
PTC_IDS = 65_535
_MARGIN = 20.0
"""Added to the range when candidates are sought: how far a road user moves within a step, m."""
_OFTEN_MISTAKEN = {
    Kind.CAR: Kind.VAN,
    Kind.VAN: Kind.CAR,
    Kind.TRUCK: Kind.BUS,
    Kind.BUS: Kind.TRUCK,
    Kind.SPECIAL: Kind.TRUCK,
    Kind.MOTORCYCLE: Kind.CYCLIST,
    Kind.CYCLIST: Kind.MOTORCYCLE,
    Kind.PEDESTRIAN: Kind.CYCLIST,
}
_MISTAKEN = np.array([_OFTEN_MISTAKEN.get(kind, kind) for kind in Kind], np.uint8)


@dataclass(frozen=True)
class Sites:
    """Where units stand and look; arrays of length r."""

    x: Values
    y: Values
    lon: Values
    lat: Values
    """deg, WGS-84"""
    reach: Values
    """Range, m."""
    centre: Values
    """Middle of the field of view, rad clockwise from north."""
    half_view: Values
    """Half its opening, rad; pi looks all round."""

    def __len__(self) -> int:
        return len(self.x)

    def sees(self, unit: Rows, dx: Values, dy: Values) -> NDArray[np.bool_]:
        """Tell which points at (dx, dy) metres from their unit are in its range and field of view."""
        bearing = np.arctan2(dx, dy) - self.centre[unit]
        off = np.abs((bearing + np.pi) % (2 * np.pi) - np.pi)
        return (dx * dx + dy * dy <= self.reach[unit] ** 2) & (off <= self.half_view[unit])


@dataclass(frozen=True)
class Detections:
    """What units report of one sample, grouped by unit; arrays of equal length."""

    unit: Rows
    ptc_id: NDArray[np.int64]
    kind: NDArray[np.uint8]
    lon: Values
    lat: Values
    speed: Values
    heading: Values
    """rad, clockwise from north, any multiple of a turn."""
    length: Values
    width: Values
    height: Values
    row: Rows
    """Row of the road user in the segment, -1 for a false alarm."""


class RoadsideSensors:
    """Sensors of all units, with the memory that makes their misses come in bursts and their ids last."""

    def __init__(self, sites: Sites, level: Level, groups: int, rng: np.random.Generator) -> None:
        """Units sample in `groups` groups: unit r belongs to group r modulo `groups`."""
        count = len(sites)
        self._sites, self._level, self._groups, self._rng = sites, level, groups, rng
        self._offset = rng.normal(0.0, level.bias, (2, count))
        self._yaw = np.radians(rng.normal(0.0, level.yaw_bias_deg, count))
        self._next_id = rng.integers(0, PTC_IDS, count)
        self._clutter = Clutter(sites.reach, level.false_alarms, rng)
        self._resize(256)
        self._candidates = [(np.empty(0, np.intp), np.empty(0, np.intp))] * groups

    def _resize(self, capacity: int) -> None:
        shape = (len(self._sites), capacity)
        self._id = np.zeros(shape, np.uint16)
        self._missed = np.zeros(shape, np.bool_)
        self._mistaken = np.zeros(shape, np.bool_)
        self._seen = np.full(shape, -np.inf)

    def _grow(self, capacity: int) -> None:
        old = (self._id, self._missed, self._mistaken, self._seen)
        self._resize(max(capacity, 2 * self._id.shape[1]))
        for new, kept in zip((self._id, self._missed, self._mistaken, self._seen), old, strict=True):
            new[:, : kept.shape[1]] = kept

    def enter(self, segment: Segment, capacity: int, fresh: Rows) -> None:
        """Take the next simulation step: find who can come into range, forget former users of `fresh` slots."""
        if capacity > self._id.shape[1]:
            self._grow(capacity)
        self._seen[:, fresh] = -np.inf
        self._missed[:, fresh] = False
        self._mistaken[:, fresh] = self._rng.random((len(self._sites), len(fresh))) < self._level.wrong_kind
        unit, row = near_pairs(self._sites, segment.last.x[segment.last_row], segment.last.y[segment.last_row])
        self._candidates = [
            (unit[mine], row[mine]) for mine in (np.flatnonzero(unit % self._groups == g) for g in range(self._groups))
        ]

    def sense(self, group: int, segment: Segment, time: float) -> Detections:
        """Sample all units of a group at UTC `time`."""
        unit, row = self._candidates[group]
        motion = segment.at(time, row)
        dx, dy = motion.x - self._sites.x[unit], motion.y - self._sites.y[unit]
        inside = np.flatnonzero(self._sites.sees(unit, dx, dy))
        unit, row, dx, dy = unit[inside], row[inside], dx[inside], dy[inside]
        slot = segment.slot[row]
        seen = np.flatnonzero(self._detected(unit, slot, np.hypot(dx, dy)))
        unit, row, slot, inside = unit[seen], row[seen], slot[seen], inside[seen]
        ptc_id = self._name(unit, slot, time)
        moved = Motion(motion.x[inside], motion.y[inside], motion.speed[inside], motion.heading[inside])
        real = self._measure(segment, unit, row, ptc_id, moved)
        return self._with_clutter(group, real)

    def _detected(self, unit: Rows, slot: Rows, distance: Values) -> NDArray[np.bool_]:
        """Two-state chain: the share of misses follows the distance, their mean length is the level's burst."""
        level = self._level
        share = level.detection_near + (level.detection_far - level.detection_near) * distance / self._sites.reach[unit]
        recover = min(1.0, PERIOD / level.burst) if level.burst > 0.0 else 1.0
        was_missed = self._missed[unit, slot]
        first = np.isneginf(self._seen[unit, slot]) & ~was_missed
        fail = np.where(first, 1.0 - share, recover * (1.0 - share) / np.maximum(share, 1e-6))
        draw = self._rng.random(len(unit))
        missed = np.where(was_missed, draw >= recover, draw < fail)
        self._missed[unit, slot] = missed
        return ~missed

    def _name(self, unit: Rows, slot: Rows, time: float) -> NDArray[np.int64]:
        """Give ids 1..65535 per unit: the old one while remembered, else the next one, over and over."""
        new = np.flatnonzero(time - self._seen[unit, slot] > REMEMBERED)
        self._seen[unit, slot] = time
        self._id[unit[new], slot[new]] = self._draw_ids(unit[new])
        return self._id[unit, slot].astype(np.int64)

    def _draw_ids(self, unit: Rows) -> NDArray[np.int64]:
        counts = np.bincount(unit, minlength=len(self._sites))
        order = np.argsort(unit, kind="stable")
        rank = np.empty(len(unit), np.int64)
        rank[order] = np.arange(len(unit)) - np.repeat(np.cumsum(counts) - counts, counts)
        ids = (self._next_id[unit] + rank) % PTC_IDS + 1
        self._next_id = (self._next_id + counts) % PTC_IDS
        return ids

    def _measure(self, segment: Segment, unit: Rows, row: Rows, ptc_id: NDArray[np.int64], true: Motion) -> Detections:
        level, count = self._level, len(unit)
        noise = self._rng.normal(0.0, 1.0, (6, count))
        yaw = self._yaw[unit]
        dx, dy = true.x - self._sites.x[unit], true.y - self._sites.y[unit]
        x = true.x + yaw * dy + self._offset[0, unit] + level.noise * noise[0]
        y = true.y - yaw * dx + self._offset[1, unit] + level.noise * noise[1]
        lon, lat = segment.degrees(row, x, y)
        last, source = segment.last, segment.last_row[row]
        kind = last.kind[source]
        return Detections(
            unit=unit,
            ptc_id=ptc_id,
            kind=np.where(self._mistaken[unit, segment.slot[row]], _MISTAKEN[kind], kind),
            lon=lon,
            lat=lat,
            speed=np.maximum(true.speed + level.speed_noise * noise[2], 0.0),
            heading=true.heading + yaw + np.radians(2.0) * noise[3],
            length=last.length[source] * (1.0 + 0.03 * noise[4]),
            width=last.width[source] * (1.0 + 0.03 * noise[5]),
            height=last.height[source].astype(np.float64),
            row=row,
        )

    def _with_clutter(self, group: int, real: Detections) -> Detections:
        units = np.arange(group, len(self._sites), self._groups)
        ghosts = self._clutter.sample(group, units, PERIOD, self._draw_ids)
        if not len(ghosts.unit):
            return real
        lon0, lat0 = self._sites.lon[ghosts.unit], self._sites.lat[ghosts.unit]
        per_lon, per_lat = degrees_per_metre(lat0)
        false = Detections(
            unit=ghosts.unit,
            ptc_id=ghosts.ptc_id,
            kind=ghosts.kind,
            lon=lon0 + ghosts.dx * per_lon,
            lat=lat0 + ghosts.dy * per_lat,
            speed=ghosts.speed,
            heading=ghosts.heading,
            length=ghosts.length,
            width=np.minimum(ghosts.length, 1.8),
            height=np.full(len(ghosts.unit), 1.5),
            row=np.full(len(ghosts.unit), -1, np.intp),
        )
        return _grouped(real, false)


def near_pairs(sites: Sites, x: Values, y: Values) -> tuple[Rows, Rows]:
    """Pairs of (unit, row) within the unit's range and a margin, grouped by unit."""
    tree = cKDTree(np.column_stack((x, y))) if len(x) else None
    if tree is None or not len(sites):
        return np.empty(0, np.intp), np.empty(0, np.intp)
    found = tree.query_ball_point(np.column_stack((sites.x, sites.y)), sites.reach + _MARGIN)
    counts = np.fromiter((len(rows) for rows in found), np.intp, len(found))
    rows = np.concatenate([np.asarray(rows, np.intp) for rows in found])
    return np.repeat(np.arange(len(sites)), counts), rows


def observable(sites: Sites, x: Values, y: Values) -> NDArray[np.bool_]:
    """Tell which points (m) some unit has in range and view."""
    unit, row = near_pairs(sites, x, y)
    seen = np.zeros(len(x), np.bool_)
    seen[row[sites.sees(unit, x[row] - sites.x[unit], y[row] - sites.y[unit])]] = True
    return seen


def _grouped(real: Detections, false: Detections) -> Detections:
    order = np.argsort(np.concatenate((real.unit, false.unit)), kind="stable")
    columns = {name: np.concatenate((getattr(real, name), getattr(false, name)))[order] for name in vars(real)}
    return replace(real, **columns)
