"""Measures incident detection on a simulated city: how soon breakdowns are found and how often a false alarm is raised.

    python tests/incident_trial.py [--net FILE.net.xml] [--level typical] [--seconds 300] [--folder DIR]

Vehicles break down on lanes that a roadside unit overlooks; what else is reported is held against the truth.
"""

import argparse
import json
import math
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from incident_truth import JAMS, Truth
from sensed_city import SensedCity

from fusion.cycle import Draft
from fusion.incidents import Incident
from maps.importers.sumo import import_sumo
from maps.network import RoadNetwork
from maps.participants import ParticipantKind
from simulators.city import CitySimulation
from simulators.city_build import build_city
from simulators.city_files import CityFiles
from simulators.city_link import CityConfig
from simulators.signal_controller_wiring import links_of_groups
from simulators.sumo_scenario import build_demand_for
from simulators.world import WorldFrame

EPOCH = 1_760_000_000.0
FIRST, EVERY, STANDS_FOR = 20.0, 8.0, 90.0
"""Breakdowns: the first, one after another, and how long each lasts, s."""
OVERLOOKED = 100.0
"""m from a roadside unit."""
FOUND_WITHIN = 60.0
"""Later findings are about something else, s."""
LAST = 15.0
"""Who has stood for less than this at the end is not judged, s."""


@dataclass
class Trial:
    """What came out."""

    seconds: float
    signals: int
    delays: dict[str, float] = field(default_factory=dict)
    """By vehicle that broke down: from its standstill to the incident, s; inf where it was not found."""
    reported: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    alarms: list[str] = field(default_factory=list)
    """The false ones in words."""
    stages: dict[str, float] = field(default_factory=dict[str, float])
    """CPU of each stage of the cycle, s."""
    cycles: int = 0

    def rate(self, count: int) -> float:
        """Return how many an hour and 50 intersections a count is."""
        return count / (self.seconds / 3600.0) / (max(self.signals, 1) / 50.0)

    def summary(self) -> dict[str, object]:
        """Return the figures by name."""
        return {
            "seconds": round(self.seconds, 1),
            "signals": self.signals,
            "detection_delay_s": {name: round(delay, 1) for name, delay in self.delays.items()},
            "reported": dict(self.reported),
            "false": dict(self.false),
            "false_per_hour_and_50_intersections": {kind: round(self.rate(n), 2) for kind, n in self.false.items()},
            "cpu_ms_per_cycle": {name: round(1e3 * s / max(self.cycles, 1), 2) for name, s in self.stages.items()},
        }


class Breakdowns:
    """Lets vehicles break down, one after another, where a roadside unit overlooks the lane."""

    def __init__(self, network: RoadNetwork, seed: int = 3) -> None:
        self._network, self._rng = network, np.random.default_rng(seed)
        lanes = network.lanes
        cars = (lanes.allowed & ParticipantKind.CAR.bit) > 0
        self._lanes = np.flatnonzero(cars & (lanes.width > 2.5) & (lanes.length > 80.0))
        self._next, self._links = FIRST, set[int]()

    def follow(self, city: CitySimulation, frame: WorldFrame) -> None:
        """Stage the next one when it is due."""
        if city.elapsed < self._next:
            return
        self._next += EVERY
        driven = np.isin(self._network.lanes.id[self._lanes], frame.lane[frame.speed > 3.0])
        for lane in self._rng.permutation(self._lanes[driven]).tolist():
            link, place = int(self._network.lanes.link[lane]), self._place(lane)
            if link in self._links or place is None:
                continue
            if city.block_lane(str(self._network.lanes.id[lane]), place, STANDS_FOR):
                self._links.add(link)
                return

    def _place(self, lane: int) -> float | None:
        """Return a place on a lane that a unit overlooks, away from both its ends, m."""
        lanes, signals = self._network.lanes, self._network.signals
        shape = self._network.shape(int(lanes.shape_start[lane]), int(lanes.shape_count[lane]))
        run = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(shape, axis=0).T))))
        for place in self._rng.permutation(np.arange(35.0, float(lanes.length[lane]) - 40.0, 5.0)).tolist():
            x, y = (np.interp(place, run, shape[:, axis]) for axis in (0, 1))
            if np.hypot(signals.x - x, signals.y - y).min() < OVERLOOKED:
                return float(place)
        return None


def timed(sensed: SensedCity, trial: Trial) -> None:
    """Let the cycle of a city count the CPU of its stages."""

    def counted(name: str, stage: Callable[[Draft], None]) -> Callable[[Draft], None]:
        def run(draft: Draft) -> None:
            begin = time.thread_time()
            stage(draft)
            trial.stages[name] = trial.stages.get(name, 0.0) + time.thread_time() - begin

        return run

    sensed.cycle.stages = tuple((name, counted(name, stage)) for name, stage in sensed.cycle.stages)


def run_trial(files: CityFiles, level: str, seconds: float, seed: int = 3, *, staged: bool = True) -> Trial:
    """Play a city through the errors of its devices and judge what is reported."""
    network: RoadNetwork = import_sumo(files.net, files.additional).network
    city = CitySimulation(CityConfig(files, network, incident=False, real_time=False, epoch=EPOCH))
    truth, breakdowns = Truth(network), Breakdowns(network, seed)
    trial = Trial(seconds, len(network.signals.id))
    sensed = SensedCity(network, links_of_groups(network, files.net), level)
    timed(sensed, trial)

    def frames() -> Iterator[WorldFrame]:
        while city.elapsed < seconds:
            frame = city.step()
            if staged:
                breakdowns.follow(city, frame)
            truth.see(frame, city.blockers)
            yield frame

    told = dict[str, tuple[float, Incident]]()
    now = EPOCH
    for picture, _ in sensed.pictures(frames()):
        now, trial.cycles = picture.time, trial.cycles + 1
        for incident in picture.incidents:
            if incident.incident_id not in told:
                told[incident.incident_id] = now, incident
                trial.reported[incident.kind] += 1
                if not truth.happened(incident, picture):
                    trial.false[incident.kind] += 1
                    trial.alarms.append(f"{now - EPOCH:.1f} s {incident.kind}: {incident.evidence}")
    city.close()
    for vehicle, (stood, x, y) in truth.stands.items():
        found = [
            when - stood
            for when, one in told.values()
            if one.kind not in JAMS and math.hypot(one.x - x, one.y - y) < 15.0 and -5.0 < when - stood < FOUND_WITHIN
        ]
        if found or now - stood >= LAST:
            trial.delays[vehicle] = min(found, default=math.inf)
    return trial


def main() -> None:
    """Print the figures and the false alarms."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--net", type=Path)
    parser.add_argument("--level", default="typical")
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.folder or Path(scratch)
        files = build_city(folder) if asked.net is None else build_demand_for(asked.net, folder)
        trial = run_trial(files, asked.level, asked.seconds, asked.seed)
    sys.stdout.write(json.dumps(trial.summary(), indent=1) + "\n" + "\n".join(trial.alarms) + "\n")


if __name__ == "__main__":
    main()
