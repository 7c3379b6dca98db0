"""Signals that stand too close for a vehicle to wait between them are controlled as one.

Where two dual carriageways cross, maps have up to four signals with links of less than a vehicle's length between them.
Controlled one by one they let vehicles in that cannot leave, and these block the others. Joined they have stages of
their own, see `joint_stages`, and the model knows what little room there is between their stop lines.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cloudctl.signals.joint_stages import joint_stages
from cloudctl.signals.layout import SHORT, Ints, Layout, Lights, Priority, Reals
from cloudctl.signals.program import Phase, Program

COMBINATIONS = 1024
"""of stages that are compared"""


@dataclass(frozen=True)
class Joining:
    """Units of one or more signals: their layout, the signals of each, what these show in each stage of the unit."""

    layout: Layout
    members: tuple[Ints, ...]
    stages: tuple[Ints, ...]
    """per unit `[stage, member]`"""
    fed_inside: NDArray[np.bool_]
    """approach lanes that vehicles reach only through a signal of the same unit"""
    link_place: Ints
    """row of each link of the signals in the layout of the units"""

    def priority(self, priority: Priority | None) -> Priority | None:
        """Priority with the links as the layout of the units has them."""
        if priority is None or priority.link is None:
            return priority
        return replace(priority, link=np.where(priority.link >= 0, self.link_place[priority.link], -1).astype(np.int32))

    def lights(self, lights: Lights) -> Lights:
        """State of the units; the stage is -1 where the signals of a unit show what none of its stages has."""
        stage, green_for, green_in = lights.stage.copy(), lights.green_for.copy(), lights.green_in.copy()
        for unit, (rows, stages) in enumerate(zip(self.members, self.stages, strict=True)):
            now = lights.stage[rows]
            fits = np.flatnonzero((stages == now).all(axis=1))
            stage[unit] = fits[0] if fits.size else -1
            green_for[unit] = lights.green_for[rows].min()
            green_in[unit] = lights.green_in[rows].max()
        units = slice(len(self.members))
        return Lights(stage[units], green_for[units], green_in[units])

    def nearest(self, unit: int, lights: Lights) -> int:
        """Stage of a unit that most of its signals show."""
        return int((self.stages[unit] == lights.stage[self.members[unit]]).sum(axis=1).argmax())

    def spread(self, chosen: Sequence[int]) -> Ints:
        """Stage of each signal where each unit takes the chosen one."""
        found = np.zeros(sum(len(rows) for rows in self.members), np.int32)
        for rows, stages, stage in zip(self.members, self.stages, chosen, strict=True):
            found[rows] = stages[stage]
        return found

    def change_times(self, changes: Sequence[Reals]) -> list[Reals]:
        """Time from the end of one green of a unit to the start of another, s, `[start, end]`; `changes` per signal."""
        found = []
        for rows, stages in zip(self.members, self.stages, strict=True):
            each = [changes[row][np.ix_(own, own)] for row, own in zip(rows.tolist(), stages.T, strict=True)]
            found.append(np.max(each, axis=0))
        return found


def join(layout: Layout) -> Joining:
    """Units of a layout; signals that could show too much together to compare stay single."""
    members: list[list[int]] = []
    stages: list[Ints] = []
    for rows in _close_together(layout):
        if math.prod(len(layout.programs[row].greens) for row in rows) <= COMBINATIONS:
            members.append(rows)
            stages.append(joint_stages(layout, rows))
        else:
            members += [[row] for row in rows]
            stages += [joint_stages(layout, [row]) for row in rows]
    links = np.arange(len(layout.link_lane), dtype=np.int32)
    if not layout.signals:
        return Joining(layout, (), (), np.zeros(0, np.bool_), links)
    units = [np.array(rows, np.int32) for rows in members]
    joined = _joined_layout(layout, units, stages)
    place = np.empty(len(links), np.int32)
    place[np.concatenate([_ranges(layout.link_start, rows) for rows in units])] = links
    return Joining(joined, tuple(units), tuple(stages), _fed_inside(joined), place)


def _close_together(layout: Layout) -> list[list[int]]:
    """Signals in groups that short links hold together."""
    signal_of_lane = np.repeat(np.arange(layout.signals), np.diff(layout.lane_start))
    owner = {int(road): int(row) for road, row in zip(layout.lane_road, signal_of_lane, strict=True)}
    group = list(range(layout.signals))
    for signal in range(layout.signals):
        for out in layout.link_out[layout.link_start[signal] : layout.link_start[signal + 1]].tolist():
            other = owner.get(out)
            if other is not None and layout.roads.length[out] < SHORT and group[other] != group[signal]:
                old, new = max(group[other], group[signal]), min(group[other], group[signal])
                group = [new if each == old else each for each in group]
    return [[row for row, each in enumerate(group) if each == name] for name in sorted(set(group))]


def _joined_layout(layout: Layout, members: Sequence[Ints], stages: Sequence[Ints]) -> Layout:
    """The layout with a row a unit; lanes, links and lights of its signals follow one another."""
    lanes = [_ranges(layout.lane_start, rows) for rows in members]
    links = [_ranges(layout.link_start, rows) for rows in members]
    lane, link = np.concatenate(lanes), np.concatenate(links)
    place = np.empty(len(lane), np.int64)
    place[lane] = np.arange(len(lane))
    programs = tuple(_joint_program(layout, *each) for each in zip(members, stages, strict=True))
    foes = [_foes(layout, rows) for rows in members]
    shown = [_shown(layout, *each) for each in zip(members, stages, strict=True)]
    return replace(
        layout,
        programs=programs,
        lane_start=_starts([len(each) for each in lanes]),
        lane_road=layout.lane_road[lane],
        link_start=_starts([len(each) for each in links]),
        link_lane=np.concatenate([_shifted_lanes(layout, rows) for rows in members]),
        link_light=np.concatenate([_shifted_lights(layout, rows) for rows in members]),
        link_out=layout.link_out[link],
        link_via=layout.link_via[link],
        foe_start=_starts([len(each) for unit in foes for each in unit]),
        foe=np.array([foe for unit in foes for each in unit for foe in each], np.int32),
        stage_start=_starts([len(each) for each in stages]),
        shown=np.concatenate([each.ravel() for each in shown]),
        shown_start=_starts([each.size for each in shown]),
        reach_lane=place[layout.reach_lane].astype(np.int32),
    )


def _ranges(start: Ints, rows: Ints) -> Ints:
    return np.concatenate([np.arange(start[row], start[row + 1]) for row in rows]).astype(np.int32)


def _shifted_lanes(layout: Layout, rows: Ints) -> Ints:
    """Lane of each link, local to the unit."""
    return _shifted(layout, layout.link_lane, rows, np.diff(layout.lane_start)[rows])


def _shifted_lights(layout: Layout, rows: Ints) -> Ints:
    """Place of each link in the state of the unit."""
    width = np.array([len(layout.programs[row].phases[0].state) for row in rows.tolist()], np.int64)
    return _shifted(layout, layout.link_light, rows, width)


def _shifted(layout: Layout, column: Ints, rows: Ints, size: NDArray[np.integer]) -> Ints:
    """Values of the links of some signals, moved on by the sizes of the signals before each."""
    links = np.diff(layout.link_start)[rows]
    found: Ints = column[_ranges(layout.link_start, rows)] + np.repeat(np.cumsum(size) - size, links)
    return found.astype(np.int32)


def _foes(layout: Layout, rows: Ints) -> list[list[int]]:
    found, shift = [], 0
    for row in rows.tolist():
        links = range(int(layout.link_start[row]), int(layout.link_start[row + 1]))
        for link in links:
            foe = layout.foe[layout.foe_start[link] : layout.foe_start[link + 1]]
            found.append([shift + each for each in foe.tolist()])
        shift += len(links)
    return found


def _shown(layout: Layout, rows: Ints, stages: Ints) -> NDArray[np.uint8]:
    parts = []
    for row, own in zip(rows.tolist(), stages.T, strict=True):
        shown = layout.shown[layout.shown_start[row] : layout.shown_start[row + 1]]
        parts.append(shown.reshape(len(layout.programs[row].greens), -1)[own])
    return np.concatenate(parts, axis=1)


def _joint_program(layout: Layout, rows: Ints, stages: Ints) -> Program:
    """The green stages of a unit as rows of a program; its changes are those of the signals."""
    programs: list[Program] = [layout.programs[row] for row in rows.tolist()]
    if len(programs) == 1:
        return programs[0]
    phases = []
    for shown in stages.tolist():
        pairs = list(zip(programs, shown, strict=True))
        state = "".join(each.stage_state(stage) for each, stage in pairs)
        least = max(each.min_greens[stage] for each, stage in pairs)
        longest = min(each.phases[each.greens[stage]].duration for each, stage in pairs)
        phases.append(Phase(state, longest, least, min(each.max_greens[stage] for each, stage in pairs)))
    return Program("+".join(each.signal for each in programs), tuple(phases))


def _fed_inside(layout: Layout) -> NDArray[np.bool_]:
    found = np.zeros(len(layout.lane_road), np.bool_)
    for unit in range(layout.signals):
        lanes = slice(int(layout.lane_start[unit]), int(layout.lane_start[unit + 1]))
        out = layout.link_out[layout.link_start[unit] : layout.link_start[unit + 1]]
        found[lanes] = np.isin(layout.lane_road[lanes], out) & (layout.roads.length[layout.lane_road[lanes]] < SHORT)
    return found


def _starts(counts: Sequence[int]) -> Ints:
    return np.concatenate([[0], np.cumsum(np.array(counts, np.int64))]).astype(np.int32)
