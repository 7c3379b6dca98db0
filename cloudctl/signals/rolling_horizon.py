"""The product's own strategy: each second the plan of least predicted delay over the next minute.

Schedule-driven control (S. Smith et al., "Smart urban signal networks", ICAPS 2013) in a form that needs no clusters:
arrivals of single tracks, a queue model of the intersection, a search over stage sequences that goes on from the plan
of the second before. While too few vehicles are seen the fixed plan stays.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cloudctl.signals.arrivals import CAPACITY, add_tracks, add_unseen
from cloudctl.signals.clearance import Clearance
from cloudctl.signals.coverage import Coverage
from cloudctl.signals.inside import feeds_of
from cloudctl.signals.joining import join
from cloudctl.signals.known_ways import KnownWay, add_known, known_rows, opened
from cloudctl.signals.layout import PROTECTED, SIGHT, YIELD, Ints, Layout, Priority, Reals, Scene, Tracks
from cloudctl.signals.plan_priority import PlanPriority
from cloudctl.signals.plan_search import search_plan
from cloudctl.signals.queue_columns import HORIZON, STAGES_PLANNED, YIELD_USUAL, Approach, Plan, Work
from cloudctl.signals.safety import KEEP_CLEAR, SafetyLayer
from cloudctl.signals.turning import Turning, lanes_room, room_behind

ENOUGH_SHARE = 0.65
"""share of the vehicles that must be seen, almost certainly, before the plan is left"""
LEAST_SHARE = 0.55
"""share of the vehicles below which the plan is taken up again"""
ROUNDS = 1
"""passes over the changes of the best plan"""
TURNS_EVERY = 30
"""decisions between two looks at which way vehicles turn"""
PATIENCE = 60.0
"""s that the first vehicle of a lane stands before its lane counts more"""
JAM_AFTER, JAM_STANDS = 10.0, 6.0
"""s of green and s that all first vehicles stand in it after which the stage gives up"""
CARE_INSIDE = 3.0
"""how much a second counts for who stands inside a unit, where others cannot pass"""
_HEAD = 4.0
"""m before the stop line within which the first vehicle of a lane stands"""
_HALT = 0.2
"""m/s"""
_GREEN_SEEN = 4.0
"""s of green after which a vehicle that still stands at the stop line is taken to wait for another light or a gap"""


class RollingHorizon:
    """Proposes the first step of the best plan found for each signal."""

    def __init__(self, layout: Layout, safety: SafetyLayer) -> None:
        self._clearance = Clearance(layout)
        self._joining = join(layout)
        alone = np.isin(np.arange(layout.signals), [rows[0] for rows in self._joining.members if len(rows) == 1])
        changes = safety.change_times()
        self._in_plan = PlanPriority(layout, alone, changes)
        self._layout = layout = self._joining.layout
        changes = self._joining.change_times(changes)
        inside = self._joining.fed_inside
        self._units = [_Unit(layout, number, change, inside) for number, change in enumerate(changes)]
        self.coverage = Coverage(layout)
        self._turning = Turning(layout)
        self._active = False
        self._decisions = 0
        lanes = len(layout.lane_road)
        self._limit = layout.roads.speed[layout.lane_road]
        self._sight_time = np.minimum(layout.roads.length[layout.lane_road], SIGHT) / self._limit
        self._count = np.zeros(lanes, np.int32)
        self._arrival = np.zeros((lanes, CAPACITY))
        self._share = np.zeros((lanes, CAPACITY))
        self._value = np.zeros((lanes, CAPACITY))
        self._standing = np.zeros(lanes)
        self._reach_weight = layout.reach_weight
        self._ways: dict[int, KnownWay] = {}

    def propose(self, scene: Scene) -> Ints:
        """Stage of each signal; the fixed plan while it is not certain that most vehicles are seen."""
        self._turning.observe(scene.now, scene.tracks)
        self.coverage.observe(scene.now, scene.tracks)
        share = self.coverage.share
        self._active = share >= LEAST_SHARE if self._active else self.coverage.at_least >= ENOUGH_SHARE
        if not self._active:
            return self._in_plan.propose(scene)
        if self._decisions % TURNS_EVERY == 0:
            self._learn_turns()
        self._decisions += 1
        self._predict(scene.tracks, self._joining.priority(scene.priority), share)
        room, refill = room_behind(self._layout, scene.tracks, self._turning.outflow)
        lights, of_units = scene.lights, self._joining.lights(scene.lights)
        columns = (of_units.stage.tolist(), of_units.green_for.tolist(), of_units.green_in.tolist())
        chosen = [
            self._decide(unit, room, refill, *light) if light[0] >= 0 else self._joining.nearest(number, lights)
            for number, (unit, *light) in enumerate(zip(self._units, *columns, strict=True))
        ]
        blocked = (lights.green_for <= 0) & self._clearance.standing_inside(scene.tracks, lights.stage)
        return np.where(blocked, KEEP_CLEAR, self._joining.spread(chosen)).astype(np.int32)

    def _learn_turns(self) -> None:
        shares, self._reach_weight = self._turning.shares(), self._turning.reach()
        for number, unit in enumerate(self._units):
            unit.set_turns(shares[self._layout.link_start[number] : self._layout.link_start[number + 1]])

    def _predict(self, tracks: Tracks, priority: Priority | None, share: float) -> None:
        """Arrivals on each approach lane: what is seen, scaled by the share seen, then what lately came behind it."""
        layout = self._layout
        self._count[:] = 0
        columns = (self._count, self._arrival, self._share, self._value)
        worth, hold = np.ones(tracks.road.size), np.zeros(tracks.road.size)
        if priority is not None:
            worth[priority.row], hold[priority.row] = priority.worth, priority.hold
        reach = (layout.reach_start, layout.reach_lane, layout.reach_extra, self._reach_weight)
        known = known_rows(layout, tracks, priority)
        rows = np.flatnonzero(~known) if known.any() else slice(None)
        seen = (tracks.road[rows], tracks.rest[rows], tracks.speed[rows], worth[rows], hold[rows])
        add_tracks(*seen, 1.0 / share, SIGHT, self._limit, *reach, *columns)
        self._ways = {} if priority is None else add_known(layout, tracks, priority, known, self._limit, columns)
        unseen = np.where(self._joining.fed_inside, 0.0, self._turning.outflow[layout.lane_road])
        add_unseen(self._sight_time, unseen, float(HORIZON), *columns)
        heads = np.zeros(len(layout.roads.ids), bool)
        heads[tracks.road[(tracks.speed < _HALT) & (tracks.rest < _HEAD)]] = True
        self._standing = np.where(heads[layout.lane_road], self._standing + 1.0, 0.0)

    def _decide(self, unit: "_Unit", room: Reals, refill: Reals, stage: int, elapsed: float, green_in: float) -> int:
        plan = unit.plan
        if plan.stage[0] != stage:
            _drop_first(plan)
        if green_in > 0 or elapsed < unit.min_green[stage]:
            return stage
        rows = slice(unit.first, unit.first + unit.lanes)
        if not self._count[rows].any():
            return stage
        standing = self._standing[rows]
        if unit.is_jammed(stage, elapsed, self._count[rows], standing):
            plan.length[0] = 0
            return (stage + 1) % unit.min_green.size
        protected, yielding, usual = unit.opened(self._ways)
        space, growth = lanes_room(unit.link_lane, unit.out, unit.turn, room, refill, unit.lanes)
        approach = Approach(
            number=self._count[rows],
            arrival=self._arrival[rows],
            share=self._share[rows],
            value=self._value[rows],
            care=unit.care * (1.0 + np.clip(standing / PATIENCE - 1.0, 0.0, 4.0)),
            open_protected=protected,
            open_yield=yielding,
            foes=unit.foes,
            change=unit.change,
            min_green=unit.min_green,
            room=space,
            stuck=((standing > 0) & (elapsed > _GREEN_SEEN)).astype(np.uint8),
            refill=growth,
            open_usual=usual,
            feeds=unit.feeds,
        )
        search_plan(approach, unit.work, plan, unit.trial, unit.made, stage, elapsed, ROUNDS)
        return int(plan.stage[1]) if plan.length[0] > 1 and plan.green[0] <= elapsed else stage


class _Unit:
    """Columns of one signal, or of some that are joined, that hardly change, its plan and the memory of its model."""

    def __init__(self, layout: Layout, signal: int, change: Reals, inside: NDArray[np.bool_]) -> None:
        self.first = int(layout.lane_start[signal])
        self.lanes = int(layout.lane_start[signal + 1]) - self.first
        rows = slice(self.first, self.first + self.lanes)
        self.care = np.where(inside[rows], CARE_INSIDE, 1.0)
        links = slice(int(layout.link_start[signal]), int(layout.link_start[signal + 1]))
        self.link_lane = layout.link_lane[links]
        self._feeds_of, self.out = feeds_of(layout, signal, inside[rows])
        stages = len(layout.programs[signal].greens)
        self._shown = layout.shown[layout.shown_start[signal] : layout.shown_start[signal + 1]].reshape(stages, -1)
        self.change = change
        self.min_green = np.array(layout.programs[signal].min_greens)
        self.foes = np.zeros((stages, self.lanes, self.lanes), np.uint8)
        for link in range(self.link_lane.size):
            row = links.start + link
            for foe in layout.foe[layout.foe_start[row] : layout.foe_start[row + 1]].tolist():
                both = (self._shown[:, link] == YIELD) & (self._shown[:, foe] > 0)
                self.foes[both, self.link_lane[link], self.link_lane[foe]] = 1
        self.plan, self.trial, self.made = _empty_plan(), _empty_plan(), _empty_plan()
        self.work = _memory(self.lanes)
        self.set_turns(1.0 / np.bincount(self.link_lane, minlength=self.lanes)[self.link_lane])

    def is_jammed(self, stage: int, elapsed: float, number: Ints, standing: Reals) -> bool:
        """Whether nothing has moved for a while on any lane that the green serves: vehicles inside block each other."""
        served = (self.protected[stage] + self.yielding[stage] > 0.5) & (number > 0)
        return elapsed >= JAM_AFTER and bool(served.any()) and bool((standing[served] >= JAM_STANDS).all())

    def opened(self, ways: Mapping[int, KnownWay]) -> tuple[Reals, Reals, Reals]:
        """Share of each lane's vehicles that each stage serves protected, yielding, and usually, `[stage, lane]`."""
        protected = opened(self.protected, self._shown == PROTECTED, self.first, ways)
        if protected is self.protected:
            return self.protected, self.yielding, self.usual
        yielding = opened(self.yielding, self._shown == YIELD, self.first, ways)
        return protected, yielding, protected + YIELD_USUAL * yielding

    def set_turns(self, turn: Reals) -> None:
        """Take the chance of each link of its lane; what a stage opens for a lane follows from it."""
        self.turn = turn
        of_lane = np.eye(self.lanes)[self.link_lane] * turn[:, None]
        self.protected: Reals = (self._shown == PROTECTED) @ of_lane
        self.yielding: Reals = (self._shown == YIELD) @ of_lane
        self.feeds = self._feeds_of(self._shown, turn)
        self.usual: Reals = self.protected + YIELD_USUAL * self.yielding


def _empty_plan() -> Plan:
    return Plan(np.zeros(STAGES_PLANNED, np.int32), np.zeros(STAGES_PLANNED), np.zeros(1, np.int32))


def _drop_first(plan: Plan) -> None:
    """Move a plan on by its first stage, which has ended."""
    plan.stage[:-1] = plan.stage[1:].copy()
    plan.green[:-1] = plan.green[1:].copy()
    plan.length[0] = max(int(plan.length[0]) - 1, 0)


def _memory(lanes: int) -> Work:
    return Work(
        number=np.zeros(lanes, np.int32),
        load=np.zeros(lanes),
        done=np.zeros(lanes, np.int32),
        queued=np.zeros(lanes, np.int32),
        free_at=np.zeros(lanes),
        room=np.zeros(lanes),
        waiting=np.zeros(lanes),
        valued=np.zeros(lanes),
        ready=np.zeros(lanes),
        ready_lane=np.zeros(lanes, np.int32),
        last=np.zeros(lanes),
        unblocked=np.zeros(lanes),
        active=np.zeros(lanes, np.int32),
        active_count=np.zeros(1, np.int32),
        place=np.zeros(3, np.int32),
        clock=np.zeros(3),
    )
