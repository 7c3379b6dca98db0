"""The safety layer: the only place that changes lights. Strategies propose a green stage; it decides what is shown.

What it promises, whatever is proposed and however old the data is:

1. Only states of the program, and of the changes between its stages, are shown; no two links that conflict are green.
2. A green lasts at least its least duration and at most its longest; the next stage of the program follows then.
3. Links that lose their green show yellow, then all-red, before a conflicting link gets green; pedestrians are given
   time to clear. A proposal `KEEP_CLEAR` keeps all of them red a while longer for vehicles that stand inside.
4. Without a valid proposal on data younger than `STALE`, the signal follows its fixed plan.

Every state lasts its time on the clock of the calls: a late call makes a state longer, never shorter or left out, and a
clock that jumps back begins the state anew. The rules are the whole of `_advance`; all else here prepares its tables
and refuses tables that break promise 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cloudctl.signals.errors import ProgramError
from cloudctl.signals.layout import Ints, Lights, Reals
from cloudctl.signals.program import GREEN, Program, Step, programs_conflicts
from maps.compiled import compiled

STALE = 2.0
"""s, data older than this drives no signal"""
FOLLOW_PLAN = -1
"""Proposal that asks for the fixed plan."""
KEEP_CLEAR = -2
"""Proposal that asks, during a change, for red until those inside have left; else it means the fixed plan."""
CLEARANCE_AT_MOST = 15.0
"""s that a change is made longer at most"""
_GREEN_STEP = -1
ROUNDING = 1e-6
"""s"""


@dataclass(frozen=True, slots=True)
class Rules:
    """Tables of all signals: stages flat from `stage_start`, changes from `change_start`, steps from `step_start`."""

    stage_start: Ints
    min_green: Reals
    max_green: Reals
    change_start: Ints
    """first row of the table of changes of a signal; row `start * stages + end` of it is one change"""
    step_start: Ints
    step_duration: Reals


class SafetyLayer:
    """Lights of all signals; `advance` once a step with proposals, `states` tells what is shown."""

    def __init__(self, programs: Sequence[Program], now: float) -> None:
        self._programs = tuple(programs)
        self._changes = [_changes(program) for program in self._programs]
        self.rules = _rules(self._programs, self._changes)
        count = len(self._programs)
        self.stage = self.plan(now)
        self.target = self.stage.copy()
        self.step = np.full(count, _GREEN_STEP, np.int32)
        self.since = np.full(count, now, np.float64)
        self._join_plan(now)

    def plan(self, now: float) -> Ints:
        """Green stage that each fixed plan shows or leads to at `now`, s."""
        return np.array([each.stage_of_row[each.row_at(now)] for each in self._programs], np.int32)

    def advance(self, now: float, proposal: Ints, data_time: Reals) -> None:
        """Move to `now`, s, towards the proposed stages; `data_time` s is how new the data behind each proposal is."""
        wanted = np.where(_fresh(now, data_time), proposal, FOLLOW_PLAN).astype(np.int32)
        _advance(now, wanted, self.plan(now), self.stage, self.target, self.step, self.since, *_columns(self.rules))

    def states(self) -> list[str]:
        """State of the links of each signal, as the program writes it."""
        shown = zip(
            self._programs, self._changes, self.stage.tolist(), self.target.tolist(), self.step.tolist(), strict=True
        )
        return [
            program.stage_state(stage) if step == _GREEN_STEP else changes[stage, target][step].state
            for program, changes, stage, target, step in shown
        ]

    def lights(self, now: float) -> Lights:
        """Stage (or the one that is coming) of each signal, s since its green began, s until it begins."""
        changing = self.step != _GREEN_STEP
        remaining = np.zeros(len(self.step))
        for row in np.flatnonzero(changing).tolist():
            steps = self._changes[row][int(self.stage[row]), int(self.target[row])][self.step[row] :]
            remaining[row] = sum(step.duration for step in steps) - (now - self.since[row])
        elapsed = np.where(changing, 0.0, now - self.since)
        return Lights(np.where(changing, self.target, self.stage).astype(np.int32), elapsed, np.maximum(remaining, 0.0))

    def change_times(self) -> list[NDArray[np.float64]]:
        """For each signal the time from the end of one green to the start of another, s, `[start, end]`."""
        return [
            np.array([[sum(step.duration for step in changes.get((a, b), ())) for b in range(n)] for a in range(n)])
            for changes, n in zip(self._changes, (len(each.greens) for each in self._programs), strict=True)
        ]

    def _join_plan(self, now: float) -> None:
        """Begin in the middle of the plan: in its green, or in the change that the plan is in."""
        for number, program in enumerate(self._programs):
            into, row = (now - program.offset) % program.cycle, 0
            while into >= program.phases[row].duration:
                into -= program.phases[row].duration
                row += 1
            stages = len(program.greens)
            if row in program.greens:
                self.since[number] = now - into
                continue
            self.stage[number] = (self.target[number] - 1) % stages
            steps = self._changes[number][int(self.stage[number]), int(self.target[number])]
            first = program.greens[int(self.stage[number])] + 1
            self.step[number] = min((row - first) % len(program.phases), max(len(steps) - 2, 0))
            self.since[number] = now - into


def _fresh(now: float, data_time: Reals) -> NDArray[np.bool_]:
    """Whether data is at most `STALE` old and not from the future; NaN is not."""
    return (data_time <= now + STALE) & (now - data_time <= STALE)


@compiled
def _advance(
    now: float,
    wanted: Ints,
    plan: Ints,
    stage: Ints,
    target: Ints,
    step: Ints,
    since: Reals,
    stage_start: Ints,
    min_green: Reals,
    max_green: Reals,
    change_start: Ints,
    step_start: Ints,
    step_duration: Reals,
) -> None:
    for s in range(stage.size):
        stages = stage_start[s + 1] - stage_start[s]
        since[s] = min(since[s], now)
        if step[s] >= 0:
            first = step_start[change_start[s] + stage[s] * stages + target[s]]
            last = step_start[change_start[s] + stage[s] * stages + target[s] + 1]
            held = wanted[s] == KEEP_CLEAR
            if first + step[s] == last - 1:
                if not held or now - since[s] >= CLEARANCE_AT_MOST - ROUNDING:
                    step[s] = -1
            elif now - since[s] >= step_duration[first + step[s]] - ROUNDING:
                since[s] = now
                step[s] += 1
                if first + step[s] == last - 1 and not held:
                    step[s] = -1
            if step[s] < 0:
                since[s] = now
                stage[s] = target[s]
        if step[s] < 0:
            want = wanted[s] if 0 <= wanted[s] < stages else plan[s]
            row = stage_start[s] + stage[s]
            green = now - since[s]
            if want == stage[s] and green >= max_green[row]:
                want = (stage[s] + 1) % stages
            if want != stage[s] and green >= min_green[row] - ROUNDING:
                change = change_start[s] + stage[s] * stages + want
                target[s] = want
                since[s] = now
                if step_start[change] == step_start[change + 1]:
                    stage[s] = want
                else:
                    step[s] = 0


def _columns(rules: Rules) -> tuple[Ints, Reals, Reals, Ints, Ints, Reals]:
    return (
        rules.stage_start,
        rules.min_green,
        rules.max_green,
        rules.change_start,
        rules.step_start,
        rules.step_duration,
    )


def _changes(program: Program) -> dict[tuple[int, int], tuple[Step, ...]]:
    """All changes of a program, each proven free of conflicting greens; the last step is for `KEEP_CLEAR` alone."""
    stages = range(len(program.greens))
    changes = {(a, b): _with_clearance(program.change(a, b)) for a in stages for b in stages if a != b}
    conflicts = programs_conflicts([phase.state for phase in program.phases])
    for steps in changes.values():
        for step in steps:
            green = [i for i, letter in enumerate(step.state) if letter in GREEN]
            if any((i, j) in conflicts for i in green for j in green):
                raise ProgramError(program.signal, f"state {step.state!r} has conflicting greens")
    return changes


def _with_clearance(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return (*steps, Step(steps[-1].state.replace("y", "r"), 0.0)) if steps else ()


def _rules(programs: Sequence[Program], changes: Sequence[dict[tuple[int, int], tuple[Step, ...]]]) -> Rules:
    sizes = [len(program.greens) for program in programs]
    steps = [each.get((a, b), ()) for each, n in zip(changes, sizes, strict=True) for a in range(n) for b in range(n)]
    return Rules(
        stage_start=_starts(sizes),
        min_green=np.array([value for program in programs for value in program.min_greens], np.float64),
        max_green=np.array([value for program in programs for value in program.max_greens], np.float64),
        change_start=_starts([n * n for n in sizes]),
        step_start=_starts([len(each) for each in steps]),
        step_duration=np.array([step.duration for each in steps for step in each], np.float64),
    )


def _starts(counts: Sequence[int]) -> Ints:
    return np.concatenate([[0], np.cumsum(np.array(counts, np.int64))]).astype(np.int32)
