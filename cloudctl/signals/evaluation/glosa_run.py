"""One run of a scenario in which equipped drivers follow green-wave advice of the product."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import libsumo
import numpy as np

from cloudctl.advice.advisory import Advisory
from cloudctl.advice.glosa import Glosa
from cloudctl.advice.green_wave import COMFORT
from cloudctl.signals.evaluation import sumo_scenario
from cloudctl.signals.evaluation.glosa_order import Advice, GlosaOrder, GlosaResult, Trips
from cloudctl.signals.evaluation.run_end import is_over
from cloudctl.signals.evaluation.sumo_picture import EPOCH, ODOMETER, SPEED, SumoPicture

EVERY = 1.0
"""s between two looks"""
AT_LIMIT = 0.5
"""Advice this near the limit, m/s, changes nothing: the driver goes as ever."""
_STRATEGIC, _BLOCKED = 1 << 3, 31 << 9
"""Bits of SUMO's lane-change states: the route needs it; somebody on that lane is in the way (libsumo `LCA_*`)."""
DENSITY = 742.0
"""g/l, petrol (SUMO gives mg)"""


def run_glosa(order: GlosaOrder) -> GlosaResult:
    """Run a scenario to its end.

    Raises:
        ScenarioError: SUMO refuses the scenario.
    """
    with tempfile.TemporaryDirectory(prefix="v2x-glosa-") as folder:
        file = Path(folder) / "trips.xml"
        more = ["--device.emissions.probability", "1"]
        if order.advice is Advice.DEVICE:
            more += ["--device.glosa.probability", str(order.share), "--device.glosa.deterministic", "true"]
        sumo_scenario.start(order.config, order.seed, file, order.end, more)
        try:
            drivers = _drive(order)
        finally:
            sumo_scenario.close()
        return read_result(file, drivers)


def _drive(order: GlosaOrder) -> "_Drivers | None":
    """Step to the end; give the drivers where the product advised them."""
    drivers = None
    if order.advice is Advice.OURS:
        drivers = _Drivers(SumoPicture(Path(libsumo.simulation.getOption("net-file")), order.share, order.seed))
    due, end = float(libsumo.simulation.getTime()), float(libsumo.simulation.getEndTime())
    while not is_over(end):
        libsumo.simulationStep()
        now = float(libsumo.simulation.getTime())
        if drivers is not None:
            drivers.admit()
            if now >= due - 1e-6:
                due = max(due + EVERY, now)
                drivers.step(now)
    return drivers


@dataclass(slots=True)
class _Held:
    """Advice that a driver follows: m/s, until when (UTC epoch, s) and up to which m on the odometer."""

    speed: float
    until: float
    odometer: float


class _Drivers:
    """Equipped drivers: each follows its newest advice at a comfortable rate until it ends or the light is passed."""

    def __init__(self, picture: SumoPicture) -> None:
        self._picture = picture
        self._glosa = Glosa()
        self._held: dict[str, _Held] = {}
        self.given = 0

    @property
    def advised(self) -> set[str]:
        """Vehicles with a terminal."""
        return {name for name, has in zip(self._picture.names, self._picture.equipped, strict=True) if has}

    def admit(self) -> None:
        """Take in who departed in the step just made."""
        self._picture.admit()

    def step(self, now: float) -> None:
        """Ask for advice and let everybody follow it for one step."""
        scene = self._picture.read(now)
        states = libsumo.vehicle.getAllSubscriptionResults()
        for advisory in self._glosa.advise(scene):
            self._take(advisory, states)
        for name, held in list(self._held.items()):
            state = states.get(name)
            if state is None:
                del self._held[name]
            elif now + EPOCH > held.until or state[ODOMETER] >= held.odometer:
                del self._held[name]
                libsumo.vehicle.setSpeed(name, -1)
            else:
                _follow(name, held.speed, state[SPEED])

    def _take(self, advisory: Advisory, states: dict[str, dict[int, float]]) -> None:
        name = advisory.target.removeprefix("obu:")
        self.given += 1
        speed, distance = float(str(advisory.content["speed_mps"])), float(str(advisory.content["distance_m"]))
        if name in states:
            self._held[name] = _Held(speed, advisory.valid_until, states[name][ODOMETER] + distance)


def _follow(name: str, advised: float, speed: float) -> None:
    """Hold the advised speed, slow down to it in comfort, else drive as ever: so does who looks for a gap beside."""
    limit = float(libsumo.vehicle.getAllowedSpeed(name))
    slow = speed < advised - libsumo.vehicle.getAccel(name) * EVERY
    if advised >= limit - AT_LIMIT or slow or _must_change_lanes(name):
        libsumo.vehicle.setSpeed(name, -1)
    else:
        libsumo.vehicle.setSpeed(name, max(advised, speed - COMFORT * EVERY))


def _must_change_lanes(name: str) -> bool:
    """Whether the lane that a vehicle's route needs is taken: two abreast that hold a speed would never get past."""
    states = [libsumo.vehicle.getLaneChangeState(name, side)[0] for side in (-1, 1)]
    return any(state & _STRATEGIC and state & _BLOCKED for state in states)


def read_result(file: Path, drivers: _Drivers | None) -> GlosaResult:
    """Trips of a run from SUMO's trip file; whoever carries SUMO's glosa device counts as advised."""
    rows: list[tuple[str, bool, float, float, float, float, float]] = []
    missing = 0
    advised = drivers.advised if drivers is not None else set()
    for _, element in ET.iterparse(file):  # noqa: S314  # the file is what SUMO just wrote
        if element.tag != "tripinfo":
            continue
        row = element.attrib
        if float(row["arrival"]) < 0:
            missing += 1
            element.clear()
            continue
        emissions = element.find("emissions")
        fuel = float(emissions.attrib["fuel_abs"]) / DENSITY if emissions is not None else np.nan
        has = row["id"] in advised or "glosa_" in row["devices"]
        halts, wait, loss = (float(row[key]) for key in ("waitingCount", "waitingTime", "timeLoss"))
        rows.append((row["id"], has, halts, wait, fuel, loss, float(row["duration"]) + float(row["departDelay"])))
        element.clear()
    columns = list(zip(*rows, strict=True)) or [()] * 7
    trips = Trips(
        np.array(columns[0], np.str_), np.array(columns[1], bool), *(np.array(each, np.float64) for each in columns[2:])
    )
    return GlosaResult(trips, missing, drivers.given if drivers is not None else 0)
