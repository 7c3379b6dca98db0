"""Judge the incidents that a platform told of the simulated city: what was staged and when found, what was not there.

The city breaks one vehicle down (`city_files.Incident`); it is found by the first standing vehicle or blocked lane told
within 15 m of it. Everything else that was told is held against the truth: a full road, a vehicle that stands, brakes,
speeds or crawls may be there without being staged; whatever else is told nobody did, and is false, as is what the truth
does not bear out.

    python -m simulators.scoring_incidents --truth FILE --incidents FILE --map FILE --city DIR [--out FILE]
"""

import argparse
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import orjson
from numpy.typing import NDArray

from maps.errors import MapsError
from maps.network import RoadNetwork
from maps.network_file import open_network
from simulators.city_files import Incident
from simulators.errors import SimulatorsError, TableError
from simulators.prepare_city import open_city
from simulators.scoring_scene import read_table

NEAR = 15.0
"""The staged incident is found by what is told so near to it, m."""
CAUSED = 80.0
CAUSED_FOR = 60.0
"""What is told so near to it, m, while it lasts and so long after, s, comes of it."""
STANDS, STOOD_FOR, LONG_STAND = 0.5, 5.0, 30.0
"""A vehicle slower than this, m/s, for so long, s, stands; who stands this long at the place broke down."""
BREAKDOWN = ("stopped_vehicle", "blocked_lane")
HARD = 5.0
"""m/s lost within a second by who brakes hard; simulated drivers brake with 4.5 m/s2 by themselves"""
LEAST_JAM = 5
SLOW = 2.5
"""Vehicles of a full road, half of them slower than this, m/s."""
JAMS = ("congestion", "congestion_tail", "spill_back")
INTERSECTIONS = 50
"""False alarms are told by the hour and this many intersections."""

Rows = NDArray[np.intp]


class Told(msgspec.Struct, frozen=True):
    """An incident and when it was first told, UTC epoch s."""

    kind: str
    told: float
    x: float
    y: float
    figures: Mapping[str, float] = {}


@dataclass(frozen=True)
class Staged:
    """A vehicle that broke down."""

    x: float
    y: float
    begin: float
    """When it stood, UTC epoch s."""
    end: float

    def caused(self, told: Told) -> bool:
        """Tell whether what was told comes of it."""
        during = self.begin - STOOD_FOR <= told.told <= self.end + CAUSED_FOR
        return during and bool(np.hypot(told.x - self.x, told.y - self.y) < CAUSED)


@dataclass(frozen=True)
class Truth:
    """All road users at all steps, sorted by time."""

    time: NDArray[np.float64]
    id: NDArray[np.str_]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    speed: NDArray[np.float64]

    @classmethod
    def read(cls, path: Path, network: RoadNetwork) -> "Truth":
        """Read the file that the fleet wrote; TableError where it is no such file."""
        table = read_table(path, {"t", "id", "lon", "lat", "speed"})
        x, y = network.plane.forward(table["lon"].to_numpy(), table["lat"].to_numpy())
        time = table["t"].to_numpy().astype(np.float64)
        order = np.argsort(time, kind="stable")
        names = table["id"].to_numpy(zero_copy_only=False).astype(np.str_)
        return cls(time[order], names[order], x[order], y[order], table["speed"].to_numpy()[order])

    @property
    def hours(self) -> float:
        """Length."""
        return float(np.ptp(self.time)) / 3600.0 if len(self.time) else 0.0

    def near(self, x: float, y: float, reach: float, begin: float, end: float) -> Rows:
        """Rows within `reach` m from `begin` to `end`, s."""
        first, last = np.searchsorted(self.time, (begin, end))
        rows = np.arange(first, last)
        return rows[np.hypot(self.x[rows] - x, self.y[rows] - y) < reach]

    def stays(self, rows: Rows) -> dict[str, tuple[float, float]]:
        """For each road user of these rows from when to when it stood."""
        slow = rows[self.speed[rows] < STANDS]
        times = {name: self.time[slow[self.id[slow] == name]] for name in np.unique(self.id[slow]).tolist()}
        return {name: (float(when.min()), float(when.max())) for name, when in times.items()}


def find_staged(truth: Truth, network: RoadNetwork, incident: Incident) -> Staged | None:
    """Find the vehicle that broke down: it stood longest at the place; None where nobody did."""
    lane = int(np.flatnonzero(network.lanes.id == incident.lane)[0])
    shape = network.shape(int(network.lanes.shape_start[lane]), int(network.lanes.shape_count[lane]))
    run = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(shape, axis=0).T))])
    x, y = (float(np.interp(incident.position, run, shape[:, axis])) for axis in (0, 1))
    if not len(truth.time):
        return None
    begin = float(truth.time[0]) + incident.after
    rows = truth.near(x, y, 2 * NEAR / 3, begin, begin + incident.duration)
    stays = truth.stays(rows)
    name = max(stays, key=lambda each: stays[each][1] - stays[each][0], default=None)
    if name is None or stays[name][1] - stays[name][0] < LONG_STAND:
        return None
    at = rows[(truth.id[rows] == name) & (truth.time[rows] == stays[name][0])][0]
    return Staged(float(truth.x[at]), float(truth.y[at]), *stays[name])


