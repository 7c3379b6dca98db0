"""Drivers looking for a place in the demo city's car parks, led by guidance and not: how long they search.

PYTHONPATH=.:tests python tests/parking_trial.py [--city FOLDER] [--seeds K] [--out FILE]

Lots fill and empty by the second: drivers set out at random, stay for a random time, and drive on free roads. Who is
not led knows the lots but not what is free: the nearest to the destination first, when it is full the next. Who is led
asks the advisor that runs in the engine, once more where the place was taken before; sensors tell it every change.
"""

import argparse
import heapq
import itertools
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from advice_city import NOW, Vehicle, scene_of

from cloudctl.advice.live_routes import LiveRoutes
from cloudctl.advice.parking import WALK_DETOUR, WALK_SPEED, WALK_WEIGHT, Parking, ParkingRequest
from cloudctl.advice.scene import Lot
from cloudctl.commands.bench_output import show, write
from cloudctl.parking.lot_table import LotTable
from maps.importers.sumo import import_sumo
from maps.network import RoadNetwork
from simulators.prepare_city import main as prepare

SECONDS, WARM_UP = 9000.0, 1800.0
"""Of a run, and drivers before are left out, s."""
STAY = 2700.0
"""Mean, s."""
LOAD = 0.85
"""Cars that would be parked on average if all found a place at once, of all places."""
AROUND = 900.0
"""Destinations are within this distance of a car park, m."""
PAUSE = 60.0
"""Who has found all lots full waits so long before the next round, s."""
SHARES = (0.0, 0.3, 1.0)


@dataclass
class Driver:
    """One that looks for a place."""

    number: int
    guided: bool
    goal: tuple[float, float]
    stay: float
    set_out: float
    link: int
    at_first: float = -1.0
    """When the first lot was reached."""
    parked: float = -1.0
    walk: float = 0.0
    tried: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class Outcome:
    """Means of one run, s: search from the first lot to the place; whole way with the walk."""

    search: float
    whole: float
    guided_search: float
    others_search: float
    turned_away: float
    """Share of drivers who met a full lot."""


