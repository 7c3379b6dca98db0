"""Which report belongs to which track: costs of gated pairs, then exact assignment of each connected component.

The cost of a pair is -2 ln of its likelihood over the likelihood that the report comes from outside, so a pair below
zero is worth making and a report may always stay alone at cost zero. Within one scan (one device, one instant) a track
takes one report at most. Components of one report are settled at once, the others by the Hungarian method.
"""

from typing import NamedTuple

import numpy as np

from fusion.columns import Floats, Ints, Record, Table
from maps.compiled import compiled

CANDIDATES = 16
"""Best tracks kept per report."""
FOUND = 2048
"""Tracks looked at per search."""
ROOM = 4 * FOUND
"""Tracks found for the reports that are looked at together."""
NO_PAIR = 1e6


WORK = np.dtype(
    [("state", np.float64, (4,)), ("covariance", np.float64, (4, 4)), ("found", np.int32, (ROOM,))], align=True
)
PLACE = np.dtype(
    [
        ("state", np.float64, (4,)),  # what the report would make of the track `held`,
        ("covariance", np.float64, (4, 4)),
        ("distance", np.float64),  # how far off it is, squared and normalised,
        ("held_time", np.float64),  # and the time of that track's state
        ("held", np.int32),  # row of a track, -1 where none
        ("cost", np.float64, (CANDIDATES,)),
        ("candidate", np.int32, (CANDIDATES,)),  # rows of tracks
        ("candidates", np.int32),  # how many
        ("found", np.int32),  # tracks near it
        ("parent", np.int32),  # union-find over the reports of a scan
        ("chosen", np.int32),  # row of the track, -1 where none
    ],
    align=True,
)
SEAT = np.dtype(
    [
        ("x", np.float64),  # where a track is,
        ("y", np.float64),
        ("reach", np.float64),  # and how far along each axis others may be that coincide with it, m
        ("dead", np.bool_),
        ("watched", np.bool_),  # another is near or was
    ],
    align=True,
)
MARK = np.dtype(
    [
        ("owner", np.int32),  # a report that has the track as a candidate
        ("stamp", np.int32),  # scan in which `owner` was written
        ("local", np.int32),  # column in the matrix of a component
    ],
    align=True,
)


class Scratch(NamedTuple):
    """Memory for one scan at a time."""

    work: Table
    """(1,) of WORK"""
    places: Table
    """(reports of the largest scan,) of PLACE"""
    marks: Table
    """(tracks,) of MARK"""
    seats: Table
    """(tracks,) of SEAT"""


def make_scratch(reports: int, tracks: int) -> Scratch:
    """Make room for scans of up to `reports` reports against `tracks` tracks."""
    marks = np.zeros(tracks, MARK)
    marks["stamp"] = -1
    return Scratch(np.zeros(1, WORK), np.zeros(reports, PLACE), marks, np.empty(tracks, SEAT))


@compiled
def keep_candidate(place: Record, row: int, cost: float) -> None:
    """Add a candidate to a report; when there is no room it takes the place of the worst."""
    slot = place["candidates"]
    if slot == CANDIDATES:
        slot = np.argmax(place["cost"])
        if place["cost"][slot] <= cost:
            return
    else:
        place["candidates"] = slot + 1
    place["candidate"][slot] = row
    place["cost"][slot] = cost


@compiled
def root_of(places: Table, place: int) -> int:
    """Find the root of a report's component, halving the path."""
    while places[place]["parent"] != place:
        places[place]["parent"] = places[places[place]["parent"]]["parent"]
        place = places[place]["parent"]
    return place


@compiled
def join_components(scratch: Scratch, count: int, scan: int) -> None:
    """Join reports that have a track in common."""
    places, marks = scratch.places, scratch.marks
    for place in range(count):
        places[place]["parent"] = place
    for place in range(count):
        for slot in range(places[place]["candidates"]):
            mark = marks[places[place]["candidate"][slot]]
            if mark["stamp"] == scan:
                first, second = root_of(places, mark["owner"]), root_of(places, place)
                places[max(first, second)]["parent"] = min(first, second)
            else:
                mark["stamp"] = scan
                mark["owner"] = place


@compiled
def solve_assignment(cost: Floats) -> Ints:
    """Return the column of each row (r, c), r <= c, with the least total cost.

    Hungarian method with shortest augmenting paths (Kuhn 1955, Jonker and Volgenant 1987).
    """
    rows, columns = cost.shape
    row_price, column_price = np.zeros(rows + 1), np.zeros(columns + 1)
    match, way = np.zeros(columns + 1, np.int32), np.zeros(columns + 1, np.int32)
    for row in range(1, rows + 1):
        match[0] = row
        here = 0
        least, used = np.full(columns + 1, np.inf), np.zeros(columns + 1, np.bool_)
        while match[here] != 0:
            used[here] = True
            step, after = np.inf, 0
            for column in range(1, columns + 1):
                if used[column]:
                    continue
                reduced = cost[match[here] - 1, column - 1] - row_price[match[here]] - column_price[column]
                if reduced < least[column]:
                    least[column], way[column] = reduced, here
                if least[column] < step:
                    step, after = least[column], column
            for column in range(columns + 1):
                if used[column]:
                    row_price[match[column]] += step
                    column_price[column] -= step
                else:
                    least[column] -= step
            here = after
        while here != 0:
            match[here] = match[way[here]]
            here = way[here]
    chosen = np.full(rows, -1, np.int32)
    for column in range(1, columns + 1):
        if match[column] > 0:
            chosen[match[column] - 1] = column - 1
    return chosen


@compiled
def settle_component(scratch: Scratch, members: Ints) -> None:
    """Assign the reports of one component exactly; a report may stay alone at cost zero."""
    places, marks = scratch.places, scratch.marks
    capacity = 0
    for member in members:
        capacity += places[member]["candidates"]
        for slot in range(places[member]["candidates"]):
            marks[places[member]["candidate"][slot]]["local"] = -1
    rows, used = np.empty(capacity, np.int32), 0
    cost = np.full((len(members), capacity + len(members)), NO_PAIR)
    for line, member in enumerate(members):
        for slot in range(places[member]["candidates"]):
            row = places[member]["candidate"][slot]
            if marks[row]["local"] < 0:
                marks[row]["local"], rows[used] = used, row
                used += 1
            cost[line, marks[row]["local"]] = places[member]["cost"][slot]
    cost[:, used : used + len(members)] = 0.0
    for line, column in enumerate(solve_assignment(cost[:, : used + len(members)])):
        if column < used:
            places[members[line]]["chosen"] = rows[column]


@compiled
def assign(scratch: Scratch, count: int, scan: int) -> None:
    """Fill `chosen` for the `count` reports of a scan from their candidates."""
    places = scratch.places
    join_components(scratch, count, scan)
    size = np.zeros(count, np.int32)
    for place in range(count):
        places[place]["chosen"] = -1
        size[root_of(places, place)] += 1
    for place in range(count):
        alone = places[place]
        if size[place] == 1 and alone["candidates"] > 0:
            alone["chosen"] = alone["candidate"][np.argmin(alone["cost"][: alone["candidates"]])]
        elif size[place] > 1:
            members, found = np.empty(size[place], np.int32), 0
            for other in range(place, count):
                if root_of(places, other) == place:
                    members[found] = other
                    found += 1
            settle_component(scratch, members)
