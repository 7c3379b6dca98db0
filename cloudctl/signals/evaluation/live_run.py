"""One run of a scenario under the live recommendations: made as for the city, carried out by controllers of their own.

Beside the strategy alone, which `priority_run` drives, this has what stands between it and the road: the city in areas,
coverage learned from tracks, lights read off as they are shown, buses weighed on their way, and a controller at each
signal that goes to the stage it is told in its own time and keeps to its plan where nothing is recommended.
"""

import dataclasses
import tempfile
from pathlib import Path

import libsumo
import numpy as np

from cloudctl.advice.bus_priority import BusPriority
from cloudctl.signals.evaluation import sumo_scenario
from cloudctl.signals.evaluation.bus_watch import BusWatch
from cloudctl.signals.evaluation.live_order import LiveOrder, LiveResult
from cloudctl.signals.evaluation.priority_order import Grant
from cloudctl.signals.evaluation.priority_run import result_of
from cloudctl.signals.evaluation.run_end import is_over
from cloudctl.signals.evaluation.shown_lights import ShownLights
from cloudctl.signals.evaluation.sumo_picture import EPOCH, SumoPicture
from cloudctl.signals.live.orders import Orders
from cloudctl.signals.live.recommendation import Mode
from cloudctl.signals.live.recommender import LiveRecommender
from cloudctl.signals.live.warm_up import warm_up
from cloudctl.signals.live.weighing import coming_buses
from cloudctl.signals.safety import FOLLOW_PLAN, SafetyLayer
from fusion.sensors import SensorTable

EVERY = 1.0
"""s"""
REACH = 150.0
"""m that the roadside sensors see, one at each signal: all vehicles are in the picture"""


def run_live(order: LiveOrder) -> LiveResult:
    """Run a scenario to its end; under its fixed plans alone where nobody follows.

    Raises:
        ScenarioError: SUMO refuses the scenario.
    """
    with tempfile.TemporaryDirectory(prefix="v2x-live-") as folder:
        trips = Path(folder) / "trips.xml"
        sumo_scenario.start(order.config, order.seed, trips, order.end)
        try:
            watch = BusWatch(Grant.NONE)
            control = _Control(order) if order.following > 0 else None
            _drive(watch, control)
        finally:
            sumo_scenario.close()
        followed = control.followed / max(control.asked, 1) if control is not None else 0.0
        return LiveResult(result_of(trips, watch, order.since), followed)


def _drive(watch: BusWatch, control: "_Control | None") -> None:
    due, end = float(libsumo.simulation.getTime()), float(libsumo.simulation.getEndTime())
    step = float(libsumo.simulation.getDeltaT())
    while not is_over(end):
        libsumo.simulationStep()
        now = float(libsumo.simulation.getTime())
        watch.step(now, step)
        if control is None:
            continue
        control.picture.admit()
        if now >= due - 1e-6:
            due = max(due + EVERY, now)
            control.step(now)


class _Control:
    """The platform and the controllers at the signals that follow it."""

    def __init__(self, order: LiveOrder) -> None:
        self.picture = SumoPicture(Path(libsumo.simulation.getOption("net-file")), 1.0, order.seed)
        network = self.picture.network
        warm_up(network)
        self._recommender, self._priority = LiveRecommender(network), BusPriority()
        self._lights = ShownLights(network)
        place = network.signals.x.astype(np.float64), network.signals.y.astype(np.float64)
        self._sensors = SensorTable(*place, np.full(len(place[0]), REACH))
        self._programs = sumo_scenario.read_layout().programs
        now = float(libsumo.simulation.getTime())
        self._controllers = SafetyLayer(self._programs, now)
        random = np.random.default_rng((order.seed, 11))
        rows = {str(name): row for row, name in enumerate(network.signals.id)}
        self._row = [rows.get(program.signal, -1) for program in self._programs]
        self._follows = (random.random(len(self._programs)) < order.following) & (np.array(self._row) >= 0)
        self._weighs = order.weighs
        self._shown = [""] * len(self._programs)
        self.asked, self.followed = 0, 0
        """Signal seconds, and those of them in which a stage was recommended."""

    def step(self, now: float) -> None:
        """Recommend, and let every controller that follows go to the stage it is told."""
        scene = self.picture.read(now)
        seen = dataclasses.replace(scene.picture, signals=self._lights.read(now + EPOCH))
        following = {row for row, follows in zip(self._row, self._follows.tolist(), strict=True) if follows}
        self._priority.advise(dataclasses.replace(scene, picture=seen))
        coming = coming_buses(self._priority) if self._weighs else []
        self._recommender.follow(seen, self._sensors, Orders(executed=following, coming=coming))
        wanted = np.array([self._stage(number) for number in range(len(self._programs))], np.int32)
        self._controllers.advance(now, wanted, np.full(len(wanted), now))
        self.asked += int(self._follows.sum())
        self.followed += int((wanted != FOLLOW_PLAN).sum())
        self._show()

    def _stage(self, number: int) -> int:
        """Stage that a controller is told, as its own program counts them."""
        row = self._row[number]
        found = self._recommender.current.get(row) if self._follows[number] else None
        if found is None or found.mode is not Mode.RECOMMENDED or found.stage is None:
            return FOLLOW_PLAN
        return self._programs[number].stage_of_row[self._recommender.programs[row].greens[found.stage]]

    def _show(self) -> None:
        for number, state in enumerate(self._controllers.states()):
            if self._follows[number] and state != self._shown[number]:
                self._shown[number] = state
                libsumo.trafficlight.setRedYellowGreenState(self._programs[number].signal, state)
