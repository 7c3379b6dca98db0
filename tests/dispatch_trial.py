"""Headways and waits on the demo city's bus lines, with advice and without, by SUMO.

PYTHONPATH=. python tests/dispatch_trial.py [--seconds N] [--seeds K] [--out FILE]
"""

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np

from cloudctl.commands.bench_output import show, write
from cloudctl.dispatch.advice import TO_DRIVERS, AdviceStatus, DispatchAdvice
from cloudctl.dispatch.desk import DispatchDesk
from cloudctl.transit.arrivals import RoadNow
from cloudctl.transit.desk import TransitDesk
from cloudctl.transit.gtfs_import import import_gtfs
from cloudctl.transit.headways import variation
from cloudctl.transit.patterns import PatternMaker
from cloudctl.transit.reports import BusFix
from fusion.signal_cycles import SignalCycles
from ingest.messages.bus_status import BusStatus
from maps.importers.sumo import import_sumo
from maps.network import RoadNetwork
from maps.routing import Router
from simulators.bus_trial import BusTrial, Call, TrialPlan
from simulators.commands import HoldAtStop, SetSpeed
from simulators.prepare_city import main as prepare
from simulators.timetable import read_services, write_timetable

EPOCH = 1_763_800_000.0
WARM_UP = 1200.0
"""Calls before are left out, s."""
GOALS = {"headway_variation": -0.40, "mean_wait": -0.15, "slowest_line": 0.02}


@dataclass(frozen=True)
class Outcome:
    """Figures of one run."""

    variation: float
    wait: float
    running: dict[str, float]
    """Mean time from the arrival at the second stop to that at the last, by line, both directions together, s."""
    held: float
    """Seconds of advice to hold, a bus and trip."""
    advised: int


