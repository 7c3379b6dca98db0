"""The filter of a cycle: every scan in order finds its tracks, updates them, starts new ones and doubts the missed."""

import math

from fusion.association import Scratch, assign, keep_candidate, pair_cost
from fusion.columns import COUNT, DUPLICATES, SOURCES, Longs, Record, Table
from fusion.estimation import absorb, is_duplicate, is_named, lag_noise, learn_rest, learn_surprise, loosen
from fusion.gating import FIELD, FINE, WIDE, Grid, insert, near
from fusion.lifecycle import believe, birth, doubt
from fusion.registration import compare, correct_report, start_device
from fusion.scans import Scans
from maps.compiled import compiled

WIDE_VARIANCE = 1.0
"""A track with more variance in its position goes into the wide grid, m2."""
LARGEST_REACH = 400.0
"""A report farther from its sensor says nothing about the sensor's reach, m."""
SAME_SCAN = 0.015
"""Reports of one device closer in time are one scan in several messages, s."""


@compiled
def place_track(track: Record, row: int, time: float, grid: Grid) -> None:
    """Put a track into the grid where it will be at `time`."""
    span, state, covariance = time - track["time"], track["state"], track["covariance"]
    x, y = state[0] + span * state[2], state[1] + span * state[3]
    variance = max(covariance[0, 0], covariance[1, 1]) + max(covariance[2, 2], covariance[3, 3]) * span * span
    insert(grid, WIDE if variance > WIDE_VARIANCE else FINE, row, x, y)
    insert(grid, FIELD, row, x, y)


@compiled
def find_candidates(
    tracks: Table,
    device: Record,
    report: Record,
    time: float,
    grid: Grid,
    work: Record,
    place: Record,
    parameters: Record,
) -> None:
    """Fill the candidates of one report. The grid holds tracks as they are at `time`."""
    place["candidates"] = 0
    x, y, ahead = report["z"][0], report["z"][1], time - report["moment"]
    if not math.isnan(report["z"][2]):
        x, y = x + ahead * report["z"][2], y + ahead * report["z"][3]
    largest = parameters["largest_reach"]
    reach = min(1.0 + 3.5 * math.sqrt(report["variance"][0] + 0.3), largest)
    for level in (FINE, WIDE):
        for at in range(near(grid, level, x, y, reach if level == FINE else largest, work["found"])):
            row = work["found"][at]
            cost = pair_cost(tracks[row], device, report, work, parameters)
            if cost < 0.0:
                keep_candidate(place, row, cost)


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
def apply_report(
    track: Record, devices: Table, pairs: Table, report: Record, counters: Longs, parameters: Record
) -> None:
    """Let one report go into its track, unless it went in before."""
    device = devices[report["device"]]
    if is_duplicate(track, report["device"], report["time"]):
        counters[DUPLICATES] += 1
        return
    lag = max(track["time"] - report["moment"], 0.0)
    if parameters["registration"]:
        compare(devices, pairs, track, report, counters, parameters)
    position_noise, velocity_noise = lag_noise(track, lag, parameters)
    position_variance, velocity_variance = report["variance"][0], report["variance"][1]
    if is_named(track, device, report, parameters):
        loosen(track, report["z"], position_variance + position_noise, lag)
    distance, _ = absorb(
        track["state"],
        track["covariance"],
        report["z"],
        position_variance + position_noise,
        velocity_variance + velocity_noise,
        lag,
    )
    learn_surprise(track, distance, report)
    learn_names(track, device, report, parameters)
    believe(track, report["device"], not report["roadside"], report["time"], parameters)
    learn_rest(track, report)


@compiled
def note_scan(device: Record, reports: Table) -> bool:
    """Note the time and the reach of a device's scan; return whether it is a new instant."""
    for report in reports:
        span = math.hypot(report["z"][0] - device["x"], report["z"][1] - device["y"])
        if device["reach"] < span < LARGEST_REACH:
            device["reach"] = span
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
    for place, report in enumerate(reports):
        if parameters["registration"]:
            correct_report(device, report)
        find_candidates(tracks, device, report, time, grid, work, scratch.places[place], parameters)
    assign(scratch, len(reports), scan)
    for place, report in enumerate(reports):
        row = scratch.places[place]["chosen"]
        if row >= 0:
            apply_report(tracks[row], devices, pairs, report, counters, parameters)
        else:
            row = birth(tracks, report, counters, parameters)
            place_track(tracks[row], row, time, grid)
        if not roadside:
            device["owner"] = tracks[row]["track_id"]
    if roadside and note_scan(device, reports):
        doubt(tracks, device, reports[0]["device"], moment, grid, work, parameters)


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
    """Apply all scans in sequence. The empty grid is filled for `time`."""
    for row in range(counters[COUNT]):
        place_track(tracks[row], row, time, grid)
    for scan in scans.sequence:
        reports = scans.reports[scans.starts[scan] : scans.starts[scan + 1]]
        apply_scan(tracks, devices, pairs, reports, time, scan, grid, scratch, counters, parameters[0])
