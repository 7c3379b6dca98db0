"""Strategies of the literature, to compare with: fixed plan, gap-actuated, max-pressure, greedy.

Max-pressure: P. Varaiya, "Max pressure control of a network of signalized intersections", Transportation Research C
36, 2013.
"""

import numpy as np

from cloudctl.signals.approach_counts import STANDING, count_on_lanes, count_towards, served_by_stage
from cloudctl.signals.layout import PROTECTED, Ints, Layout, Reals, Scene, Tracks
from cloudctl.signals.safety import FOLLOW_PLAN, SafetyLayer

DECIDE_EVERY = 10.0
"""s, as the benchmark's published figures do"""
GREEDY_SIGHT = 50.0
"""m"""
LONGEST = 50.0
"""s"""
DETECTOR = 25.0
"""m before the stop line within which a moving vehicle extends the green"""


class Fixed:
    """The plan of each program."""

    def __init__(self, layout: Layout, safety: SafetyLayer) -> None:
        self._count = layout.signals
        self._safety = safety

    def propose(self, scene: Scene) -> Ints:  # noqa: ARG002  # the plan needs no scene
        """Follow the plan."""
        return np.full(self._count, FOLLOW_PLAN, np.int32)


class Actuated:
    """Stages in the order of the program; a green goes on while vehicles pass, ends at a gap or after 50 s."""

    def __init__(self, layout: Layout, safety: SafetyLayer) -> None:
        self._layout = layout
        self._served = [served_by_stage(layout, signal, PROTECTED) for signal in range(layout.signals)]
        self._safety = safety

    def propose(self, scene: Scene) -> Ints:
        """Keep a stage while a vehicle is at its detectors and somebody else could wait, else the next."""
        moving = scene.tracks.speed > STANDING
        tracks = Tracks(*(getattr(scene.tracks, name)[moving] for name in Tracks.__slots__))
        near = count_on_lanes(self._layout, tracks, DETECTOR) > 0
        stages = scene.lights.stage.copy()
        for signal, served in enumerate(self._served):
            stage = int(stages[signal])
            lanes = self._layout.lane_start[signal], self._layout.lane_start[signal + 1]
            here = near[self._layout.lane_road[lanes[0] : lanes[1]]]
            if not (here & served[stage]).any() or scene.lights.green_for[signal] >= LONGEST:
                stages[signal] = (stage + 1) % len(served)
        return stages


class MaxPressure:
    """Every 10 s the stage with the highest pressure: vehicles before its links less vehicles behind them."""

    def __init__(self, layout: Layout, safety: SafetyLayer) -> None:
        self._layout = layout
        self._safety = safety
        self._chosen = safety.stage.copy()
        self._next = -np.inf

    def propose(self, scene: Scene) -> Ints:
        """Choose when the interval has passed, else keep."""
        if scene.now >= self._next:
            self._next = scene.now + DECIDE_EVERY
            on_lane = count_on_lanes(self._layout, scene.tracks)
            for signal in range(self._layout.signals):
                pressure = self._pressure(signal, on_lane)
                self._chosen[signal] = _best(pressure, int(self._chosen[signal]))
        return self._chosen

    def _pressure(self, signal: int, on_lane: Reals) -> Reals:
        """Per stage: vehicles on each lane that it serves less the mean of the lanes behind that lane's green links."""
        layout = self._layout
        links = slice(int(layout.link_start[signal]), int(layout.link_start[signal + 1]))
        lane = layout.link_lane[links]
        before = on_lane[layout.lane_road[layout.lane_start[signal] + lane]]
        behind = np.where(layout.link_out[links] >= 0, on_lane[layout.link_out[links]], 0.0)
        stages = int(layout.stage_start[signal + 1] - layout.stage_start[signal])
        shown = layout.shown[layout.shown_start[signal] : layout.shown_start[signal + 1]].reshape(stages, -1) > 0
        often = np.maximum(shown @ (lane[:, None] == lane), 1)
        pressure: Reals = (shown * (before - behind) / often).sum(axis=1)
        return pressure


class Greedy:
    """Every 10 s the stage that serves most vehicles within 50 m of the stop line."""

    def __init__(self, layout: Layout, safety: SafetyLayer) -> None:
        self._layout = layout
        self._served = [served_by_stage(layout, signal) for signal in range(layout.signals)]
        self._chosen = safety.stage.copy()
        self._next = -np.inf

    def propose(self, scene: Scene) -> Ints:
        """Choose when the interval has passed, else keep."""
        if scene.now >= self._next:
            self._next = scene.now + DECIDE_EVERY
            near = count_towards(self._layout, scene.tracks, GREEDY_SIGHT)
            for signal, served in enumerate(self._served):
                lanes = slice(int(self._layout.lane_start[signal]), int(self._layout.lane_start[signal + 1]))
                self._chosen[signal] = _best(served @ near[lanes], int(self._chosen[signal]))
        return self._chosen


def _best(value: Reals, now: int) -> int:
    """Stage of the highest value; the present one where it is as good."""
    best = int(np.argmax(value))
    return now if value[now] >= value[best] else best
