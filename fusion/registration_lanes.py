"""What the map tells of a device's errors: vehicles keep to their lanes, so their reports lie about the centre lines.

Units that no other overlaps are compared with nobody but terminals, whose errors drift. Each vehicle in their view that
keeps its lane measures their error across the lane, and the arms of a crossing together offset and yaw. How far drivers
keep from the centre is theirs for a while, so one vehicle tells little and many tell much. Where the lanes do not fit
what a device reports, by its errors or by the map's, they are believed less.
"""

import math

from fusion.columns import SOURCES, Longs, Record, Table
from fusion.lane_centres import LaneSides
from fusion.registration import lever
from fusion.terminal_drift import absorb_line, carry_drift, is_linked, out_of_sight
from maps.compiled import compiled

EVERY = 0.5
"""A track is compared with its lane once in this time, s."""
PHASES = 5
"""Tracks take turns within it."""
FRESH = 0.25
"""A report is compared with a lane that was found at most so long after it, s."""
KEEPING_SIGMA = 0.35
"""1-sigma of a driver's distance from the centre line, m."""
SHARED = 10.0
"""Variance factor of that distance: so many comparisons of one vehicle tell as much as one that is new."""
MAP_SIGMA = 0.12
"""No device is known better than this by the map alone, m."""
FIRMEST = 9.0
"""A residual with a larger squared normalised size counts less (Huber)."""
MISFIT_GAIN = 0.02
LARGEST_SIZE = 25.0
"""Weight of the newest squared normalised residual in the mean, and the most that it counts."""


@compiled
def fade_lanes(device: Record, time: float, half_life: float) -> None:
    """Let what lanes told of a device grow old."""
    span = time - device["lane_time"]
    if not span > 0.0:
        return
    kept = math.pow(0.5, span / half_life)
    for i in range(3):
        device["lane_vector"][i] *= kept
        for j in range(3):
            device["lane_information"][i, j] *= kept
    device["lane_time"] = time


@compiled
def take_lane(device: Record, track: Record, slot: int, side: tuple[float, float, float], parameters: Record) -> None:
    """Add the distance of a report from a centre line to what lanes told of its device.

    `side` is the unit vector across the lane and the line's place along it.
    """
    east, north, at = side
    place, bias, covariance = track["source_place"][slot], device["bias"], device["bias_covariance"]
    away, up = lever(device, place[0], place[1])
    slope = (east, north, north * away - east * up)
    gap = east * place[0] + north * place[1] - at
    rest, unsure, known = gap, 0.0, 0.0
    for i in range(3):
        rest -= slope[i] * bias[i]
        for j in range(3):
            unsure += slope[i] * slope[j] * covariance[i, j]
    for i in range(2):
        for j in range(2):
            known += slope[i] * slope[j] * device["lane_information"][i, j]
    share = parameters["roadside_inflation"] if device["roadside"] else 1.0 - parameters["self_slow_share"]
    white = share * device["stated"] * device["scale"]
    size = rest * rest / (white + KEEPING_SIGMA * KEEPING_SIGMA + unsure)
    device["lane_misfit"] += MISFIT_GAIN * (min(size, LARGEST_SIZE) - device["lane_misfit"])
    if known * MAP_SIGMA * MAP_SIGMA > 1.0:
        return
    trust = 1.0 if size < FIRMEST else math.sqrt(FIRMEST / size)
    trust /= max(device["lane_misfit"], 1.0) ** 2
    weight = trust / (white + SHARED * KEEPING_SIGMA * KEEPING_SIGMA)
    for i in range(3):
        device["lane_vector"][i] += weight * slope[i] * gap
        for j in range(3):
            device["lane_information"][i, j] += weight * slope[i] * slope[j]


@compiled
def keep_lane(track: Record, devices: Table, side: tuple[float, float, float], now: float, parameters: Record) -> None:
    """Bring a vehicle that only its own terminal reports nearer to the centre of the lane that it keeps."""
    if track["self_device"] < 0 or not out_of_sight(track, now):
        return
    device = devices[track["self_device"]]
    if not is_linked(track, device):
        return
    east, north, at = side
    state, covariance = track["state"], track["covariance"]
    rest = at - east * state[0] - north * state[1]
    variance = SHARED * KEEPING_SIGMA * KEEPING_SIGMA
    across = east * east * covariance[0, 0] + 2.0 * east * north * covariance[0, 1] + north * north * covariance[1, 1]
    if rest * rest > FIRMEST * (across + KEEPING_SIGMA * KEEPING_SIGMA):
        return
    carry_drift(device, track["time"], parameters)
    absorb_line(track, device, (east, north, 0.0, 0.0), 0.0, rest, variance)


@compiled
def compare_with_lanes(
    tracks: Table, rows: Longs, devices: Table, sides: LaneSides, now: float, before: float, parameters: Table
) -> None:
    """Compare what devices said of the tracks in `rows` (n,) with the lines (n,) beside them.

    `now` and `before` are the times of this comparison and of the one before, s.
    """
    tuning = parameters[0]
    for place, row in enumerate(rows):
        track = tracks[row]
        phase = (track["track_id"] % PHASES) / PHASES
        if math.isnan(sides.at[place]) or math.floor(now / EVERY + phase) == math.floor(before / EVERY + phase):
            continue
        side = (sides.east[place], sides.north[place], sides.at[place])
        keep_lane(track, devices, side, now, tuning)
        for slot in range(SOURCES):
            if track["source"][slot] < 0 or abs(now - track["source_time"][slot]) > FRESH:
                continue
            device = devices[track["source"][slot]]
            half_life = tuning["registration_half_life"] if device["roadside"] else tuning["self_half_life"]
            fade_lanes(device, track["source_time"][slot], half_life)
            take_lane(device, track, slot, side, tuning)
