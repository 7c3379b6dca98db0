"""What one report does to one track: Kalman update, also with reports older than the track.

A late report is a measurement of the past: with H F(-lag) in place of H and the process noise of the lag added to the
report's variance it updates the present state at once (the one-step form of Bar-Shalom's out-of-sequence update with
the correlation of process noise left out). The four components have independent noise, so four scalar updates equal
the joint one.
"""

import math

from fusion.columns import KINDS, RECENT, SOURCES, STEADY_REPORTS, Floats, Record
from fusion.motion import TURN, acceleration_power, turn_between
from fusion.registration import has_company
from maps.compiled import compiled

HEADING_SPEED = 0.8
"""From this speed on the direction of motion is the heading, m/s."""
SWERVE, LARGEST_LOOSENING = 9.0, 8.0
"""Squared normalised distance of a position from which on a track swerves, and how much its covariance may grow."""
SURPRISE_GAIN = 0.03
"""Share of the newest innovation in the mean."""
TOLD_GAIN = 0.1
"""Share of the newest report in the mean velocity that devices tell of a track."""
KNOWN_AGAIN, USUAL = 2.4, 4.0
"""Log-odds that a doubted track gains from a report this close to it in place and velocity, squared normalised
distance: few false alarms are so close."""
BLUR_GAIN = 0.2
"""Share of the newest report in what is told of the errors of a track's devices."""


@compiled
def absorb(
    state: Floats, covariance: Floats, z: Floats, position_variance: float, velocity_variance: float, lag: float
) -> tuple[float, float]:
    """Update state (4,) and covariance (4, 4) in place with z (4,), of the time `lag` s before the state.

    Returns the squared normalised distance and the log determinant of the innovation covariance. A NaN velocity is
    left out.
    """
    distance, determinant = 0.0, 1.0
    gain = (0.0, 0.0, 0.0, 0.0)
    for axis in range(4):
        if math.isnan(z[axis]):
            continue
        shift = lag if axis < 2 else 0.0
        other = axis + 2 if axis < 2 else axis
        gain = (
            covariance[0, axis] - shift * covariance[0, other],
            covariance[1, axis] - shift * covariance[1, other],
            covariance[2, axis] - shift * covariance[2, other],
            covariance[3, axis] - shift * covariance[3, other],
        )
        spread = gain[axis] - shift * gain[other] + (position_variance if axis < 2 else velocity_variance)
        innovation, sureness = z[axis] - state[axis] + shift * state[other], 1.0 / spread
        step = innovation * sureness
        for i in range(4):
            state[i] += gain[i] * step
            for j in range(4):
                covariance[i, j] -= gain[i] * gain[j] * sureness
        distance += innovation * step
        determinant *= spread
    return distance, math.log(determinant)


@compiled
def is_named(track: Record, device: Record, report: Record, parameters: Record) -> bool:
    """Tell whether a device that keeps its names gives a report the name of the track it reported just before.

    Where another device sees the track too, that one's word on where it is stands: the namer's clock may be wrong.
    """
    if has_company(track, report["device"], report["time"]):
        return False
    if not report["roadside"]:
        return bool(device["owner"] == track["track_id"])
    if device["reliability"] < parameters["named_reliability"]:
        return False
    for slot in range(SOURCES):
        if track["source"][slot] == report["device"]:
            fresh = abs(report["time"] - track["source_time"][slot]) < parameters["named_window"]
            return bool(fresh and track["source_object"][slot] == report["object_id"])
    return False


@compiled
def loosen(track: Record, z: Floats, variance: float, lag: float) -> None:
    """Believe a track less whose report lies farther off than its motion explains: it swerves.

    The covariance grows with the squared normalised distance of the position (strong tracking; Zhou and Frank 1996).
    """
    state, covariance = track["state"], track["covariance"]
    east, north = z[0] - state[0] + lag * state[2], z[1] - state[1] + lag * state[3]
    told = 0.5 * (covariance[0, 0] + covariance[1, 1]) + variance
    factor = min((east * east + north * north) / (SWERVE * told), LARGEST_LOOSENING)
    if factor > 1.0:
        for i in range(4):
            for j in range(4):
                covariance[i, j] *= factor


@compiled
def lag_noise(track: Record, lag: float, parameters: Record) -> tuple[float, float]:
    """Return what `lag` s of process noise add to the variance of position and velocity of a late report."""
    if lag <= 0.0:
        return 0.0, 0.0
    xx, _, yy = acceleration_power(track["state"], track["kind"], parameters)
    power = 0.5 * (xx + yy)
    return power * lag * lag * lag / 3.0, power * lag


@compiled
def settle_velocity(track: Record, report: Record, parameters: Record) -> bool:
    """Take the velocity that a unit reports of a track that stands as none, or as less; tell whether that was done.

    Speeds are told without a sign, so those of who stands are too large on average; they would push the track ahead.
    """
    z, told, square = report["z"], track["told"], 0.0
    if math.isnan(z[2]):
        return False
    for axis in range(2):
        told[axis] += TOLD_GAIN * (z[axis + 2] - told[axis])
        square += told[axis] * told[axis]
    share = math.sqrt(square) / parameters["still_speed"] - 1.0
    if share >= 1.0 or not report["roadside"]:
        return False
    z[2], z[3] = max(share, 0.0) * z[2], max(share, 0.0) * z[3]
    return True


@compiled
def learn_surprise(track: Record, distance: float, report: Record) -> None:
    """Learn how large innovations are against what the covariances say; who fits what was known of him is known again.

    Those of a vehicle's own terminal tell nothing of its slow error: they leave the covariances as they are.
    """
    if track["confirmed"] and track["hidden"] and distance < USUAL and not math.isnan(report["z"][2]):
        track["log_odds"] += KNOWN_AGAIN
    if not report["roadside"]:
        track["surprise"] += SURPRISE_GAIN * (1.0 - track["surprise"])
        return
    freedom = 2.0 if math.isnan(report["z"][2]) else 4.0
    track["surprise"] += SURPRISE_GAIN * (min(distance / freedom, 6.0) - track["surprise"])


