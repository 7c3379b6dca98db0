"""What a terminal's own position is off by: a slow error that wanders, estimated together with its vehicle's state.

Satellite positions are wrong by much the same for some seconds (multipath, ionosphere), so many of them in a row tell
hardly more than one. The slow error is a first-order Gauss-Markov process that the state is augmented with (Bar-Shalom,
Li, Kirubarajan: Estimation with Applications to Tracking and Navigation, 8.3): what a roadside unit sees tells it, and
out of sight of all units the vehicle is carried on by its velocity, which has no such error, while the slow error goes
its own way. It is kept with the terminal, so that it outlives a track; its covariance with the state holds for the
track that took the terminal's newest report.
"""

import math

import numpy as np

from fusion.columns import SOURCES, Floats, Record, Table
from maps.compiled import compiled

LONGEST_STEP, VELOCITY_GAIN = 0.25, 0.05
"""Velocities further apart, s, tell nothing of their noise; share of the newest in what is learnt of it."""
OUT_OF_SIGHT = 1.0
"""A track that no other device reported for so long is carried by its own terminal alone, s."""
UNBELIEVED = 12.0
"""A slow error of so many variances per axis, squared, is not believed (one in 400 is larger)."""
LEAST_SPREAD = 0.1
"""A scalar is expected no surer than this share of its variance, whatever rounding makes of the covariances."""
Slope = tuple[float, float, float, float]


@compiled
def slow_variance(device: Record, parameters: Record) -> float:
    """Return the variance per axis that a terminal's slow error has in the long run, m2."""
    return float(parameters["self_slow_share"] * device["stated"])


@compiled
def carry_drift(device: Record, time: float, parameters: Record) -> None:
    """Let a terminal's slow error wander to `time`; at the first call nothing is known of it."""
    span, most = time - device["drift_time"], slow_variance(device, parameters)
    if not span > 0.0:
        return
    kept = math.exp(-span / parameters["self_slow_time"])
    cross, covariance = device["drift_cross"], device["drift_covariance"]
    for axis in range(2):
        device["drift"][axis] *= kept
        for i in range(2):
            moved = cross[i, axis] + span * cross[i + 2, axis] if kept > 0.0 else 0.0
            cross[i, axis], cross[i + 2, axis] = kept * moved, kept * cross[i + 2, axis]
            covariance[i, axis] *= kept * kept
        covariance[axis, axis] += (1.0 - kept * kept) * most
    device["drift_time"] = time


@compiled
def follow_path(device: Record, report: Record, span: float) -> None:
    """Add the way that a terminal's velocities make since its last report, `span` s ago, to its path."""
    if span > LONGEST_STEP:
        device["path_weight"] = 0.0  # who was silent may have driven anywhere
        return
    for axis in range(2):
        device["path"][axis] += 0.5 * span * (report["z"][axis + 2] + device["told"][0, axis])


@compiled
def learn_velocity_noise(device: Record, report: Record, parameters: Record) -> None:
    """Learn how noisy a terminal's velocities are, and state it with the report: they are told better than they state.

    Within tenths of a second vehicles change velocity evenly: what is left of three velocities in a row is noise.
    """
    z, told, times = report["z"], device["told"], device["told_time"]
    if math.isnan(z[2]):
        return
    span = report["time"] - times[0]
    if span <= 0.0:
        return
    follow_path(device, report, span)
    if span < LONGEST_STEP and span < 2.0 * (times[0] - times[1]) < 4.0 * span:
        ratio, square = span / (times[0] - times[1]), 0.0
        for axis in range(2):
            rest = z[axis + 2] - told[0, axis] - ratio * (told[0, axis] - told[1, axis])
            square += 0.5 * rest * rest
        size = square / (1.0 + (1.0 + ratio) ** 2 + ratio * ratio)
        known = device["velocity_variance"] if device["velocity_variance"] > 0.0 else report["variance"][1]
        device["velocity_variance"] = known + VELOCITY_GAIN * (min(size, 9.0 * known) - known)
    times[1], times[0] = times[0], report["time"]
    for axis in range(2):
        told[1, axis], told[0, axis] = told[0, axis], z[axis + 2]
    if device["velocity_variance"] > 0.0:
        report["variance"][1] = max(device["velocity_variance"], parameters["least_self_velocity_sigma"] ** 2)


@compiled
def is_linked(track: Record, device: Record) -> bool:
    """Tell whether the covariance that a terminal keeps is that with the state of this track."""
    return bool(device["owner"] == track["track_id"] and not track["detached"])


@compiled
def link_drift(track: Record, device: Record) -> None:
    """Begin to keep the covariance of a terminal's slow error with a track that knows nothing of it yet."""
    device["drift_cross"][:] = 0.0
    device["owner"] = track["track_id"]
    track["detached"] = False


@compiled
def bear_drift(track: Record, device: Record) -> None:
    """Make a track of a terminal's first report, whose place is taken out, as uncertain as the slow error is."""
    link_drift(track, device)
    for i in range(2):
        for j in range(2):
            track["covariance"][i, j] += device["drift_covariance"][i, j]
            device["drift_cross"][i, j] = -device["drift_covariance"][i, j]


