"""Compiled inner loops of `maps.trace_matching`: candidates of each point, ways between them, the likeliest chain."""

import math

import numpy as np
from numpy.typing import NDArray

from maps.compiled import compiled
from maps.lane_grid import nearest_on_segment
from maps.network import Ints, Masks
from maps.shortest_path import pop, push

Columns = NDArray[np.float64]
Counts = NDArray[np.int64]
Cells = tuple[int, int, Counts, Ints, Ints, Ints, Columns]
"""columns, rows, starts, entries, lane of each segment, link of each lane, table of a `LaneGrid`."""
Graph = tuple[Counts, Ints, Columns, Columns, Masks, Columns, Columns]
"""starts, heads, seconds, metres, allowed of the arcs; seconds and metres of the links."""
Tree = tuple[Columns, Columns, Ints, Ints]
"""Seconds and metres at which each link is entered, the link before it, and the round in which these were written."""
Heap = tuple[Columns, Ints]
MAX_CANDIDATES = 16
"""Links considered at one point."""
_SPREAD_HEADING = 0.5
"""rad"""
_WANDER = 0.7
"""Spread of drivers about the centre line, m."""


@compiled
def find_candidates(
    frame: Columns, cells: Cells, allowed: Masks, bit: np.uint32, trace: tuple[Columns, Columns, Columns, float]
) -> tuple[Counts, Ints, Columns]:
    """Nearest links of each point: how many, their rows (n, k), and offset, distance and log likelihood (3, n, k).

    `frame`: x0, y0, cell size, radius. `trace`: x, y, heading (NaN where unknown), sigma.
    """
    xs, ys, headings, sigma = trace
    columns, rows, starts, entries, lanes, links, table = cells
    count = np.zeros(len(xs), np.int64)
    link = np.full((len(xs), MAX_CANDIDATES), -1, np.int32)
    values = np.zeros((3, len(xs), MAX_CANDIDATES))
    limit, spread = frame[3] * frame[3], sigma * sigma + _WANDER * _WANDER
    for point in range(len(xs)):
        i, j = (xs[point] - frame[0]) / frame[2], (ys[point] - frame[1]) / frame[2]
        if not (0.0 <= i < columns and 0.0 <= j < rows):
            continue
        at = int(j) * columns + int(i)
        for entry in range(starts[at], starts[at + 1]):
            segment = entries[entry]
            lane = lanes[segment]
            if not allowed[lane] & bit:
                continue
            row = table[segment]
            square, along = nearest_on_segment(row, xs[point], ys[point])
            if square > limit:
                continue
            fit = -0.5 * square / spread
            if not math.isnan(headings[point]):
                turn = (headings[point] - math.atan2(row[2], row[3]) + math.pi) % (2.0 * math.pi) - math.pi
                fit -= 0.5 * (turn / _SPREAD_HEADING) ** 2
            count[point] = _keep(
                (link[point], values[:, point]),
                int(count[point]),
                links[lane],
                (row[4] + along * row[5], math.sqrt(square), fit),
            )
    return count, link, values


@compiled
def _keep(best: tuple[Ints, Columns], count: int, link: int, found: tuple[float, float, float]) -> int:
    """Remember a link at its best place; the worst goes where there are too many. Return how many there are."""
    links, values = best
    place = -1
    for k in range(count):
        if links[k] == link:
            place = k
    if place >= 0:
        if values[2, place] >= found[2]:
            return count
    elif count < MAX_CANDIDATES:
        place = count
        count += 1
    else:
        place = int(np.argmin(values[2]))
        if values[2, place] >= found[2]:
            return count
    links[place] = link
    values[0, place], values[1, place], values[2, place] = found
    return count


@compiled
def grow_tree(
    graph: Graph,
    bit: np.uint32,
    start: tuple[int, float, float],
    tree: Tree,
    heap: Heap,
    targets: tuple[Ints, int, int],
) -> None:
    """Quickest ways from a place on a link to the starts of other links.

    `start`: link, metres from there to its end, limit of metres. `targets`: links to reach, how many, number of the
    round. Stops when all are reached or all ways are too long.
    """
    starts, heads, seconds, metres, allowed, link_seconds, link_metres = graph
    entered, run, before, stamp = tree
    source, rest, limit = start
    wanted, count, turn = targets
    left = 0
    for k in range(count):
        left += wanted[k] != source
    size, link, time, way = 0, source, 0.0, rest
    first = True
    while True:
        if not first:
            if size == 0 or left <= 0:
                return
            link = int(heap[1][0])
            time = heap[0][0]
            pop(heap, size)
            size -= 1
            if time > entered[link]:
                continue
            for k in range(count):
                left -= wanted[k] == link
            time += link_seconds[link]
            way = run[link] + link_metres[link]
        else:
            time = rest / max(link_metres[source], 1e-3) * link_seconds[source]
            first = False
        for arc in range(starts[link], starts[link + 1]):
            head = heads[arc]
            ahead, far = time + seconds[arc], way + metres[arc]
            fresh = stamp[head] != turn
            if allowed[arc] & bit and far <= limit and (fresh or ahead < entered[head]) and size < len(heap[1]):
                stamp[head], entered[head], run[head], before[head] = turn, ahead, far, link
                push(heap, size, ahead, head)
                size += 1


@compiled
def way_between(tree: Tree, turn: int, source: tuple[int, float], goal: tuple[int, float], slack: float) -> float:
    """Metres from a place (link, offset) to another one; inf where the tree does not reach it.

    A link that is driven twice within one step is not looked for.
    """
    if source[0] == goal[0]:
        return abs(goal[1] - source[1]) if goal[1] >= source[1] - slack else math.inf
    if tree[3][goal[0]] != turn:
        return math.inf
    return float(tree[1][goal[0]] + goal[1])


