"""The filter of a cycle: every scan in order finds its tracks, updates them, starts new ones and doubts the missed."""

import math

from fusion.association import FOUND, Scratch, assign, keep_candidate
from fusion.columns import COUNT, DUPLICATES, SOURCES, Ints, Longs, Record, Table
from fusion.estimation import (
    absorb,
    is_duplicate,
    is_named,
    lag_noise,
    learn_rest,
    learn_surprise,
    loosen,
    settle_velocity,
)
from fusion.gating import (
    FIELD,
    FINE,
    WIDE,
    Grid,
    borrowed_grid,
    clear_level,
    enter,
    insert,
    leave_out,
    near,
    sort_level,
)
from fusion.lifecycle import believe, birth, doubt, find_in_view
from fusion.memory_access import AHEAD, borrowed, load_motion, load_near, load_rest
from fusion.pair_cost import copy_motion, pair_cost
from fusion.registration import compare, correct_report, load_partners, start_device
from fusion.registration_clocks import compare_path
from fusion.scans import Scans
from fusion.terminal_drift import (
    absorb_linked,
    bear_drift,
    carry_drift,
    drift_trace,
    fold_blur,
    is_linked,
    link_drift,
    out_of_sight,
    return_to_terminal,
)
from maps.compiled import compiled

WIDE_VARIANCE = 1.0
"""A track with more variance in its position goes into the wide grid, m2."""
LARGEST_REACH = 400.0
"""A report farther from its sensor says nothing about the sensor's reach, m."""
SAME_SCAN = 0.015
"""Reports of one device closer in time are one scan in several messages, s."""


@compiled
def place_of(track: Record, time: float) -> tuple[int, float, float]:
    """Return the level of the grid that a track belongs to and where it will be at `time`."""
    span, state, covariance = time - track["time"], track["state"], track["covariance"]
    x, y = state[0] + span * state[2], state[1] + span * state[3]
    variance = max(covariance[0, 0], covariance[1, 1]) + max(covariance[2, 2], covariance[3, 3]) * span * span
    return WIDE if variance > WIDE_VARIANCE else FINE, x, y


@compiled
def fill_grid(tracks: Table, count: int, time: float, grid: Grid) -> None:
    """Put the first `count` tracks into the grid where they will be at `time`."""
    for level in (FINE, WIDE, FIELD):
        clear_level(grid, level)
    for row in range(count):
        load_motion(tracks[min(row + AHEAD, count - 1)])
        level, x, y = place_of(tracks[row], time)
        enter(grid, level, row, x, y)
        leave_out(grid, WIDE if level == FINE else FINE, row)
        enter(grid, FIELD, row, x, y)
    for level in (FINE, WIDE, FIELD):
        sort_level(grid, level, count)


@compiled
def add_to_grid(track: Record, row: int, time: float, grid: Grid) -> None:
    """Add a track to the grid where it will be at `time`."""
    level, x, y = place_of(track, time)
    insert(grid, level, row, x, y)
    insert(grid, FIELD, row, x, y)


@compiled
def look_around(
    tracks: Table,
    device: Record,
    report: Record,
    time: float,
    grid: Grid,
    found: Ints,
    place: Record,
    parameters: Record,
) -> None:
    """Find the tracks near one report and start to load them. The grid holds tracks as they are at `time`."""
    x, y, ahead = report["z"][0], report["z"][1], time - report["moment"]
    if not math.isnan(report["z"][2]):
        x, y = x + ahead * report["z"][2], y + ahead * report["z"][3]
    largest = parameters["largest_reach"]
    unsure = report["variance"][0] + 0.5 * drift_trace(device, report)
    reach = min(1.0 + 3.5 * math.sqrt(unsure + 0.3), largest)
    count = near(grid, FINE, x, y, reach, found)
    if grid.filled[WIDE, 0] + grid.filled[WIDE, 1] > 0:
        count += near(grid, WIDE, x, y, largest, found[count:])
    for row in found[:count]:
        load_near(tracks[row])
    place["found"] = count


@compiled
def weigh(tracks: Table, device: Record, report: Record, found: Ints, place: Record, parameters: Record) -> None:
    """Fill the candidates of one report from the tracks near it."""
    place["candidates"], place["held"] = 0, -1
    for row in found:
        cost = pair_cost(tracks[row], row, device, report, place, parameters)
        if cost < 0.0:
            load_rest(tracks[row])
            keep_candidate(place, row, cost)


@compiled
def find_candidates(
    tracks: Table, device: Record, reports: Table, time: float, grid: Grid, scratch: Scratch, parameters: Record
) -> None:
    """Fill the candidates of the reports of a scan; as many as there is room for are looked at together."""
    places, found = scratch.places, scratch.work[0]["found"]
    first, used = 0, 0
    for place, report in enumerate(reports):
        if parameters["registration"]:
            correct_report(device, report, parameters)
        look_around(tracks, device, report, time, grid, found[used : used + FOUND], places[place], parameters)
        used += places[place]["found"]
        if used + FOUND > len(found) or place + 1 == len(reports):
            used = 0
            for here in range(first, place + 1):
                count = places[here]["found"]
                weigh(tracks, device, reports[here], found[used : used + count], places[here], parameters)
                used += count
            first, used = place + 1, 0


@compiled
def learn_names(track: Record, device: Record, report: Record, parameters: Record) -> None:
    """Learn whether a device keeps its names, from a report whose track it named before."""
    for slot in range(SOURCES):
        if track["source"][slot] == report["device"]:
            if 0.0 < report["time"] - track["source_time"][slot] < 0.3:
                kept = 1.0 if track["source_object"][slot] == report["object_id"] else 0.0
                device["reliability"] += parameters["identity_rate"] * (kept - device["reliability"])
            return


