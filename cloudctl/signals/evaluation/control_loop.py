"""The closed loop of a running SUMO scenario and a strategy: look, decide, show, once a second."""

import time
from collections.abc import Callable

import libsumo
import numpy as np

from cloudctl.signals.catalogue import strategy_named
from cloudctl.signals.evaluation import sumo_scenario
from cloudctl.signals.evaluation.sumo_scenario import TrackSource
from cloudctl.signals.layout import Layout, Priority, Scene, Tracks
from cloudctl.signals.rolling_horizon import RollingHorizon
from cloudctl.signals.safety import FOLLOW_PLAN, SafetyLayer
from cloudctl.signals.warm_up import warm_up

DECIDE_EVERY = 1.0
"""s"""
Requests = Callable[[float, Tracks, TrackSource, Layout], Priority | None]


class ControlLoop:
    """Drives all signals of the running scenario with a strategy; `fixed` leaves them alone."""

    def __init__(self, controller: str, seed: int, share: float, requests: Requests | None = None) -> None:
        make = strategy_named(controller)
        self.layout = sumo_scenario.read_layout()
        self._due = now = float(libsumo.simulation.getTime())
        self._safety = SafetyLayer(self.layout.programs, now)
        self._strategy = make(self.layout, self._safety)
        if share >= 1 and isinstance(self._strategy, RollingHorizon):
            self._strategy.coverage.declare(share)
            warm_up()
        self._source = sumo_scenario.TrackSource(self.layout.roads, share, seed)
        self._requests = requests
        self._passive = controller == "fixed"
        self._taken = False
        self._shown = [""] * self.layout.signals
        self.spent: list[float] = []
        """CPU s of each decision of all signals"""

    def step(self, now: float) -> None:
        """Take in the step just made and decide where a second has passed since; `now` in s of the scenario."""
        if self._passive:
            return
        self._source.admit()
        if now >= self._due - 1e-6:
            self._due = max(self._due + DECIDE_EVERY, now)
            self._decide(now)

    def _decide(self, now: float) -> None:
        tracks = self._source.read()
        priority = self._requests(now, tracks, self._source, self.layout) if self._requests is not None else None
        scene = Scene(now, tracks, self._safety.lights(now), priority)
        started = time.process_time()
        proposal = self._strategy.propose(scene)
        self.spent.append(time.process_time() - started)
        self._safety.advance(now, proposal, np.full(self.layout.signals, now))
        self._taken = self._taken or bool((proposal != FOLLOW_PLAN).any())
        if self._taken:
            self._show()

    def _show(self) -> None:
        for number, state in enumerate(self._safety.states()):
            if state != self._shown[number]:
                self._shown[number] = state
                libsumo.trafficlight.setRedYellowGreenState(self.layout.programs[number].signal, state)
