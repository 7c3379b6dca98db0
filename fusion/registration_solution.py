"""From what pairs of devices show to the errors of each device.

Differences alone leave open what all devices have in common, so each error has a prior about zero with long tails
(Student's t, by reweighting): that most devices are right is likelier than that all are a little wrong. Each device is
solved jointly with the devices it shares most with; partners outside of this patch are eliminated with their prior.
"""

import math

import numpy as np

from fusion.columns import PAIRS, Floats, Longs, Record, Table
from fusion.registration import prior_variance
from fusion.registration_clocks import add_clocks
from maps.compiled import compiled

PATCH = 8
"""Devices solved together at most."""
FREEDOM = 1.0
"""Degrees of freedom of the prior."""
SOLVED_EVERY = 20
"""A device is solved once in so many turns where there are many."""
FEW = 12
"""So many devices are solved in a turn whatever the number."""
ALONE = 0.25
"""Share of its errors' variance that counts as noise where nobody can be compared with a device."""
PRIOR_UNITS = 2.0
"""Units that the prior counts for where its scale is learnt."""
OUTLIER = 4.0
"""A unit whose squared error is larger than the prior by this factor tells nothing about the others."""
SILENT = 10.0
"""A device without a report for so long is left alone, s."""


@compiled
def precisions(device: Record, priors: Floats, parameters: Record) -> tuple[float, float, float]:
    """Return the prior precisions of offset, yaw and clock, lowered where the present estimate is far out.

    About zero they are those of the prior's variance: who was compared with nobody is as uncertain as that, and what is
    learnt of the variance from many does not shrink by itself.
    """
    offset, yaw, clock = prior_variance(device, parameters)
    if device["roadside"]:
        offset, yaw, clock = offset * priors[0], yaw * priors[1], clock * priors[2]
    bias, freedom = device["bias"], FREEDOM
    shift = bias[0] * bias[0] + bias[1] * bias[1]
    return (
        (freedom + 2.0) / ((freedom + 2.0) * offset + shift),
        (freedom + 1.0) / ((freedom + 1.0) * yaw + bias[2] * bias[2]),
        (freedom + 1.0) / ((freedom + 1.0) * clock + bias[3] * bias[3]),
    )


@compiled
def gather_patch(devices: Table, pairs: Table, row: int, members: Longs) -> int:
    """Write a device and the partners it shares most with into `members`; return how many."""
    device, count = devices[row], 1
    members[0] = row
    taken = np.zeros(PAIRS, np.bool_)
    while count < len(members):
        best, most = -1, 0.0
        for place in range(PAIRS):
            partner = device["partner"][place]
            if partner < 0 or taken[place]:
                continue
            shared = pairs[device["pair"][place]]["information"][0, 0] + 1e-9
            shared *= 1e6 if devices[partner]["roadside"] else 1.0
            if shared > most:
                best, most = place, shared
        if best < 0:
            break
        taken[best] = True
        members[count] = device["partner"][best]
        count += 1
    return count


@compiled
def freshness(devices: Table, pair: Record, parameters: Record) -> float:
    """Return the share of a pair's information that still holds: a terminal's slow error goes its own way again.

    What two roadside units showed is faded when they are next compared; their errors wait for that.
    """
    first, second = devices[pair["first"]], devices[pair["second"]]
    if first["roadside"] and second["roadside"]:
        return 1.0
    terminal = second if first["roadside"] else first
    return math.pow(0.5, max(terminal["heard"] - pair["time"], 0.0) / parameters["self_half_life"])


@compiled
def expanded(pair: Record, fresh: float) -> tuple[Floats, Floats]:
    """Return information (8, 8) and vector (8,) of a pair about the errors of its first and its second device.

    `fresh` is the share of the information that still holds.
    """
    place = ((0, 4), (1, 5), (3, 7), (2, -1), (6, -1))
    information, vector = np.zeros((8, 8)), np.zeros(8)
    for i in range(5):
        for which in range(2):
            at = place[i][which]
            if at < 0:
                continue
            sign = 1.0 - 2.0 * which
            vector[at] += fresh * sign * pair["vector"][i]
            for j in range(5):
                for other in range(2):
                    to = place[j][other]
                    if to >= 0:
                        information[at, to] += fresh * sign * (1.0 - 2.0 * other) * pair["information"][i, j]
    add_clocks(information, vector, pair)
    return information, vector


