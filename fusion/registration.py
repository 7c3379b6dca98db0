"""What is wrong with a device: offset east and north, yaw about the sensor and clock, learnt from what others report.

Whenever two devices report one road user at nearly one time, the difference of their positions is a linear measurement
of the difference of their errors, free of the track both feed. The measurements of a pair of devices are kept as
information matrix and vector (Maybeck, Stochastic Models, Estimation and Control I, 5.7) with forgetting;
`fusion.registration_solution` turns them into errors. A clock error moves a report along its velocity, so movers alone
tell of it. On the way the variance that devices state is compared with what their differences show.
"""

import math

from fusion.columns import DEVICE_COUNT, PAIR_COUNT, PAIRS, SOURCES, Floats, Longs, Record, Table
from fusion.memory_access import load_device, load_pair
from fusion.terminal_drift import carry_drift, learn_velocity_noise
from maps.compiled import compiled

LONGEST_LEVER = 500.0
"""No roadside sensor reports what is farther away, m."""
COMPANY_WINDOW = 0.3
"""Another device must have reported the track within this time, s."""
COMPARED_WITHIN = 0.25
"""Reports further apart in time are not compared, s."""
FIRMEST = 9.0
"""A residual with a larger squared normalised size counts less (Huber)."""
WELL_KNOWN, TAKEN_EVERY = 100.0, 4
"""Two devices with so much information about their offsets, in units of the prior's, are compared less often."""
STRANGER = 2.5
"""Variance factor of the errors of a device that was never compared: few devices are far out, but some are."""
UNUSED_AFTER = 20.0
"""A pair of devices may make room for another after this time, s."""
LARGEST_SCALE, LEAST_SCALE = 9.0, 0.5


@compiled
def prior_variance(device: Record, parameters: Record) -> tuple[float, float, float]:
    """Return the prior variances of a device's offset per axis (m2), yaw (rad2) and clock (s2)."""
    clock = parameters["clock_sigma"] ** 2
    if not device["roadside"]:
        return parameters["self_slow_share"] * device["stated"], 1e-12, clock
    yaw = parameters["yaw_sigma"] ** 2 if not math.isnan(device["x"]) else 1e-12
    return parameters["offset_sigma"] ** 2, yaw, clock


@compiled
def load_partners(device: Record, devices: Table, pairs: Table) -> None:
    """Start to load whom a device's reports will be compared with."""
    for place in range(PAIRS):
        if device["partner"][place] >= 0:
            load_device(devices[device["partner"][place]])
            load_pair(pairs[device["pair"][place]])


@compiled
def lever(device: Record, x: float, y: float) -> tuple[float, float]:
    """Return the way from a roadside sensor to a place, zero where its position is unknown or cannot be true."""
    east, north = x - device["x"], y - device["y"]
    known = device["roadside"] and abs(east) + abs(north) < LONGEST_LEVER
    return (east, north) if known else (0.0, 0.0)


@compiled
def start_device(device: Record, report: Record, counters: Longs, parameters: Record) -> None:
    """Take a device's kind and what it states from a report; at the first one its errors are as the prior says.

    Until it is compared for the first time they may be larger: whose reports find nobody else's tracks never is.
    """
    device["roadside"] = report["roadside"]
    device["stated"] = report["stated"]
    device["heard"] = max(device["heard"], report["time"])
    if device["known"]:
        return
    device["known"] = True
    device["rank"] = counters[DEVICE_COUNT]
    counters[DEVICE_COUNT] += 1
    offset, yaw, clock = prior_variance(device, parameters)
    for i, variance in enumerate((offset, offset, yaw, clock)):
        device["bias_covariance"][i, i] = device["bias_relative"][i, i] = STRANGER * variance


@compiled
def spread(covariance: Floats, east: float, north: float, vx: float, vy: float) -> float:
    """Return the position variance per axis that a covariance (4, 4) of a device's errors makes, m2.

    The road user is `east` and `north` of the device and moves with `vx` and `vy`.
    """
    c = covariance
    total = c[0, 0] + c[1, 1] + (east * east + north * north) * c[2, 2] + (vx * vx + vy * vy) * c[3, 3]
    total += 2.0 * (east * c[1, 2] - north * c[0, 2] - vx * c[0, 3] - vy * c[1, 3])
    total += 2.0 * (north * vx - east * vy) * c[2, 3]
    return float(max(0.5 * total, 0.0))


