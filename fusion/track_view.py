"""The tracker's memory as the table that readers get: confirmed tracks at one moment, in arrays of their own."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fusion.association import WORK
from fusion.columns import Bytes, Floats, Ints, Longs, Reals, Record, Table
from fusion.memory_access import AHEAD, borrowed, load_near, load_sight
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
BLOCK = 32
"""Lines that are made together."""


class Scratch(NamedTuple):
    """Memory for a block of lines."""

    work: Table
    """(1,) of WORK"""
    lines: Table
    """(BLOCK,) of LINE"""
    typical: Floats
    """(kinds, 2) length and width, m"""


class Columns(NamedTuple):
    """The columns of `TrackTable`, as compiled code takes them; in its order."""

    track_id: NDArray[np.uint32]
    kind: Bytes
    x: Floats
    y: Floats
    vx: Reals
    vy: Reals
    heading: Reals
    covariance: Reals
    length: Reals
    width: Reals
    existence: Reals
    updated: Floats
    born: Floats
    sources: Ints
    self_device: Ints
    lane: Ints
    lane_probability: Reals
    lane_offset: Reals
    roadside: Floats


@compiled
def find_shown(tracks: Table, count: int) -> tuple[Longs, Longs]:
    """Return rows and ids of confirmed and believed tracks among the first `count`."""
    rows, ids, found = np.empty(count, np.int64), np.empty(count, np.int64), 0
    for row in range(count):
        load_sight(tracks[min(row + AHEAD, count - 1)])
        track = tracks[row]
        rows[found], ids[found] = row, track["track_id"]
        found += track["confirmed"] and not track["hidden"]
    return rows[:found], ids[:found]


def shown(tracks: Table, count: int) -> Longs:
    """Return the rows of confirmed and believed tracks among the first `count`, ordered by id."""
    rows, ids = find_shown(tracks, count)
    ordered: Longs = rows[np.argsort(ids)]
    return ordered


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
def spread_lines(lines: Table, columns: Columns, first: int) -> None:
    """Copy lines into columns from row `first` on."""
    for at, line in enumerate(lines):
        row = first + at
        columns.track_id[row], columns.kind[row] = line["track_id"], line["kind"]
        columns.x[row], columns.y[row] = line["x"], line["y"]
        columns.vx[row], columns.vy[row], columns.heading[row] = line["vx"], line["vy"], line["heading"]
        for i in range(4):
            for j in range(4):
                columns.covariance[row, i, j] = line["covariance"][i, j]
        columns.length[row], columns.width[row] = line["length"], line["width"]
        columns.existence[row] = line["existence"]
        columns.updated[row], columns.born[row] = line["updated"], line["born"]
        for slot in range(MAX_SOURCES):
            columns.sources[row, slot] = line["sources"][slot]
        columns.self_device[row], columns.roadside[row] = line["self_device"], line["roadside"]
        columns.lane[row], columns.lane_probability[row] = line["lane"], line["lane_probability"]
        columns.lane_offset[row] = line["lane_offset"]


@compiled
def write_columns(
    tracks: Table, rows: Longs, now: float, columns: Columns, scratch: Scratch, parameters: Table
) -> None:
    """Write what readers get of the given rows, in blocks that fit into the nearest cache."""
    tracks, lines, typical = borrowed(tracks), borrowed(scratch.lines), borrowed(scratch.typical)
    work, parameters = borrowed(scratch.work), borrowed(parameters)
    for first in range(0, len(rows), BLOCK):
        block = rows[first : first + BLOCK]
        for row in block:
            load_near(tracks[row])
        for place, row in enumerate(block):
            extrapolate(tracks[row], now, work[0], parameters[0])
            show(tracks[row], work[0], lines[place], typical[tracks[row]["kind"]])
        spread_lines(lines[: len(block)], columns, first)


def view(tracks: Table, rows: Longs, now: float, parameters: Table) -> TrackTable:
    """Return the tracks in `rows`, extrapolated to `now`."""
    names = LINE.names or ()
    columns = Columns(*(np.empty((len(rows), *LINE[name].shape), LINE[name].base) for name in names))
    scratch = Scratch(np.zeros(1, WORK), np.empty(BLOCK, LINE), np.array(TYPICAL_SIZE))
    write_columns(tracks, rows, now, columns, scratch, parameters)
    return TrackTable(*columns)
