"""No proposal, clock or age of data makes the safety layer show an illegal state.

The decisions are random over many signals at once; `V2X_SAFETY_DECISIONS=1000000` runs the long form.
"""

import os

import numpy as np
import pytest

from cloudctl.signals.layout import Ints, Reals
from cloudctl.signals.program import GREEN, Phase, Program, programs_conflicts
from cloudctl.signals.safety import STALE, SafetyLayer

DECISIONS = int(os.environ.get("V2X_SAFETY_DECISIONS", "40000"))
PROGRAMS = (
    Program(
        "two",
        (Phase("GGrr", 30), Phase("yyrr", 3), Phase("rrrr", 2), Phase("rrGg", 20), Phase("rryy", 4), Phase("rrrr", 1)),
    ),
    Program(
        "four",
        (
            Phase("GGggrrrr", 30, 5.0, 50.0),
            Phase("yyggrrrr", 3),
            Phase("rrGGrrrr", 6, 5.0, 50.0),
            Phase("rryyrrrr", 3),
            Phase("rrrrGGgg", 30, 8.0, 40.0),
            Phase("rrrryygg", 3),
            Phase("rrrrrrGG", 6, 5.0, 50.0),
            Phase("rrrrrryy", 3),
        ),
        offset=17.0,
    ),
    Program(
        "walkers",
        (
            Phase("GrrG", 20),
            Phase("Grrr", 7),
            Phase("yrrr", 3),
            Phase("rGrr", 9),
            Phase("ryrr", 3),
            Phase("rrGr", 9),
            Phase("rryr", 3),
            Phase("rrrr", 1),
        ),
        offset=-5.0,
        crossings=frozenset({3}),
    ),
    Program(
        "arrow",
        (
            Phase("GGrsr", 10),
            Phase("yyrsr", 3),
            Phase("srGGr", 10),
            Phase("sryyr", 3),
            Phase("srrsG", 10),
            Phase("srrsy", 3),
        ),
    ),
)


class Watcher:
    """An independent judge of what is shown, written from the promises and not from the layer's tables."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._conflicts = programs_conflicts([phase.state for phase in program.phases])
        self._last: str | None = None
        self._green_since: dict[int, float] = {}
        self._red_since: dict[int, float] = {}
        self.longest = 0.0

    def see(self, now: float, state: str) -> None:
        green = [i for i, letter in enumerate(state) if letter in GREEN]
        assert not [(i, j) for i in green for j in green if (i, j) in self._conflicts], (self._program.signal, state)
        if self._last is not None:
            for i, (before, after) in enumerate(zip(self._last, state, strict=True)):
                self._change(now, i, before, after, state)
        self._last = state

    def _change(self, now: float, i: int, before: str, after: str, state: str) -> None:
        if before in GREEN and after not in GREEN:
            if i not in self._program.crossings:
                assert after == "y", (self._program.signal, i, before, after, state)
            if i in self._green_since:
                assert now - self._green_since[i] >= min(self._program.min_greens) - 1e-6, (self._program.signal, i)
            self._red_since[i] = now
        if after in GREEN and before not in GREEN:
            assert before != "y", (self._program.signal, i)
            self._green_since[i] = now
            for other, since in self._red_since.items():
                if tuple(sorted((i, other))) in self._conflicts:
                    least = 7.0 if other in self._program.crossings else 3.0
                    assert now - since >= least - 1e-6, (self._program.signal, i, other, now - since)
        if after in GREEN and i in self._green_since:
            self.longest = max(self.longest, now - self._green_since[i])


def _wild(rng: np.random.Generator, count: int, now: float) -> tuple[Ints, Reals]:
    """Proposals and data times as bad as they come: out of range, contradictory, old, of the future, not a number."""
    proposal = rng.integers(-3, 9, count).astype(np.int32)
    proposal[rng.random(count) < 0.02] = np.iinfo(np.int32).max
    age = np.where(rng.random(count) < 0.3, rng.normal(0, 5, count), 0.0)
    age[rng.random(count) < 0.02] = np.nan
    return proposal, now - age


@pytest.mark.parametrize("seed", [1, 2])
def test_no_random_decision_shows_an_illegal_state(seed: int) -> None:
    rng = np.random.default_rng(seed)
    layer = SafetyLayer(PROGRAMS, 100.0)
    watchers = [Watcher(program) for program in PROGRAMS]
    now = passed = 100.0
    for _ in range(DECISIONS // len(PROGRAMS) // 2):
        step = float(rng.choice([1.0, 0.1, 2.5, 0.0, -1.0, 1.0, 1.0]))
        now += step
        passed += max(step, 0.0)
        layer.advance(now, *_wild(rng, len(PROGRAMS), now))
        for watcher, state in zip(watchers, layer.states(), strict=True):
            watcher.see(passed, state)


def test_a_stage_nobody_wants_to_leave_ends_at_its_longest_green() -> None:
    layer = SafetyLayer(PROGRAMS, 0.0)
    shown = set()
    for second in range(400):
        layer.advance(float(second), layer.stage.copy(), np.full(len(PROGRAMS), float(second)))
        shown.add(layer.states()[0])
    assert {"GGrr", "rrGg"} <= shown


@pytest.mark.parametrize("age", [STALE + 0.1, np.nan, -STALE - 0.1])
def test_data_that_is_stale_or_of_the_future_leaves_the_plan_in_charge(age: float) -> None:
    layer, plain = SafetyLayer(PROGRAMS, 0.0), SafetyLayer(PROGRAMS, 0.0)
    follow = np.full(len(PROGRAMS), -1, np.int32)
    for second in range(300):
        now = float(second)
        layer.advance(now, np.full(len(PROGRAMS), second % 3, np.int32), np.full(len(PROGRAMS), now - age))
        plain.advance(now, follow, np.full(len(PROGRAMS), now))
        assert layer.states() == plain.states()


def test_data_two_seconds_old_still_counts_and_then_the_plan_takes_over_again() -> None:
    layer = SafetyLayer(PROGRAMS[:1], 0.0)
    for second in range(12):
        layer.advance(float(second), np.array([1], np.int32), np.array([second - STALE]))
    assert layer.states() == ["rrGg"]
    for second in range(12, 120):
        layer.advance(float(second), np.array([1], np.int32), np.array([11.0]))
        wanted = PROGRAMS[0].phases[PROGRAMS[0].row_at(float(second))].state
        if second > 60:
            assert layer.states() == [wanted]


@pytest.mark.parametrize("start", [0.0, 31.0, 34.0, 36.0, 57.0, 59.5, 17.0])
def test_following_the_plan_shows_the_plan_from_wherever_it_stands(start: float) -> None:
    layer = SafetyLayer(PROGRAMS, start)
    follow = np.full(len(PROGRAMS), -1, np.int32)
    for step in range(1, 300):
        now = start + step
        layer.advance(now, follow, np.full(len(PROGRAMS), now))
        for program, state in zip(PROGRAMS, layer.states(), strict=True):
            assert state == program.phases[program.row_at(now)].state, (program.signal, now)


def test_a_change_waits_for_the_least_green() -> None:
    layer = SafetyLayer(PROGRAMS[:1], 0.0)
    begun = next(s for s in range(99) if _step(layer, s) == "yyrr")
    assert begun == 5


def _step(layer: SafetyLayer, second: int) -> str:
    layer.advance(float(second), np.array([1], np.int32), np.array([float(second)]))
    return layer.states()[0]
