"""Trackers of other people on the benchmark's scene, each where its library is installed.

None of them is a dependency: `pip install filterpy norfair stonesoup` beside the platform makes them part of
`cloudctl bench fusion`. Each gets the reports carried to the moment of the cycle and, as an object is reported twice,
two rounds of association a cycle; what fits no track begins one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree

from fusion.benchmark_baseline import BIRTH_DISTANCE, FORBIDDEN, GATE, POWER, ROUNDS

if TYPE_CHECKING:
    from fusion.benchmark_scene import Floats, Ints
    from ingest.observation import ObservationBatch

PERIOD = 0.1
"""s"""
NEAR = 4.0
"""Norfair's largest distance, m."""


class Matcher(Protocol):
    """A library's tracks."""

    def move(self, now: float) -> None:
        """Bring all tracks to the moment of the cycle."""

    def match(self, z: "Floats") -> "Ints":
        """Update tracks with reports (n, 4) x, y, vx, vy, each with one at most; return the rows of the others."""

    def bear(self, z: "Floats") -> None:
        """Begin tracks at reports (n, 4)."""

    def tracks(self) -> "tuple[Ints, Floats]":
        """Return ids (n,) and places (n, 2)."""


@dataclass(frozen=True)
class Peer:
    """A tracker to compare with."""

    name: str
    library: str
    make: Callable[[], Matcher]
    objects: int
    """Size of the scene that it is measured on."""
    cycles: int

    @property
    def installed(self) -> bool:
        """Whether its library is there."""
        return find_spec(self.library) is not None

    def step(self, _: object = None) -> "Callable[[ObservationBatch, float], tuple[Ints, Floats]]":
        """Start anew; gives what takes the reports of a cycle and its time (UTC epoch, s)."""
        matcher = self.make()

        def step(batch: "ObservationBatch", now: float) -> "tuple[Ints, Floats]":
            left = carried(batch, now)
            matcher.move(now)
            for _ in range(ROUNDS):
                left = left[matcher.match(left)] if len(left) else left
            matcher.bear(apart(left))
            return matcher.tracks()

        return step


def carried(batch: "ObservationBatch", now: float) -> "Floats":
    """Return reports as (n, 4) x, y, vx, vy, carried to `now` by their own velocity."""
    z = np.column_stack((batch.x, batch.y, batch.vx, batch.vy)).astype(np.float64)
    z[:, :2] += (now - batch.event_time)[:, None] * z[:, 2:]
    return z


def apart(z: "Floats") -> "Floats":
    """Leave out reports (n, 4) of an object that another of them reports."""
    single = np.ones(len(z), np.bool_)
    if len(z):
        single[cKDTree(z[:, :2]).query_pairs(BIRTH_DISTANCE, output_type="ndarray")[:, 1]] = False
    return z[single]


class FilterpyTracks:
    """One `filterpy.kalman.KalmanFilter` a track, and `linear_sum_assignment` over all distances (SORT)."""

    def __init__(self) -> None:
        self._make = import_module("filterpy.kalman").KalmanFilter
        self._filters: list[Any] = []
        self._ids: list[int] = []
        self._next = 1

    def move(self, now: float) -> None:
        """Predict every filter."""
        del now
        for each in self._filters:
            each.predict()

    def match(self, z: "Floats") -> "Ints":
        """Assign and update."""
        if not self._filters:
            return np.arange(len(z))
        means = np.array([each.x[:, 0] for each in self._filters])
        spread = np.array([np.diag(each.P) + np.diag(each.R) for each in self._filters])
        cost = (((means[:, None, :] - z[None, :, :]) ** 2) / spread[:, None, :]).sum(2)
        cost[cost > GATE] = FORBIDDEN
        rows, columns = linear_sum_assignment(cost)
        near = cost[rows, columns] <= GATE
        for row, column in zip(rows[near].tolist(), columns[near].tolist(), strict=True):
            self._filters[row].update(z[column][:, None])
        return np.setdiff1d(np.arange(len(z)), columns[near])

    def bear(self, z: "Floats") -> None:
        """Make filters."""
        for row in z:
            made = self._make(dim_x=4, dim_z=4)
            made.x, made.P, made.R, made.H = row[:, None].copy(), np.eye(4) * 0.1, np.eye(4) * 0.09, np.eye(4)
            made.F, made.Q = _transition(), _process_noise()
            self._filters.append(made)
            self._ids.append(self._next)
            self._next += 1

    def tracks(self) -> "tuple[Ints, Floats]":
        """Return all."""
        places = [each.x[:2, 0] for each in self._filters]
        return np.array(self._ids, np.int64), np.array(places).reshape(-1, 2)


def _transition() -> "Floats":
    step = np.eye(4)
    step[0, 2] = step[1, 3] = PERIOD
    return step


