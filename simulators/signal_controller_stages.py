"""A controller that takes stages: it goes to the stage it was told to in its own time, and by itself back to its plan.

Whatever it is told, it keeps the least green of every stage and shows pedestrian clearance, yellow and all-red of its
own program between two stages (GB 14886: yellow of at least 3 s). A command counts for as long as it says; after that
the controller ends the change it is in and goes on with its fixed plan from the stage it shows.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from simulators.sumo_lights import LightStep

GREEN = frozenset("Gg")
LEAST_YELLOW = 3.0
LEAST_CLEARANCE = 6.0
"""For those on foot where the program shows none, s."""
LONGEST_CLEARANCE = 30.0
"""A green row in which nothing but lights end is a clearance up to this length, s."""
LONGEST_GREEN = 120.0
"""A stage ends after so long whatever it is told, s."""
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Shown:
    """A state for a time, s."""

    state: str
    duration: float


@dataclass(frozen=True)
class Handed:
    """The controller is back on its plan: the row it goes on from, and how long it has been in it, s."""

    row: int
    elapsed: float


@dataclass
class StageControl:
    """One signal that takes stages."""

    steps: tuple[LightStep, ...]
    walking: frozenset[int] = frozenset()
    """Places in the state of lights for those on foot."""
    row: int = -1
    """Row of the stage that is green, or left; -1 while the plan runs."""
    since: float = 0.0
    """When this state began, s."""
    until: float = float("-inf")
    """When the last command ends, s."""
    target: int = -1
    _change: list[Shown] = field(default_factory=list)
    _end: int = -1
    """Stage that the change leads to."""

    def __post_init__(self) -> None:
        """Find the green stages."""
        self.stages = [row for row in range(len(self.steps)) if self._is_stage(row)]

    @property
    def commanded(self) -> bool:
        """Whether the plan is left."""
        return self.row >= 0

    @property
    def state(self) -> str:
        """What is shown while the plan is left."""
        return self._change[0].state if self._change else self.steps[self.row].state

    def stage_of(self, links: Collection[int], known: Collection[int]) -> int:
        """Row of the stage whose green lights among the `known` places are just these; -1 where there is none."""
        wanted = set(links)
        for row in sorted(self.stages, key=lambda each: each != self.row):
            green = {place for place in known if self.steps[row].state[place] in GREEN}
            if green == wanted:
                return row
        return -1

    def command(self, row: int, valid_for: float, now: float, shown: int, elapsed: float) -> str:
        """Take a command; gives why not, empty where it is taken.

        Args:
            row: Stage to go to, see `stage_of`.
            valid_for: How long the command counts, s.
            now: Time of the simulation, s.
            shown: Row that the plan shows now.
            elapsed: For how long, s.
        """
        if row not in self.stages:
            return "no stage shows just these phases"
        if not self.commanded:
            if shown not in self.stages:
                return "a change of the plan is under way"
            self.row, self.since, self._change = shown, now - elapsed, []
        self.target, self.until = row, now + valid_for
        return ""

    def step(self, now: float) -> str | Handed | None:
        """Move to `now`, s: a new state to show, the plan handed back, or None where nothing changes."""
        if not self.commanded:
            return None
        if self._change:
            return self._go_on(now)
        green = now - self.since
        if now > self.until + _ROUNDING:
            handed = Handed(self.row, green)
            self.row = -1
            return handed
        target = self.target
        if target == self.row and green >= LONGEST_GREEN:
            target = self.stages[(self.stages.index(self.row) + 1) % len(self.stages)]
        if target == self.row or green < self.steps[self.row].minimum - _ROUNDING:
            return None
        self.target, self.since = target, now
        self._change = self.change(self.row, target)
        if not self._change:
            self.row = target
        return self.state

    def _go_on(self, now: float) -> str | None:
        if now - self.since < self._change[0].duration - _ROUNDING:
            return None
        self.since = now
        self._change.pop(0)
        if not self._change:
            self.row = self._end
        return self.state

    def change(self, start: int, end: int) -> list[Shown]:
        """States between two stages: pedestrian clearance, yellow, all-red; none where nothing ends."""
        self._end = end
        before, after = self.steps[start].state, self.steps[end].state
        ending = {i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a in GREEN and b not in GREEN}
        walking = ending & self.walking
        clearance, yellow, red = self._times_after(start)
        kept = [_kept(a, b) for a, b in zip(before, after, strict=True)]
        found = []
        if walking:
            still = "".join("r" if i in walking else letter for i, letter in enumerate(before))
            found.append(Shown(still, max(clearance, LEAST_CLEARANCE)))
        if ending - walking:
            lit = "".join("y" if i in ending - walking else letter for i, letter in enumerate(kept))
            found.append(Shown(lit, max(yellow, LEAST_YELLOW)))
        if ending and red > 0:
            found.append(Shown("".join(kept), red))
        return found

    def _times_after(self, start: int) -> tuple[float, float, float]:
        """Clearance, yellow and all-red that the program shows after a stage, s."""
        clearance = yellow = red = 0.0
        row = (start + 1) % len(self.steps)
        while row not in self.stages:
            step = self.steps[row]
            if "y" in step.state:
                yellow += step.duration
            elif yellow:
                red += step.duration
            else:
                clearance += step.duration
            row = (row + 1) % len(self.steps)
        return clearance, yellow, red

    def _is_stage(self, row: int) -> bool:
        state, before = self.steps[row].state, self.steps[row - 1].state
        if "y" in state or not set(state) & GREEN:
            return False
        changed = [i for i, (a, b) in enumerate(zip(before, state, strict=True)) if a != b]
        ends_only = bool(changed) and all(i in self.walking and state[i] not in GREEN for i in changed)
        return not (ends_only and self.steps[row].duration <= LONGEST_CLEARANCE)


def _kept(before: str, after: str) -> str:
    """Letter of a light between two stages: green only where it is green in both."""
    if before in GREEN and after in GREEN:
        return "G" if before == after == "G" else "g"
    return "s" if before == after == "s" else "r"


def late_by(steps: Sequence[LightStep], row: int, elapsed: float, into: float) -> float:
    """How much later than its plan a signal runs, s in half a cycle to both sides; `into` is where the plan is, s."""
    cycle = sum(step.duration for step in steps)
    here = sum(step.duration for step in steps[:row]) + elapsed
    return (into - here + cycle / 2) % cycle - cycle / 2