class Town:
    """Lots of one network and everybody on the way to them."""

    def __init__(self, network: RoadNetwork, seed: int, share: float) -> None:
        self.network, self.table = network, LotTable.of(network)
        self._routes = LiveRoutes(network)
        self._free = network.links.length / network.links.speed
        self._times: dict[int, np.ndarray[tuple[int], np.dtype[np.float64]]] = {}
        self._parking = Parking(self._routes)
        self.taken = [0] * len(self.table.lots)
        self._events: list[tuple[float, int, str, Driver, int]] = []
        self._order = itertools.count()
        self.drivers = list(self._demand(np.random.default_rng(seed), share))

    def run(self) -> Outcome:
        """Play to the end."""
        for driver in self.drivers:
            self._put(driver.set_out, "ask", driver)
        while self._events:
            now, _, what, driver, lot = heapq.heappop(self._events)
            if what == "leave":
                self.taken[lot] -= 1
            elif what == "ask":
                self._drive(now, driver)
            else:
                self._arrive(now, driver, lot)
        return _outcome([driver for driver in self.drivers if driver.set_out >= WARM_UP])

    def _demand(self, rng: np.random.Generator, share: float) -> Iterator[Driver]:
        network, table = self.network, self.table
        places = sum(lot.capacity for lot in table.lots)
        ends = network.points[network.links.shape_start + network.links.shape_count - 1]
        near = np.hypot(ends[:, None, 0] - table.x, ends[:, None, 1] - table.y).min(axis=1) <= AROUND
        goals, time, starts = np.flatnonzero(near), 0.0, self._starts()
        for number in itertools.count():
            time += float(rng.exponential(STAY / (LOAD * places)))
            if time > SECONDS:
                return
            goal = ends[int(rng.choice(goals))]
            start, stay = int(rng.choice(starts)), float(rng.exponential(STAY))
            yield Driver(number, rng.random() < share, (float(goal[0]), float(goal[1])), stay, time, start)

    def _starts(self) -> list[int]:
        """Links from which every lot can be reached."""
        links = range(len(self.network.links.id))
        return [link for link in links if np.isfinite(self.table.best_entrances(self._from(link))[0]).all()]

    def _drive(self, now: float, driver: Driver) -> None:
        drive, links = self.table.best_entrances(self._from(driver.link))
        lot = self._advised(now, driver) if driver.guided else self._guessed(driver, drive)
        waits = driver.guided and lot in driver.tried  # sent to where it stands before a full lot
        if lot < 0 or waits or not np.isfinite(drive[lot]):
            driver.tried.clear()
            self._put(now + PAUSE, "ask", driver)
            return
        driver.link = int(links[lot])
        self._put(now + float(drive[lot]), "arrive", driver, lot)

    def _advised(self, now: float, driver: Driver) -> int:
        name = f"CAR{0:05d}"
        lots = {row: Lot(self.taken[row], lot.capacity, NOW + now) for row, lot in enumerate(self.table.lots)}
        here = Vehicle(str(self.network.links.id[driver.link]), 1.0, device=0)
        scene = scene_of(self.network, [here], now=NOW + now, lots=lots)
        self._parking.declined(name)
        self._parking.request(ParkingRequest(f"{name}/{driver.number}", 0, *driver.goal, NOW + now))
        found = self._parking.advise(scene)
        return self.table.rows[str(found[0].content["lot"])] if found else -1

    def _guessed(self, driver: Driver, drive: np.ndarray[tuple[int], np.dtype[np.float64]]) -> int:
        cost = drive + WALK_WEIGHT * self._walks(driver) / WALK_SPEED
        left = [row for row in np.argsort(cost, kind="stable").tolist() if row not in driver.tried]
        return left[0] if left else -1

    def _arrive(self, now: float, driver: Driver, lot: int) -> None:
        if driver.at_first < 0:
            driver.at_first = now
        if self.taken[lot] < self.table.lots[lot].capacity:
            self.taken[lot] += 1
            driver.parked, driver.walk = now, float(self._walks(driver)[lot]) / WALK_SPEED
            self._parking.declined(f"CAR{0:05d}/{driver.number}")
            self._put(now + driver.stay, "leave", driver, lot)
        else:
            driver.tried.add(lot)
            self._put(now, "ask", driver)

    def _walks(self, driver: Driver) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        walks: np.ndarray[tuple[int], np.dtype[np.float64]] = WALK_DETOUR * np.hypot(
            self.table.x - driver.goal[0], self.table.y - driver.goal[1]
        )
        return walks

    def _from(self, link: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        if link not in self._times:
            self._times[link] = self._routes.times_from(link, self._free)
        return self._times[link]

    def _put(self, when: float, what: str, driver: Driver, lot: int = -1) -> None:
        heapq.heappush(self._events, (when, next(self._order), what, driver, lot))


def _outcome(drivers: Sequence[Driver]) -> Outcome:
    def search(some: Sequence[Driver]) -> float:
        return float(np.mean([driver.parked - driver.at_first for driver in some])) if some else float("nan")

    return Outcome(
        search(drivers),
        float(np.mean([driver.parked - driver.set_out + driver.walk for driver in drivers])),
        search([driver for driver in drivers if driver.guided]),
        search([driver for driver in drivers if not driver.guided]),
        float(np.mean([driver.parked > driver.at_first for driver in drivers])),
    )


def bench_parking(out: Path | None, seeds: Sequence[int], city: Path | None = None) -> dict[str, object]:
    """Run each share of led drivers with equal seeds."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = city or Path(scratch) / "city"
        if not (folder / "city.json").exists() and prepare(["--out", str(folder)]):
            raise SystemExit(1)
        network = import_sumo(folder / "city.net.xml", folder / "city.add.xml").network
    rows: list[list[object]] = []
    for share in SHARES:
        runs = [Town(network, seed, share).run() for seed in seeds]
        means = [float(np.mean([getattr(run, name) for run in runs])) for name in Outcome.__dataclass_fields__]
        rows.append([f"{share:.0%}", *(None if np.isnan(mean) else round(mean, 3) for mean in means)])
    columns = ("led", "search s", "whole way s", "search of led s", "of others s", "met a full lot")
    show(f"Looking for a place, {len(seeds)} seeds", columns, rows)
    figures: dict[str, object] = {"load": LOAD, "seeds": list(seeds), "rows": [list(columns), *rows]}
    write({"parking": figures}, out)
    return figures


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--city", type=Path, help="folder of a built city; built anew by default")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    bench_parking(arguments.out, range(1, arguments.seeds + 1), arguments.city)


if __name__ == "__main__":
    main()