@compiled
def add_prior(matrix: Floats, at: int, device: Record, share: float, priors: Floats, parameters: Record) -> None:
    """Add a share of a device's prior to the diagonal from row `at` on."""
    offset, yaw, clock = precisions(device, priors, parameters)
    matrix[at, at] += share * offset
    matrix[at + 1, at + 1] += share * offset
    matrix[at + 2, at + 2] += share * yaw
    matrix[at + 3, at + 3] += share * clock


@compiled
def add_lanes(matrix: Floats, vector: Floats, at: int, device: Record, share: float, parameters: Record) -> None:
    """Add a share of what lanes told of a device to its rows, those from `at` on."""
    if device["lane_time"] == -math.inf:
        return
    age = max(device["heard"] - device["lane_time"], 0.0)
    if not device["roadside"]:
        share *= math.pow(0.5, age / parameters["self_half_life"])
    for i in range(3):
        vector[at + i] += share * device["lane_vector"][i]
        for j in range(3):
            matrix[at + i, at + j] += share * device["lane_information"][i, j]


@compiled
def add_leaf(
    matrix: Floats,
    vector: Floats,
    at: int,
    pair: Record,
    devices: Table,
    inside: int,
    outside: int,
    priors: Floats,
    parameters: Record,
) -> None:
    """Add a pair with a device outside of the patch, whose errors are as its prior says."""
    information, known = expanded(pair, freshness(devices, pair, parameters))
    mine, theirs = (0, 4) if pair["first"] == inside else (4, 0)
    company = 0
    for place in range(PAIRS):
        company += devices[outside]["partner"][place] >= 0
    block = information[theirs : theirs + 4, theirs : theirs + 4].copy()
    add_prior(block, 0, devices[outside], 1.0 / company, priors, parameters)
    told = known[theirs : theirs + 4].copy()
    add_lanes(block, told, 0, devices[outside], 1.0 / company, parameters)
    cross = information[mine : mine + 4, theirs : theirs + 4].copy()
    gain = np.linalg.solve(block, cross.T.copy())
    for i in range(4):
        vector[at + i] += known[mine + i]
        for k in range(4):
            vector[at + i] -= gain[k, i] * told[k]
        for j in range(4):
            matrix[at + i, at + j] += information[mine + i, mine + j]
            for k in range(4):
                matrix[at + i, at + j] -= cross[i, k] * gain[k, j]


@compiled
def add_inner(matrix: Floats, vector: Floats, first: int, second: int, pair: Record, fresh: float) -> None:
    """Add a pair of two devices of the patch, whose errors stand from rows `first` and `second` on."""
    information, known = expanded(pair, fresh)
    for i in range(8):
        at = first + i if i < 4 else second + i - 4
        vector[at] += known[i]
        for j in range(8):
            to = first + j if j < 4 else second + j - 4
            matrix[at, to] += information[i, j]


@compiled
def solve_device(devices: Table, pairs: Table, row: int, priors: Floats, parameters: Record) -> None:
    """Bring the errors of one device and their variances up to date."""
    members = np.empty(PATCH, np.int64)
    count = gather_patch(devices, pairs, row, members)
    matrix, vector = np.zeros((4 * count, 4 * count)), np.zeros(4 * count)
    for place in range(count):
        devices[members[place]]["local"] = 4 * place
    for place in range(count):
        number = members[place]
        add_prior(matrix, 4 * place, devices[number], 1.0, priors, parameters)
        add_lanes(matrix, vector, 4 * place, devices[number], 1.0, parameters)
        for slot in range(PAIRS):
            partner = devices[number]["partner"][slot]
            if partner < 0:
                continue
            pair, there = pairs[devices[number]["pair"][slot]], devices[partner]["local"]
            if there < 0:
                add_leaf(matrix, vector, 4 * place, pair, devices, number, partner, priors, parameters)
            elif pair["first"] == number:
                fresh = freshness(devices, pair, parameters)
                add_inner(matrix, vector, 4 * place, there, pair, fresh)
    for place in range(count):
        devices[members[place]]["local"] = -1
    take_solution(devices, members[:count], np.linalg.inv(matrix).astype(np.float64), vector)


