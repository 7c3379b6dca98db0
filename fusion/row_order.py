"""Puts the rows of a table into another order where they are: a copy of a large table would be fresh memory."""

from fusion.columns import Longs, Table
from fusion.memory_access import borrowed, load_near, load_rest
from maps.compiled import compiled


@compiled
def rearrange(tracks: Table, order: Longs, spare: Table) -> None:
    """Let row i become what row `order[i]` was, for a permutation (n,) of the first n rows; destroys `order`.

    `spare` holds one row. The permutation is followed cycle by cycle.
    """
    tracks, spare = borrowed(tracks), borrowed(spare)
    for start in range(len(order)):
        if order[start] == start or order[start] < 0:
            continue
        spare[0] = tracks[start]
        row, source = start, order[start]
        while source != start:
            after = order[source]
            load_near(tracks[after])
            load_rest(tracks[after])
            tracks[row] = tracks[source]
            order[row] = -1
            row, source = source, after
        tracks[row] = spare[0]
        order[row] = -1
