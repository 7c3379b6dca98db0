"""A vehicle whose own terminal places it metres aside is known by its motion: who brakes and turns alike is the same.

Satellite positions may be wrong by several standard deviations for many seconds, or a terminal was taken for that of
the vehicle beside it while both stood. Then the terminal keeps a track of its own beside the one that a roadside unit
sees. Its velocity has no such error: while it changes, that of each track near by is weighed against it, as the
logarithm of how much likelier it is for the same vehicle than for a neighbour in the same stream, who does the same
somewhat later or less. What neither changes tells nothing: who stands or cruises side by side does that for long.
"""

import math

import numpy as np

from fusion.association import Scratch
from fusion.columns import COUNT, SOURCES, TWINS, Longs, Record, Table
from fusion.gating import FINE, Grid, borrowed_grid, near
from fusion.memory_access import AHEAD, borrowed, load_sight
from fusion.merging import join, told_apart
from fusion.motion import PEDESTRIAN
from fusion.pair_cost import copy_motion
from fusion.terminal_drift import link_drift, out_of_sight, slow_variance
from maps.compiled import compiled

FARTHEST, MOST = 4.0, 6.0
"""A terminal is off by so many standard deviations at most, and by no more than this, m."""
LEAST_CHANGE = 0.7
"""A velocity this far from its mean over the last second changes, m/s."""
NOISE, LATENESS, LIKENESS = 0.2, 0.2, 0.7
"""What velocities of one vehicle differ by, m/s, and its share of the change because they are told at different times;
what those of neighbours in one stream differ by, as a share of the change."""
MEMORY, LOOK = 20.0, 1.0
"""Evidence is forgotten in this time, s; velocities further apart, s, tell independent things."""
OFTEN, SELDOM = 0.15, 0.25
"""Velocities are compared again after the first at the earliest, s; after longer than the second they count no more."""
IMPOSSIBLE = 9.0
"""A squared normalised difference above this speaks against one vehicle whatever neighbours do."""
ENOUGH, CLEAR = 3.0, 2.5
"""Evidence that joins two tracks, and by how much it must exceed that for any other."""
USUAL_OFFSET = 6.0
"""A squared offset of more variances per axis asks for more evidence."""
FRESH = 0.35
"""The roadside unit must have reported its track within this time, s."""
LENGTH_SHARE, LENGTH_STEP = 0.3, 1.0
"""Lengths told of one vehicle differ by less than this share, or this, m."""
KNOWN_AFTER = 0.25
"""Share of the variance of a terminal's slow error that is left once its vehicle was found."""


@compiled
def fits(own: Record, other: Record, devices: Table, time: float) -> bool:
    """Tell whether a track that roadside units alone report may be the vehicle of a terminal's own track."""
    terminal = other["self_device"]
    if terminal >= 0 and devices[terminal]["owner"] == other["track_id"]:
        return False
    if other["log_odds"] == -math.inf or not other["confirmed"] or time - other["updated"] > FRESH:
        return False
    if (own["kind"] == PEDESTRIAN) != (other["kind"] == PEDESTRIAN):
        return False
    gap, length = abs(own["length"] - other["length"]), max(own["length"], other["length"])
    return not gap > max(LENGTH_SHARE * length, LENGTH_STEP)


@compiled
def evidence(device: Record, other: Record, change: float, span: float) -> float:
    """Return what the velocities of a terminal and of a track over `span` s say for one vehicle, nats.

    `change` is how far the terminal's velocity is from its mean, m/s.
    """
    east, north = device["told"][0, 0] - other["state"][2], device["told"][0, 1] - other["state"][3]
    square, covariance = east * east + north * north, other["covariance"]
    same = NOISE**2 + 0.5 * (covariance[2, 2] + covariance[3, 3]) + (LATENESS * change) ** 2
    neighbour = same + (LIKENESS * change) ** 2
    value = math.log(neighbour / same) - 0.5 * square * (1.0 / same - 1.0 / neighbour)
    value -= 0.5 * max(square / same - IMPOSSIBLE, 0.0)
    return float(value * span / LOOK)


@compiled
def score_of(device: Record, track: int) -> float:
    """Return the evidence so far that a track, by its id, is a terminal's vehicle."""
    for place in range(TWINS):
        if device["twin"][place] == track:
            return float(device["twin_score"][place])
    return 0.0


