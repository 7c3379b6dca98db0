"""Which tracks lie near a place: hashed grids with linked cells, so that tracks born meanwhile can join."""

import math
from typing import NamedTuple

import numpy as np

from fusion.columns import Ints, Table
from maps.compiled import compiled

FINE, WIDE, FIELD = 0, 1, 2
"""Levels: sure tracks, tracks that coasted into uncertainty, all tracks for sensor views."""
CELL = (4.0, 24.0, 50.0)
"""Side of a cell by level, m."""
LINK = np.dtype(
    [("after", np.int32), ("cell_x", np.int32), ("cell_y", np.int32), ("x", np.float32), ("y", np.float32)], align=True
)


class Grid(NamedTuple):
    """Rows hashed by the square cell they lie in, on three levels."""

    head: Ints
    """(levels, power of two) first row of each bucket, -1 where empty."""
    links: Table
    """(levels, rows) of LINK: the next row of the same bucket, -1 at the end, and the row's cell."""
    filled: Ints
    """(levels,) rows on each level."""


def make_grid(capacity: int) -> Grid:
    """Make an empty grid for up to `capacity` rows."""
    buckets = 1 << max(8, capacity.bit_length())
    levels = len(CELL)
    head = np.full((levels, buckets), -1, np.int32)
    return Grid(head, np.zeros((levels, capacity), LINK), np.zeros(levels, np.int32))


@compiled
def bucket_of(grid: Grid, cell_x: int, cell_y: int) -> int:
    """Return the bucket of a cell; those of eight by eight cells lie together, so that a search stays in few lines."""
    mixed = ((cell_x >> 3) * 73856093) ^ ((cell_y >> 3) * 19349663)
    block = (mixed ^ (mixed >> 15)) << 6
    return int((block + ((cell_x & 7) << 3) + (cell_y & 7)) & (grid.head.shape[1] - 1))


@compiled
def insert(grid: Grid, level: int, row: int, x: float, y: float) -> None:
    """Put a row at a position; each row may stand once on a level."""
    cell_x, cell_y = math.floor(x / CELL[level]), math.floor(y / CELL[level])
    bucket = bucket_of(grid, cell_x, cell_y)
    link = grid.links[level, row]
    link["cell_x"], link["cell_y"], link["x"], link["y"] = cell_x, cell_y, x, y
    link["after"] = grid.head[level, bucket]
    grid.head[level, bucket] = row
    grid.filled[level] += 1


@compiled
def near(grid: Grid, level: int, x: float, y: float, reach: float, found: Ints) -> int:
    """Write the rows in all cells within `reach` (m) of a position into `found`; return how many."""
    size, count = CELL[level], 0
    if grid.filled[level] == 0:
        return 0
    for cell_x in range(math.floor((x - reach) / size), math.floor((x + reach) / size) + 1):
        for cell_y in range(math.floor((y - reach) / size), math.floor((y + reach) / size) + 1):
            row = grid.head[level, bucket_of(grid, cell_x, cell_y)]
            while row >= 0:
                link = grid.links[level, row]
                if link["cell_x"] == cell_x and link["cell_y"] == cell_y and count < len(found):
                    found[count] = row
                    count += 1
                row = link["after"]
    return count
