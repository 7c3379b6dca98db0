"""Which tracks lie near a place: hashed grids of square cells, sorted once a cycle; those born meanwhile are linked in.

The rows of a bucket lie side by side, so that a search waits for memory once a bucket and not once a row.
"""

import math
from typing import NamedTuple

import numpy as np

from fusion.columns import Ints, Record, Table
from fusion.memory_access import borrowed
from maps.compiled import compiled

FINE, WIDE, FIELD = 0, 1, 2
"""Levels: sure tracks, tracks that coasted into uncertainty, all tracks for sensor views."""
CELL = (4.0, 24.0, 50.0)
"""Side of a cell by level, m."""
SHARED = (1, 0, 0)
"""Cells share a bucket by two to this power along each axis, by level."""
SPOT = np.dtype(
    [
        ("row", np.int32),
        ("cell_x", np.int32),
        ("cell_y", np.int32),
        ("x", np.float32),
        ("y", np.float32),
        ("link", np.int32),  # bucket of a row, then the next row of the same bucket, -1 where none
    ],
    align=True,
)


class Grid(NamedTuple):
    """Rows hashed by the square cell they lie in, on three levels."""

    starts: Ints
    """(levels, power of two + 1) first of the sorted spots of each bucket, and their number."""
    spots: Table
    """(levels, rows) of SPOT, bucket after bucket, the last row first."""
    placed: Table
    """(levels, rows) of SPOT by row."""
    head: Ints
    """(levels, power of two) the last row of each bucket that came after the sorting, -1 where none did."""
    filled: Ints
    """(levels, 2) rows on each level: sorted, and come after."""


def make_grid(capacity: int) -> Grid:
    """Make an empty grid for up to `capacity` rows."""
    buckets, levels = 1 << max(8, capacity.bit_length() - 1), len(CELL)
    return Grid(
        np.zeros((levels, buckets + 1), np.int32),
        np.zeros((levels, capacity), SPOT),
        np.zeros((levels, capacity), SPOT),
        np.full((levels, buckets), -1, np.int32),
        np.zeros((levels, 2), np.int32),
    )


def grown_grid(grid: Grid, capacity: int) -> Grid:
    """Return a grid for at least `capacity` rows, the given one where it is large enough."""
    return grid if grid.placed.shape[1] >= capacity else make_grid(2 * capacity)


@compiled
def bucket_of(block_x: int, block_y: int, buckets: int) -> int:
    """Return the bucket of a block of cells; eight by eight lie together, so that a search stays in few lines."""
    mixed = ((block_x >> 3) * 73856093) ^ ((block_y >> 3) * 19349663)
    block = (mixed ^ (mixed >> 15)) << 6
    return int((block + ((block_x & 7) << 3) + (block_y & 7)) & (buckets - 1))


@compiled
def put(grid: Grid, level: int, row: int, x: float, y: float) -> int:
    """Note where a row is; return its bucket."""
    cell_x, cell_y = math.floor(x / CELL[level]), math.floor(y / CELL[level])
    spot = grid.placed[level, row]
    spot["row"], spot["cell_x"], spot["cell_y"], spot["x"], spot["y"] = row, cell_x, cell_y, x, y
    return bucket_of(cell_x >> SHARED[level], cell_y >> SHARED[level], grid.head.shape[1])


@compiled
def insert(grid: Grid, level: int, row: int, x: float, y: float) -> None:
    """Add a row at a position to a sorted grid; each row may stand once on a level."""
    bucket = put(grid, level, row, x, y)
    grid.placed[level, row]["link"] = grid.head[level, bucket]
    grid.head[level, bucket] = row
    grid.filled[level, 1] += 1


@compiled
def clear_level(grid: Grid, level: int) -> None:
    """Take all rows off a level."""
    if grid.filled[level, 1] > 0:
        grid.head[level, :] = -1
    if grid.filled[level, 0] > 0:
        grid.starts[level, :] = 0
    grid.filled[level, 0] = grid.filled[level, 1] = 0


@compiled
def enter(grid: Grid, level: int, row: int, x: float, y: float) -> None:
    """Put a row at a position of an empty level that is still to be sorted; rows come in ascending order."""
    bucket = put(grid, level, row, x, y)
    grid.placed[level, row]["link"] = bucket
    grid.starts[level, bucket] += 1
    grid.filled[level, 0] += 1


@compiled
def leave_out(grid: Grid, level: int, row: int) -> None:
    """Note that a row is not on a level that is still to be sorted."""
    grid.placed[level, row]["link"] = -1


@compiled
def sort_level(grid: Grid, level: int, rows: int) -> None:
    """Sort the spots of the first `rows` rows, each of which was entered or left out."""
    starts, total = grid.starts[level], 0
    for bucket in range(len(starts)):
        total += starts[bucket]
        starts[bucket] = total
    if total == 0:
        return
    for row in range(rows):
        spot = grid.placed[level, row]
        if spot["link"] >= 0:
            starts[spot["link"]] -= 1
            grid.spots[level, starts[spot["link"]]] = spot


@compiled
def is_within(spot: Record, x: float, y: float, farthest: float) -> bool:
    """Tell whether a spot lies within `farthest` (m) of a place."""
    east, north = spot["x"] - x, spot["y"] - y
    return bool(east * east + north * north < farthest * farthest)


@compiled
def near(grid: Grid, level: int, x: float, y: float, reach: float, found: Ints) -> int:
    """Write the rows in all cells within `reach` (m) of a position along both axes into `found`; return how many."""
    return near_within(grid, level, x, y, reach, math.inf, found)


@compiled
def near_within(grid: Grid, level: int, x: float, y: float, reach: float, farthest: float, found: Ints) -> int:
    """Write the rows in all cells within `reach` (m) of a position along both axes into `found`; return how many.

    Those whose noted place is not within `farthest` (m) are left out.
    """
    size, shared, count = CELL[level], SHARED[level], 0
    if grid.filled[level, 0] + grid.filled[level, 1] == 0:
        return 0
    west, east = math.floor((x - reach) / size), math.floor((x + reach) / size)
    south, north = math.floor((y - reach) / size), math.floor((y + reach) / size)
    for block_x in range(west >> shared, (east >> shared) + 1):
        for block_y in range(south >> shared, (north >> shared) + 1):
            bucket = bucket_of(block_x, block_y, grid.head.shape[1])
            row = grid.head[level, bucket] if grid.filled[level, 1] > 0 else -1
            at, stop = grid.starts[level, bucket], grid.starts[level, bucket + 1]
            while row >= 0 or at < stop:
                if row >= 0:
                    spot = grid.placed[level, row]
                    row = spot["link"]
                else:
                    spot = grid.spots[level, at]
                    at += 1
                cell_x, cell_y = spot["cell_x"], spot["cell_y"]
                here = (cell_x >> shared == block_x) & (cell_y >> shared == block_y)
                inside = (west <= cell_x) & (cell_x <= east) & (south <= cell_y) & (cell_y <= north)
                if count < len(found):  # counted without a branch: which are near is hard to foresee
                    found[count] = spot["row"]
                    count += here & inside & is_within(spot, x, y, farthest)
    return count


@compiled
def borrowed_grid(grid: Grid) -> Grid:
    """Return a grid without owners, see `fusion.memory_access.borrowed`."""
    return Grid(
        borrowed(grid.starts), borrowed(grid.spots), borrowed(grid.placed), borrowed(grid.head), borrowed(grid.filled)
    )