@compiled
def note_source(track: Record, device: int, object_id: int, time: float) -> None:
    """Put a device at the head of the track's sources."""
    place = SOURCES - 1
    for slot in range(SOURCES):
        if track["source"][slot] == device:
            place = slot
            break
    newest = time
    if track["source"][place] == device and track["source_time"][place] > time:
        newest = track["source_time"][place]
    for slot in range(place, 0, -1):
        track["source"][slot] = track["source"][slot - 1]
        track["source_object"][slot] = track["source_object"][slot - 1]
        track["source_time"][slot] = track["source_time"][slot - 1]
        track["source_place"][slot, 0] = track["source_place"][slot - 1, 0]
        track["source_place"][slot, 1] = track["source_place"][slot - 1, 1]
        track["source_variance"][slot] = track["source_variance"][slot - 1]
    track["source"][0] = device
    track["source_object"][0] = object_id
    track["source_time"][0] = newest


@compiled
def note_recent(track: Record, device: int, time: float) -> None:
    """Remember that a report of this device and instant went into the track."""
    slot = track["recent_next"]
    track["recent_device"][slot] = device
    track["recent_time"][slot] = time
    track["recent_next"] = (slot + 1) % RECENT


@compiled
def nth_newest(track: Record, device: int, rank: int) -> float:
    """Return the time of a device's `rank`-th newest report among the remembered ones, -inf where there is none."""
    times, devices = track["recent_time"], track["recent_device"]
    for slot in range(RECENT):
        if devices[slot] != device:
            continue
        newer = 0
        for other in range(RECENT):
            later = times[other] > times[slot] or (times[other] == times[slot] and other > slot)
            newer += devices[other] == device and later
        if newer == rank - 1:
            return float(times[slot])
    return -math.inf


@compiled
def note_steadiness(track: Record) -> None:
    """Note since when the device that reported last has made `STEADY_REPORTS` reports; -inf where fewer."""
    device, slot, count, before = track["source"][0], int(track["recent_next"]), 0, math.inf
    track["steady"] = -math.inf
    for _ in range(RECENT):
        slot = slot - 1 if slot > 0 else RECENT - 1
        if track["recent_device"][slot] != device:
            continue
        time = track["recent_time"][slot]
        if time > before:  # they came out of order
            track["steady"] = nth_newest(track, device, STEADY_REPORTS)
            return
        before, count = time, count + 1
        if count == STEADY_REPORTS:
            track["steady"] = time


@compiled
def is_duplicate(track: Record, device: int, time: float) -> bool:
    """Tell whether a report of this device and instant already went into the track."""
    for slot in range(RECENT):
        if track["recent_device"][slot] == device and abs(track["recent_time"][slot] - time) < 1e-4:
            return True
    return False


@compiled
def learn_kind(track: Record, kind: int, confidence: float) -> None:
    """Weigh a reported kind into the track's kind."""
    if kind <= 0 or kind >= KINDS:
        return
    sure = 0.8 if math.isnan(confidence) else min(max(confidence, 0.15), 0.98)
    gain = math.log(sure * (KINDS - 1) / (1.0 - sure))
    score, best = track["kind_score"], 1
    for other in range(1, KINDS):
        score[other] = 0.97 * score[other] + (gain if other == kind else 0.0)
        if score[other] > score[best]:
            best = other
    track["kind"] = best


@compiled
def learn_size(track: Record, length: float, width: float, weight: float) -> None:
    """Weigh a reported size into the track's size; the weight of the past is bounded."""
    if not (length > 0.0 and width > 0.0):
        return
    past = track["size_weight"]
    total = past + weight
    if past > 0.0:  # before the first size both are NaN, which no weight of nothing removes
        length = (past * track["length"] + weight * length) / total
        width = (past * track["width"] + weight * width) / total
    track["length"], track["width"] = length, width
    track["size_weight"] = min(total, 50.0)


@compiled
def learn_heading(track: Record, reported: float) -> None:
    """Turn the heading with the motion; at standstill only a reported heading moves it, and slowly."""
    east, north = track["state"][2], track["state"][3]
    if east * east + north * north > HEADING_SPEED * HEADING_SPEED:
        target, gain = math.atan2(east, north), 0.3
    elif not math.isnan(reported):
        target, gain = reported, 0.02
    else:
        return
    turned = track["heading"] + gain * turn_between(track["heading"], target)
    track["heading"] = turned - TURN * math.floor(turned / TURN)


@compiled
def learn_rest(track: Record, report: Record) -> None:
    """Take over everything of a report that is not position or velocity."""
    self_reported = not report["roadside"]
    weight = 20.0 if self_reported else 1.0
    learn_kind(track, report["kind"], report["kind_confidence"])
    learn_size(track, report["length"], report["width"], weight)
    learn_heading(track, report["heading"])
    if self_reported:
        track["self_device"] = report["device"]
    note_source(track, report["device"], report["object_id"], report["time"])
    if track["source_time"][0] == report["time"]:
        track["source_place"][0, 0], track["source_place"][0, 1] = report["raw"][0], report["raw"][1]
        track["source_variance"][0] = report["compared"]
    if not self_reported:  # a terminal's slow error is in the state already
        track["blur"] += BLUR_GAIN * (report["blur"] - track["blur"])
    note_recent(track, report["device"], report["time"])
    note_steadiness(track)
    track["updated"] = max(track["updated"], report["time"])
