"""Compiled inner loops of `maps.lane_index`: a grid of lane segments and the search in it."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.compiled import compiled
from maps.network import Floats, Ints, Masks
from maps.polyline import Segments

OFF_LANE_SIGMAS = 3.0
"""Being off every lane weighs as much as a lane this many sigmas away."""
LANE_WANDER = 0.5
"""Spread of drivers about the centre line, m."""
_PEDESTRIAN = 8

Columns = NDArray[np.float64]
Table = NDArray[np.float64]
"""Segments (s, 6): x, y, dx, dy, offset, length."""
Query = tuple[Columns, Columns, Floats, NDArray[np.uint8], Floats]
"""Columns (n,): x, y, heading, kind, sigma."""


@dataclass(frozen=True)
class LaneGrid:
    """Segments within reach of each cell.

    Cell `row * columns + column` lists `entries[starts[cell] : starts[cell + 1]]`.
    """

    x0: float
    y0: float
    cell: float
    columns: int
    rows: int
    starts: NDArray[np.int64]
    entries: Ints
    owner: Ints
    """Lane of each segment."""
    table: Table


def build_grid(segments: Segments, reach: float, cell: float, max_cells: int) -> LaneGrid:
    """Sort segments into cells; cells grow where the city would need more than `max_cells`."""
    table = np.column_stack(
        [segments.x, segments.y, segments.dx, segments.dy, segments.offset, segments.length]
    ).astype(np.float64)
    ends = np.concatenate([table[:, :2], table[:, :2] + table[:, 2:4]])
    low = ends.min(axis=0, initial=0.0 if not len(ends) else np.inf) - reach
    size = ends.max(axis=0, initial=0.0 if not len(ends) else -np.inf) + reach - low
    cell = max(cell, math.sqrt(float(size[0] * size[1]) / max_cells))
    columns, rows = (int(extent // cell) + 1 for extent in size)
    frame = np.array([low[0], low[1], cell, reach])
    counts = np.zeros(columns * rows + 1, np.int64)
    _fill(table, frame, columns, (counts, np.empty(0, np.int32)), counting=True)
    starts = np.concatenate([[0], np.cumsum(counts[:-1])])
    entries = np.empty(int(starts[-1]), np.int32)
    _fill(table, frame, columns, (starts.copy(), entries), counting=False)
    return LaneGrid(float(low[0]), float(low[1]), cell, columns, rows, starts, entries, segments.owner, table)


def search_grid(
    grid: LaneGrid,
    allowed: Masks,
    query: Query,
    limits: tuple[float, float],
) -> tuple[Ints, Floats, Floats, Floats]:
    """Best lane, offset, lateral and probability of each position; `limits`: distance and sigma of the heading."""
    count = len(query[0])
    lane = np.full(count, -1, np.int32)
    floats = np.zeros((3, count), np.float32)
    frame = np.array([grid.x0, grid.y0, grid.cell, *limits])
    cells = (grid.columns, grid.rows, grid.starts, grid.entries, grid.owner, grid.table)
    _search(frame, cells, allowed, query, (lane, floats))
    return lane, floats[0], floats[1], floats[2]


@compiled
def nearest_on_segment(row: NDArray[np.float64], x: float, y: float) -> tuple[float, float]:
    """Squared distance from a point to a segment, and the fraction 0..1 of the nearest point along it."""
    square = row[5] * row[5]
    ax, ay = x - row[0], y - row[1]
    along = 0.0
    if square > 0.0:
        along = min(max((ax * row[2] + ay * row[3]) / square, 0.0), 1.0)
    ex, ey = ax - along * row[2], ay - along * row[3]
    return ex * ex + ey * ey, along


@compiled
def _fill(
    table: Table,
    frame: NDArray[np.float64],
    columns: int,
    out: tuple[NDArray[np.int64], Ints],
    counting: bool,
) -> None:
    """Count the entries of each cell, or write them from the cursors in `out` on."""
    x0, y0, cell, reach = frame[0], frame[1], frame[2], frame[3]
    cursor, entries = out
    near = (reach + cell * math.sqrt(0.5)) ** 2
    for segment in range(len(table)):
        row = table[segment]
        left = int((min(row[0], row[0] + row[2]) - reach - x0) / cell)
        right = int((max(row[0], row[0] + row[2]) + reach - x0) / cell)
        bottom = int((min(row[1], row[1] + row[3]) - reach - y0) / cell)
        top = int((max(row[1], row[1] + row[3]) + reach - y0) / cell)
        for j in range(bottom, top + 1):
            for i in range(left, right + 1):
                square, _ = nearest_on_segment(row, x0 + (i + 0.5) * cell, y0 + (j + 0.5) * cell)
                if square <= near:
                    at = j * columns + i
                    if not counting:
                        entries[cursor[at]] = segment
                    cursor[at] += 1


@compiled
def _weight(square: float, turn: float, sigma: float, sigma_heading: float) -> float:
    """Likelihood of a lane at a squared distance, seen under a difference in heading (NaN: not looked at)."""
    exponent = square / (sigma * sigma + LANE_WANDER * LANE_WANDER)
    if not math.isnan(turn):
        turn = (turn + math.pi) % (2.0 * math.pi) - math.pi
        exponent += (turn / sigma_heading) ** 2
    return math.exp(-0.5 * min(exponent, 1000.0))


@compiled
def _search(
    frame: NDArray[np.float64],
    cells: tuple[int, int, NDArray[np.int64], Ints, Ints, Table],
    allowed: Masks,
    query: Query,
    out: tuple[Ints, Floats],
) -> None:
    """Write the lane of each position, and its offset, lateral and probability as three rows."""
    lane, floats = out
    xs, ys, headings, kinds, sigmas = query
    columns, rows, starts, entries, owner, table = cells
    limit = frame[3] * frame[3]
    for k in range(len(lane)):
        x, y = xs[k], ys[k]
        i, j = (x - frame[0]) / frame[2], (y - frame[1]) / frame[2]
        if not (0.0 <= i < columns and 0.0 <= j < rows):
            continue
        at = int(j) * columns + int(i)
        bit = np.uint32(1) << np.uint32(kinds[k] & 31)
        heading = math.nan if kinds[k] == _PEDESTRIAN else headings[k]
        best, total, entry = 0.0, math.exp(-0.5 * OFF_LANE_SIGMAS * OFF_LANE_SIGMAS), starts[at]
        while entry < starts[at + 1]:
            road = owner[entries[entry]]
            nearest, fraction, piece = math.inf, 0.0, entries[entry]
            while entry < starts[at + 1] and owner[entries[entry]] == road:
                square, along = nearest_on_segment(table[entries[entry]], x, y)
                if square < nearest:
                    nearest, fraction, piece = square, along, entries[entry]
                entry += 1
            if nearest > limit or not allowed[road] & bit:
                continue
            row = table[piece]
            weight = _weight(nearest, heading - math.atan2(row[2], row[3]), sigmas[k], frame[4])
            total += weight
            if weight > best:
                best = weight
                side = row[2] * (y - row[1]) - row[3] * (x - row[0])
                lane[k] = road
                floats[0, k] = row[4] + fraction * row[5]
                floats[1, k] = math.copysign(math.sqrt(nearest), side)
        floats[2, k] = best / total
