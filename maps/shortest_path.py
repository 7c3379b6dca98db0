"""Compiled search of shortest paths: A* and Dijkstra with a binary heap (Hart, Nilsson and Raphael 1968)."""

import math

import numpy as np
from numpy.typing import NDArray

from maps.compiled import compiled
from maps.network import Ints, Masks

Columns = NDArray[np.float64]
Arcs = tuple[NDArray[np.int64], Ints, Columns, Masks]
"""starts, heads, seconds, allowed of a `LinkGraph`."""
Heap = tuple[Columns, Ints]
"""Keys and vertices; entry 0 is the smallest."""


@compiled
def push(heap: Heap, size: int, key: float, vertex: int) -> None:
    """Add an entry to a heap of `size` entries."""
    keys, vertices = heap
    at = size
    while at > 0:
        parent = (at - 1) >> 1
        if keys[parent] <= key:
            break
        keys[at], vertices[at] = keys[parent], vertices[parent]
        at = parent
    keys[at], vertices[at] = key, vertex


@compiled
def pop(heap: Heap, size: int) -> None:
    """Remove entry 0 of a heap of `size` entries."""
    keys, vertices = heap
    size -= 1
    key, vertex = keys[size], vertices[size]
    at, child = 0, 1
    while child < size:
        if child + 1 < size and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= key:
            break
        keys[at], vertices[at] = keys[child], vertices[child]
        at, child = child, 2 * child + 1
    keys[at], vertices[at] = key, vertex


@compiled
def search(
    arcs: Arcs, times: Columns, bit: np.uint32, ends: tuple[int, int], guide: tuple[Columns, float]
) -> tuple[Columns, Ints]:
    """Times (s) at which each link is left, from the start of `ends[0]`, and the link before it.

    Stops when `ends[1]` is settled; -1 means all links. Closed links have an infinite time. `guide` holds the ends
    (n, 2) of the links and a speed (m/s) that no way exceeds; speed inf searches without a guide.
    """
    starts, heads, seconds, allowed = arcs
    source, target = ends
    where, speed = guide
    known, before = np.full(len(times), math.inf), np.full(len(times), -1, np.int32)
    done = np.zeros(len(times), np.bool_)
    heap = np.empty(len(heads) + 1), np.empty(len(heads) + 1, np.int32)
    known[source] = times[source]
    push(heap, 0, known[source], source)
    size = 1
    while size > 0:
        link = heap[1][0]
        pop(heap, size)
        size -= 1
        if done[link]:
            continue
        done[link] = True
        if link == target:
            break
        for arc in range(starts[link], starts[link + 1]):
            head = heads[arc]
            time = known[link] + seconds[arc] + times[head]
            if time < known[head] and allowed[arc] & bit:
                known[head], before[head] = time, link
                ahead = 0.0
                if target >= 0:
                    ahead = math.hypot(where[head, 0] - where[target, 0], where[head, 1] - where[target, 1]) / speed
                push(heap, size, time + ahead, head)
                size += 1
    return known, before


@compiled
def search_in_time(
    arcs: Arcs,
    profile: tuple[Columns, float],
    bit: np.uint32,
    ends: tuple[int, int],
    guide: tuple[Columns, float],
    start: float,
) -> tuple[Columns, Ints]:
    """Times (s after `start`) at which each link is left, with travel times that depend on when a link is entered.

    `profile`: travel times (slots, links), s, at the beginnings of the slots, and the length of a slot, s; between them
    times run straight, after the last slot the first follows. Whoever enters later must not leave earlier.
    """
    starts, heads, seconds, allowed = arcs
    source, target = ends
    where, speed = guide
    known, before = np.full(len(starts) - 1, math.inf), np.full(len(starts) - 1, -1, np.int32)
    done = np.zeros(len(known), np.bool_)
    heap = np.empty(len(heads) + 1), np.empty(len(heads) + 1, np.int32)
    known[source] = _time_on(profile, source, start)
    push(heap, 0, known[source], source)
    size = 1
    while size > 0:
        link = heap[1][0]
        pop(heap, size)
        size -= 1
        if done[link]:
            continue
        done[link] = True
        if link == target:
            break
        for arc in range(starts[link], starts[link + 1]):
            head = heads[arc]
            if done[head] or not allowed[arc] & bit:
                continue
            entry = known[link] + seconds[arc]
            time = entry + _time_on(profile, head, start + entry)
            if time < known[head]:
                known[head], before[head] = time, link
                ahead = math.hypot(where[head, 0] - where[target, 0], where[head, 1] - where[target, 1]) / speed
                push(heap, size, time + ahead, head)
                size += 1
    return known, before


@compiled
def _time_on(profile: tuple[Columns, float], link: int, entered: float) -> float:
    times, slot = profile
    place = entered / slot
    low = math.floor(place)
    share = place - low
    first, second = int(low) % len(times), (int(low) + 1) % len(times)
    return float(times[first, link] * (1.0 - share) + times[second, link] * share)
