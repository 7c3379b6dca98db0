"""One run of a scenario with one strategy and one seed; libsumo holds one simulation a process."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import libsumo
import numpy as np

from cloudctl.signals.catalogue import strategy_named
from cloudctl.signals.evaluation import sumo_scenario
from cloudctl.signals.evaluation.control_loop import ControlLoop
from cloudctl.signals.evaluation.measures import measure
from cloudctl.signals.evaluation.run_end import is_over
from cloudctl.signals.evaluation.run_order import RunOrder, RunResult


def run(order: RunOrder, progress: Callable[[float], None] | None = None) -> RunResult:
    """Run a scenario to its end; `progress` gets the done share.

    Raises:
        ScenarioError: SUMO refuses the scenario.
        UnknownControllerError: no strategy has this name.
    """
    strategy_named(order.controller)
    with tempfile.TemporaryDirectory(prefix="v2x-signals-") as folder:
        trips = Path(folder) / "trips.xml"
        sumo_scenario.start(order.config, order.seed, trips, order.end)
        try:
            loop = ControlLoop(order.controller, order.seed, order.share)
            begun, begin = time.process_time(), float(libsumo.simulation.getTime())
            _step_to_end(loop, progress)
            spent, simulated = time.process_time() - begun, float(libsumo.simulation.getTime()) - begin
        finally:
            sumo_scenario.close()
        measures = measure(sumo_scenario.read_trips(trips))
    decisions = np.array(loop.spent or [0.0])
    signals, pace = loop.layout.signals, spent / max(simulated, 1.0)
    return RunResult(order.seed, measures, signals, float(decisions.mean()), float(decisions.max()), pace)


def _step_to_end(loop: ControlLoop, progress: Callable[[float], None] | None) -> None:
    begin, end = float(libsumo.simulation.getTime()), float(libsumo.simulation.getEndTime())
    while not is_over(end):
        libsumo.simulationStep()
        now = float(libsumo.simulation.getTime())
        loop.step(now)
        if progress is not None and end > begin:
            progress((now - begin) / (end - begin))