def bench_dispatch(
    out: Path | None, seconds: float, seeds: Sequence[int], city: Path | None = None
) -> dict[str, object]:
    """Run the lines without and with advice, with equal seeds."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = city or Path(scratch) / "city"
        if not (folder / "city.json").exists() and prepare(["--out", str(folder)]):
            raise SystemExit(1)
        runs = [
            [_run(folder, Path(scratch), seconds, seed, advise=advise) for seed in seeds] for advise in (False, True)
        ]
    figures = _compare(*runs)
    write({"dispatch": figures}, out)
    return figures


def _compare(plain: list[Outcome], advised: list[Outcome]) -> dict[str, object]:
    def mean(runs: list[Outcome], name: str) -> float:
        return float(np.mean([getattr(run, name) for run in runs]))

    rows: list[list[object]] = []
    change: dict[str, float] = {}
    for name in ("variation", "wait"):
        before, after = mean(plain, name), mean(advised, name)
        change[name] = after / before - 1.0
        rows.append([name, round(before, 3), round(after, 3), f"{change[name]:+.1%}"])
    running = {
        line: [[run.running[line] for run in runs] for runs in (plain, advised)]
        for line in plain[0].running
        if all(line in run.running for run in (*plain, *advised))
    }
    lines = {line: float(np.mean(after) / np.mean(before)) - 1 for line, (before, after) in running.items()}
    slowest = max(lines, key=lambda line: lines[line])
    rows.append([f"running time, slowest line ({slowest})", "", "", f"{lines[slowest]:+.1%}"])
    rows.append(["running time, mean", "", "", f"{np.mean(list(lines.values())):+.1%}"])
    rows.append(["held a trip, s", 0, round(mean(advised, "held"), 1), ""])
    show("Buses with and without advice", ("figure", "without", "with", "change"), rows)
    return {
        "headway_variation_without": mean(plain, "variation"),
        "headway_variation_with": mean(advised, "variation"),
        "headway_variation_change": change["variation"],
        "mean_wait_without": mean(plain, "wait"),
        "mean_wait_with": mean(advised, "wait"),
        "mean_wait_change": change["wait"],
        "running_by_line": running,
        "slowest_line": slowest,
        "slowest_line_change": lines[slowest],
        "goals": GOALS,
    }


def _run(city: Path, scratch: Path, seconds: float, seed: int, *, advise: bool) -> Outcome:
    network = import_sumo(city / "city.net.xml", city / "city.add.xml").network
    offsets = np.random.default_rng(seed)
    services = [
        msgspec.structs.replace(each, first=float(offsets.uniform(0.0, each.headway)), early=())
        for each in read_services(city / "services.json")
    ]
    write_timetable(scratch / "gtfs.zip", services, network, EPOCH)
    timetable = import_gtfs(scratch / "gtfs.zip").timetable
    patterns, of_trip, _ = PatternMaker(network, Router(network)).all_of(timetable)
    desk = TransitDesk(network, timetable, patterns, of_trip)
    plan = TrialPlan(services, seconds=seconds, seed=seed)
    trial = BusTrial(city / "city.net.xml", city / "city.add.xml", network, plan, scratch)
    try:
        advisor = _Advisor(trial, network, desk)
        while trial.now < seconds:
            advisor.second(advise=advise)
    finally:
        trial.close()
    return _outcome(trial, plan, advisor)


class _Advisor:
    """Buses of a trial that obey the dispatch desk."""

    def __init__(self, trial: BusTrial, network: RoadNetwork, desk: TransitDesk) -> None:
        self._trial, self._network, self._desk = trial, network, desk
        self._dispatch = DispatchDesk(network)
        self._cycles = SignalCycles(network)
        self._queues = np.zeros((2, len(network.lanes.length)))
        self._slowed: dict[str, float] = {}
        self.held = 0.0
        self.count = 0

    def second(self, *, advise: bool) -> None:
        """Simulate a second, look, and let the drivers follow."""
        buses, now = self._trial.step(), EPOCH + self._trial.now
        if not advise:
            return
        fixes, statuses = [], {}
        for bus in buses:
            link = self._network.link_rows.get(bus.link, -1)
            fixes.append(BusFix(bus.vehicle, bus.x, bus.y, bus.heading, bus.speed, link, 0, now))
            direction = int(bus.service.endswith("b"))
            statuses[bus.vehicle] = BusStatus(
                timestamp=int(now * 1e3), seq=0, line=bus.line, direction=direction, trip=bus.vehicle
            )
        self._cycles.follow(self._trial.lights(), now)
        self._desk.turn(fixes, statuses, RoadNow(self._cycles.table(), *self._queues), now)
        for advice in self._dispatch.turn(self._desk, now):
            if advice.kind in TO_DRIVERS:
                self._follow(advice, now)
        self._end_slow(now, {bus.vehicle for bus in buses})

    def _follow(self, advice: DispatchAdvice, now: float) -> None:
        if advice.speed:
            done = self._trial.obey(SetSpeed(advice.vehicle, advice.speed))
            self._slowed[advice.vehicle] = advice.valid_until
        else:
            done = self._trial.obey(HoldAtStop(advice.vehicle, advice.until - EPOCH))
            self.held += advice.seconds * done
        self.count += done
        self._dispatch.answer(advice.id, AdviceStatus.ACCEPTED if done else AdviceStatus.REJECTED, "driver", now)

    def _end_slow(self, now: float, here: set[str]) -> None:
        for vehicle in [name for name, until in self._slowed.items() if now >= until]:
            del self._slowed[vehicle]
            if vehicle in here:
                self._trial.obey(SetSpeed(vehicle, None))


def _outcome(trial: BusTrial, plan: TrialPlan, advisor: _Advisor) -> Outcome:
    at_stop: dict[tuple[str, int], list[float]] = {}
    trips: dict[str, list[Call]] = {}
    for call in trial.calls:
        trips.setdefault(call.vehicle, []).append(call)
        if call.arrival >= WARM_UP:
            at_stop.setdefault((call.service, call.number), []).append(call.arrival)
    gaps = [variation([b - a for a, b in pairwise(sorted(times))]) for (_, number), times in at_stop.items() if number]
    boarded = [each for each in trial.boardings if each.departure >= WARM_UP]
    services = {service.id: service for service in plan.services}
    running: dict[str, list[float]] = {}
    for made in trips.values():
        service = services[made[0].service]
        whole = made[0].number == 0 and len(made) == len(service.stops)
        if whole and len(made) > 2 and made[0].arrival >= WARM_UP:
            running.setdefault(service.line, []).append(made[-1].arrival - made[1].arrival)
    return Outcome(
        variation=float(np.nanmean(gaps)),
        wait=sum(each.waited for each in boarded) / max(sum(each.people for each in boarded), 1),
        running={line: float(np.mean(times)) for line, times in running.items()},
        held=advisor.held / max(len(trips), 1),
        advised=advisor.count,
    )


def main() -> None:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5400.0)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    bench_dispatch(options.out, options.seconds, range(1, options.seeds + 1))


if __name__ == "__main__":
    main()
