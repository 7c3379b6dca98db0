"""How far two clocks are apart, from vehicles with a terminal that brake or set off in the view of a unit.

A clock that is ahead makes its device tell of everybody as farther back. While a vehicle keeps its velocity that looks
like an error of position, and those of satellite positions are larger. But the velocities that a terminal tells add up
to a path free of slow errors: against it the place that a unit sees moves by the difference of the clocks times every
change of velocity (a regression with the means taken out, the old moments forgotten).
"""

import math

from fusion.columns import Floats, Longs, Record, Table
from fusion.registration import lever, open_pair
from fusion.terminal_drift import LONGEST_STEP
from maps.compiled import compiled

PATH_TIME = 10.0
"""Velocities add up to a true path over this time, s."""
ASTRAY, LARGEST_CLOCK = 16.0, 0.5
"""A place off the path by more than so many variances, squared, and than clocks so far apart, s, would move it is that
of another vehicle."""


@compiled
def add_clocks(information: Floats, vector: Floats, pair: Record) -> None:
    """Add what paths told of the clocks of a pair to information (8, 8) and vector (8,) about its errors."""
    known, told = pair["clock"]
    information[3, 3] += known
    information[7, 7] += known
    information[3, 7] -= known
    information[7, 3] -= known
    vector[3] += told
    vector[7] -= told


@compiled
def take_gap(terminal: Record, report: Record, gap: tuple[float, float], noise: float) -> tuple[float, float]:
    """Take by how much a unit sees a vehicle away from its terminal's path, m; `noise` is its variance per axis, m2.

    Returns information (1/s2) and vector (1/s) about what the unit's clock is ahead of the terminal's.
    """
    velocity, mean_velocity, mean_gap = terminal["told"][0], terminal["path_velocity"], terminal["path_gap"]
    before = terminal["path_weight"] * math.exp(-max(report["time"] - terminal["path_time"], 0.0) / PATH_TIME)
    changed, product, off = 0.0, 0.0, 0.0
    for axis in range(2):
        change, step = velocity[axis] - mean_velocity[axis], gap[axis] - mean_gap[axis]
        changed, product, off = changed + change * change, product - change * step, off + step * step
    if terminal["path_unit"] != report["device"] or off > ASTRAY * noise + LARGEST_CLOCK**2 * changed:
        before = 0.0
    for axis in range(2):
        mean_velocity[axis] += (velocity[axis] - mean_velocity[axis]) / (before + 1.0)
        mean_gap[axis] += (gap[axis] - mean_gap[axis]) / (before + 1.0)
    terminal["path_unit"] = report["device"]
    terminal["path_weight"], terminal["path_time"] = before + 1.0, report["time"]
    weight = before / ((before + 1.0) * noise)
    return weight * changed, weight * product


@compiled
def note_clocks(pair: Record, report: Record, information: float, vector: float, parameters: Record) -> None:
    """Add to what is known about the clocks of a pair of which the report's device is one; the old is forgotten."""
    span = max(report["time"] - pair["clock_time"], 0.0)
    kept = math.pow(0.5, span / parameters["registration_half_life"])
    share = 1.0 / parameters["path_inflation"]
    pair["clock"][0] = kept * pair["clock"][0] + share * information
    pair["clock"][1] = kept * pair["clock"][1] + (share if pair["first"] == report["device"] else -share) * vector
    pair["clock_time"] = max(report["time"], pair["clock_time"])


@compiled
def compare_path(
    devices: Table, pairs: Table, track: Record, report: Record, counters: Longs, parameters: Record
) -> None:
    """Compare where a unit sees a vehicle with the path that its terminal tells, and learn of their clocks."""
    own = track["self_device"]
    if own < 0 or not report["roadside"]:
        return
    terminal, unit, raw = devices[own], devices[report["device"]], report["raw"]
    span, told = report["time"] - terminal["told_time"][0], terminal["told"][0]
    if terminal["owner"] != track["track_id"] or not abs(report["moment"] - terminal["told_time"][0]) < LONGEST_STEP:
        return
    (east, north), yaw = lever(unit, raw[0], raw[1]), unit["bias"][2]
    gap = (
        raw[0] + yaw * north - terminal["path"][0] - span * told[0],
        raw[1] - yaw * east - terminal["path"][1] - span * told[1],
    )
    noise = parameters["roadside_inflation"] * report["stated"] * unit["scale"]
    information, vector = take_gap(terminal, report, gap, noise)
    at = open_pair(devices, pairs, report["device"], own, report["time"], counters) if information > 0.0 else -1
    if at >= 0:
        note_clocks(pairs[at], report, information, vector, parameters)