@compiled
def take_solution(devices: Table, members: Longs, covariance: Floats, vector: Floats) -> None:
    """Write the errors of the first device of a patch."""
    device, count = devices[members[0]], len(members)
    for i in range(4):
        total = 0.0
        for j in range(4 * count):
            total += covariance[i, j] * vector[j]
        device["bias"][i] = total
        for j in range(4):
            device["bias_covariance"][i, j] = covariance[i, j]
            device["bias_relative"][i, j] = covariance[i, j] * (1.0 if count > 1 else ALONE)
    if count > 1:
        take_out_common(devices, members, covariance)


@compiled
def take_out_common(devices: Table, members: Longs, covariance: Floats) -> None:
    """Leave in the relative covariance of the first device what the others of its patch do not share.

    Their errors are looked at about the place of the first, so that a common turn is seen as common.
    """
    device, count = devices[members[0]], len(members)
    relative = device["bias_relative"]
    for place in range(1, count):
        other, at = devices[members[place]], 4 * place
        east, north = device["x"] - other["x"], device["y"] - other["y"]
        if math.isnan(east + north):
            east = north = 0.0
        for i in range(4):
            for j in range(4):
                shared = covariance[i, at + j]
                if j == 0:
                    shared -= north * covariance[i, at + 2]
                elif j == 1:
                    shared += east * covariance[i, at + 2]
                shared *= 0.5 / (count - 1.0)
                relative[i, j] -= shared
                relative[j, i] -= shared


@compiled
def learn_priors(devices: Table, order: Longs, priors: Floats, parameters: Record) -> None:
    """Learn how wrong roadside units are in general: the scale (3,) of the prior of offset, yaw and clock.

    One step of expectation and maximisation, with the prior itself as evidence of `PRIOR_UNITS` units; single outliers
    are bounded.
    """
    offset, yaw = parameters["offset_sigma"] ** 2, parameters["yaw_sigma"] ** 2
    clock, units = parameters["clock_sigma"] ** 2, PRIOR_UNITS
    sums = np.full(3, units)
    for row in order:
        device = devices[row]
        if not device["roadside"]:
            continue
        units += 1.0
        bias, covariance = device["bias"], device["bias_covariance"]
        squares = (
            (bias[0] ** 2 + bias[1] ** 2 + covariance[0, 0] + covariance[1, 1]) / (2.0 * offset),
            (bias[2] ** 2 + covariance[2, 2]) / yaw,
            (bias[3] ** 2 + covariance[3, 3]) / clock,
        )
        for i in range(3):
            sums[i] += squares[i] if squares[i] < OUTLIER * priors[i] else priors[i]
    for i in range(3):
        priors[i] = sums[i] / units


@compiled
def solve_devices(
    devices: Table, pairs: Table, order: Longs, turn: int, now: float, priors: Floats, parameters: Table
) -> None:
    """Solve the devices whose turn it is; `order` (n,) are all known ones, the first to report first."""
    count = len(order)
    stride = 1 if count <= FEW else SOLVED_EVERY
    if stride == 1 and turn % 2:
        return
    for place in range(turn % stride, count, stride):
        row = order[place]
        if devices[row]["heard"] > now - SILENT:
            solve_device(devices, pairs, row, priors, parameters[0])
    if turn % SOLVED_EVERY == 0:
        learn_priors(devices, order, priors, parameters[0])