@compiled
def correct_report(device: Record, report: Record, parameters: Record) -> None:
    """Take the known errors of its device out of a report's position, and note what is unknown of them.

    What wanders in a terminal's own position belongs to the state of its vehicle.
    """
    bias, z = device["bias"], report["z"]
    if not report["roadside"]:
        carry_drift(device, report["moment"], parameters)
        learn_velocity_noise(device, report, parameters)
        for axis in range(2):
            z[axis] -= device["drift"][axis]
        vx, vy = (0.0, 0.0) if math.isnan(z[2]) else (z[2], z[3])
        report["blur"] = 0.5 * (vx * vx + vy * vy) * device["bias_covariance"][3, 3]
        report["compared"] += spread(device["bias_relative"], 0.0, 0.0, vx, vy)
        return
    east, north = lever(device, z[0], z[1])
    vx, vy = (0.0, 0.0) if math.isnan(z[2]) else (z[2], z[3])
    report["variance"][0] += spread(device["bias_relative"], east, north, vx, vy)
    report["compared"] = report["variance"][0]
    report["blur"] = spread(device["bias_covariance"], east, north, vx, vy)
    z[0] -= bias[0] - bias[2] * north
    z[1] -= bias[1] + bias[2] * east


@compiled
def has_company(track: Record, device: int, time: float) -> bool:
    """Tell whether another device reported the track lately."""
    for slot in range(SOURCES):
        other = track["source"][slot]
        if other >= 0 and other != device and abs(time - track["source_time"][slot]) < COMPANY_WINDOW:
            return True
    return False


@compiled
def find_pair(device: Record, partner: int) -> int:
    """Return the place of a partner among a device's pairs, -1 where there is none."""
    for place in range(PAIRS):
        if device["partner"][place] == partner:
            return place
    return -1


@compiled
def free_place(devices: Table, pairs: Table, row: int, newcomer: int, time: float) -> int:
    """Return a place for a pair with a newcomer, -1 where there is none; unused pairs go, roadside ones go last."""
    device, best, oldest = devices[row], -1, time
    for place in range(PAIRS):
        if device["partner"][place] < 0:
            return place
        last = pairs[device["pair"][place]]["time"]
        gone = last < time - UNUSED_AFTER
        gives_way = devices[newcomer]["roadside"] and not devices[device["partner"][place]]["roadside"]
        if (gone or gives_way) and last < oldest:
            best, oldest = place, last
    return best


@compiled
def release(devices: Table, row: int, place: int) -> int:
    """Take a pair away from both its devices; return its row, free for another."""
    device = devices[row]
    pair, partner = device["pair"][place], device["partner"][place]
    device["partner"][place] = -1
    other = devices[partner]
    other["partner"][find_pair(other, row)] = -1
    return int(pair)


@compiled
def open_pair(devices: Table, pairs: Table, first: int, second: int, time: float, counters: Longs) -> int:
    """Return the row of the pair of two devices, -1 where one of them has no place for it."""
    here = find_pair(devices[first], second)
    if here >= 0:
        return int(devices[first]["pair"][here])
    here = free_place(devices, pairs, first, second, time)
    there = free_place(devices, pairs, second, first, time)
    if here < 0 or there < 0:
        return -1
    row = -1
    for device, place in ((first, here), (second, there)):
        if devices[device]["partner"][place] >= 0:
            row = release(devices, device, place)
    if row < 0:
        row = counters[PAIR_COUNT]
        if row >= len(pairs):
            return -1
        counters[PAIR_COUNT] += 1
    pair = pairs[row]
    pair["first"], pair["second"], pair["time"] = first, second, time
    pair["information"][:] = 0.0
    pair["vector"][:] = 0.0
    pair["clock"][:] = 0.0
    pair["clock_time"] = time
    for device, place, other in ((first, here, second), (second, there, first)):
        devices[device]["pair"][place], devices[device]["partner"][place] = row, other
    return int(row)


@compiled
def fade_pair(pair: Record, time: float, half_life: float) -> None:
    """Let what was learnt about a pair grow old."""
    span = time - pair["time"]
    if span <= 0.0:
        return
    kept = math.pow(0.5, span / half_life)
    for i in range(5):
        pair["vector"][i] *= kept
        for j in range(5):
            pair["information"][i, j] *= kept
    pair["time"] = time


