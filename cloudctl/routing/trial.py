"""One run of a trial of diversion: SUMO drives, the platform's guidance leads the guided share."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import libsumo
import numpy as np

from cloudctl.routing import trial_world
from cloudctl.routing.capacity import link_begins, link_capacities
from cloudctl.routing.guidance import Guidance, Traveller, committed_links
from cloudctl.routing.outlook import Outlook, expected_closure, free_usual, make_outlook
from cloudctl.routing.trial_order import TrialOrder, TrialResult, Way
from cloudctl.routing.trial_travel import TravelMeter
from cloudctl.routing.trial_vehicles import is_guided, write_vehicles
from cloudctl.routing.trial_world import BLOCKER, World
from maps.importers.sumo import import_sumo
from maps.link_graph import link_graph
from maps.network import RoadNetwork

LOOK_EVERY = 6
"""Steps between two looks at all vehicles."""
PLAN_EVERY = 30
"""Steps between two rounds; each vehicle has its turn in every second one."""
FRESH_EVERY = 6
"""Steps between two rounds for those who set out."""
DETECTED_AFTER = 60.0
"""Time from the beginning of an incident until the platform acts on it, s."""


def run_trial(order: TrialOrder) -> TrialResult:
    """Run a trial to its end.

    Raises:
        DiversionTrialError: SUMO refuses the network or the vehicles.
    """
    started = time.process_time()
    with tempfile.TemporaryDirectory(prefix="v2x-diversion-") as folder:
        trips = Path(folder) / "trips.xml"
        routes = write_vehicles(order, Path(folder) / "vehicles.xml")
        trial_world.start(order, Path(folder) / "vehicles.xml", trips)
        try:
            loop = _Loop(order, routes)
            loop.run()
        finally:
            libsumo.close()
        return _result(order, routes, trips, loop, time.process_time() - started)


class _Loop:
    def __init__(self, order: TrialOrder, routes: dict[str, tuple[str, ...]]) -> None:
        self._order = order
        self._active = order.way is Way.PLATFORM and order.share > 0
        self.teleports = self.told = 0
        self.deciding = 0.0
        if self._active:
            self._brain = Leader(import_sumo(order.net).network, routes, order)

    def run(self) -> None:
        step, incident = 0, self._order.incident
        while libsumo.simulation.getMinExpectedNumber() > 0 and libsumo.simulation.getTime() < self._order.end:
            libsumo.simulationStep()
            step += 1
            now = float(libsumo.simulation.getTime())
            self.teleports += libsumo.simulation.getStartingTeleportNumber()
            if incident is not None and now - self._order.step < incident.begin <= now:
                trial_world.close_link(incident)
            if self._active:
                self.told += self._brain.step(step, now)
        self.deciding = self._brain.spent if self._active else 0.0


class Leader:
    """The platform in the loop: measures, looks ahead, plans, tells."""

    def __init__(self, network: RoadNetwork, routes: dict[str, tuple[str, ...]], order: TrialOrder) -> None:
        self._network, self._order = network, order
        self._graph = link_graph(network)
        self._world = World(network, routes)
        self._meter = TravelMeter(network, self._graph)
        self._length = network.links.length
        self._free = network.links.length.astype(np.float64) / network.links.speed
        self._guidance = Guidance(self._graph, link_capacities(network), link_begins(network), self._free)
        self._usual = free_usual(self._free)
        self._outlook: Outlook | None = None
        self.spent = 0.0

    def step(self, step: int, now: float) -> int:
        """Go on by one step; gives how many vehicles were told another way."""
        self._world.admit()
        if step % LOOK_EVERY == 0:
            seen = self._world.look()
            self._meter.add(seen.lanes, seen.speeds, seen.entered, LOOK_EVERY * self._order.step)
        if step % FRESH_EVERY and step % PLAN_EVERY:
            return 0
        started = time.process_time()
        turn = step % (2 * PLAN_EVERY) // PLAN_EVERY if step % PLAN_EVERY == 0 else -1
        told = self._round(now, turn)
        self.spent += time.process_time() - started
        return told

    def _round(self, now: float, turn: int) -> int:
        if turn >= 0 or self._outlook is None:
            present = self._meter.present()
            self._outlook = make_outlook(present, self._meter.turns(present), self._usual, closed=self._closed(now))
        travellers = list(self._travellers(turn))
        told = 0
        for change in self._guidance.plan(now, travellers, self._outlook, self._meter.flow()):
            told += self._world.lead(change.name, change.route)
        return told

    def _closed(self, now: float) -> dict[int, float]:
        incident = self._order.incident
        if incident is None or not incident.begin + DETECTED_AFTER <= now < incident.end:
            return {}
        return {self._network.link_rows[incident.link]: expected_closure(now - incident.begin)}

    def _travellers(self, turn: int) -> Iterator[Traveller]:
        order = self._order
        for number, (name, driver) in enumerate(self._world.drivers.items()):
            if not is_guided(name, order.share, order.seed):
                continue
            due = driver.lane >= 0 and (driver.fresh or (turn >= 0 and number % 2 == turn))
            ahead = driver.route[driver.place :]
            fixed = committed_links(ahead, self._length, driver.position, driver.speed) if due else 1
            yield Traveller(name, ahead, fixed, fresh=driver.fresh, open_to_advice=due)
            if due:
                driver.fresh = False


def _result(order: TrialOrder, routes: dict[str, tuple[str, ...]], trips: Path, loop: _Loop, cpu: float) -> TrialResult:
    times: dict[str, float] = {}
    unfinished = kept_out = 0
    for _, element in ET.iterparse(trips):  # noqa: S314  # the file is what SUMO just wrote
        name = element.get("id", "")
        if element.tag != "tripinfo" or name.startswith(BLOCKER):
            continue
        entered = float(element.get("depart", "-1")) >= 0
        times[name] = float(element.get("departDelay", "0")) + (float(element.get("duration", "0")) if entered else 0.0)
        kept_out += not entered
        unfinished += entered and float(element.get("arrival", "-1")) < 0
        element.clear()
    link = order.incident.link if order.incident else ""
    guided = {name for name in times if is_guided(name, order.share, order.seed)}
    return TrialResult(
        way=order.way,
        share=order.share,
        seed=order.seed,
        incident=order.incident is not None,
        vehicles=len(times),
        mean_s=_mean(times, times),
        past_incident_s=_mean(times, {name for name in times if link in routes[name]}),
        guided_s=_mean(times, guided),
        others_s=_mean(times, set(times) - guided),
        unfinished=unfinished,
        kept_out=kept_out,
        teleports=loop.teleports,
        told=loop.told,
        cpu_s=cpu,
        deciding_s=loop.deciding,
    )


def _mean(times: dict[str, float], names: "set[str] | dict[str, float]") -> float:
    return float(np.mean([times[name] for name in names])) if names else 0.0
