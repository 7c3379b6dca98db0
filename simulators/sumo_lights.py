"""Priority at fixed-time signals: a longer or an earlier green that keeps minimum green, clearance, yellow and all-red.

The planning is pure; `SignalDesk` carries plans out in the running simulation and brings the program back to its
coordination afterwards. Follows the strategies of GB/T 43187 (green extension, red truncation).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

MARGIN = 2.0
"""Seconds of green left when the vehicle comes."""


@dataclass(frozen=True)
class LightStep:
    """A step of the running program."""

    duration: float
    minimum: float
    maximum: float
    state: str

    @property
    def fixed(self) -> bool:
        """Whether its length is safety: yellow, all-red and pedestrian clearance."""
        return "y" in self.state or not set(self.state) & set("gG") or self.minimum >= self.duration

    def green_for(self, links: Sequence[int]) -> bool:
        """Whether all these links have green."""
        return all(self.state[link] in "gG" for link in links)


@dataclass(frozen=True)
class PriorityPlan:
    """Answer to a request: new lengths of steps, by how many steps ahead they lie (0 is the running one)."""

    strategy: str
    """`none`, `extension`, `early_green`, or `refused`."""
    durations: dict[int, float] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True)
class Running:
    """Where a signal stands in its program."""

    steps: tuple[LightStep, ...]
    index: int
    elapsed: float
    remaining: float

    def ahead(self) -> list[tuple[float, float, LightStep]]:
        """(begin, end, step) of the running and the following steps of one cycle and a half, s from now."""
        count = len(self.steps)
        spans = [(-self.elapsed, self.remaining, self.steps[self.index])]
        for number in range(1, count + count // 2 + 1):
            step = self.steps[(self.index + number) % count]
            spans.append((spans[-1][1], spans[-1][1] + step.duration, step))
        return spans


def plan_priority(running: Running, links: Sequence[int], arrival: float, most: float) -> PriorityPlan:
    """Decide how a vehicle gets green.

    Args:
        running: State of the signal.
        links: State positions of the movement.
        arrival: Seconds from now until the vehicle reaches the stop line.
        most: Largest change of the green, s.
    """
    if not links or not any(step.green_for(links) for step in running.steps):
        return PriorityPlan("refused", reason="the movement never has green in the running program")
    if arrival < 0:
        return PriorityPlan("refused", reason=f"the arrival lies {-arrival:.0f} s in the past")
    spans = running.ahead()
    greens = _greens(spans, links)
    if any(begin <= arrival <= end - MARGIN for begin, end, _ in greens):
        return PriorityPlan("none")
    extension = _extension(running, spans, greens, arrival, most)
    early = _early(running, spans, greens, arrival, most)
    return extension or early or PriorityPlan("refused", reason="no change within the limits would serve the arrival")


def _greens(spans: list[tuple[float, float, LightStep]], links: Sequence[int]) -> list[tuple[float, float, int]]:
    """(begin, end, last step ahead) of each green of the links."""
    found: list[tuple[float, float, int]] = []
    for number, (begin, end, step) in enumerate(spans):
        if not step.green_for(links):
            continue
        if found and found[-1][2] == number - 1:
            found[-1] = (found[-1][0], end, number)
        else:
            found.append((begin, end, number))
    return found


def _extension(
    running: Running,
    spans: list[tuple[float, float, LightStep]],
    greens: list[tuple[float, float, int]],
    arrival: float,
    most: float,
) -> PriorityPlan | None:
    ended = [green for green in greens if green[1] - MARGIN < arrival]
    if not ended:
        return None
    _, end, number = ended[-1]
    more = arrival + MARGIN - end
    step = spans[number][2]
    now = running.elapsed + running.remaining if number == 0 else step.duration
    if more > most or now + more > step.maximum:
        return None
    return PriorityPlan("extension", {number: now + more})


def _early(
    running: Running,
    spans: list[tuple[float, float, LightStep]],
    greens: list[tuple[float, float, int]],
    arrival: float,
    most: float,
) -> PriorityPlan | None:
    coming = [green for green in greens if green[0] > 0 and green[0] > arrival]
    if not coming:
        return None
    begin, _, _ = coming[0]
    wanted = min(begin - arrival, most)
    durations: dict[int, float] = {}
    for number, (start, end, step) in enumerate(spans):
        if start >= begin or wanted <= 0:
            break
        give = min(wanted, _slack(running, number, start, end, step))
        if give >= 1.0:
            durations[number] = end - start - give
            wanted -= give
    return PriorityPlan("early_green", durations) if durations else None


def _slack(running: Running, number: int, start: float, end: float, step: LightStep) -> float:
    if step.fixed:
        return 0.0
    least = max(step.minimum, running.elapsed if number == 0 else 0.0)
    return max(0.0, end - start - least)


@dataclass
class SignalDesk:
    """One signal's changes: which steps get another length, and how far the program is off its coordination."""

    steps: tuple[LightStep, ...]
    index: int
    entered: float
    """Simulation time at which the running step began, s."""
    overrides: dict[int, float] = field(default_factory=dict)
    """Step index to its length, for the next time it runs."""
    drift: float = 0.0
    """Seconds by which the program runs late."""

    def enter(self, index: int, now: float) -> float | None:
        """Note that a step began; returns its new length (s) where it differs from the program's."""
        self.index, self.entered = index, now
        step = self.steps[index]
        wanted = self.overrides.pop(index, None)
        if wanted is None:
            wanted = self._recover(step)
        self.drift += wanted - step.duration
        return wanted if wanted != step.duration else None

    def _recover(self, step: LightStep) -> float:
        if self.overrides or abs(self.drift) < 0.5 or step.fixed:
            return step.duration
        lowest, highest = max(step.minimum, 0.7 * step.duration), min(step.maximum, 1.3 * step.duration)
        return float(min(max(step.duration - self.drift, lowest), highest))

    def apply(self, plan: PriorityPlan, running: Running) -> float | None:
        """Take a plan in; returns the new remaining time of the running step (s) where it changes."""
        count = len(self.steps)
        for number, length in plan.durations.items():
            if number:
                self.overrides[(self.index + number) % count] = length
        if 0 not in plan.durations:
            return None
        self.drift += plan.durations[0] - running.elapsed - running.remaining
        return max(0.0, plan.durations[0] - running.elapsed)
