"""What speaks for and against a pair of a report and a track: motion, the device's name of the object, kind, existence.

The cost is -2 ln of the pair's likelihood over the likelihood that the report comes from outside.
"""

import math

from fusion.columns import KINDS, SOURCES, Floats, Record
from fusion.estimation import absorb, is_named, lag_noise
from fusion.motion import LARGEST_TURN_NOISE, move_track
from fusion.terminal_drift import add_drift, drift_trace
from maps.compiled import compiled

ANOTHER_VEHICLE = 17.0
"""Cost of giving a vehicle's own report to a track that carries another vehicle's terminal."""
OWN_TERMINAL = 3.0
"""Gain of giving a terminal's report to the track that took its last one, and cost of any other."""
LARGEST_KIND_COST = 6.0


@compiled
def name_cost(track: Record, device: Record, report: Record, parameters: Record) -> float:
    """Return what the device's own name of the object says for (below zero) or against the pair."""
    row = report["device"]
    if not report["roadside"]:
        if track["self_device"] >= 0 and track["self_device"] != row:
            return ANOTHER_VEHICLE
        if device["owner"] == 0:
            return 0.0
        return -OWN_TERMINAL if device["owner"] == track["track_id"] else OWN_TERMINAL
    for slot in range(SOURCES):
        if track["source"][slot] != row:
            continue
        age = abs(report["time"] - track["source_time"][slot])
        if age > parameters["identity_window"]:
            return 0.0
        chance, kept = parameters["identity_chance"], min(max(device["reliability"], 0.02), 0.98)
        if track["source_object"][slot] == report["object_id"]:
            value = -2.0 * math.log(max(kept, chance) / chance)
        else:
            value = -2.0 * math.log((1.0 - kept) / (1.0 - chance))
        fresh = 1.0 - age / parameters["identity_window"]
        return float(fresh * min(max(value, -parameters["identity_cost"]), parameters["identity_cost"]))
    return 0.0


@compiled
def kind_cost(track: Record, kind: int, confidence: float) -> float:
    """Return what the reported kind says against the pair, 0 where it agrees or is unknown."""
    if kind <= 0 or kind >= KINDS or track["kind"] == 0 or track["kind"] == kind:
        return 0.0
    sure = 0.8 if math.isnan(confidence) else min(max(confidence, 0.15), 0.98)
    gap = track["kind_score"][track["kind"]] - track["kind_score"][kind]
    likelihood = math.exp(-max(gap, 0.0)) * sure + (1.0 - sure) / (KINDS - 1)
    return min(-2.0 * math.log(min(likelihood / sure, 1.0)), LARGEST_KIND_COST)


@compiled
def widest_variance(covariance: Floats) -> float:
    """Return the larger eigenvalue of the position block of a covariance (4, 4)."""
    half, difference = 0.5 * (covariance[0, 0] + covariance[1, 1]), 0.5 * (covariance[0, 0] - covariance[1, 1])
    return float(half + math.sqrt(difference * difference + covariance[0, 1] * covariance[0, 1]))


@compiled
def copy_motion(source: Record, target: Record) -> None:
    """Copy state and covariance."""
    for i in range(4):
        target["state"][i] = source["state"][i]
        for j in range(4):
            target["covariance"][i, j] = source["covariance"][i, j]


@compiled
def motion_cost(
    track: Record, device: Record, report: Record, place: Record, lag: float, named: bool, parameters: Record
) -> float:
    """Return the cost by position and velocity; inf outside the gate. `place` takes what the report would make of it.

    Where a trusted name says that it is the track, the gate is wider and the cost bounded: road users swerve.
    """
    z, state, covariance = report["z"], track["state"], track["covariance"]
    position_noise, velocity_noise = lag_noise(track, lag, parameters)
    position_variance = report["variance"][0] + position_noise
    east, north = z[0] - state[0] + lag * state[2], z[1] - state[1] + lag * state[3]
    widest = parameters["gate"] * (widest_variance(covariance) + position_variance + drift_trace(device, report))
    if named:
        widest = max(widest, parameters["named_reach"] ** 2)
    if east * east + north * north > min(widest, parameters["largest_reach"] ** 2):
        return math.inf
    copy_motion(track, place)
    if parameters["registration"] and not report["roadside"]:
        add_drift(place["covariance"], track, device)
    velocity_variance = report["variance"][1] + velocity_noise
    distance, log_determinant = absorb(
        place["state"], place["covariance"], z, position_variance, velocity_variance, lag
    )
    place["distance"], place["held_time"] = distance, track["time"]
    if named:
        distance = min(distance, parameters["named_distance"])
    if not distance <= parameters["gate"]:
        return math.inf
    outside = parameters["outside_place"]
    if not math.isnan(z[2]):
        outside -= parameters["outside_velocity"]
    return float(distance + log_determinant + outside)


@compiled
def is_far(track: Record, device: Record, report: Record, parameters: Record) -> bool:
    """Tell without moving the track whether its place at the moment of a report lies outside of any gate.

    The trace of the position's covariance bounds its largest eigenvalue.
    """
    state, c, span = track["state"], track["covariance"], report["moment"] - track["time"]
    east, north = report["z"][0] - state[0] - span * state[2], report["z"][1] - state[1] - span * state[3]
    trace = c[0, 0] + c[1, 1]
    if span > 0.0:
        kind = track["kind"]
        power = 2.0 * max(parameters["along_noise"][kind], parameters["across_noise"][kind]) + LARGEST_TURN_NOISE
        trace += span * (2.0 * (c[0, 2] + c[1, 3]) + span * (c[2, 2] + c[3, 3] + span * power))
        noise = 0.0
    else:
        noise, _ = lag_noise(track, -span, parameters)
    gate = parameters["gate"] * (trace + report["variance"][0] + noise + drift_trace(device, report))
    return bool(east * east + north * north > min(gate, parameters["largest_reach"] ** 2))


@compiled
def pair_cost(track: Record, row: int, device: Record, report: Record, place: Record, parameters: Record) -> float:
    """Return the cost of giving a report to the track in `row`; carries the track forward to the report's moment."""
    moment = report["moment"]
    if is_far(track, device, report, parameters) and not is_named(track, device, report, parameters):
        return math.inf
    move_track(track, moment, parameters)
    named = is_named(track, device, report, parameters)
    place["held"] = row
    cost = motion_cost(track, device, report, place, max(track["time"] - moment, 0.0), named, parameters)
    if cost == math.inf:
        return cost
    cost += name_cost(track, device, report, parameters)
    cost += kind_cost(track, report["kind"], report["kind_confidence"])
    if track["log_odds"] == parameters["highest_log_odds"]:
        return float(cost + parameters["surest_cost"])
    return float(cost + 2.0 * math.log1p(math.exp(-track["log_odds"])))