@compiled
def weigh_neighbours(
    tracks: Table, row: int, devices: Table, time: float, change: float, grid: Grid, work: Record
) -> tuple[int, float]:
    """Weigh every track near a terminal's own; return the row of the best, -1 for none, and its lead."""
    own, device = tracks[row], devices[tracks[row]["self_device"]]
    span = min(max(time - device["twin_time"], 0.0), SELDOM)
    reach = min(FARTHEST * math.sqrt(device["stated"]), MOST)
    names, scores = np.zeros(TWINS, np.int64), np.zeros(TWINS)
    best, most, second = -1, 0.0, 0.0
    for place in range(near(grid, FINE, own["state"][0], own["state"][1], reach, work["found"])):
        at = work["found"][place]
        other = tracks[at]
        east, north = other["state"][0] - own["state"][0], other["state"][1] - own["state"][1]
        if at == row or east * east + north * north > reach * reach or not fits(own, other, devices, time):
            continue
        score = score_of(device, other["track_id"]) * (1.0 - span / MEMORY) + evidence(device, other, change, span)
        if score > most:
            best, most, second = at, score, most
        else:
            second = max(second, score)
        slot = np.argmin(scores)
        if score > scores[slot]:
            names[slot], scores[slot] = other["track_id"], score
    device["twin"][:], device["twin_score"][:], device["twin_time"] = names, scores, time
    return best, most - second


@compiled
def is_enough(own: Record, other: Record, device: Record, lead: float, time: float) -> bool:
    """Tell whether a terminal's own track and its best neighbour are one vehicle: where only one of them is seen."""
    if lead < CLEAR or not out_of_sight(own, time) or told_apart(own, other):
        return False
    east, north = other["state"][0] - own["state"][0], other["state"][1] - own["state"][1]
    offset = (east * east + north * north) / device["stated"]
    return bool(score_of(device, other["track_id"]) >= ENOUGH + 0.5 * max(offset - USUAL_OFFSET, 0.0))


@compiled
def seen_beside(own: Record, other: Record) -> bool:
    """Tell whether another device than its terminal reported a track while the other lived: its id may be another's."""
    for slot in range(SOURCES):
        device = own["source"][slot]
        if device >= 0 and device != own["self_device"] and own["source_time"][slot] > other["born"]:
            return True
    return False


@compiled
def give_terminal(own: Record, other: Record, device: Record, work: Record, parameters: Record) -> None:
    """Join a terminal's own track with that of its vehicle: the unit's word stands, the rest is the slow error."""
    copy_motion(other, work)
    time, blur, terminal = other["time"], other["blur"], own["self_device"]
    for axis in range(2):
        device["drift"][axis] += own["state"][axis] - other["state"][axis]
        for i in range(2):
            device["drift_covariance"][axis, i] = 0.0
        device["drift_covariance"][axis, axis] = KNOWN_AFTER * slow_variance(device, parameters)
    if seen_beside(own, other) or other["born"] < own["born"]:
        winner, loser = other, own
    else:
        winner, loser = own, other
    join(winner, loser)
    copy_motion(work, winner)
    winner["time"], winner["blur"], winner["self_device"] = time, blur, terminal
    link_drift(winner, device)
    device["twin"][:] = 0
    device["twin_score"][:] = 0.0


@compiled
def join_by_motion(
    tracks: Table, devices: Table, counters: Longs, time: float, grid: Grid, scratch: Scratch, parameters: Table
) -> None:
    """Join tracks that terminals keep beside those of their vehicles. The grid holds all as they are at `time`, s."""
    tracks, devices, counters = borrowed(tracks), borrowed(devices), borrowed(counters)
    grid, work, tuning = borrowed_grid(grid), borrowed(scratch.work)[0], borrowed(parameters)[0]
    for row in range(counters[COUNT]):
        load_sight(tracks[min(row + AHEAD, counters[COUNT] - 1)])
        own = tracks[row]
        if own["self_device"] < 0 or own["log_odds"] == -math.inf:
            continue
        device = devices[own["self_device"]]
        fresh = device["owner"] == own["track_id"] and time - device["told_time"][0] <= FRESH
        if not fresh or time - device["twin_time"] < OFTEN:
            continue
        change = math.hypot(device["told"][0, 0] - own["told"][0], device["told"][0, 1] - own["told"][1])
        if change < LEAST_CHANGE and not device["twin"].any():
            continue
        best, lead = weigh_neighbours(tracks, row, devices, time, change, grid, work)
        if best >= 0 and is_enough(own, tracks[best], device, lead, time):
            give_terminal(own, tracks[best], device, work, tuning)
