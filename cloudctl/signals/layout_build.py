"""Builds the columns of a controlled area from lanes, links and programs by name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

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
    open_ways = [(row[way.lane], row[way.out], row.get(way.via, -1)) for way in ways]
    reach = _reach(roads, lane_road, open_ways)
    per_road = np.bincount(np.array([each.road for each in reach], np.int64), minlength=len(roads.ids))
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
        reach_start=_starts(per_road.tolist()),
        reach_lane=_joined([[each.lane for each in reach]]),
        reach_extra=np.array([each.extra for each in reach], np.float64),
        reach_weight=np.array([each.weight for each in reach], np.float64),
        reach_way=_joined([[each.way for each in reach]]),
        reach_next=_joined([[each.next for each in reach]]),
        way_lane=_joined([[lane for lane, _, _ in open_ways]]),
        way_out=_joined([[out for _, out, _ in open_ways]]),
        way_via=_joined([[via for _, _, via in open_ways]]),
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


@dataclass(frozen=True, slots=True)
class _Reach:
    """A row of `reach_*`: the road it is of, approach lane, m, chance, way, place of the next row among all rows."""

    road: int
    lane: int
    extra: float
    weight: float
    way: int = -1
    next: int = -1


def _reach(roads: Roads, lane_road: Ints, ways: Sequence[tuple[int, int, int]]) -> list[_Reach]:
    """For each road the approach lanes ahead of it without a light between, sorted by road."""
    found: list[_Reach] = []
    stops = set(lane_road.tolist())
    before: dict[int, list[int]] = {}
    fan: dict[int, int] = {}
    for way, (start, end, _) in enumerate(ways):
        before.setdefault(end, []).append(way)
        fan[start] = fan.get(start, 0) + 1
    for lane, road in enumerate(lane_road.tolist()):
        found.append(_Reach(road, lane, 0.0, 1.0))
        _walk_back(len(found) - 1, roads, before, ways, fan, stops, found)
    order = sorted(range(len(found)), key=lambda row: found[row].road)
    place = {row: number for number, row in enumerate(order)} | {-1: -1}
    return [replace(found[row], next=place[found[row].next]) for row in order]


def _walk_back(
    first: int,
    roads: Roads,
    before: Mapping[int, list[int]],
    ways: Sequence[tuple[int, int, int]],
    fan: Mapping[int, int],
    stops: set[int],
    found: list[_Reach],
) -> None:
    open_ends = [first]
    while open_ends:
        row = open_ends.pop()
        at = found[row]
        extra = at.extra + float(roads.length[at.road])
        if extra >= SIGHT or at.weight < 0.05:
            continue
        for way in before.get(at.road, ()):
            start, _, via = ways[way]
            if start in stops:
                continue
            inside = float(roads.length[via]) if via >= 0 else 0.0
            if via >= 0:
                found.append(_Reach(via, at.lane, extra, at.weight, next=row))
            found.append(_Reach(start, at.lane, extra + inside, at.weight / fan[start], way, row))
            open_ends.append(len(found) - 1)


def _starts(counts: Iterable[int]) -> Ints:
    return np.concatenate([[0], np.cumsum(np.fromiter(counts, np.int64))]).astype(np.int32)


def _joined(rows: Sequence[Sequence[int]]) -> Ints:
    return np.array([value for each in rows for value in each], np.int32)
