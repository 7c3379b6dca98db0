"""One run of a scenario whose buses get priority, or none, from the strategy that drives its signals."""

import tempfile
from pathlib import Path

import libsumo
import numpy as np

from cloudctl.signals.evaluation import sumo_scenario
from cloudctl.signals.evaluation.bus_watch import BusWatch
from cloudctl.signals.evaluation.control_loop import ControlLoop
from cloudctl.signals.evaluation.priority_order import PriorityOrder, PriorityResult
from cloudctl.signals.evaluation.run_end import is_over
from cloudctl.signals.priority_worth import OCCUPANTS, PASSENGERS


def run_priority(order: PriorityOrder) -> PriorityResult:
    """Run a scenario to its end.

    Raises:
        ScenarioError: SUMO refuses the scenario.
        UnknownControllerError: no strategy has this name.
    """
    with tempfile.TemporaryDirectory(prefix="v2x-priority-") as folder:
        trips = Path(folder) / "trips.xml"
        sumo_scenario.start(order.config, order.seed, trips, order.end)
        try:
            watch = _drive(order)
        finally:
            sumo_scenario.close()
        return result_of(trips, watch, order.since)


def _drive(order: PriorityOrder) -> BusWatch:
    watch = BusWatch(order.grant)
    loop = ControlLoop(order.controller, order.seed, 1.0, watch.requests)
    end, step = float(libsumo.simulation.getEndTime()), float(libsumo.simulation.getDeltaT())
    while not is_over(end):
        libsumo.simulationStep()
        now = float(libsumo.simulation.getTime())
        watch.step(now, step)
        loop.step(now)
    return watch


def result_of(trips: Path, watch: BusWatch, since: float = 0.0) -> PriorityResult:
    """Delays of a run from SUMO's trip file, of all that set off at `since` s or later; `watch` tells who was a bus."""
    buses: list[float] = []
    others: list[float] = []
    for row in sumo_scenario.read_trips(trips):
        if 0 <= float(row["depart"]) < since:
            continue
        delay = float(row["departDelay"]) + (float(row["timeLoss"]) if float(row["depart"]) >= 0 else 0.0)
        (buses if row["id"] in watch.lost else others).append(delay)
    lost = [seconds for name, seconds in watch.lost.items() if watch.departed[name] >= since]
    persons = PASSENGERS * len(buses) + OCCUPANTS * len(others)
    return PriorityResult(
        bus_at_signals_s=float(np.mean(lost or [0.0])),
        bus_delay_s=float(np.mean(buses or [0.0])),
        other_delay_s=float(np.mean(others or [0.0])),
        person_delay_s=(PASSENGERS * sum(buses) + OCCUPANTS * sum(others)) / max(persons, 1.0),
        buses=len(buses),
        others=len(others),
    )
