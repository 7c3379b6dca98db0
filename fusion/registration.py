"""What is wrong with a device: offset east and north, yaw about the sensor and clock, estimated from its residuals.

A Kalman filter per device on the four errors, which fade back to zero with a half-life: recursive least squares with
forgetting and a prior, so that errors common to all devices stay anchored. A residual counts only where another device
reported the same track lately. A clock error moves a report along its velocity, so movers alone tell of it.
"""

import math

from fusion.columns import SOURCES, Record
from maps.compiled import compiled

LONGEST_LEVER = 500.0
"""No roadside sensor reports what is farther away, m."""
COMPANY_WINDOW = 0.3
"""Another device must have reported the track within this time, s."""


@compiled
def fade_errors(device: Record, time: float, roadside: bool, parameters: Record) -> None:
    """Carry a device's errors forward to `time`: towards zero, with the prior's variance in the long run."""
    offset, clock = parameters["offset_sigma"], parameters["clock_sigma"]
    prior = (offset, offset, parameters["yaw_sigma"] if roadside and not math.isnan(device["x"]) else 0.0, clock)
    bias, covariance = device["bias"], device["bias_covariance"]
    span = time - device["bias_time"]
    if math.isnan(span):
        for i in range(4):
            covariance[i, i] = prior[i] * prior[i]
    elif span > 0.0:
        kept = math.pow(0.5, span / parameters["registration_half_life"])
        for i in range(4):
            bias[i] *= kept
            for j in range(4):
                covariance[i, j] *= kept * kept
            covariance[i, i] += (1.0 - kept * kept) * prior[i] * prior[i]
    else:
        return
    device["bias_time"] = time


@compiled
def lever(device: Record, report: Record, x: float, y: float) -> tuple[float, float]:
    """Return the way from a roadside sensor to a place, zero where its position is unknown or cannot be true."""
    east, north = x - device["x"], y - device["y"]
    known = report["roadside"] and abs(east) + abs(north) < LONGEST_LEVER
    return (east, north) if known else (0.0, 0.0)


@compiled
def correct_report(device: Record, report: Record) -> None:
    """Take the known errors of its device out of a report's position and add their variance."""
    bias, covariance, z = device["bias"], device["bias_covariance"], report["z"]
    east, north = lever(device, report, z[0], z[1])
    doubt = covariance[0, 0] + covariance[1, 1] + (east * east + north * north) * covariance[2, 2]
    if not math.isnan(z[2]):
        doubt += (z[2] * z[2] + z[3] * z[3]) * covariance[3, 3]
    report["variance"][0] += 0.5 * doubt
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
def absorb_error(device: Record, slope: tuple[float, float, float, float], innovation: float, noise: float) -> None:
    """Update a device's errors with one scalar residual that is `slope` times the errors."""
    bias, c = device["bias"], device["bias_covariance"]
    a, b, d, e = slope
    gain = (
        c[0, 0] * a + c[0, 1] * b + c[0, 2] * d + c[0, 3] * e,
        c[1, 0] * a + c[1, 1] * b + c[1, 2] * d + c[1, 3] * e,
        c[2, 0] * a + c[2, 1] * b + c[2, 2] * d + c[2, 3] * e,
        c[3, 0] * a + c[3, 1] * b + c[3, 2] * d + c[3, 3] * e,
    )
    spread = noise + a * gain[0] + b * gain[1] + d * gain[2] + e * gain[3]
    for i in range(4):
        bias[i] += gain[i] * innovation / spread
        for j in range(4):
            c[i, j] -= gain[i] * gain[j] / spread


@compiled
def learn_errors(
    device: Record,
    track: Record,
    report: Record,
    lag: float,
    taken: tuple[float, float, float, float],
    parameters: Record,
) -> None:
    """Update the errors of a device with the residual of one report against its track before the report went in.

    `taken` are the errors that were taken out of the report.
    """
    if not has_company(track, report["device"], report["time"]):
        return
    state, bias = track["state"], device["bias"]
    east, north = lever(device, report, state[0], state[1])
    for axis in range(2):
        slope = (1.0 - axis, 1.0 * axis, east if axis == 1 else -north, -state[axis + 2])
        innovation = report["z"][axis] - state[axis] + lag * state[axis + 2]
        for i in range(4):
            innovation -= slope[i] * (bias[i] - taken[i])
        noise = track["covariance"][axis, axis] + report["variance"][0]
        absorb_error(device, slope, innovation, parameters["registration_inflation"] * noise)