@compiled
def _seconds_between(graph: Graph, tree: Tree, source: tuple[int, float], goal: tuple[int, float]) -> float:
    """Time at free flow from a place (link, offset) to another one that the tree reaches."""
    pace = graph[5][goal[0]] / max(graph[6][goal[0]], 1e-3)
    if source[0] == goal[0]:
        return float(max(goal[1] - source[1], 0.0) * pace)
    return float(tree[0][goal[0]] + goal[1] * pace)


@compiled
def _lateness(seconds: float, spare: float) -> float:
    """How unlikely (log) it is that a way was driven in `spare` s, NaN where unknown."""
    return 0.0 if math.isnan(spare) else max(seconds - spare, 0.0) / (2.0 + 0.2 * spare)


@compiled
def likeliest_chain(
    graph: Graph,
    bit: np.uint32,
    candidates: tuple[Counts, Ints, Columns],
    trace: tuple[Columns, Columns, Columns],
    tuning: tuple[float, float, float, float],
) -> tuple[Ints, NDArray[np.bool_]]:
    """Candidate of each point in the likeliest chain (Viterbi), -1 where none; and where a new chain begins.

    `trace`: x, y, time. `tuning`: beta, limit of the detour and slack, m; haste, s.
    """
    count, link, values = candidates
    xs, ys, times = trace
    points, links = len(xs), len(graph[5])
    score = np.full((points, MAX_CANDIDATES), -math.inf)
    back = np.full((points, MAX_CANDIDATES), -1, np.int32)
    begins = np.zeros(points, np.bool_)
    tree = (np.empty(links), np.empty(links), np.empty(links, np.int32), np.zeros(links, np.int32))
    heap = (np.empty(len(graph[1]) + 1), np.empty(len(graph[1]) + 1, np.int32))
    previous, turn = -1, 0
    order = np.full(points, -1, np.int32)
    for point in range(points):
        if count[point] == 0:
            continue
        order[point] = previous
        reached = False
        if previous >= 0:
            gap = math.hypot(xs[point] - xs[previous], ys[point] - ys[previous])
            for k in range(count[previous]):
                if score[previous, k] == -math.inf:
                    continue
                turn += 1
                origin = (int(link[previous, k]), values[0, previous, k])
                rest = max(graph[6][origin[0]] - origin[1], 0.0)
                limit = 2.0 * gap + tuning[1]
                grow_tree(graph, bit, (origin[0], rest, limit), tree, heap, (link[point], int(count[point]), turn))
                for m in range(count[point]):
                    goal = (int(link[point, m]), values[0, point, m])
                    way = way_between(tree, turn, origin, goal, tuning[2])
                    if way == math.inf:
                        continue
                    fit = score[previous, k] + values[2, point, m] - abs(way - gap) / tuning[0]
                    seconds = _seconds_between(graph, tree, origin, goal)
                    fit -= seconds / tuning[3] + _lateness(seconds, times[point] - times[previous])
                    if fit > score[point, m]:
                        score[point, m], back[point, m] = fit, k
                        reached = True
        if not reached:
            begins[point] = True
            for m in range(count[point]):
                score[point, m] = values[2, point, m]
        previous = point
    return _trace_back(score, (back, order), begins, previous), begins


@compiled
def _trace_back(score: Columns, back: tuple[Ints, Ints], begins: NDArray[np.bool_], last: int) -> Ints:
    chosen = np.full(len(score), -1, np.int32)
    point, k = last, -1
    while point >= 0:
        if k < 0:
            k = int(np.argmax(score[point]))
        chosen[point] = k
        k = -1 if begins[point] else int(back[0][point, k])
        point = int(back[1][point])
    return chosen


@compiled
def ways_of_chain(
    graph: Graph, bit: np.uint32, points: tuple[Ints, Columns], begins: NDArray[np.bool_], tuning: tuple[Columns, float]
) -> tuple[Ints, Ints]:
    """Links of the whole way one after another, and the place in it of each point's link.

    `points`: link and offset of the matched points. `tuning`: limit of metres from each point to the next, slack.
    """
    link, offset = points
    links = len(graph[5])
    tree = (np.empty(links), np.empty(links), np.empty(links, np.int32), np.zeros(links, np.int32))
    heap = (np.empty(len(graph[1]) + 1), np.empty(len(graph[1]) + 1, np.int32))
    room = 64
    way, used = np.empty(room, np.int32), 0
    place = np.empty(len(link), np.int32)
    piece = np.empty(links + 1, np.int32)
    for point in range(len(link)):
        size, row = 0, int(link[point])
        apart = point == 0 or begins[point]
        if apart or not (row == link[point - 1] and offset[point] >= offset[point - 1] - tuning[1]):
            piece[0] = row
            size = 1
            if not apart:
                origin = int(link[point - 1])
                rest = max(graph[6][origin] - offset[point - 1], 0.0)
                grow_tree(graph, bit, (origin, rest, tuning[0][point]), tree, heap, (link[point : point + 1], 1, point))
                row = int(tree[2][row])
                while row != origin:
                    piece[size] = row
                    size += 1
                    row = int(tree[2][row])
        if used + size > room:
            room = 2 * (used + size)
            larger = np.empty(room, np.int32)
            larger[:used] = way[:used]
            way = larger
        for k in range(size):
            way[used + k] = piece[size - 1 - k]
        used += size
        place[point] = used - 1
    return way[:used], place
