"""Birth, belief and death of tracks: existence as log-odds, lowered by sensors that should have seen the object."""

import math

from fusion.columns import COUNT, KINDS, NEXT_ID, SOURCES, Ints, Longs, Record, Table
from fusion.estimation import learn_rest
from fusion.gating import FIELD, Grid, near_within
from fusion.memory_access import load_belief
from fusion.registration import has_company
from maps.compiled import compiled

FADE_AFTER = 0.3
"""Belief fades after this long without a report, s."""
STEADY_WINDOW = 0.65
"""A device that made `fusion.columns.STEADY_REPORTS` reports in this time (s) sees the track steadily."""
FASTEST, ROUNDING = 60.0, 3.0
"""Nobody is faster, m/s; the grid's single-precision places are closer than this to the true ones, m."""
SLOWEST_NEWCOMER, EDGE, EDGE_TIME = 0.5, 2.0, 0.3
"""Who moves inwards faster than this, m/s, within this of the edge of a view, m, or so little time after it, s, came in
there."""
STRANGER_WINDOW = 2.0
"""A device without a report in this time (s) cannot speak against a track that another sees steadily."""


@compiled
def came_in(device: Record, report: Record) -> bool:
    """Tell whether a report lies at the edge of its device's view and moves inwards, as newcomers do."""
    z = report["z"]
    east, north = z[0] - device["x"], z[1] - device["y"]
    distance = math.hypot(east, north)
    if math.isnan(z[2]) or not distance > 0.0:
        return False
    inwards = -(east * z[2] + north * z[3]) / distance
    return bool(inwards > SLOWEST_NEWCOMER and device["radius"] - distance < max(EDGE_TIME * inwards, EDGE))


@compiled
def birth(tracks: Table, device: Record, report: Record, counters: Longs, parameters: Record) -> int:
    """Make a track of one report; return its row."""
    row = counters[COUNT]
    track = tracks[row]
    clear(track)
    track["track_id"] = counters[NEXT_ID]
    counters[COUNT] += 1
    counters[NEXT_ID] += 1
    track["time"] = report["moment"]
    z, known = report["z"], not math.isnan(report["z"][2])
    for axis in range(2):
        track["state"][axis] = z[axis]
        track["state"][axis + 2] = track["told"][axis] = z[axis + 2] if known else 0.0
        track["covariance"][axis, axis] = report["variance"][0]
        variance = report["variance"][1] if known else parameters["unknown_velocity_sigma"] ** 2
        track["covariance"][axis + 2, axis + 2] = variance
    track["blur"] = report["blur"]
    track["surprise"] = 1.0
    start_heading(track, report, known)
    if not report["roadside"]:
        track["log_odds"] = parameters["self_birth_log_odds"]
    elif came_in(device, report):
        track["log_odds"] = max(parameters["edge_birth_log_odds"], parameters["birth_log_odds"])
    else:
        track["log_odds"] = parameters["birth_log_odds"]
    track["confirmed"] = track["log_odds"] >= parameters["confirm_log_odds"]
    track["born"] = track["updated"] = report["time"]
    learn_rest(track, report)
    return int(row)


@compiled
def clear(track: Record) -> None:
    """Forget whatever stood in a row before."""
    track["covariance"][:] = 0.0
    track["kind"] = 0
    track["kind_score"][:] = 0.0
    track["length"] = track["width"] = math.nan
    track["size_weight"] = 0.0
    track["hidden"] = False
    track["source"][:] = -1
    track["recent_device"][:] = -1
    track["recent_next"] = 0
    track["self_device"] = -1
    track["rival"] = -1
    track["rival_since"] = 0.0
    track["detached"] = False


@compiled
def start_heading(track: Record, report: Record, known: bool) -> None:
    """Take the first heading from the report, else from its velocity, else north."""
    track["heading"] = 0.0
    if not math.isnan(report["heading"]):
        track["heading"] = report["heading"] % (2.0 * math.pi)
    elif known:
        track["heading"] = math.atan2(report["z"][2], report["z"][3]) % (2.0 * math.pi)


@compiled
def steadily_seen(track: Record, time: float) -> bool:
    """Tell whether the device that reported last has reported the track in nearly all of its last scans."""
    return bool(time - track["steady"] < STEADY_WINDOW)


@compiled
def believe(track: Record, device: int, self_reported: bool, time: float, parameters: Record) -> None:
    """Raise the existence of a track that got a report; to be called before the report's source is noted.

    What one device sees steadily is confirmed even where others with a claim to see it do not: they may be blind there.
    """
    gain = parameters["hit_same"] if track["source"][0] == device else parameters["hit_other"]
    if self_reported:
        gain = max(gain, parameters["self_birth_log_odds"])
    least = parameters["birth_log_odds"]  # who comes back is believed no less than a newcomer
    track["log_odds"] = min(max(track["log_odds"] + gain, least), parameters["highest_log_odds"])
    if not track["confirmed"] and track["source"][0] == device and steadily_seen(track, time):
        track["log_odds"] = max(track["log_odds"], parameters["confirm_log_odds"])
    if track["log_odds"] >= parameters["confirm_log_odds"]:
        track["confirmed"] = True
        track["hidden"] = False


@compiled
def seen_since(track: Record, device: int, time: float) -> bool:
    """Tell whether a device reported the track at `time` or later."""
    for slot in range(SOURCES):
        if track["source"][slot] == device:
            return bool(track["source_time"][slot] >= time - 1e-3)
    return False


