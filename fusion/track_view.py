"""The tracker's memory as the table that readers get: confirmed tracks at one moment, in arrays of their own."""

import math

import numpy as np

from fusion.association import WORK
from fusion.columns import Floats, Longs, Record, Table
from fusion.motion import move
from fusion.tracks import MAX_SOURCES, TrackTable
from maps.compiled import compiled

TYPICAL_SIZE = (
    (4.5, 1.8),
    (4.5, 1.8),
    (5.5, 2.0),
    (9.0, 2.5),
    (12.0, 2.5),
    (6.0, 2.2),
    (2.0, 0.8),
    (1.8, 0.6),
    (0.5, 0.5),
)
"""Length and width by kind where no report gave one, m."""
LEAST_HONESTY, LARGEST_HONESTY = 0.2, 5.0
"""Bounds of the factor by which innovations correct what is told of a covariance."""
LINE = np.dtype(
    [
        ("track_id", np.uint32),
        ("kind", np.uint8),
        ("x", np.float64),
        ("y", np.float64),
        ("vx", np.float32),
        ("vy", np.float32),
        ("heading", np.float32),
        ("covariance", np.float32, (4, 4)),
        ("length", np.float32),
        ("width", np.float32),
        ("existence", np.float32),
        ("updated", np.float64),
        ("born", np.float64),
        ("sources", np.int32, (MAX_SOURCES,)),
        ("self_device", np.int32),
        ("lane", np.int32),
        ("lane_probability", np.float32),
        ("lane_offset", np.float32),
        ("roadside", np.float64),
    ],
    align=True,
)
"""One row of `TrackTable`."""


@compiled
def shown(tracks: Table, count: int) -> Longs:
    """Return the rows of confirmed and believed tracks among the first `count`, ordered by id."""
    rows, ids, found = np.empty(count, np.int64), np.empty(count, np.int64), 0
    for row in range(count):
        if tracks[row]["confirmed"] and not tracks[row]["hidden"]:
            rows[found], ids[found] = row, tracks[row]["track_id"]
            found += 1
    return rows[:found][np.argsort(ids[:found])]


@compiled
def extrapolate(track: Record, now: float, work: Record, parameters: Record) -> None:
    """Write state and covariance of a track at `now` into `work`, also for times shortly before its state."""
    for i in range(4):
        work["state"][i] = track["state"][i]
        for j in range(4):
            work["covariance"][i, j] = track["covariance"][i, j]
    span = now - track["time"]
    if span > 0.0:
        move(work["state"], work["covariance"], track["kind"], span, parameters)
    else:
        work["state"][0] += span * work["state"][2]
        work["state"][1] += span * work["state"][3]


@compiled
def newest_from_outside(track: Record) -> float:
    """Return when another device than the track's own terminal reported it last, s; NaN where none did."""
    newest = math.nan
    for slot in range(len(track["source"])):
        device, time = track["source"][slot], track["source_time"][slot]
        if device >= 0 and device != track["self_device"] and not time <= newest:
            newest = time
    return newest


@compiled
def show(track: Record, work: Record, line: Record, typical: Floats) -> None:
    """Write what readers get of a track that was extrapolated into `work`."""
    line["track_id"], line["kind"] = track["track_id"], track["kind"]
    line["x"], line["y"], line["vx"], line["vy"] = work["state"]
    honesty = min(max(track["surprise"], LEAST_HONESTY), LARGEST_HONESTY)
    for i in range(4):
        for j in range(4):
            line["covariance"][i, j] = work["covariance"][i, j] * honesty
    for i in range(2):
        line["covariance"][i, i] += track["blur"]
    line["heading"] = track["heading"]
    line["length"] = typical[0] if math.isnan(track["length"]) else track["length"]
    line["width"] = typical[1] if math.isnan(track["width"]) else track["width"]
    line["existence"] = 1.0 / (1.0 + math.exp(-track["log_odds"]))
    line["updated"], line["born"], line["self_device"] = track["updated"], track["born"], track["self_device"]
    for slot in range(MAX_SOURCES):
        line["sources"][slot] = track["source"][slot]
    line["lane"], line["lane_probability"], line["lane_offset"] = -1, 0.0, math.nan
    line["roadside"] = newest_from_outside(track)


@compiled
def write_lines(tracks: Table, rows: Longs, now: float, lines: Table, work: Table, parameters: Table) -> None:
    """Write one line for each of the given rows."""
    typical = np.array(TYPICAL_SIZE)
    for place, row in enumerate(rows):
        extrapolate(tracks[row], now, work[0], parameters[0])
        show(tracks[row], work[0], lines[place], typical[tracks[row]["kind"]])


def view(tracks: Table, count: int, now: float, parameters: Table) -> TrackTable:
    """Return confirmed and believed tracks among the first `count` rows, extrapolated to `now`, ordered by id."""
    rows = shown(tracks, count)
    lines = np.empty(len(rows), LINE)
    write_lines(tracks, rows, now, lines, np.zeros(1, WORK), parameters)
    return TrackTable(**{name: np.ascontiguousarray(lines[name]) for name in LINE.names or ()})
