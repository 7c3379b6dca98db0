"""Programs of signals: green stages, and the way from one green stage to another with its yellow and all-red.

States are written as SUMO does (https://sumo.dlr.de/docs/Simulation/Traffic_Lights.html): one letter a controlled
link, `G` protected green, `g` green that yields, `y` yellow, `r` red, `s` red with right turn after a halt.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from cloudctl.signals.errors import ProgramError

MIN_GREEN = 5.0
"""s, where the program gives none"""
MAX_GREEN = 120.0
"""s, where the program gives none"""
YELLOW = 3.0
"""s, where the program shows none (GB 14886: at least 3 s)"""
GREEN = frozenset("Gg")
_CLEARANCE_AT_MOST = 30.0


@dataclass(frozen=True, slots=True)
class Phase:
    """One row of a program: state of every link, how long, s; `min_green` and `max_green` are 0 where not given."""

    state: str
    duration: float
    min_green: float = 0.0
    max_green: float = 0.0


@dataclass(frozen=True, slots=True)
class Step:
    """A state shown for a time, s."""

    state: str
    duration: float


@dataclass(frozen=True)
class Program:
    """Fixed plan of one signal. `crossings` are the links on which pedestrians cross; `offset` s after midnight."""

    signal: str
    phases: tuple[Phase, ...]
    offset: float = 0.0
    crossings: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        """Refuse programs without phases, of unequal width or without time."""
        if not self.phases:
            raise ProgramError(self.signal, "it has no phases")
        if len({len(phase.state) for phase in self.phases}) != 1:
            raise ProgramError(self.signal, "its phases differ in length")
        if self.cycle <= 0:
            raise ProgramError(self.signal, "its cycle takes no time")

    @property
    def cycle(self) -> float:
        """Cycle time, s."""
        return sum(phase.duration for phase in self.phases)

    @cached_property
    def greens(self) -> tuple[int, ...]:
        """Rows that are green stages: some light green, none yellow, not the clearance of pedestrians only."""
        rows = [row for row, phase in enumerate(self.phases) if _is_green(phase.state)]
        return tuple(row for row in rows if not self._is_clearance(row))

    @cached_property
    def min_greens(self) -> tuple[float, ...]:
        """Least duration of each green stage, s."""
        return tuple(self.phases[row].min_green or min(MIN_GREEN, self.phases[row].duration) for row in self.greens)

    @cached_property
    def max_greens(self) -> tuple[float, ...]:
        """Longest duration of each green stage, s."""
        return tuple(max(self.phases[row].max_green, self.phases[row].duration, MAX_GREEN) for row in self.greens)

    @cached_property
    def stage_of_row(self) -> tuple[int, ...]:
        """For each row the green stage that it is, or that it leads to."""
        stages = {row: stage for stage, row in enumerate(self.greens)}
        rows = len(self.phases)
        ahead = [
            next(stages[(row + far) % rows] for far in range(rows) if (row + far) % rows in stages)
            for row in range(rows)
        ]
        return tuple(ahead)

    def row_at(self, time: float) -> int:
        """Row that the plan shows at `time`, s, as SUMO counts it (a static program starts at `offset`)."""
        into = (time - self.offset) % self.cycle
        for row, phase in enumerate(self.phases):
            if into < phase.duration:
                return row
            into -= phase.duration
        return len(self.phases) - 1

    def stage_state(self, stage: int) -> str:
        """State of a green stage."""
        return self.phases[self.greens[stage]].state

    def change(self, start: int, end: int) -> tuple[Step, ...]:
        """Steps between two different green stages: pedestrian clearance, yellow, all-red; none where nothing ends."""
        rows = len(self.phases)
        follow = self.greens[(start + 1) % len(self.greens)]
        if self.greens[end] == follow:
            row, steps = (self.greens[start] + 1) % rows, []
            while row != follow:
                steps.append(Step(self.phases[row].state, self.phases[row].duration))
                row = (row + 1) % rows
            if all(step.duration > 0 for step in steps) and steps:
                return tuple(steps)
        return self._made_change(start, end)

    def _made_change(self, start: int, end: int) -> tuple[Step, ...]:
        before, after = self.stage_state(start), self.stage_state(end)
        clearance, yellow, red = self._times_after(start)
        ending = [i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a in GREEN and b not in GREEN]
        steps = []
        walking = [i for i in ending if i in self.crossings]
        shown = "".join(
            "r" if i in walking else _kept(a, b) for i, (a, b) in enumerate(zip(before, after, strict=True))
        )
        if walking:
            still = "".join("r" if i in walking else a for i, a in enumerate(before))
            steps.append(Step(still, max(clearance, MIN_GREEN)))
        if len(ending) > len(walking):
            steps.append(
                Step("".join("y" if i in ending and i not in walking else c for i, c in enumerate(shown)), yellow)
            )
        if red > 0 and ending:
            steps.append(Step("".join("r" if i in ending else c for i, c in enumerate(shown)), red))
        return tuple(steps)

    def _times_after(self, stage: int) -> tuple[float, float, float]:
        """Pedestrian clearance, yellow and all-red that the program itself shows after a stage, s."""
        clearance = yellow = red = 0.0
        rows = len(self.phases)
        row = (self.greens[stage] + 1) % rows
        while row not in self.greens:
            phase = self.phases[row]
            if "y" in phase.state or "u" in phase.state:
                yellow += phase.duration
            elif yellow:
                red += phase.duration
            else:
                clearance += phase.duration
            row = (row + 1) % rows
        return clearance, yellow or YELLOW, red

    def _is_clearance(self, row: int) -> bool:
        """Whether a row only takes the green from pedestrians while the vehicles of the row before keep theirs."""
        before, now = self.phases[row - 1], self.phases[row]
        changed = [i for i, (a, b) in enumerate(zip(before.state, now.state, strict=True)) if a != b]
        return (
            bool(changed)
            and now.duration <= _CLEARANCE_AT_MOST
            and all(i in self.crossings and now.state[i] == "r" for i in changed)
        )


def programs_conflicts(programs: Sequence[str]) -> frozenset[tuple[int, int]]:
    """Pairs of links (i < j) that are green together in none of the states: the conflict matrix of a program."""
    width = len(programs[0])
    together = {
        (i, j)
        for state in programs
        for i in range(width)
        if state[i] in GREEN
        for j in range(i + 1, width)
        if state[j] in GREEN
    }
    return frozenset((i, j) for i in range(width) for j in range(i + 1, width)) - together


def _is_green(state: str) -> bool:
    return any(letter in GREEN for letter in state) and not any(letter in "yu" for letter in state)


def _kept(before: str, after: str) -> str:
    """Letter of a link between two stages: green only where it is green in both, protected only where it is in both."""
    if before in GREEN and after in GREEN:
        return "G" if before == after == "G" else "g"
    return after if before == after else "r"