@compiled
def predicted(slope: Floats, first: Floats, second: Floats) -> float:
    """Return the difference that the errors (4,) of two devices make, along one axis."""
    common = slope[0] * (first[0] - second[0]) + slope[1] * (first[1] - second[1]) + slope[2] * (first[3] - second[3])
    return float(common + slope[3] * first[2] + slope[4] * second[2])


@compiled
def learn_scale(device: Record, share: float, size: float, rate: float) -> None:
    """Move the scale of a device's position variance so that squared residuals are as large as told.

    `size` is the squared residual over what is told of it, of which `share` is the device's part.
    """
    step = rate * share * min(max(size - 1.0, -1.0), 8.0)
    device["scale"] = min(max(device["scale"] * (1.0 + step), LEAST_SCALE), LARGEST_SCALE)


@compiled
def take_difference(
    devices: Table, pair: Record, track: Record, report: Record, slot: int, share: float, parameters: Record
) -> None:
    """Add the difference between a report and what another device said to the knowledge about the pair."""
    state, other = track["state"], track["source"][slot]
    span = report["time"] - track["source_time"][slot]
    place = track["source_place"][slot]
    turned = pair["first"] != report["device"]
    first, second = devices[pair["first"]], devices[pair["second"]]
    own, theirs = report["compared"], track["source_variance"][slot]
    drift = span * span * 0.5 * (track["covariance"][2, 2] + track["covariance"][3, 3] + span * span)
    noise = own + theirs + drift
    slope = pair["slope"]
    east, north = lever(first, state[0], state[1])
    away, up = lever(second, state[0], state[1])
    unsure = spread(first["bias_relative"], east, north, state[2], state[3])
    unsure += spread(second["bias_relative"], away, up, state[2], state[3])
    square = 0.0
    for axis in range(2):
        gap = report["raw"][axis] - place[axis] - span * state[axis + 2]
        slope[0], slope[1], slope[2] = 1.0 - axis, 1.0 * axis, -state[axis + 2]
        slope[3], slope[4] = (east, -away) if axis else (-north, up)
        gap = -gap if turned else gap
        rest = gap - predicted(slope, first["bias"], second["bias"])
        size = rest * rest / (noise + unsure)
        square += 0.5 * rest * rest
        trust = 1.0 if size < FIRMEST else math.sqrt(FIRMEST / size)
        weight = trust * share / (parameters["registration_inflation"] * noise)
        for i in range(5):
            pair["vector"][i] += weight * slope[i] * gap
            for j in range(5):
                pair["information"][i, j] += weight * slope[i] * slope[j]
    total = noise + unsure
    learn_scale(devices[report["device"]], own / total, square / total, parameters["noise_rate"])
    learn_scale(devices[other], theirs / total, square / total, parameters["noise_rate"])


@compiled
def is_wanted(pair: Record, parameters: Record) -> bool:
    """Tell whether one more difference is to be taken: of two devices that are well known to each other few are."""
    pair["passed"] += 1
    known = pair["information"][0, 0] * parameters["offset_sigma"] ** 2
    if known > WELL_KNOWN and pair["passed"] < TAKEN_EVERY:
        return False
    pair["passed"] = 0
    return True


@compiled
def compare(devices: Table, pairs: Table, track: Record, report: Record, counters: Longs, parameters: Record) -> None:
    """Compare a report with what other devices said lately about its track."""
    row, others = report["device"], 0
    for slot in range(SOURCES):
        if track["source"][slot] >= 0 and track["source"][slot] != row:
            others += abs(report["time"] - track["source_time"][slot]) < COMPARED_WITHIN
    if others == 0:
        return
    for slot in range(SOURCES):
        other = track["source"][slot]
        if other < 0 or other == row or abs(report["time"] - track["source_time"][slot]) >= COMPARED_WITHIN:
            continue
        at = open_pair(devices, pairs, row, other, report["time"], counters)
        if at >= 0 and is_wanted(pairs[at], parameters):
            both = devices[row]["roadside"] and devices[other]["roadside"]
            half_life = parameters["registration_half_life"] if both else parameters["self_half_life"]
            fade_pair(pairs[at], report["time"], half_life)
            take_difference(devices, pairs[at], track, report, slot, 1.0 / (others + 1.0), parameters)
