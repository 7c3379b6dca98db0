"""Road users of a small scene on a plane: positions and velocities on a grid of moments, from models or from film.

Real trajectories are read from CSV files as the Dalian University of Technology set has them (Yang et al., "Top-view
Trajectories: A Pedestrian Dataset of Vehicle-Crowd Interaction", IV 2019): vehicles `id, frame, label, x_est, y_est,
psi_est, vel_est`, pedestrians `id, frame, label, x_est, y_est, vx_est, vy_est`.
"""

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maps.participants import ParticipantKind as Kind
from simulators.errors import TableError

Values = NDArray[np.float64]
STEP = 0.05
"""Time between two moments of the grid, s."""
FRAMES_PER_SECOND = 23.98
_LEAST_FRAMES = 8
_SMOOTHED = 5
SIZES = {Kind.CAR: (4.5, 1.8), Kind.TRUCK: (9.0, 2.5), Kind.CYCLIST: (1.8, 0.6), Kind.PEDESTRIAN: (0.5, 0.5)}
"""Length and width by kind, m."""


@dataclass(frozen=True)
class ReportWorld:
    """What moves; arrays of length n unless said otherwise."""

    kind: NDArray[np.uint8]
    length: Values
    width: Values
    track: Values
    """(moments, n, 4): x, y (m), vx, vy (m/s); NaN where the road user is not there."""

    @classmethod
    def of(cls, kinds: list[Kind], track: Values) -> "ReportWorld":
        """Make a world of road users of usual size."""
        size = np.array([SIZES[kind] for kind in kinds]).reshape(-1, 2)
        return cls(np.array(kinds, np.uint8), size[:, 0], size[:, 1], track)

    @property
    def seconds(self) -> float:
        """How long the scene lasts, s."""
        return (len(self.track) - 1) * STEP

    def at(self, time: float) -> Values:
        """Give x, y, vx, vy (n, 4) at a moment, linear between moments of the grid."""
        place = min(max(time / STEP, 0.0), len(self.track) - 1.0)
        first = min(int(place), len(self.track) - 2)
        share = place - first
        return np.asarray(self.track[first] * (1.0 - share) + self.track[first + 1] * share)

    def corners(self) -> Values:
        """Give the corners (4, 2) of the box about all road users, with a margin, m."""
        places = self.track[..., :2].reshape(-1, 2)
        low, high = np.nanmin(places, axis=0) - 3.0, np.nanmax(places, axis=0) + 3.0
        return np.array([[low[0], low[1]], [high[0], low[1]], [low[0], high[1]], [high[0], high[1]]])


def velocities(places: Values) -> Values:
    """Add velocities to places (moments, n, 2) by differences; gives (moments, n, 4)."""
    step = np.diff(places, axis=0) / STEP
    ahead, behind = np.concatenate((step, step[-1:])), np.concatenate((step[:1], step))
    ahead = np.where(np.isnan(ahead), behind, ahead)
    speed = 0.5 * (ahead + np.where(np.isnan(behind), ahead, behind))
    return np.concatenate((places, speed), axis=2)


def read_film(folder: Path, clip: str) -> ReportWorld:
    """Read the vehicles and pedestrians of one clip, such as `intersection_01`.

    Raises:
        TableError: a file cannot be read.
    """
    kinds, walks = [], []
    for kind, part in ((Kind.PEDESTRIAN, "ped"), (Kind.CAR, "veh")):
        for walk in _read_walks(folder / f"{clip}_traj_{part}_filtered.csv.gz"):
            if len(walk) >= _LEAST_FRAMES:
                kinds.append(kind)
                walks.append(walk)
    first = min(float(walk[0, 0]) for walk in walks)
    moments = np.arange(first, max(float(walk[-1, 0]) for walk in walks), STEP)
    track = np.full((len(moments), len(walks), 4), np.nan)
    for place, walk in enumerate(walks):
        there = np.flatnonzero((moments >= walk[0, 0]) & (moments <= walk[-1, 0]))
        for axis in range(4):
            track[there, place, axis] = np.interp(moments[there], walk[:, 0], walk[:, axis + 1])
    return ReportWorld.of(kinds, track)


def _read_walks(path: Path) -> list[Values]:
    """Time, x, y, vx, vy of each road user, ordered by time."""
    rows: dict[str, list[tuple[float, float, float]]] = {}
    try:
        with gzip.open(path, "rt") as file:
            for row in csv.DictReader(file):
                spot = (float(row["frame"]) / FRAMES_PER_SECOND, float(row["x_est"]), float(row["y_est"]))
                rows.setdefault(row["id"], []).append(spot)
    except (OSError, KeyError, ValueError) as error:
        raise TableError(path, str(error)) from error
    return [_with_velocity(np.array(sorted(walk))) for walk in rows.values()]


def _with_velocity(walk: Values) -> Values:
    if len(walk) < _LEAST_FRAMES:
        return walk
    pad, kernel = _SMOOTHED // 2, np.ones(_SMOOTHED) / _SMOOTHED
    columns = [walk]
    for axis in (1, 2):
        rate = np.gradient(walk[:, axis], walk[:, 0])
        columns.append(np.convolve(np.pad(rate, pad, mode="edge"), kernel, "valid")[:, None])
    return np.hstack(columns)
