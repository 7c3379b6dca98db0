"""Compiles what decisions need, on a made-up crossing, so that no first decision is late."""

from functools import cache

import numpy as np

from cloudctl.signals.layout import Layout, Priority, Roads, Scene, Tracks
from cloudctl.signals.layout_build import Link, build_layout
from cloudctl.signals.program import Phase, Program
from cloudctl.signals.rolling_horizon import RollingHorizon
from cloudctl.signals.safety import SafetyLayer


@cache
def warm_up() -> None:
    """Decide for some seconds; nothing of it is kept but the machine code."""
    layout = _crossing()
    safety = SafetyLayer(layout.programs, 0.0)
    strategy = RollingHorizon(layout, safety)
    strategy.coverage.declare(1.0)
    tracks = Tracks(
        np.arange(3, dtype=np.int64),
        np.array([0, 1, 1], np.int32),
        np.array([20.0, 1.0, 9.0]),
        np.array([8.0, 0.0, 0.0]),
        np.full(3, 5.0),
    )
    priority = Priority(np.zeros(1, np.int32), np.full(1, 20.0), np.zeros(1))
    for second in range(12):
        now = float(second)
        proposal = strategy.propose(Scene(now, tracks, safety.lights(now), priority))
        safety.advance(now, proposal, np.full(1, now))


def _crossing() -> Layout:
    program = Program("warm", (Phase("Gr", 30), Phase("yr", 3), Phase("rG", 30), Phase("ry", 3)))
    roads = Roads(("a", "b", "c"), np.full(3, 100.0), np.full(3, 13.9))
    return build_layout(roads, [program], {"warm": [Link("a", "c", "", 0), Link("b", "c", "", 1)]}, [])
