"""Compiled inner loop of `maps.lane_tracking`: one step of the belief of every track."""

import math

import numpy as np
from numpy.typing import NDArray

from maps.compiled import compiled
from maps.lane_grid import LANE_WANDER, nearest_on_segment
from maps.network import Floats, Ints, Masks

Columns = NDArray[np.float64]
Counts = NDArray[np.int64]
Nearest = tuple[float, float, int, int]
HYPOTHESES = 12
"""Lanes believed possible at a time."""
_PEDESTRIAN = 8
_REACH, _REACH_SIGMAS = 12.0, 3.0
"""Lanes are looked for within this distance, m, or within so many sigmas."""
_OFF_LANES = math.exp(-0.5 * 3.5 * 3.5)
"""Being off every lane weighs as much as a lane this many sigmas away."""
_JUMP = 1e-3
"""Prior of a lane that no hypothesis leads to."""
_SPREAD_HEADING = 0.35
"""rad"""


@compiled
def prior_of(
    lane: int, before: tuple[Ints, Columns], roads: tuple[Counts, Ints, Ints], chances: tuple[float, float]
) -> float:
    """Chance that a track is now on `lane`, given where it may have been.

    `roads`: starts and lanes of the ways on from each lane (first and second ones), link of each lane. `chances`: of
    changing to a given lane of the same link, of any other lane.
    """
    starts, onward, links = roads
    lanes, weights = before
    change, jump = chances
    total = 0.0
    for k in range(len(lanes)):
        old = lanes[k]
        if old < 0 or weights[k] <= 0.0:
            continue
        if old == lane:
            total += weights[k] * (1.0 - change)
        elif links[old] == links[lane]:
            total += weights[k] * (change if abs(old - lane) == 1 else change * change)
        else:
            best = jump
            for way in range(starts[old], starts[old + 1]):
                if onward[way] == lane:
                    best = 1.0 - change
                    break
                if links[onward[way]] == links[lane]:
                    best = max(best, change)
            total += weights[k] * best
    return max(total, jump)


@compiled
def _nearest_piece(entries: Ints, owner: Ints, table: Columns, span: tuple[int, int], x: float, y: float) -> Nearest:
    """Nearest piece of the lane whose entries begin at `span[0]`: squared distance, fraction, piece, next entry."""
    entry, end = span
    road = owner[entries[entry]]
    nearest, fraction, piece = math.inf, 0.0, int(entries[entry])
    while entry < end and owner[entries[entry]] == road:
        square, along = nearest_on_segment(table[entries[entry]], x, y)
        if square < nearest:
            nearest, fraction, piece = square, along, int(entries[entry])
        entry += 1
    return nearest, fraction, piece, entry


@compiled
def _likelihood(square: float, spread: float, heading: float, row: Columns) -> float:
    """Likelihood of a lane piece at a squared distance under a heading (NaN: not looked at)."""
    exponent = square / spread
    if not math.isnan(heading):
        turn = (heading - math.atan2(row[2], row[3]) + math.pi) % (2.0 * math.pi) - math.pi
        exponent += (turn / _SPREAD_HEADING) ** 2
    return math.exp(-0.5 * min(exponent, 1000.0))


@compiled
def _place_for(fit: float, count: int, weight: Columns) -> int:
    """Slot for a lane of this weight; -1 where all slots hold better ones."""
    if count < HYPOTHESES:
        return count
    place = int(np.argmin(weight))
    return place if weight[place] < fit else -1


@compiled
def _write(
    track: int,
    belief: tuple[int, float, Ints, Columns, Columns],
    memory: tuple[Ints, Columns],
    out: tuple[Ints, Floats],
) -> None:
    """Write the best lane of a belief (count, total, lanes, weights, places) and remember the belief."""
    count, total, found, weight, places = belief
    scale = weight[:count].sum()
    if scale <= 0.0:
        return
    best = int(np.argmax(weight[:count]))
    out[0][track] = found[best]
    out[1][0, track], out[1][1, track], out[1][2, track] = places[0, best], places[1, best], weight[best] / total
    memory[0][track, :] = -1
    for m in range(count):
        memory[0][track, m], memory[1][track, m] = found[m], weight[m] / scale


@compiled
def step_beliefs(
    frame: Columns,
    cells: tuple[int, int, Counts, Ints, Ints, Columns],
    rules: tuple[Masks, Counts, Ints, Ints],
    tracks: tuple[Columns, Columns, Floats, NDArray[np.uint8], Floats],
    chances: tuple[float, float],
    memory: tuple[Ints, Columns],
    out: tuple[Ints, Floats],
) -> None:
    """Update `memory` (n, HYPOTHESES) in place; write best lane, and offset, lateral and probability as three rows.

    `frame`: x0, y0, cell, reach. `rules`: kinds allowed on lanes, ways on (starts, lanes), links. `tracks`: x, y,
    heading, kind, sigma.
    """
    columns, rows, starts, entries, owner, table = cells
    allowed, way_starts, ways, links = rules
    xs, ys, headings, kinds, sigmas = tracks
    found, weight, places = np.empty(HYPOTHESES, np.int32), np.empty(HYPOTHESES), np.empty((2, HYPOTHESES))
    for k in range(len(xs)):
        i, j = (xs[k] - frame[0]) / frame[2], (ys[k] - frame[1]) / frame[2]
        if not (0.0 <= i < columns and 0.0 <= j < rows):
            continue
        at, count, total = int(j) * columns + int(i), 0, _OFF_LANES
        bit = np.uint32(1) << np.uint32(kinds[k] & 31)
        heading = math.nan if kinds[k] == _PEDESTRIAN else headings[k]
        spread = sigmas[k] * sigmas[k] + LANE_WANDER * LANE_WANDER
        limit = min(frame[3], max(_REACH, _REACH_SIGMAS * sigmas[k])) ** 2
        fresh, entry, end = memory[0][k, 0] < 0, starts[at], starts[at + 1]
        while entry < end:
            road = owner[entries[entry]]
            square, fraction, piece, entry = _nearest_piece(entries, owner, table, (entry, end), xs[k], ys[k])
            if square > limit or not allowed[road] & bit:
                continue
            row = table[piece]
            fit = _likelihood(square, spread, heading, row)
            if not fresh:
                fit *= prior_of(road, (memory[0][k], memory[1][k]), (way_starts, ways, links), chances)
            total += fit
            place = _place_for(fit, count, weight)
            if place < 0:
                continue
            count = max(count, place + 1)
            side = row[2] * (ys[k] - row[1]) - row[3] * (xs[k] - row[0])
            found[place], weight[place] = road, fit
            places[0, place], places[1, place] = row[4] + fraction * row[5], math.copysign(math.sqrt(square), side)
        _write(k, (count, total, found, weight, places), memory, out)
