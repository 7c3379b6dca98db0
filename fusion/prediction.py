"""Where each road user will be in the next seconds, with covariance.

Off every lane, and for pedestrians, the prediction is the tracker's own: constant velocity with white acceleration.
On a lane the road user follows the lane at its present speed, over the connection at the lane's end onto the next lane
(straight on where there is a choice), and its distance from the centre line fades away. Before a red light or a
standing vehicle it comes to rest. The covariance is carried in
the axes of the lane: along it as in constant velocity and with the accelerations that lights and queues ask of drivers,
across it towards the spread of drivers on a road. Along a bend it is bent: it comes from the points one deviation ahead
and behind on the lane (after Julier and Uhlmann, "Unscented filtering", 2004). Beyond a point where one may turn off
both grow with the distance, as the variance of a mixture of two ways does.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fusion.columns import Floats, Longs, Record, make_parameters
from fusion.lane_paths import LanePaths, Place, place_at
from fusion.motion import PEDESTRIAN, SLOW, move
from fusion.parameters import TrackerParameters
from fusion.tracks import TrackTable
from maps.compiled import compiled
from maps.network import RoadNetwork

HORIZON = 5.0
"""s"""
STEP = 0.5
"""s"""
LEAST_PROBABILITY = 0.3
"""A lane less probable than this is not followed."""
WITH_LANE = 0.5
"""Least cosine between the motion and its lane: who crosses a lane does not follow it."""
SETTLING = 2.0
"""Time in which the distance from the centre line shrinks to 1 / e, s."""
LANE_SIGMA, CHANGE_RATE = 0.5, 0.2
"""1-sigma of drivers about the centre line, m, and what lane changes add to it, m/s."""
STANDING_PACE = 0.4
FREE_PACE, RISING_PACE = 0.5, 1.0
NEAR_PACE, NEAR_PACE_RATE, MOST_PACE = 0.9, 0.12, 2.0
"""1-sigma of the mean acceleration over the next seconds, m/s2: of vehicles that stand; of those far from the end of
their lane, the first at the speed limit, with the second added in proportion to what lacks of it; of those that come up
to it, growing with speed (m/s) up to the last, for they stop or go by lights and queues."""
NEAR_TIME = 6.0
"""Who reaches the end of its lane within this time is near it, s."""
STRAY_SHARE = 0.03
"""Variance across, as a share of the squared distance beyond the end of the lane: some leave it by another lane."""
TURN_SHARE = 0.25
"""Variance along and across, as a share of the squared distance beyond a point where one may turn off: p (1 - p) of a
mixture of two ways at a right angle that are equally likely."""


@dataclass(frozen=True)
class Prediction:
    """Predicted columns: rows as the table of tracks (n), columns as `times` (h)."""

    track_id: NDArray[np.uint32]
    times: NDArray[np.float64]
    """(h,) s after the moment of the tracks."""
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    """(n, h) m."""
    heading: NDArray[np.float32]
    """(n, h) rad, clockwise from north."""
    covariance: NDArray[np.float32]
    """(n, h, 2, 2) of x and y, m2."""
    lane: NDArray[np.int32]
    """(n, h) row of the lane, -1 off lanes and on the way across a node."""

    def __len__(self) -> int:
        return len(self.track_id)


@compiled
def follows(paths: LanePaths, state: Floats, kind: int, lane: int, offset: float, probability: float) -> bool:
    """Tell whether a road user moves along its lane."""
    if lane < 0 or lane >= paths.lanes or kind == PEDESTRIAN or not probability >= LEAST_PROBABILITY:
        return False
    if not math.isfinite(offset) or paths.run[paths.start[lane] + paths.size[lane] - 1] <= 0.0:
        return False
    here = place_at(paths, lane, max(offset, 0.0))
    along = state[2] * here.east + state[3] * here.north
    speed = math.hypot(state[2], state[3])
    return speed < SLOW or along >= WITH_LANE * speed


@compiled
def between(
    covariance: Floats, row: int, column: int, first: tuple[float, float], second: tuple[float, float]
) -> float:
    """Return `first` . block . `second` of the 2 x 2 block that starts at a row and column of a covariance (4, 4)."""
    top = covariance[row, column] * second[0] + covariance[row, column + 1] * second[1]
    bottom = covariance[row + 1, column] * second[0] + covariance[row + 1, column + 1] * second[1]
    return float(first[0] * top + first[1] * bottom)


@compiled
def pace_sigma(speed: float, limit: float, left: float) -> float:
    """Return the 1-sigma of the mean acceleration of a vehicle with `left` m of lane before it, m/s2."""
    if speed < SLOW:
        return STANDING_PACE
    if left > NEAR_TIME * max(speed, 3.0):
        return FREE_PACE + RISING_PACE * max(1.0 - speed / max(limit, 1.0), 0.0)
    return min(NEAR_PACE + NEAR_PACE_RATE * speed, MOST_PACE)


@compiled
def driven(speed: float, time: float, free: float) -> float:
    """Return the way made in `time` s by a vehicle that comes to rest within `free` m, inf for a free road."""
    way = speed * time
    if way <= 0.0 or math.isinf(free):
        return way
    return max(free, 0.5) * (1.0 - math.exp(-way / max(free, 0.5)))


@compiled
def spread(
    covariance: Floats, here: Place, time: float, power: float, pace: float, speed: float
) -> tuple[float, float, float]:
    """Return the variances along and across the lane and their covariance after `time` s, m2."""
    ahead, left = (here.east, here.north), (-here.north, here.east)
    fade = math.exp(-time / SETTLING)
    along = between(covariance, 0, 0, ahead, ahead) + 2.0 * time * between(covariance, 0, 2, ahead, ahead)
    along += time * time * between(covariance, 2, 2, ahead, ahead) + power * time * time * time / 3.0
    along += (pace * time * time / 2.0) ** 2
    lane = LANE_SIGMA + (CHANGE_RATE * time if speed >= SLOW else 0.0)
    across = fade * fade * between(covariance, 0, 0, left, left) + (1.0 - fade * fade) * lane * lane
    mixed = between(covariance, 0, 0, ahead, left) + time * between(covariance, 0, 2, left, ahead)
    return along, across, fade * mixed


@compiled
def write_place(x: float, y: float, east: float, north: float, here: int, out: Record) -> None:
    """Write a predicted place and its direction."""
    out["x"], out["y"], out["lane"] = x, y, here
    out["heading"] = math.atan2(east, north) % (2.0 * math.pi)


@compiled
def add_square(matrix: Floats, east: float, north: float, weight: float) -> None:
    """Add the outer square of a vector with a weight to a matrix (2, 2)."""
    matrix[0, 0] += weight * east * east
    matrix[0, 1] += weight * east * north
    matrix[1, 0] += weight * east * north
    matrix[1, 1] += weight * north * north


@compiled
def follow_lane(
    paths: LanePaths,
    state: Floats,
    covariance: Floats,
    kind: int,
    lane: int,
    offset: float,
    times: Floats,
    road: tuple[float, float],
    parameters: Record,
    out: NDArray[np.void],
) -> None:
    """Predict one road user along its lane, whose speed limit (m/s) and free way (m) are `road`; fills `out` (h,)."""
    offset = max(offset, 0.0)
    here = place_at(paths, lane, offset)
    speed = max(state[2] * here.east + state[3] * here.north, 0.0)
    east, north = state[0] - here.x, state[1] - here.y
    ahead, left = east * here.east + north * here.north, north * here.east - east * here.north
    power = parameters["along_noise"][kind]
    left_over = paths.run[paths.start[lane] + paths.size[lane] - 1] - offset
    pace = pace_sigma(speed, road[0], left_over)
    for column, time in enumerate(times):
        way = driven(speed, time, road[1])
        then = place_at(paths, lane, offset + way)
        fade = math.exp(-time / SETTLING)
        x = then.x + fade * (ahead * then.east - left * then.north)
        y = then.y + fade * (ahead * then.north + left * then.east)
        write_place(x, y, then.east, then.north, then.piece if then.piece < paths.lanes else -1, out[column])
        along, across, mixed = spread(covariance, here, time, power, pace, speed)
        turning = TURN_SHARE * then.beyond * then.beyond + STRAY_SHARE * then.past * then.past
        reach = math.sqrt(max(along, 1e-12))
        aside = mixed / reach
        across = max(across - aside * aside, 0.0) + turning
        matrix = out[column]["covariance"]
        matrix[:] = 0.0
        add_square(matrix, -then.north, then.east, across)
        add_square(matrix, then.east, then.north, turning)
        for side in (-1.0, 1.0):
            along_lane = offset + way + side * reach
            end = place_at(paths, lane, max(along_lane, 0.0))
            before = min(along_lane, 0.0)  # the lane goes on straight where it comes from
            east = end.x - then.x + before * end.east - side * aside * end.north
            north = end.y - then.y + before * end.north + side * aside * end.east
            add_square(matrix, east, north, 0.5)


@compiled
def go_straight(
    state: Floats,
    covariance: Floats,
    kind: int,
    heading: float,
    times: Floats,
    parameters: Record,
    out: NDArray[np.void],
) -> None:
    """Predict one road user with constant velocity; `out` (h,) takes the rows."""
    at, east, north = 0.0, math.sin(heading), math.cos(heading)
    if math.hypot(state[2], state[3]) >= SLOW:
        east, north = state[2], state[3]
    for column, time in enumerate(times):
        move(state, covariance, kind, time - at, parameters)
        at = time
        write_place(state[0], state[1], east, north, -1, out[column])
        for i in range(2):
            for j in range(2):
                out[column]["covariance"][i, j] = covariance[i, j]


ROW = np.dtype(
    [
        ("x", np.float64),
        ("y", np.float64),
        ("heading", np.float32),
        ("covariance", np.float32, (2, 2)),
        ("lane", np.int32),
    ],
    align=True,
)


@compiled
def predict_all(
    paths: LanePaths,
    states: Floats,
    covariances: Floats,
    kinds: NDArray[np.uint8],
    headings: Floats,
    lanes: Longs,
    offsets: Floats,
    probabilities: Floats,
    times: Floats,
    roads: tuple[Floats, Floats],
    parameters: NDArray[np.void],
    out: NDArray[np.void],
) -> None:
    """Predict every road user; `roads` are speed limits and free ways (n,); `out` (n, h) takes the rows."""
    for row in range(len(states)):
        state, covariance, kind = states[row].copy(), covariances[row].copy(), int(kinds[row])
        if follows(paths, state, kind, lanes[row], offsets[row], probabilities[row]):
            road = roads[0][row], roads[1][row]
            follow_lane(paths, state, covariance, kind, lanes[row], offsets[row], times, road, parameters[0], out[row])
        else:
            go_straight(state, covariance, kind, headings[row], times, parameters[0], out[row])


class Predictor:
    """Predicts the tracks of one city; without a network all of them move straight on."""

    def __init__(self, network: RoadNetwork | None = None, parameters: TrackerParameters | None = None) -> None:
        self._paths = LanePaths.of(network)
        self._limit = np.append(np.zeros(0) if network is None else network.lanes.speed, 30.0).astype(np.float64)
        # over seconds, who stands may drive off
        self._tuning = make_parameters((parameters or TrackerParameters())._replace(still_noise=1.0))

    def predict(
        self, tracks: TrackTable, times: ArrayLike | None = None, free: NDArray[np.float32] | None = None
    ) -> Prediction:
        """Predict all tracks for ascending `times` (h,) >= 0, s; by default every 0.5 s for 5 s.

        `free` (n,) is the way to whatever makes a vehicle stop (`TurnChoice.free_way`), m; by default all roads are
        free.
        """
        ahead = np.arange(STEP, HORIZON + STEP / 2, STEP) if times is None else np.asarray(times, np.float64)
        out = np.empty((len(tracks), len(ahead)), ROW)
        way = np.full(len(tracks), np.inf) if free is None or not len(free) else free
        predict_all(
            self._paths,
            np.column_stack((tracks.x, tracks.y, tracks.vx, tracks.vy)).astype(np.float64),
            tracks.covariance.astype(np.float64),
            tracks.kind,
            tracks.heading.astype(np.float64),
            tracks.lane.astype(np.int64),
            tracks.lane_offset.astype(np.float64),
            tracks.lane_probability.astype(np.float64),
            ahead,
            (self._limit[np.maximum(tracks.lane, -1)], way.astype(np.float64)),
            self._tuning,
            out,
        )
        columns = {name: np.ascontiguousarray(out[name]) for name in ROW.names or ()}
        return Prediction(track_id=tracks.track_id, times=ahead, **columns)
