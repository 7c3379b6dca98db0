"""The bus network on the simulated city, faster than it runs: what the platform says of buses beside what is true.

PYTHONPATH=.:tests python tests/transit_city.py [--seconds N] [--seed K] [--out FILE]

Another seed is another city of the same plan: its traffic, drivers, parkers and walkers are drawn anew.
"""

import argparse
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from cloudctl.commands.bench_output import show, write
from cloudctl.transit.accuracy import LEARN_AT, Accuracy
from cloudctl.transit.arrivals import RoadNow
from cloudctl.transit.desk import TransitDesk
from cloudctl.transit.gtfs_import import import_gtfs
from cloudctl.transit.patterns import PatternMaker
from cloudctl.transit.reports import BusFix
from cloudctl.transit.standing_queues import StandingQueues
from cloudctl.transit.timetable import Timetable
from fusion.signal_cycles import SignalCycles
from ingest.messages.bus_status import BusStatus
from maps.importers.sumo import import_sumo
from maps.network import RoadNetwork
from maps.participants import ParticipantKind
from maps.routing import Router
from simulators.bus_duty import SILENT_SHARE, trip_told
from simulators.city import CitySimulation
from simulators.city_build import build_city
from simulators.city_files import CityFiles
from simulators.city_link import CityConfig
from simulators.signal_controller import SignalController
from simulators.signal_controller_wiring import links_of_groups
from simulators.timetable import read_services, write_timetable
from simulators.world import WorldFrame

EPOCH = 1_763_800_000.0
NOISE = 0.5
"""Standard deviation of a place, m."""
SLOW = 1.5
"""A vehicle that drives more slowly waits, m/s."""


@dataclass
class TransitCity:
    """One run of the city; close it with `close`."""

    files: CityFiles
    folder: Path
    matched: Counter[str] = field(default_factory=Counter)
    """Turns of a bus: right_line, wrong_line, no_line, right_trip, wrong_trip; the same of those that say no trip."""

    def __post_init__(self) -> None:
        files = self.files
        self.network: RoadNetwork = import_sumo(files.net, files.additional).network
        services = read_services(files.services)
        write_timetable(self.folder / "gtfs.zip", services, self.network, EPOCH - files.begin)
        self.timetable: Timetable = import_gtfs(self.folder / "gtfs.zip").timetable
        patterns, of_trip, bad = PatternMaker(self.network, Router(self.network)).all_of(self.timetable)
        assert not bad
        self.desk = TransitDesk(self.network, self.timetable, patterns, of_trip)
        self._city = CitySimulation(CityConfig(files, self.network, incident=False, real_time=False, epoch=EPOCH))
        wiring = links_of_groups(self.network, files.net)
        rows = range(len(self.network.signals.id))
        self._lights = [SignalController(self.network, row, wiring[row]) for row in rows]
        self._group_count = [int(count) for count in self.network.signals.group_count]
        self._cycles = SignalCycles(self.network)
        self._standing = StandingQueues(len(self.network.lanes.length))
        self._random = np.random.default_rng(3)

    def seconds(self, count: float) -> Iterator[float]:
        """Let the city run; gives the time (UTC epoch, s) after each turn of the desk, a turn a second."""
        due = 0.0
        while self._city.elapsed < count:
            frame = self._city.step()
            if frame.time < due:
                continue
            due = frame.time + 0.99
            self._turn(frame)
            yield frame.time

    def close(self) -> None:
        """End the run."""
        self._city.close()

    def _turn(self, frame: WorldFrame) -> None:
        self._cycles.follow(self._states(frame), frame.time)
        rows = np.flatnonzero(frame.kind == ParticipantKind.BUS)
        place = self._random.normal(0.0, NOISE, (len(rows), 2))
        fixes, said = [], {}
        for row, (dx, dy) in zip(rows.tolist(), place.tolist(), strict=True):
            name, lane = str(frame.id[row]), self.network.lane_rows.get(str(frame.lane[row]), -1)
            link = int(self.network.lanes.link[lane]) if lane >= 0 else -1
            heading, speed = float(frame.heading[row]), float(frame.speed[row])
            fixes.append(BusFix(name, frame.x[row] + dx, frame.y[row] + dy, heading, speed, link, 0, frame.time))
            if (status := _status(name, str(frame.line[row]), frame.time)) is not None:
                said[name] = status
        queue = self._queues(frame)
        road = RoadNow(self._cycles.table(), queue, self._standing.follow(queue, frame.time))
        self.desk.turn(fixes, said, road, frame.time)
        for row in rows.tolist():
            self._judge(str(frame.id[row]), str(frame.line[row]), said.get(str(frame.id[row])))

    def _states(self, frame: WorldFrame) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
        found: list[int] = []
        for light, count in zip(self._lights, self._group_count, strict=True):
            state = frame.lights.get(light.id, "")
            found += light.lights(state) if state else [0] * count
        return np.array(found, np.uint8)

    def _queues(self, frame: WorldFrame) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        motor = (frame.kind > 0) & (frame.kind <= ParticipantKind.BUS) & (frame.speed < SLOW)
        lanes = np.array([self.network.lane_rows.get(str(lane), -1) for lane in frame.lane[motor]], np.int64)
        return np.bincount(lanes[lanes >= 0], minlength=len(self.network.lanes.length)).astype(np.float64)

    def _judge(self, name: str, line: str, status: BusStatus | None) -> None:
        bus = self.desk.buses.get(name)
        if bus is None:
            self.matched["no_line"] += 1
            return
        right = bus.pattern.line == line and bus.pattern.direction == _direction(name)
        self.matched["right_line" if right else "wrong_line"] += 1
        if bus.run.trip is None:
            return
        word = "right_trip" if bus.run.trip.trip.id == name else "wrong_trip"
        self.matched[word] += 1
        if status is None or status.trip is None:
            self.matched[f"{word}_unsaid"] += 1