def _process_noise() -> "Floats":
    noise = np.zeros((4, 4))
    for axis in (0, 1):
        noise[axis, axis], noise[axis + 2, axis + 2] = POWER * PERIOD**3 / 3, POWER * PERIOD
        noise[axis, axis + 2] = noise[axis + 2, axis] = POWER * PERIOD**2 / 2
    return noise


class NorfairTracks:
    """`norfair.Tracker` by Euclidean distance; it begins tracks itself."""

    def __init__(self) -> None:
        self._norfair = import_module("norfair")
        self._tracker = self._norfair.Tracker(
            distance_function="euclidean", distance_threshold=NEAR, initialization_delay=1, hit_counter_max=10
        )
        self._told: list[Any] = []

    def move(self, now: float) -> None:
        """Norfair predicts when it updates."""
        del now

    def match(self, z: "Floats") -> "Ints":
        """Give everything to the tracker, which keeps what it likes."""
        detections = [self._norfair.Detection(points=row[None, :2]) for row in z]
        self._told = self._tracker.update(detections=detections)
        return np.zeros(0, np.int64)

    def bear(self, z: "Floats") -> None:
        """Nothing is left over."""

    def tracks(self) -> "tuple[Ints, Floats]":
        """Return what the tracker believes."""
        places = [each.estimate[0] for each in self._told]
        return np.array([each.id for each in self._told], np.int64), np.array(places).reshape(-1, 2)


class StoneSoupTracks:
    """Stone Soup: Kalman filters, Mahalanobis distance, a KD-tree over detections, global nearest neighbour."""

    def __init__(self) -> None:
        neighbour = import_module("stonesoup.dataassociator.neighbour")
        tree = import_module("stonesoup.dataassociator.tree")
        linear = import_module("stonesoup.models.transition.linear")
        hypothesiser = import_module("stonesoup.hypothesiser.distance")
        measures = import_module("stonesoup.measures")
        self._types = {
            name: getattr(import_module(f"stonesoup.types.{module}"), name)
            for name, module in (("Detection", "detection"), ("GaussianState", "state"), ("Track", "track"))
        }
        walk = linear.ConstantVelocity(POWER)
        predictor = import_module("stonesoup.predictor.kalman").KalmanPredictor(
            linear.CombinedLinearGaussianTransitionModel([walk, walk])
        )
        self._model = import_module("stonesoup.models.measurement.linear").LinearGaussian(4, (0, 2), np.eye(2) * 0.09)
        self._updater = import_module("stonesoup.updater.kalman").KalmanUpdater(self._model)
        distance = hypothesiser.DistanceHypothesiser(
            predictor, self._updater, measures.Mahalanobis(), missed_distance=4.0
        )
        kind = type("KDTreeGNN", (tree.DetectionKDTreeMixIn, neighbour.GNNWith2DAssignment), {})
        self._associator = kind(distance, predictor, self._updater, number_of_neighbours=5)
        self._tracks: list[Any] = []
        self._time = datetime.fromtimestamp(0.0, UTC)

    def move(self, now: float) -> None:
        """Note the time; the hypothesiser predicts."""
        self._time = datetime.fromtimestamp(now, UTC).replace(tzinfo=None)

    def match(self, z: "Floats") -> "Ints":
        """Associate and update."""
        if not self._tracks:
            return np.arange(len(z))
        make = self._types["Detection"]
        detections = {
            make(row[:2, None], timestamp=self._time, measurement_model=self._model): place
            for place, row in enumerate(z)
        }
        found = self._associator.associate(set(self._tracks), set(detections), self._time)
        for track, hypothesis in found.items():
            if hypothesis:
                track.append(self._updater.update(hypothesis))
                del detections[hypothesis.measurement]
        return np.array(sorted(detections.values()), np.int64)

    def bear(self, z: "Floats") -> None:
        """Make tracks."""
        for row in z:
            state = self._types["GaussianState"](row[[0, 2, 1, 3], None], np.eye(4) * 0.1, timestamp=self._time)
            self._tracks.append(self._types["Track"]([state]))

    def tracks(self) -> "tuple[Ints, Floats]":
        """Return all."""
        places = [(float(each.state_vector[0, 0]), float(each.state_vector[2, 0])) for each in self._tracks]
        return np.arange(1, len(places) + 1), np.array(places).reshape(-1, 2)


PEERS = (
    Peer("filterpy + dense linear_sum_assignment", "filterpy", FilterpyTracks, 1_000, 5),
    Peer("norfair", "norfair", NorfairTracks, 100, 5),
    Peer("Stone Soup GNN with KD-tree", "stonesoup", StoneSoupTracks, 1_000, 3),
)
"""Norfair's time grows with the square of the objects: at 1,000 a cycle takes half a minute."""
