"""What signals that are controlled as one may show together."""

from collections.abc import Iterable, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from cloudctl.signals.layout import PROTECTED, RED, SHORT, Ints, Layout, Reals
from cloudctl.signals.program import Program

FEW = 16
"""combinations that are all kept; the plan that is searched each second grows with their number"""
_SAME = 1e-6
"""s"""
_Fact = tuple[int, int, int, int]
"""Two signals (columns) and a stage of each."""


def joint_stages(layout: Layout, rows: Sequence[int]) -> Ints:
    """What joined signals may show together, `[stage, signal]`: all where that is little, else the best.

    The best lets most vehicles pass from one signal to the next; what the plans show together decides between equals.
    There is one with each stage of each signal, and one with each two stages of two signals next to each other.
    """
    programs = [layout.programs[row] for row in rows]
    every = np.array(list(product(*[range(len(each.greens)) for each in programs])), np.int32)
    if len(rows) == 1 or len(every) <= FEW:
        return every
    planned = _planned(programs)
    worth = _passing(layout, rows, every) + np.array([planned.get(tuple(each), 0.0) for each in every.tolist()])
    chosen: dict[int, None] = {}
    for stage in range(max(len(each.greens) for each in programs)):
        for column in np.flatnonzero((every == stage).any(axis=0)).tolist():
            chosen[int(np.argmax(np.where(every[:, column] == stage, worth, -np.inf)))] = None
    best_last = sorted(chosen, key=lambda row: worth[row])
    single = _needed(every, best_last[:-1], list(chosen))
    paired = _paired(layout, rows, every, worth, single)
    return every[single + paired]


def _paired(layout: Layout, rows: Sequence[int], every: Ints, worth: Reals, single: list[int]) -> list[int]:
    """Combinations with each two stages of linked signals that the `single` ones have not."""
    facts: dict[_Fact, int] = {}
    for first, second in _linked(layout, rows):
        for pair in np.unique(every[:, [first, second]], axis=0).tolist():
            has = (every[:, [first, second]] == pair).all(axis=1)
            facts[first, second, pair[0], pair[1]] = int(np.argmax(np.where(has, worth, -np.inf)))
    chosen = [row for row in dict.fromkeys(facts.values()) if row not in single]
    held = {row: _held(facts, every[row]) for row in [*single, *chosen]}
    for row in sorted(chosen, key=lambda each: worth[each]):
        others = set().union(*[held[each] for each in [*single, *chosen] if each != row])
        if held[row] <= others:
            chosen = [each for each in chosen if each != row]
    return chosen


def _held(facts: Iterable[_Fact], stages: Ints) -> set[_Fact]:
    """Facts that are true of a combination."""
    return {fact for fact in facts if stages[fact[0]] == fact[2] and stages[fact[1]] == fact[3]}


def _linked(layout: Layout, rows: Sequence[int]) -> list[tuple[int, int]]:
    """Columns of each two signals with a short link between them."""
    owner: dict[int, int] = {}
    for column, row in enumerate(rows):
        own = layout.lane_road[layout.lane_start[row] : layout.lane_start[row + 1]]
        owner.update(dict.fromkeys(own.tolist(), column))
    found = set()
    for column, row in enumerate(rows):
        for out in layout.link_out[layout.link_start[row] : layout.link_start[row + 1]].tolist():
            other = owner.get(out, column)
            if other != column and layout.roads.length[out] < SHORT:
                found.add((min(column, other), max(column, other)))
    return sorted(found)


def _needed(every: Ints, worst_first: Sequence[int], chosen: list[int]) -> list[int]:
    """Chosen combinations without those whose stages the others have too."""
    for row in worst_first:
        others = every[[each for each in chosen if each != row]]
        if len(others) and (others == every[row]).any(axis=0).all():
            chosen = [each for each in chosen if each != row]
    return chosen


def _planned(programs: Sequence[Program]) -> dict[tuple[int, ...], float]:
    """Share of the time, below 1, for which the plans show stages together; empty where their cycles differ."""
    cycle = programs[0].cycle
    if any(abs(each.cycle - cycle) > _SAME for each in programs):
        return {}
    ends = [each.offset + np.cumsum([phase.duration for phase in each.phases]) for each in programs]
    times = np.unique(np.round(np.concatenate(ends) % cycle, 3))
    found: dict[tuple[int, ...], float] = {}
    for begin, end in zip(times, np.append(times[1:], times[0] + cycle), strict=True):
        rows = [each.row_at((begin + end) / 2) for each in programs]
        if all(row in each.greens for row, each in zip(rows, programs, strict=True)):
            shown = tuple(each.stage_of_row[row] for row, each in zip(rows, programs, strict=True))
            found[shown] = found.get(shown, 0.0) + float(end - begin) / (cycle + _SAME)
    return found


def _passing(layout: Layout, rows: Sequence[int], every: Ints) -> Reals:
    """Protected ways into short links that find green behind them less those that find red, `(combination,)`."""
    lights: dict[int, list[NDArray[np.uint8]]] = {}
    spans = [range(int(layout.link_start[row]), int(layout.link_start[row + 1])) for row in rows]
    links = [(column, link) for column, span in enumerate(spans) for link in span]
    for column, link in links:
        road = int(layout.lane_road[layout.lane_start[rows[column]] + layout.link_lane[link]])
        lights.setdefault(road, []).append(_light(layout, rows[column], link)[every[:, column]])
    found = np.zeros(len(every))
    for column, link in links:
        behind = lights.get(int(layout.link_out[link]))
        if behind is not None and layout.roads.length[layout.link_out[link]] < SHORT:
            enters = _light(layout, rows[column], link)[every[:, column]] == PROTECTED
            found += enters * np.where(np.max(behind, axis=0) != RED, 1.0, -1.0)
    return found


def _light(layout: Layout, row: int, link: int) -> NDArray[np.uint8]:
    """What each stage of a signal shows a link (flat row)."""
    shown = layout.shown[layout.shown_start[row] : layout.shown_start[row + 1]]
    of_link: NDArray[np.uint8] = shown.reshape(len(layout.programs[row].greens), -1)[:, link - layout.link_start[row]]
    return of_link
