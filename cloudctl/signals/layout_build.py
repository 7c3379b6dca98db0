"""Builds the columns of a controlled area from lanes, links and programs by name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cloudctl.signals.layout import PROTECTED, RED, SIGHT, YIELD, Ints, Layout, Roads
from cloudctl.signals.program import Program


@dataclass(frozen=True, slots=True)
class Link:
    """A way through a signal: from lane, to lane, lane inside the junction, place in the state, foes that go first."""

    lane: str
    out: str
    via: str
    light: int
    foes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Way:
    """A way from lane to lane without lights, over the lane `via` inside the junction."""

    lane: str
    out: str
    via: str


def build_layout(
    roads: Roads, programs: Sequence[Program], links: Mapping[str, Sequence[Link]], ways: Iterable[Way]
) -> Layout:
    """Columns of the signals that have two green stages or more; the others keep their program and are left out."""
    row = {name: number for number, name in enumerate(roads.ids)}
    kept = tuple(program for program in programs if len(program.greens) > 1 and links.get(program.signal))
    tables = [_signal_tables(program, links[program.signal], row) for program in kept]
    lanes = [table.lanes for table in tables]
    lane_road = _joined([list(each) for each in lanes])
    foes = [foe for table in tables for foe in table.foes]
    reach = _reach(roads, row, lane_road, ways)
    return Layout(
        roads=roads,
        programs=kept,
        lane_start=_starts(len(each) for each in lanes),
        lane_road=lane_road,
        link_start=_starts(len(table.lane) for table in tables),
        link_lane=_joined([table.lane for table in tables]),
        link_light=_joined([table.light for table in tables]),
        link_out=_joined([table.out for table in tables]),
        link_via=_joined([table.via for table in tables]),
        foe_start=_starts(len(each) for each in foes),
        foe=_joined(foes),
        stage_start=_starts(len(program.greens) for program in kept),
        shown=np.concatenate([np.zeros(0, np.uint8), *[table.shown for table in tables]]),
        shown_start=_starts(len(table.shown) for table in tables),
        reach_start=_starts(len(each) for each in reach),
        reach_lane=_joined([[lane for lane, _, _ in each] for each in reach]),
        reach_extra=np.array([extra for each in reach for _, extra, _ in each], np.float64),
        reach_weight=np.array([weight for each in reach for _, _, weight in each], np.float64),
    )


@dataclass(slots=True)
class _Table:
    lanes: list[int]
    lane: list[int]
    light: list[int]
    out: list[int]
    via: list[int]
    foes: list[list[int]]
    shown: "np.ndarray[tuple[int], np.dtype[np.uint8]]"


def _signal_tables(program: Program, links: Sequence[Link], row: Mapping[str, int]) -> _Table:
    lanes = list(dict.fromkeys(row[link.lane] for link in links))
    place = {lane: number for number, lane in enumerate(lanes)}
    shown = [_light(program.stage_state(stage)[link.light]) for stage in range(len(program.greens)) for link in links]
    return _Table(
        lanes=lanes,
        lane=[place[row[link.lane]] for link in links],
        light=[link.light for link in links],
        out=[row.get(link.out, -1) for link in links],
        via=[row.get(link.via, -1) for link in links],
        foes=[[number for number, other in enumerate(links) if other.lane in link.foes] for link in links],
        shown=np.array(shown, np.uint8),
    )


def _light(letter: str) -> int:
    return PROTECTED if letter == "G" else YIELD if letter == "g" else RED


def _reach(
    roads: Roads, row: Mapping[str, int], lane_road: Ints, ways: Iterable[Way]
) -> list[list[tuple[int, float, float]]]:
    """For each road the approach lanes ahead of it without a light between: flat lane, m beyond its end, chance."""
    found: list[list[tuple[int, float, float]]] = [[] for _ in roads.ids]
    for lane, road in enumerate(lane_road.tolist()):
        found[road].append((lane, 0.0, 1.0))
    stops = set(lane_road.tolist())
    before: dict[int, list[tuple[int, int]]] = {}
    fan: dict[int, int] = {}
    for way in ways:
        start, end, via = row[way.lane], row[way.out], row.get(way.via, -1)
        before.setdefault(end, []).append((start, via))
        fan[start] = fan.get(start, 0) + 1
    for lane, road in enumerate(lane_road.tolist()):
        _walk_back(lane, road, roads, before, fan, stops, found)
    return found


def _walk_back(
    lane: int,
    road: int,
    roads: Roads,
    before: Mapping[int, list[tuple[int, int]]],
    fan: Mapping[int, int],
    stops: set[int],
    found: list[list[tuple[int, float, float]]],
) -> None:
    open_ends = [(road, 0.0, 1.0)]
    while open_ends:
        at, extra, chance = open_ends.pop()
        extra += float(roads.length[at])
        if extra >= SIGHT or chance < 0.05:
            continue
        for start, via in before.get(at, ()):
            if start in stops:
                continue
            inside = float(roads.length[via]) if via >= 0 else 0.0
            share = chance / fan[start]
            if via >= 0:
                found[via].append((lane, extra, chance))
            found[start].append((lane, extra + inside, share))
            open_ends.append((start, extra + inside, share))


def _starts(counts: Iterable[int]) -> Ints:
    return np.concatenate([[0], np.cumsum(np.fromiter(counts, np.int64))]).astype(np.int32)


def _joined(rows: Sequence[Sequence[int]]) -> Ints:
    return np.array([value for each in rows for value in each], np.int32)
