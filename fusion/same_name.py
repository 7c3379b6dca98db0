"""Who brakes hard while nobody sees it turns up behind the place where it was expected: its name tells that it is it.

A device that keeps its names gives a road user that it lost for a moment the same name again. Where that begins a new
track because the report lies outside the gate of the old one, the two are joined if tyres allow the way between them.
"""

import math

from fusion.association import Scratch
from fusion.columns import COUNT, SOURCES, Longs, Record, Table
from fusion.gating import FINE, Grid, borrowed_grid, near
from fusion.memory_access import AHEAD, borrowed, load_sight
from fusion.merging import join, told_apart
from fusion.pair_cost import copy_motion
from maps.compiled import compiled

YOUNG = 0.25
"""Only tracks younger than this are looked at, s."""
SHORTEST, LONGEST = 0.3, 1.3
"""A name is taken up again after a time between these, s: nobody leaves the gate sooner, few names last longer."""
TOGETHER = 0.15
"""Other devices may have seen a road user so much longer than the one that names it, s."""
FARTHEST = 11.0
"""No road user is farther from where it was expected after that, m."""
BRAKING = 9.0
"""Full braking on a dry road, m/s2; nobody turns or speeds up harder."""
PLACE, VELOCITY = 1.5, 2.5
"""What places, m, and velocities, m/s, are off by at most while they change."""
ASIDE = 0.4
"""Share of a deviation ahead or behind that one to the side may be: vehicles hardly drift sideways."""
SLOWEST = 3.0
"""Who was slower than this, m/s, has not left its gate by braking."""


@compiled
def gap_of_name(track: Record, device: int, name: int, time: float) -> float:
    """Return how long ago a device gave a track a name, s; inf where it did not, or another has reported it since."""
    for slot in range(SOURCES):
        if track["source"][slot] == device:
            given = track["source_time"][slot]
            if track["source_object"][slot] == name and track["updated"] <= given + TOGETHER:
                return float(time - given)
    return math.inf


@compiled
def could_become(old: Record, young: Record, gap: float) -> bool:
    """Tell whether a young track is where braking or turning hard over `gap` s may have brought an old one."""
    speed = math.hypot(old["state"][2], old["state"][3])
    if speed < SLOWEST:
        return False
    east, north = old["state"][2] / speed, old["state"][3] / speed
    x, y = young["state"][0] - old["state"][0], young["state"][1] - old["state"][1]
    ahead, aside = x * east + y * north, abs(x * north - y * east)
    change = math.hypot(young["state"][2] - old["state"][2], young["state"][3] - old["state"][3])
    most = PLACE + VELOCITY * gap + 0.5 * BRAKING * gap * gap
    behind = min(most, PLACE + (speed + VELOCITY) * gap)
    return bool(-behind < ahead < most and aside < PLACE + ASIDE * most and change < VELOCITY + BRAKING * gap)


@compiled
def find_named(tracks: Table, row: int, time: float, grid: Grid, work: Record) -> int:
    """Return the row of the track whose name a young one was given, -1 where there is none."""
    young = tracks[row]
    device, name = young["source"][0], young["source_object"][0]
    for place in range(near(grid, FINE, young["state"][0], young["state"][1], FARTHEST, work["found"])):
        at = work["found"][place]
        old = tracks[at]
        if at == row or old["log_odds"] == -math.inf or not old["confirmed"]:
            continue
        gap = gap_of_name(old, device, name, time)
        if SHORTEST < gap < LONGEST and could_become(old, young, gap) and not told_apart(old, young):
            return int(at)
    return -1


@compiled
def join_by_name(
    tracks: Table, devices: Table, counters: Longs, time: float, grid: Grid, scratch: Scratch, parameters: Table
) -> None:
    """Join young tracks with those whose names they took up. The grid holds all as they are at `time`, s."""
    tracks, devices, counters = borrowed(tracks), borrowed(devices), borrowed(counters)
    grid, work, tuning = borrowed_grid(grid), borrowed(scratch.work)[0], borrowed(parameters)[0]
    for row in range(counters[COUNT]):
        load_sight(tracks[min(row + AHEAD, counters[COUNT] - 1)])
        young = tracks[row]
        if time - young["born"] > YOUNG or young["log_odds"] == -math.inf or young["source"][1] >= 0:
            continue
        device = devices[young["source"][0]]
        if not device["roadside"] or device["reliability"] < tuning["named_reliability"]:
            continue
        at = find_named(tracks, row, time, grid, work)
        if at >= 0:
            old = tracks[at]
            copy_motion(young, work)
            moment = young["time"]
            join(old, young)
            copy_motion(work, old)
            old["time"], old["detached"] = moment, True