def is_real(truth: Truth, told: Told) -> bool:
    """Tell whether the truth bears out what was told though nobody staged it."""
    x, y, now = told.x, told.y, told.told
    if told.kind in JAMS:
        rows = truth.near(x, y, 60.0, now - 2.0, now)
        return len(np.unique(truth.id[rows])) >= LEAST_JAM and bool(np.median(truth.speed[rows]) < SLOW)
    rows = truth.near(x, y, 8.0, now - STOOD_FOR, now + 0.5)
    if told.kind in {*BREAKDOWN, "illegal_parking"}:
        return any(until - since >= STOOD_FOR - 1.0 for since, until in truth.stays(rows).values())
    limit = told.figures.get("limit_mps", np.nan)
    if told.kind == "fast_vehicle":
        return bool(np.any(truth.speed[rows] > limit))
    if told.kind == "slow_vehicle":
        return bool(np.any(truth.speed[rows] < limit / 2))
    if told.kind == "sudden_braking":
        rows = truth.near(x, y, 40.0, now - 3.0, now + 0.5)
        return any(_brakes(truth, rows[truth.id[rows] == name]) for name in np.unique(truth.id[rows]))
    return False


def _brakes(truth: Truth, rows: Rows) -> bool:
    """Tell whether one road user, whose rows these are, lost more speed in a second than drivers do by themselves."""
    time, speed = truth.time[rows], truth.speed[rows]
    after = time[None, :] - time[:, None]
    lost = np.where((after > 0.0) & (after <= 1.0), speed[:, None] - speed[None, :], 0.0)
    return bool(lost.max(initial=0.0) > HARD)


def judge(told: Sequence[Told], truth: Truth, staged: Staged | None, signals: int) -> dict[str, object]:
    """Give the figures of one run in a city with so many signalised intersections."""
    found = [
        each.told
        for each in told
        if staged is not None and each.kind in BREAKDOWN and staged.caused(each) and _distance(each, staged) < NEAR
    ]
    others = [each for each in told if staged is None or not staged.caused(each)]
    false = [each for each in others if not is_real(truth, each)]
    scale = truth.hours * signals / INTERSECTIONS
    return {
        "staged": int(staged is not None),
        "found": int(bool(found)),
        "found_after_s": round(min(found) - staged.begin, 1) if staged is not None and found else None,
        "told": _by_kind(told),
        "not_staged_but_there": _by_kind([each for each in others if each not in false]),
        "false": _by_kind(false),
        "false_per_hour_and_50_intersections": round(len(false) / scale, 2) if scale > 0.0 else None,
        "intersections": signals,
        "hours": round(truth.hours, 4),
    }


def _distance(told: Told, staged: Staged) -> float:
    return float(np.hypot(told.x - staged.x, told.y - staged.y))


def _by_kind(told: Sequence[Told]) -> Mapping[str, int]:
    return dict(sorted(Counter(each.kind for each in told).items()))


class _Line(msgspec.Struct, frozen=True):
    kind: str
    told: float
    lon: float
    lat: float
    figures: dict[str, float] = {}


def read_told(path: Path, network: RoadNetwork) -> list[Told]:
    """Read a JSON list of incidents with `kind`, `told` (UTC epoch s), `lon`, `lat` and `figures`.

    Raises:
        TableError: it is no such file.
    """
    try:
        lines = msgspec.json.decode(path.read_bytes(), type=list[_Line])
    except (OSError, msgspec.MsgspecError) as error:
        raise TableError(path, str(error)) from error
    places = [network.plane.forward(line.lon, line.lat) for line in lines]
    return [
        Told(line.kind, line.told, float(x), float(y), line.figures) for line, (x, y) in zip(lines, places, strict=True)
    ]


def main(arguments: list[str] | None = None) -> int:
    """Judge two files and print the figures as JSON."""
    parser = argparse.ArgumentParser(prog="simulators.scoring_incidents", description="Judge incidents.")
    parser.add_argument("--truth", type=Path, required=True, help="CSV or Parquet written by the fleet")
    parser.add_argument("--incidents", type=Path, required=True, help="JSON list of kind, told, lon, lat, figures")
    parser.add_argument("--map", type=Path, required=True, help="road network (.v2xmap)")
    parser.add_argument("--city", type=Path, required=True, help="folder of the city")
    parser.add_argument("--out", type=Path, help="file for the figures, else standard output")
    options = parser.parse_args(arguments)
    try:
        network = open_network(options.map)
        truth = Truth.read(options.truth, network)
        staged = find_staged(truth, network, open_city(options.city).incident)
        figures = judge(read_told(options.incidents, network), truth, staged, len(network.signals.id))
    except (SimulatorsError, MapsError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    text = orjson.dumps(figures, option=orjson.OPT_INDENT_2) + b"\n"
    if options.out is None:
        sys.stdout.write(text.decode())
    else:
        options.out.write_bytes(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