@compiled
def miss_cost(device: Record, band: int, steady: bool, parameters: Record) -> float:
    """Return the loss of log-odds of a track that a sensor missed in one half of its view."""
    most = parameters["detection_near"] if band == 0 else parameters["detection_far"]
    cost = -math.log(1.0 - min(device["detection"][band], most))
    return float(cost * parameters["alive_discount"] if steady else cost)


@compiled
def in_burst(track: Record, device: int, since: float, moment: float) -> bool:
    """Tell whether a device that alone knows a track had missed it before the two scans from `since` to `moment` too.

    Misses come in bursts: what hides a road user now hid it a moment ago, so that is no new evidence. Where others saw
    it a moment ago and miss it too, it is.
    """
    burst = False
    for slot in range(SOURCES):
        if track["source"][slot] == device:
            burst = bool(track["source_time"][slot] < since - 0.6 * (moment - since))
        elif track["source"][slot] >= 0 and track["source_time"][slot] > moment - STRANGER_WINDOW:
            return False
    return burst


@compiled
def view_radius(device: Record, parameters: Record) -> float:
    """Return how far a sensor must see a track for a miss to count, m; 0 where nothing can be said."""
    radius = parameters["view_margin"] * (0.9 * device["reach"] if math.isnan(device["radius"]) else device["radius"])
    if math.isnan(device["x"]) or not radius > 0.0 or device["scan_before"] == -math.inf:
        return 0.0
    return float(radius)


@compiled
def find_in_view(tracks: Table, device: Record, ahead: float, grid: Grid, found: Ints, parameters: Record) -> int:
    """Write the tracks that a sensor may have missed into `found` and start to load them; return how many.

    The grid holds tracks as they are `ahead` s later.
    """
    radius, x, y = view_radius(device, parameters), device["x"], device["y"]
    reach = radius + FASTEST * max(ahead, 0.0) + ROUNDING
    if radius == 0.0:
        return 0
    count = near_within(grid, FIELD, x, y, radius, reach, found)
    for row in found[:count]:
        load_belief(tracks[row])
    return count


@compiled
def doubt(tracks: Table, device: Record, number: int, moment: float, found: Ints, parameters: Record) -> None:
    """Lower the existence of tracks in the view of sensor `number` that it missed in two scans in a row.

    `found` are those that may be in its view. One scan is given grace, because the reports of one instant may come in
    several messages. How much a miss counts is learnt from tracks that other sensors report: a sensor whose view is
    narrower than told sees few of them.
    """
    radius, since, x, y = view_radius(device, parameters), device["scan_before"], device["x"], device["y"]
    for row in found:
        track = tracks[row]
        span, state = moment - track["time"], track["state"]
        east, north = state[0] + span * state[2] - x, state[1] + span * state[3] - y
        square = east * east + north * north
        if square > radius * radius or track["born"] > since:
            continue
        band = 0 if square < 0.25 * radius * radius else 1
        seen = seen_since(track, number, since)
        if track["confirmed"] and has_company(track, number, moment):
            outcome = 1.0 if seen else 0.0
            device["detection"][band] += parameters["detection_rate"] * (outcome - device["detection"][band])
        if not seen:
            steady = track["confirmed"] and steadily_seen(track, moment)
            if not steady or seen_since(track, number, moment - STRANGER_WINDOW):
                cost = miss_cost(device, band, steady, parameters)
                if in_burst(track, number, since, moment):
                    cost *= parameters["burst_discount"]
                lowered = track["log_odds"] - cost
                track["log_odds"] = max(lowered, parameters["lowest_log_odds"])


@compiled
def is_over(track: Record, now: float, parameters: Record) -> bool:
    """Tell whether a track is to be forgotten."""
    silence = now - track["updated"]
    if track["log_odds"] == -math.inf:
        return True
    if track["confirmed"]:
        return bool(silence > parameters["coast"])
    doubted = track["log_odds"] <= parameters["lowest_log_odds"] and silence > FADE_AFTER
    return bool(silence > parameters["tentative_coast"] or doubted)


@compiled
def bury(tracks: Table, counters: Longs, now: float, span: float, parameters: Table) -> None:
    """Let belief fade over `span` s, hide doubted tracks and close the gaps the dead ones leave."""
    row, tuning = 0, parameters[0]
    while row < counters[COUNT]:
        track = tracks[row]
        if now - track["updated"] > FADE_AFTER:
            track["log_odds"] -= tuning["fade"] * span
        if track["log_odds"] < tuning["hide_log_odds"] or now - track["updated"] > tuning["shown_for"]:
            track["hidden"] = True
        if is_over(track, now, tuning):
            counters[COUNT] -= 1
            tracks[row] = tracks[counters[COUNT]]
        else:
            row += 1


@compiled
def take_over(winner: Record, loser: Record) -> None:
    """Give the winner what the loser knew and mark the loser dead."""
    if winner["self_device"] < 0:
        winner["self_device"] = loser["self_device"]
    winner["log_odds"] = max(winner["log_odds"], loser["log_odds"])
    winner["confirmed"] = winner["confirmed"] or loser["confirmed"]
    winner["hidden"] = winner["hidden"] and loser["hidden"]
    winner["born"] = min(winner["born"], loser["born"])
    winner["updated"] = max(winner["updated"], loser["updated"])
    best = 1
    for kind in range(1, KINDS):
        winner["kind_score"][kind] += loser["kind_score"][kind]
        if winner["kind_score"][kind] > winner["kind_score"][best]:
            best = kind
    if winner["kind_score"][best] > 0.0:
        winner["kind"] = best
    if winner["size_weight"] < loser["size_weight"]:
        winner["length"], winner["width"] = loser["length"], loser["width"]
        winner["size_weight"] = loser["size_weight"]
    loser["log_odds"] = -math.inf