@compiled
def add_drift(covariance: Floats, track: Record, device: Record) -> None:
    """Turn the covariance (4, 4) of a track's state into that of what its terminal says of it, less white noise."""
    if is_linked(track, device):
        for axis in range(2):
            for i in range(4):
                covariance[i, axis] += device["drift_cross"][i, axis]
                covariance[axis, i] += device["drift_cross"][i, axis]
    for i in range(2):
        for j in range(2):
            covariance[i, j] += device["drift_covariance"][i, j]


@compiled
def drift_trace(device: Record, report: Record) -> float:
    """Return what a terminal's slow error adds to the variances of a report's two coordinates, m2; 0 for units."""
    if report["roadside"]:
        return 0.0
    return float(device["drift_covariance"][0, 0] + device["drift_covariance"][1, 1])


@compiled
def out_of_sight(track: Record, time: float) -> bool:
    """Tell whether nobody but its own terminal reported a track lately."""
    for slot in range(SOURCES):
        other = track["source"][slot]
        if other >= 0 and other != track["self_device"] and time - track["source_time"][slot] < OUT_OF_SIGHT:
            return False
    return True


@compiled
def return_to_terminal(track: Record, device: Record, parameters: Record) -> None:
    """Put a track that has gone astray back to where its terminal says it is.

    A slow error far beyond what a terminal states is none: satellites were lost and found again, or the velocity that
    carried the track on was wrong.
    """
    drift, most = device["drift"], slow_variance(device, parameters)
    if drift[0] * drift[0] + drift[1] * drift[1] < UNBELIEVED * most:
        return
    for i in range(2):
        track["state"][i] += drift[i]
        drift[i] = 0.0
        for j in range(4):
            track["covariance"][i, j] = track["covariance"][j, i] = 0.0
        for j in range(2):
            device["drift_covariance"][i, j] = most if i == j else 0.0
    bear_drift(track, device)
    for i in range(2):
        track["covariance"][i, i] += device["stated"]


@compiled
def fold_blur(track: Record, device: Record) -> None:
    """Keep what the errors of units made uncertain once they are out of sight; the blur of the clock is left.

    Their error went into the state and, the other way round, into what was learnt of the terminal.
    """
    rest, state = device["unit_blur"], track["state"]
    for axis in range(2):
        track["covariance"][axis, axis] += rest
        device["drift_cross"][axis, axis] -= rest
        device["drift_covariance"][axis, axis] += rest
    device["unit_blur"] = 0.0
    track["blur"] = 0.5 * (state[2] * state[2] + state[3] * state[3]) * device["bias_covariance"][3, 3]


@compiled
def line_gain(track: Record, device: Record, slope: Slope, own: float) -> Floats:
    """Return the covariance (6,) of state and slow error with a scalar, see `absorb_line`."""
    gain = np.zeros(6)
    covariance, cross, wander = track["covariance"], device["drift_cross"], device["drift_covariance"]
    for j in range(4):
        for i in range(4):
            gain[i] += covariance[i, j] * slope[j]
        for i in range(2):
            gain[i + 4] += cross[j, i] * slope[j]
    for j in range(2):
        for i in range(4):
            gain[i] += own * cross[i, j] * slope[j]
        for i in range(2):
            gain[i + 4] += own * wander[i, j] * slope[j]
    return gain


@compiled
def absorb_line(track: Record, device: Record, slope: Slope, own: float, rest: float, variance: float) -> float:
    """Update a track and its terminal's slow error with a scalar; return the squared normalised innovation.

    `slope` is the measurement's along x, y, vx, vy; `own` is 1 where the slow error adds to it along x or y, else 0;
    `rest` is the innovation.
    """
    gain = line_gain(track, device, slope, own)
    spread = variance
    for j in range(4):
        spread += slope[j] * gain[j]
    for j in range(2):
        spread += own * slope[j] * gain[j + 4]
    spread = max(spread, LEAST_SPREAD * variance)
    for i in range(4):
        track["state"][i] += gain[i] * rest / spread
        for j in range(4):
            track["covariance"][i, j] -= gain[i] * gain[j] / spread
        for j in range(2):
            device["drift_cross"][i, j] -= gain[i] * gain[j + 4] / spread
    for i in range(2):
        device["drift"][i] += gain[i + 4] * rest / spread
        for j in range(2):
            device["drift_covariance"][i, j] -= gain[i + 4] * gain[j + 4] / spread
    return rest * rest / spread


@compiled
def absorb_linked(track: Record, devices: Table, report: Record, lag: float, extra: tuple[float, float]) -> float:
    """Update a track, and the slow error of the terminal on board, with any report; `lag` as in `absorb`.

    `extra` is added to the report's variances. Returns the squared normalised distance.
    """
    device, state, own = devices[track["self_device"]], track["state"], 0.0 if report["roadside"] else 1.0
    z, distance = report["z"], 0.0
    for axis in range(2):
        east, north = 1.0 - axis, 1.0 * axis
        told = report["raw"][axis] - device["drift"][axis] if own else z[axis]
        rest = told - state[axis] + lag * state[axis + 2]
        slope = (east, north, -lag * east, -lag * north)
        distance += absorb_line(track, device, slope, own, rest, report["variance"][0] + extra[0])
    if not math.isnan(z[2]):
        for axis in range(2):
            slope = (0.0, 0.0, 1.0 - axis, 1.0 * axis)
            rest = z[axis + 2] - state[axis + 2]
            distance += absorb_line(track, device, slope, 0.0, rest, report["variance"][1] + extra[1])
    return distance