@compiled
def joins_drift(track: Record, devices: Table, report: Record, parameters: Record) -> bool:
    """Tell whether a report is to go into the slow error of the terminal on board too, and bring that up to date."""
    if not report["roadside"]:
        device = devices[report["device"]]
        if track["self_device"] != report["device"] or not is_linked(track, device):
            track["self_device"] = report["device"]
            link_drift(track, device)
    elif track["self_device"] < 0 or not is_linked(track, devices[track["self_device"]]):
        return False
    device = devices[track["self_device"]]
    carry_drift(device, track["time"], parameters)
    if report["roadside"]:
        device["unit_blur"] = report["blur"]
    elif out_of_sight(track, report["time"]):
        fold_blur(track, device)
        return_to_terminal(track, device, parameters)
    return True


@compiled
def take_motion(track: Record, devices: Table, report: Record, place: Record, parameters: Record) -> float:
    """Update the motion of a track with a report; return the squared normalised distance.

    What was worked out for the cost of the pair is taken over where nothing has changed since.
    """
    named = is_named(track, devices[report["device"]], report, parameters)
    linked = parameters["registration"] and joins_drift(track, devices, report, parameters)
    settled = settle_velocity(track, report, parameters)
    if not (named or linked or settled) and place["held"] == place["chosen"] and place["held_time"] == track["time"]:
        copy_motion(place, track)
        return float(place["distance"])
    lag = max(track["time"] - report["moment"], 0.0)
    position_noise, velocity_noise = lag_noise(track, lag, parameters)
    position_variance, velocity_variance = report["variance"][0], report["variance"][1]
    if named:
        loosen(track, report["z"], position_variance + position_noise, lag)
    if linked:
        return absorb_linked(track, devices, report, lag, (position_noise, velocity_noise))
    distance, _ = absorb(
        track["state"],
        track["covariance"],
        report["z"],
        position_variance + position_noise,
        velocity_variance + velocity_noise,
        lag,
    )
    return distance


@compiled
def apply_report(
    track: Record, devices: Table, pairs: Table, report: Record, place: Record, counters: Longs, parameters: Record
) -> None:
    """Let one report go into its track, unless it went in before."""
    device = devices[report["device"]]
    if is_duplicate(track, report["device"], report["time"]):
        counters[DUPLICATES] += 1
        return
    if parameters["registration"]:
        compare(devices, pairs, track, report, counters, parameters)
        compare_path(devices, pairs, track, report, counters, parameters)
    distance = take_motion(track, devices, report, place, parameters)
    learn_surprise(track, distance, report)
    learn_names(track, device, report, parameters)
    believe(track, report["device"], not report["roadside"], report["time"], parameters)
    learn_rest(track, report)


@compiled
def note_scan(device: Record, reports: Table) -> bool:
    """Note the time and the reach of a device's scan; return whether it is a new instant."""
    for report in reports:
        east, north = report["z"][0] - device["x"], report["z"][1] - device["y"]
        square = east * east + north * north
        if device["reach"] ** 2 < square < LARGEST_REACH**2:
            device["reach"] = math.sqrt(square)
    time = reports[0]["time"]
    if time <= device["scan_time"] + SAME_SCAN:
        return False
    device["reach"] *= 0.9995
    device["scan_before"] = device["scan_time"]
    device["scan_time"] = time
    return True


@compiled
def apply_scan(
    tracks: Table,
    devices: Table,
    pairs: Table,
    reports: Table,
    time: float,
    scan: int,
    grid: Grid,
    scratch: Scratch,
    counters: Longs,
    parameters: Record,
) -> None:
    """Apply the reports of one scan, all by one device at one instant."""
    device, work = devices[reports[0]["device"]], scratch.work[0]
    moment, roadside = reports[0]["moment"], reports[0]["roadside"]
    start_device(device, reports[0], counters, parameters)
    load_partners(device, devices, pairs)
    find_candidates(tracks, device, reports, time, grid, scratch, parameters)
    in_view = 0
    if roadside and note_scan(device, reports):
        in_view = find_in_view(tracks, device, time - moment, grid, work["found"], parameters)
    assign(scratch, len(reports), scan)
    for place, report in enumerate(reports):
        row = scratch.places[place]["chosen"]
        if row >= 0:
            apply_report(tracks[row], devices, pairs, report, scratch.places[place], counters, parameters)
        else:
            row = birth(tracks, device, report, counters, parameters)
            if parameters["registration"] and not roadside:
                bear_drift(tracks[row], device)
            add_to_grid(tracks[row], row, time, grid)
        if not roadside:
            device["owner"] = tracks[row]["track_id"]
    doubt(tracks, device, reports[0]["device"], moment, work["found"][:in_view], parameters)


@compiled
def run_scans(
    tracks: Table,
    devices: Table,
    pairs: Table,
    scans: Scans,
    time: float,
    grid: Grid,
    scratch: Scratch,
    counters: Longs,
    parameters: Table,
) -> None:
    """Apply all scans in sequence. The grid is filled anew for `time`."""
    tracks, devices, pairs, counters = borrowed(tracks), borrowed(devices), borrowed(pairs), borrowed(counters)
    grid = borrowed_grid(grid)
    work, places, marks = borrowed(scratch.work), borrowed(scratch.places), borrowed(scratch.marks)
    scratch = Scratch(work, places, marks, borrowed(scratch.seats))
    all_reports, starts, parameters = borrowed(scans.reports), borrowed(scans.starts), borrowed(parameters)
    fill_grid(tracks, counters[COUNT], time, grid)
    for scan in scans.sequence:
        reports = all_reports[starts[scan] : starts[scan + 1]]
        apply_scan(tracks, devices, pairs, reports, time, scan, grid, scratch, counters, parameters[0])
