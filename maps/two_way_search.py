"""Compiled two-way Dijkstra on the graph of links: searches from both ends meet in the middle (Pohl 1971).

The searches may stop as soon as their smallest keys together exceed the best way found. No bound guides them, so they
hold whatever the live travel times are.
"""

import math

import numpy as np
from numpy.typing import NDArray

from maps.compiled import compiled
from maps.network import Ints, Masks
from maps.shortest_path import Heap, pop, push

Columns = NDArray[np.float64]
Counts = NDArray[np.int64]
Side = tuple[Counts, Ints, Columns, Masks]
"""starts, neighbours, seconds, allowed: the arcs out of each link, or those into it."""


@compiled
def search_two_ways(
    out: Side, into: Side, times: Columns, bit: np.uint32, ends: tuple[int, int]
) -> tuple[int, Ints, Ints]:
    """Link where the quickest way meets (-1: there is none), and the links before and after each link.

    `ends`: source and target. A link costs its time when it is entered, the source at the start; closed links have an
    infinite time.
    """
    source, target = ends
    count = len(times)
    ahead, behind = np.full(count, math.inf), np.full(count, math.inf)
    before, after = np.full(count, -1, np.int32), np.full(count, -1, np.int32)
    done = np.zeros((2, count), np.bool_)
    heaps = (
        (np.empty(len(out[1]) + 1), np.empty(len(out[1]) + 1, np.int32)),
        (np.empty(len(out[1]) + 1), np.empty(len(out[1]) + 1, np.int32)),
    )
    ahead[source], behind[target] = times[source], 0.0
    push(heaps[0], 0, ahead[source], source)
    push(heaps[1], 0, 0.0, target)
    sizes = [1, 1]
    best, meet = math.inf, -1
    if source == target:
        best, meet = times[source], source
    while sizes[0] > 0 and sizes[1] > 0 and heaps[0][0][0] + heaps[1][0][0] < best:
        if sizes[0] <= sizes[1]:
            link = int(heaps[0][1][0])
            pop(heaps[0], sizes[0])
            sizes[0] -= 1
            if done[0, link]:
                continue
            done[0, link] = True
            sizes[0] = _relax_ahead(out, times, bit, link, (ahead, before), heaps[0], sizes[0])
            if ahead[link] + behind[link] < best:
                best, meet = ahead[link] + behind[link], link
        else:
            link = int(heaps[1][1][0])
            pop(heaps[1], sizes[1])
            sizes[1] -= 1
            if done[1, link]:
                continue
            done[1, link] = True
            sizes[1] = _relax_behind(into, times, bit, link, (behind, after), heaps[1], sizes[1])
            if ahead[link] + behind[link] < best:
                best, meet = ahead[link] + behind[link], link
    return meet, before, after


@compiled
def _relax_ahead(
    out: Side,
    times: Columns,
    bit: np.uint32,
    link: int,
    tree: tuple[Columns, Ints],
    heap: Heap,
    size: int,
) -> int:
    known, before = tree
    for arc in range(out[0][link], out[0][link + 1]):
        head = out[1][arc]
        time = known[link] + out[2][arc] + times[head]
        if time < known[head] and out[3][arc] & bit:
            known[head], before[head] = time, link
            push(heap, size, time, head)
            size += 1
    return size


@compiled
def _relax_behind(
    into: Side,
    times: Columns,
    bit: np.uint32,
    link: int,
    tree: tuple[Columns, Ints],
    heap: Heap,
    size: int,
) -> int:
    known, after = tree
    own = known[link] + times[link]
    for arc in range(into[0][link], into[0][link + 1]):
        tail = into[1][arc]
        time = own + into[2][arc]
        if time < known[tail] and into[3][arc] & bit:
            known[tail], after[tail] = time, link
            push(heap, size, time, tail)
            size += 1
    return size
