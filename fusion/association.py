"""Which report belongs to which track: costs of gated pairs, then exact assignment of each connected component.

The cost of a pair is -2 ln of its likelihood over the likelihood that the report comes from outside, so a pair below
zero is worth making and a report may always stay alone at cost zero. Within one scan (one device, one instant) a track
takes one report at most. Components of one report are settled at once, the others by the Hungarian method.
"""

import math
from typing import NamedTuple

import numpy as np

from fusion.columns import KINDS, SOURCES, Floats, Ints, Record, Table
from fusion.estimation import absorb, is_named, lag_noise
from fusion.motion import move_track
from maps.compiled import compiled

CANDIDATES = 16
"""Best tracks kept per report."""
FOUND = 2048
"""Tracks looked at per search."""
NO_PAIR = 1e6
ANOTHER_VEHICLE = 14.0
"""Cost of giving a vehicle's own report to a track that carries another vehicle's terminal."""
OWN_TERMINAL = 3.0
"""Gain of giving a terminal's report to the track that took its last one, and cost of any other."""
LARGEST_KIND_COST = 6.0


WORK = np.dtype(
    [("state", np.float64, (4,)), ("covariance", np.float64, (4, 4)), ("found", np.int32, (FOUND,))], align=True
)
PLACE = np.dtype(
    [
        ("cost", np.float64, (CANDIDATES,)),
        ("candidate", np.int32, (CANDIDATES,)),  # rows of tracks
        ("candidates", np.int32),  # how many
        ("parent", np.int32),  # union-find over the reports of a scan
        ("chosen", np.int32),  # row of the track, -1 where none
    ],
    align=True,
)
MARK = np.dtype(
    [
        ("owner", np.int32),  # a report that has the track as a candidate
        ("stamp", np.int32),  # scan in which `owner` was written
        ("local", np.int32),  # column in the matrix of a component
    ],
    align=True,
)


class Scratch(NamedTuple):
    """Memory for one scan at a time."""

    work: Table
    """(1,) of WORK"""
    places: Table
    """(reports of the largest scan,) of PLACE"""
    marks: Table
    """(tracks,) of MARK"""


def make_scratch(reports: int, tracks: int) -> Scratch:
    """Make room for scans of up to `reports` reports against `tracks` tracks."""
    marks = np.zeros(tracks, MARK)
    marks["stamp"] = -1
    return Scratch(np.zeros(1, WORK), np.zeros(reports, PLACE), marks)


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
def motion_cost(track: Record, report: Record, work: Record, lag: float, named: bool, parameters: Record) -> float:
    """Return the cost by position and velocity; inf outside the gate.

    Where a trusted name says that it is the track, the gate is wider and the cost bounded: road users swerve.
    """
    z, state, covariance = report["z"], track["state"], track["covariance"]
    position_noise, velocity_noise = lag_noise(track, lag, parameters)
    position_variance = report["variance"][0] + position_noise
    east, north = z[0] - state[0] + lag * state[2], z[1] - state[1] + lag * state[3]
    widest = parameters["gate"] * (widest_variance(covariance) + position_variance)
    if named:
        widest = max(widest, parameters["named_reach"] ** 2)
    if east * east + north * north > min(widest, parameters["largest_reach"] ** 2):
        return math.inf
    for i in range(4):
        work["state"][i] = state[i]
        for j in range(4):
            work["covariance"][i, j] = covariance[i, j]
    velocity_variance = report["variance"][1] + velocity_noise
    distance, log_determinant = absorb(work["state"], work["covariance"], z, position_variance, velocity_variance, lag)
    if named:
        distance = min(distance, parameters["named_distance"])
    if not distance <= parameters["gate"]:
        return math.inf
    outside = 2.0 * math.log(2.0 * math.pi * parameters["outsider_density"])
    if not math.isnan(z[2]):
        outside -= 4.0 * math.log(parameters["prior_velocity_sigma"])
    return float(distance + log_determinant + outside)


@compiled
def pair_cost(track: Record, device: Record, report: Record, work: Record, parameters: Record) -> float:
    """Return the cost of giving a report to a track; carries the track forward to the moment of the report."""
    moment = report["moment"]
    move_track(track, moment, parameters)
    named = is_named(track, device, report, parameters)
    cost = motion_cost(track, report, work, max(track["time"] - moment, 0.0), named, parameters)
    if cost == math.inf:
        return cost
    cost += name_cost(track, device, report, parameters)
    cost += kind_cost(track, report["kind"], report["kind_confidence"])
    return float(cost + 2.0 * math.log1p(math.exp(-track["log_odds"])))


