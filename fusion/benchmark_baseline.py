"""What the platform's tracker is measured against: a plain tracker in numpy and scipy, as textbooks have it.

Constant-velocity Kalman filters (position and velocity measured), the whole matrix of normalised distances between
tracks and reports, `scipy.optimize.linear_sum_assignment` on all of it; a second round for the second report of an
object. It is faster than the same in filterpy, which runs one Python object a track.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree

from ingest.observation import ObservationBatch

GATE = 16.0
"""Largest squared normalised distance."""
FORBIDDEN = 1e6
CONFIRM_HITS = 3
LONGEST_MISS = 1.0
"""s"""
POWER = 2.0
"""White acceleration, m2/s3."""
ROUNDS = 2
BIRTH_DISTANCE = 2.0
"""Two new reports closer than this are one object, m."""

Floats = NDArray[np.float64]


class DenseTracker:
    """Keeps its tracks as columns: the only Python loop is over rounds."""

    def __init__(self) -> None:
        self._state: Floats = np.zeros((0, 4))
        self._covariance: Floats = np.zeros((0, 4, 4))
        self._ids: NDArray[np.int64] = np.zeros(0, np.int64)
        self._hits: NDArray[np.int64] = np.zeros(0, np.int64)
        self._seen: Floats = np.zeros(0)
        self._next = 1
        self._time = 0.0

    def update(self, batch: ObservationBatch, now: float) -> None:
        """Take the reports of one cycle, carried to `now` by their own velocity."""
        z = np.column_stack((batch.x, batch.y, batch.vx, batch.vy)).astype(np.float64)
        z[:, :2] += (now - batch.event_time)[:, None] * z[:, 2:]
        noise = np.column_stack([np.square(batch.sigma_position, dtype=np.float64)] * 2)
        noise = np.column_stack((noise, *[np.square(batch.sigma_velocity, dtype=np.float64)] * 2))
        self._predict(now - self._time if len(self._ids) else 0.0)
        self._time = now
        for _ in range(ROUNDS):
            left = self._round(z, noise, now)
            z, noise = z[left], noise[left]
        self._give_birth(z, noise, now)
        kept = self._seen >= now - LONGEST_MISS
        self._state, self._covariance = self._state[kept], self._covariance[kept]
        self._ids, self._hits, self._seen = self._ids[kept], self._hits[kept], self._seen[kept]

    def tracks(self) -> tuple[NDArray[np.int64], Floats]:
        """Return the ids (n,) and places (n, 2) of confirmed tracks."""
        shown = self._hits >= CONFIRM_HITS
        return self._ids[shown], self._state[shown, :2]

    def _predict(self, span: float) -> None:
        step = np.eye(4)
        step[0, 2] = step[1, 3] = span
        noise = np.zeros((4, 4))
        for axis in (0, 1):
            noise[axis, axis] = POWER * span**3 / 3
            noise[axis, axis + 2] = noise[axis + 2, axis] = POWER * span**2 / 2
            noise[axis + 2, axis + 2] = POWER * span
        self._state = self._state @ step.T
        self._covariance = step @ self._covariance @ step.T + noise

    def _round(self, z: Floats, noise: Floats, now: float) -> NDArray[np.bool_]:
        """Give each track at most one report; returns which reports (n,) are left."""
        left = np.ones(len(z), np.bool_)
        if not len(z) or not len(self._ids):
            return left
        variance = self._covariance[:, range(4), range(4)]
        cost = np.zeros((len(self._ids), len(z)))
        for axis in range(4):
            difference = self._state[:, axis, None] - z[None, :, axis]
            cost += difference * difference / (variance[:, axis, None] + noise[None, :, axis])
        cost[cost > GATE] = FORBIDDEN
        rows, columns = linear_sum_assignment(cost)
        near = cost[rows, columns] <= GATE
        rows, columns = rows[near], columns[near]
        self._correct(rows, z[columns], noise[columns])
        self._hits[rows] += 1
        self._seen[rows] = now
        left[columns] = False
        return left

    def _correct(self, rows: NDArray[np.int64], z: Floats, noise: Floats) -> None:
        covariance = self._covariance[rows]
        total = covariance.copy()
        total[:, range(4), range(4)] += noise
        gain = np.linalg.solve(total, covariance).transpose(0, 2, 1)
        self._state[rows] += np.einsum("nij,nj->ni", gain, z - self._state[rows])
        self._covariance[rows] = covariance - gain @ covariance

    def _give_birth(self, z: Floats, noise: Floats, now: float) -> None:
        single = np.ones(len(z), np.bool_)
        if len(z):
            single[cKDTree(z[:, :2]).query_pairs(BIRTH_DISTANCE, output_type="ndarray")[:, 1]] = False
        z, noise = z[single], noise[single]
        count = len(z)
        fresh = np.zeros((count, 4, 4))
        fresh[:, range(4), range(4)] = noise
        self._state = np.concatenate((self._state, z))
        self._covariance = np.concatenate((self._covariance, fresh))
        self._ids = np.concatenate((self._ids, np.arange(self._next, self._next + count)))
        self._hits = np.concatenate((self._hits, np.ones(count, np.int64)))
        self._seen = np.concatenate((self._seen, np.full(count, now)))
        self._next += count