def _direction(name: str) -> int:
    return int(name.partition(".")[0].rstrip("e").endswith("b"))


def _status(name: str, line: str, time: float) -> BusStatus | None:
    """What the terminal of a bus says, as the demo's buses do."""
    if zlib.crc32(name.encode()) / 2**32 < SILENT_SHARE:
        return None
    return BusStatus(
        timestamp=int(1e3 * time), seq=0, line=line, direction=_direction(name), trip=trip_told(name) or None
    )


def measure(seconds: float, seed: int = 1) -> dict[str, object]:
    """Run the city and give how good lines, trips and arrivals were."""
    with tempfile.TemporaryDirectory() as scratch:
        city = TransitCity(build_city(Path(scratch) / "city", seed=seed), Path(scratch))
        for _ in city.seconds(seconds):
            pass
        city.close()
        matched = city.matched
        wrong, unsaid = matched["wrong_trip"], matched["wrong_trip_unsaid"]
        return {
            "seconds": seconds,
            "seed": seed,
            "horizons": {f"{horizon:.0f}": _judged(city.desk.log.accuracy(horizon)) for horizon in LEARN_AT},
            "line_wrong": matched["wrong_line"] / max(matched["wrong_line"] + matched["right_line"], 1),
            "trips_right": matched["right_trip"] / max(matched["right_trip"] + wrong, 1),
            "trips_right_unsaid": matched["right_trip_unsaid"] / max(matched["right_trip_unsaid"] + unsaid, 1),
        }


def _judged(found: Accuracy) -> dict[str, float]:
    return {
        "judged": found.judged,
        "median_error_s": found.median_error_s,
        "within_band": found.within_band,
        "band_width_s": found.band_width_s,
        "timetable_median_error_s": found.timetable_median_error_s,
        "better_than_timetable": 1.0 - found.median_error_s / found.timetable_median_error_s,
    }


def _tell(figures: dict[str, object], horizons: dict[str, dict[str, float]]) -> None:
    names = ("judged", "median_error_s", "timetable_median_error_s", "better_than_timetable", "within_band",
             "band_width_s")  # fmt: skip
    rows: list[list[object]] = [
        [horizon, *(round(each[name], 3) for name in names)] for horizon, each in horizons.items()
    ]
    show("Arrivals so many seconds ahead", ("horizon s", *names), rows)
    show("Lines and trips", ("figure", "value"), [[k, v] for k, v in figures.items() if k != "horizons"])


def main() -> None:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1800.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    figures = measure(options.seconds, options.seed)
    horizons = msgspec.convert(figures["horizons"], dict[str, dict[str, float]])
    _tell(figures, horizons)
    write({"arrivals": figures}, options.out)


if __name__ == "__main__":
    main()
