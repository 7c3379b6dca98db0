"""One run of a scenario with one strategy and one seed; libsumo holds one simulation a process."""

import math
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import libsumo
import numpy as np

from cloudctl.signals.catalogue import strategy_named
from cloudctl.signals.evaluation import sumo_scenario
from cloudctl.signals.evaluation.measures import measure
from cloudctl.signals.evaluation.run_order import RunOrder, RunResult
from cloudctl.signals.layout import Layout, Scene
from cloudctl.signals.rolling_horizon import RollingHorizon
from cloudctl.signals.safety import FOLLOW_PLAN, SafetyLayer
from cloudctl.signals.strategy import Strategy

DECIDE_EVERY = 1.0
"""s"""


def run(order: RunOrder, progress: Callable[[float], None] | None = None) -> RunResult:
    """Run a scenario to its end; `progress` gets the done share.

    Raises:
        ScenarioError: SUMO refuses the scenario.
        UnknownControllerError: no strategy has this name.
    """
    make = strategy_named(order.controller)
    with tempfile.TemporaryDirectory(prefix="v2x-signals-") as folder:
        trips = Path(folder) / "trips.xml"
        sumo_scenario.start(order.config, order.seed, trips, order.end)
        try:
            loop = _Loop(order, make)
            loop.run(progress)
        finally:
            sumo_scenario.close()
        measures = measure(sumo_scenario.read_trips(trips))
    spent = np.array(loop.spent or [0.0])
    return RunResult(order.seed, measures, loop.layout.signals, float(spent.mean()), float(spent.max()))


class _Loop:
    """The closed loop: step, look, decide, show."""

    def __init__(self, order: RunOrder, make: Callable[[Layout, SafetyLayer], Strategy]) -> None:
        self.layout = sumo_scenario.read_layout()
        now = float(libsumo.simulation.getTime())
        self._safety = SafetyLayer(self.layout.programs, now)
        self._strategy = make(self.layout, self._safety)
        if order.share >= 1 and isinstance(self._strategy, RollingHorizon):
            self._strategy.coverage.declare(order.share)
        self._source = sumo_scenario.TrackSource(self.layout.roads, order.share, order.seed)
        self._passive = order.controller == "fixed"
        self._taken = False
        self._shown = [""] * self.layout.signals
        self.spent: list[float] = []

    def run(self, progress: Callable[[float], None] | None) -> None:
        begin = due = float(libsumo.simulation.getTime())
        end = float(libsumo.simulation.getEndTime())
        while not _over(end):
            libsumo.simulationStep()
            now = float(libsumo.simulation.getTime())
            if not self._passive and now >= due - 1e-6:
                due = max(due + DECIDE_EVERY, now)
                self._decide(now)
            if progress is not None and end > begin:
                progress((now - begin) / (end - begin))

    def _decide(self, now: float) -> None:
        scene = Scene(now, self._source.read(), self._safety.lights(now))
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


def _over(end: float) -> bool:
    now = float(libsumo.simulation.getTime())
    if end >= 0 and now >= end - 1e-6:
        return True
    return (end < 0 or math.isinf(end)) and libsumo.simulation.getMinExpectedNumber() == 0
