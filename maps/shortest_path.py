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
def settle(heap: Heap, size: int, done: NDArray[np.bool_]) -> tuple[int, int]:
    """Settle the nearest vertex that is not settled yet; gives it, -1 where none is left, and the entries left."""
    while size > 0:
        vertex = heap[1][0]
        pop(heap, size)
        size -= 1
        if not done[vertex]:
            done[vertex] = True
            return vertex, size
    return -1, 0


@compiled
def straight(where: Columns, vertex: int, target: int, speed: float) -> float:
    """Time (s) that no way from a vertex to another can be shorter than, by their places (n, 2) and a speed (m/s)."""
    return math.hypot(where[vertex, 0] - where[target, 0], where[vertex, 1] - where[target, 1]) / speed


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
    while True:
        link, size = settle(heap, size, done)
        if link < 0 or link == target:
            break
        for arc in range(starts[link], starts[link + 1]):
            head = heads[arc]
            time = known[link] + seconds[arc] + times[head]
            if time < known[head] and allowed[arc] & bit:
                known[head], before[head] = time, link
                ahead = 0.0
                if target >= 0:
                    ahead = straight(where, head, target, speed)
                push(heap, size, time + ahead, head)
                size += 1
    return known, before