@compiled
def keep_candidate(place: Record, row: int, cost: float) -> None:
    """Add a candidate to a report; when there is no room it takes the place of the worst."""
    slot = place["candidates"]
    if slot == CANDIDATES:
        slot = np.argmax(place["cost"])
        if place["cost"][slot] <= cost:
            return
    else:
        place["candidates"] = slot + 1
    place["candidate"][slot] = row
    place["cost"][slot] = cost


@compiled
def root_of(places: Table, place: int) -> int:
    """Find the root of a report's component, halving the path."""
    while places[place]["parent"] != place:
        places[place]["parent"] = places[places[place]["parent"]]["parent"]
        place = places[place]["parent"]
    return place


@compiled
def join_components(scratch: Scratch, count: int, scan: int) -> None:
    """Join reports that have a track in common."""
    places, marks = scratch.places, scratch.marks
    for place in range(count):
        places[place]["parent"] = place
    for place in range(count):
        for slot in range(places[place]["candidates"]):
            mark = marks[places[place]["candidate"][slot]]
            if mark["stamp"] == scan:
                first, second = root_of(places, mark["owner"]), root_of(places, place)
                places[max(first, second)]["parent"] = min(first, second)
            else:
                mark["stamp"] = scan
                mark["owner"] = place


@compiled
def solve_assignment(cost: Floats) -> Ints:
    """Return the column of each row (r, c), r <= c, with the least total cost.

    Hungarian method with shortest augmenting paths (Kuhn 1955, Jonker and Volgenant 1987).
    """
    rows, columns = cost.shape
    row_price, column_price = np.zeros(rows + 1), np.zeros(columns + 1)
    match, way = np.zeros(columns + 1, np.int32), np.zeros(columns + 1, np.int32)
    for row in range(1, rows + 1):
        match[0] = row
        here = 0
        least, used = np.full(columns + 1, np.inf), np.zeros(columns + 1, np.bool_)
        while match[here] != 0:
            used[here] = True
            step, after = np.inf, 0
            for column in range(1, columns + 1):
                if used[column]:
                    continue
                reduced = cost[match[here] - 1, column - 1] - row_price[match[here]] - column_price[column]
                if reduced < least[column]:
                    least[column], way[column] = reduced, here
                if least[column] < step:
                    step, after = least[column], column
            for column in range(columns + 1):
                if used[column]:
                    row_price[match[column]] += step
                    column_price[column] -= step
                else:
                    least[column] -= step
            here = after
        while here != 0:
            match[here] = match[way[here]]
            here = way[here]
    chosen = np.full(rows, -1, np.int32)
    for column in range(1, columns + 1):
        if match[column] > 0:
            chosen[match[column] - 1] = column - 1
    return chosen


@compiled
def settle_component(scratch: Scratch, members: Ints) -> None:
    """Assign the reports of one component exactly; a report may stay alone at cost zero."""
    places, marks = scratch.places, scratch.marks
    capacity = 0
    for member in members:
        capacity += places[member]["candidates"]
        for slot in range(places[member]["candidates"]):
            marks[places[member]["candidate"][slot]]["local"] = -1
    rows, used = np.empty(capacity, np.int32), 0
    cost = np.full((len(members), capacity + len(members)), NO_PAIR)
    for line, member in enumerate(members):
        for slot in range(places[member]["candidates"]):
            row = places[member]["candidate"][slot]
            if marks[row]["local"] < 0:
                marks[row]["local"], rows[used] = used, row
                used += 1
            cost[line, marks[row]["local"]] = places[member]["cost"][slot]
    cost[:, used : used + len(members)] = 0.0
    for line, column in enumerate(solve_assignment(cost[:, : used + len(members)])):
        if column < used:
            places[members[line]]["chosen"] = rows[column]


@compiled
def assign(scratch: Scratch, count: int, scan: int) -> None:
    """Fill `chosen` for the `count` reports of a scan from their candidates."""
    places = scratch.places
    join_components(scratch, count, scan)
    size = np.zeros(count, np.int32)
    for place in range(count):
        places[place]["chosen"] = -1
        size[root_of(places, place)] += 1
    for place in range(count):
        alone = places[place]
        if size[place] == 1 and alone["candidates"] > 0:
            alone["chosen"] = alone["candidate"][np.argmin(alone["cost"][: alone["candidates"]])]
        elif size[place] > 1:
            members, found = np.empty(size[place], np.int32), 0
            for other in range(place, count):
                if root_of(places, other) == place:
                    members[found] = other
                    found += 1
            settle_component(scratch, members)
