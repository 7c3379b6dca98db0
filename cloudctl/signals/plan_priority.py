"""Priority inside the fixed plan, for signals that are not taken off it: a green held longer, or the next one early.

A vehicle that asks for priority is known whoever else is seen, and what it gets is bounded: a green grows or shrinks by
`MOST` at the most, never below its least duration, stages keep their order, and the signal then serves nobody for
`RECOVERY_CYCLES`. What one stage is given the next one gives, so the plan's clock and its coordination stay (extension
and red truncation of GB/T 43187). Only lights and durations are looked at: it need not be known when a cycle begins.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cloudctl.signals.arrivals import time_to_stop_line
from cloudctl.signals.known_ways import distance_to_link, signal_of_link
from cloudctl.signals.layout import RED, Ints, Layout, Lights, Reals, Scene
from cloudctl.signals.queue_columns import HEADWAY, START_LOSS
from cloudctl.signals.safety import FOLLOW_PLAN

MOST = 15.0
"""s by which one green is changed at most"""
RECOVERY_CYCLES = 1.5
"""cycles for which a signal that has served one vehicle serves no other"""
MARGIN = 2.0
"""s that a green goes on behind an arrival, and is there before one"""
_STANDS = 1.5
"""m/s"""


@dataclass(frozen=True, slots=True)
class _Need:
    """One vehicle: link (local to the signal), s until it passes, s until those before it need green."""

    link: int
    passes: float
    green_at: float
    worth: float


@dataclass(frozen=True, slots=True)
class _Early:
    """A stage that began before its time, until when it is held, s: then the plan shows it too."""

    stage: int
    until: float


class PlanPriority:
    """Proposes stages for signals on their plans; `FOLLOW_PLAN` wherever nobody needs help."""

    def __init__(self, layout: Layout, alone: NDArray[np.bool_], changes: list[Reals]) -> None:
        """Serve the signals that are `alone`; `changes` s from one green to another, `[start, end]` by signal."""
        self._layout, self._alone, self._changes = layout, alone, changes
        self._early: dict[int, _Early] = {}
        self._held: dict[int, int] = {}
        self._free_from = np.full(layout.signals, -np.inf)

    def propose(self, scene: Scene) -> Ints:
        """Stage of each signal; `FOLLOW_PLAN` for its plan."""
        found = np.full(self._layout.signals, FOLLOW_PLAN, np.int32)
        for signal, early in list(self._early.items()):
            if scene.now < early.until:
                found[signal] = early.stage
            else:
                self._end(signal, scene.now)
        needs = self._needs(scene)
        for signal in set(self._held) - set(needs):
            self._end(signal, scene.now)
        for signal, need in needs.items():
            if found[signal] == FOLLOW_PLAN and scene.now >= self._free_from[signal]:
                found[signal] = self._serve(signal, need, scene.lights, scene.now)
        return found

    def _serve(self, signal: int, need: _Need, lights: Lights, now: float) -> int:
        """Hold the green that serves a vehicle, or begin the next one early; else the plan."""
        program, stage = self._layout.programs[signal], int(lights.stage[signal])
        green = float(lights.green_for[signal])
        rest = program.phases[program.greens[stage]].duration - green
        if lights.green_in[signal] > 0:
            return FOLLOW_PLAN
        if self._shows(signal, stage, need.link):
            if rest <= MARGIN and need.passes + MARGIN <= rest + MOST:
                self._held[signal] = stage
                return stage
            if signal in self._held:
                self._end(signal, now)
            return FOLLOW_PLAN
        following = (stage + 1) % len(program.greens)
        change = float(self._changes[signal][stage, following])
        due = need.green_at - MARGIN <= change
        if (
            due
            and 1.0 < rest <= MOST
            and green >= program.min_greens[stage]
            and self._shows(signal, following, need.link)
        ):
            self._early[signal] = _Early(following, now + rest + change)
            return following
        return FOLLOW_PLAN

    def _end(self, signal: int, now: float) -> None:
        """The others get their time back."""
        self._early.pop(signal, None)
        self._held.pop(signal, None)
        self._free_from[signal] = now + RECOVERY_CYCLES * self._layout.programs[signal].cycle

    def _needs(self, scene: Scene) -> dict[int, _Need]:
        """The vehicle that is served first at each signal: of most worth, then the one that comes first."""
        found: dict[int, _Need] = {}
        priority, tracks, layout = scene.priority, scene.tracks, self._layout
        if priority is None or priority.link is None:
            return found
        rows = zip(
            priority.row.tolist(), priority.link.tolist(), priority.worth.tolist(), priority.hold.tolist(), strict=True
        )
        for row, link, worth, hold in rows:
            distance = distance_to_link(layout, tracks, row, link) if link >= 0 else np.inf
            signal = signal_of_link(layout, link) if link >= 0 else -1
            if not np.isfinite(distance) or not self._alone[signal]:
                continue
            road = int(tracks.road[row])
            before = (tracks.road == road) & (tracks.rest < tracks.rest[row]) & (tracks.speed < _STANDS)
            queue = START_LOSS + HEADWAY * float(before.sum()) if before.any() else 0.0
            limit = float(layout.roads.speed[road])
            due = time_to_stop_line(distance, float(tracks.speed[row]), limit) + hold
            need = _Need(link - int(layout.link_start[signal]), max(due, queue), max(due - queue, 0.0), worth)
            first = found.get(signal)
            if first is None or (worth, -need.passes) > (first.worth, -first.passes):
                found[signal] = need
        return found

    def _shows(self, signal: int, stage: int, link: int) -> bool:
        layout = self._layout
        links = int(layout.link_start[signal + 1] - layout.link_start[signal])
        return bool(layout.shown[int(layout.shown_start[signal]) + stage * links + link] != RED)
