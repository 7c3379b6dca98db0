"""Judge the incidents that a platform told of the simulated city: what was staged and when found, what was not there.

The truth says of every road user whether it is a staged incident at a moment (`truth`). One is found by the first
incident of its kind told near it. Everything else that was told is held against the truth: a full road, a vehicle that
stands, brakes, speeds or crawls, or a close call may be there without being staged; whatever else is told nobody did,
and is false, as is what the truth does not bear out.

    python -m simulators.scoring_incidents --truth FILE --incidents FILE --map FILE [--out FILE]
"""

import argparse
import math
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from maps.errors import MapsError
from maps.network import RoadNetwork
from maps.network_file import open_network
from simulators.errors import SimulatorsError, TableError
from simulators.scoring_close_calls import close_call
from simulators.scoring_scene import read_table

NEAR = 15.0
"""A staged incident is found by what is told so near to who is it, m,"""
LATE = 10.0
"""up to this long after it was over, s,"""
MOVES_ON = 1.0
"""and who drives may have driven on for so long meanwhile, s."""
STEP = 0.5
"""Truth is written so often, s: what it says of a moment may have begun so much sooner."""
CAUSED = 80.0
CAUSED_FOR = 60.0
"""What is told so near to it, m, while it lasts and so long after, s, comes of it."""
STANDS, STOOD_FOR = 0.5, 5.0
"""A vehicle slower than this, m/s, for so long, s, stands."""
BREAKDOWN = ("stopped_vehicle", "blocked_lane")
HARD = 5.0
"""m/s lost within a second by who brakes hard; simulated drivers brake with 4.5 m/s2 by themselves"""
LEAST_JAM = 5
SLOW = 2.5
"""Vehicles of a full road, half of them slower than this, m/s,"""
SHORTEST = 3.0
SAME_WAY = math.radians(45.0)
"""all of them as long as a car, m, and on the way in one direction: others beside and across may walk or flow."""
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
    """A staged incident: what, and where its road user was from begin to end."""

    kind: str
    time: NDArray[np.float64]
    """UTC epoch, s."""
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    speed: NDArray[np.float64]

    @property
    def begin(self) -> float:
        """When it began, UTC epoch s."""
        return float(self.time[0])

    def distance(self, told: Told) -> float:
        """How far from it something was told, m; who drives may be found where it was a moment ago."""
        row = min(int(np.searchsorted(self.time, told.told)), len(self.time) - 1)
        away = float(np.hypot(told.x - self.x[row], told.y - self.y[row]))
        return max(away - MOVES_ON * float(self.speed[row]), 0.0)

    def found_by(self, told: Told) -> bool:
        """Tell whether this is what was told."""
        kinds = BREAKDOWN if self.kind in BREAKDOWN else (self.kind,)
        during = self.time[0] - STEP <= told.told <= self.time[-1] + LATE
        return bool(told.kind in kinds and during and self.distance(told) < NEAR)

    def caused(self, told: Told) -> bool:
        """Tell whether what was told comes of it."""
        during = self.time[0] - STOOD_FOR <= told.told <= self.time[-1] + CAUSED_FOR
        return bool(during and self.distance(told) < CAUSED)


@dataclass(frozen=True)
class Truth:
    """All road users at all steps, sorted by time."""

    time: NDArray[np.float64]
    id: NDArray[np.str_]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    speed: NDArray[np.float64]
    heading: NDArray[np.float64]
    """rad, clockwise from north"""
    length: NDArray[np.float64]
    staged: NDArray[np.str_]

    @classmethod
    def read(cls, path: Path, network: RoadNetwork) -> "Truth":
        """Read the file that the fleet wrote; TableError where it is no such file."""
        table = read_table(path, {"t", "id", "lon", "lat", "speed", "heading", "length"})
        x, y = network.plane.forward(table["lon"].to_numpy(), table["lat"].to_numpy())
        time = table["t"].to_numpy().astype(np.float64)
        order = np.argsort(time, kind="stable")
        names, staged = (_texts(table, column)[order] for column in ("id", "staged"))
        speed, degrees, length = (
            table[column].to_numpy().astype(np.float64)[order] for column in ("speed", "heading", "length")
        )
        return cls(time[order], names, x[order], y[order], speed, np.radians(degrees), length, staged)

    def motion(self, rows: Rows) -> NDArray[np.float64]:
        """Time, x, y, speed, heading and length of these rows (n, 6), as `close_call` asks for them."""
        columns = (self.time, self.x, self.y, self.speed, self.heading, self.length)
        return np.column_stack([column[rows] for column in columns])

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


def _texts(table: pa.Table, column: str) -> NDArray[np.str_]:
    if column not in table.column_names:
        return np.full(table.num_rows, "", np.str_)
    texts: NDArray[np.str_] = table[column].fill_null("").to_numpy(zero_copy_only=False).astype(np.str_)
    return texts


def find_staged(truth: Truth) -> list[Staged]:
    """Give what was staged, in the order in which it began."""
    rows = np.flatnonzero(truth.staged != "")
    pairs = sorted(set(zip(truth.id[rows].tolist(), truth.staged[rows].tolist(), strict=True)))
    found = []
    for name, kind in pairs:
        own = rows[(truth.id[rows] == name) & (truth.staged[rows] == kind)]
        found.append(Staged(kind, truth.time[own], truth.x[own], truth.y[own], truth.speed[own]))
    return sorted(found, key=lambda each: each.begin)


def is_real(truth: Truth, told: Told) -> bool:
    """Tell whether the truth bears out what was told though nobody staged it."""
    x, y, now = told.x, told.y, told.told
    if told.kind in JAMS:
        return _is_full(truth, truth.near(x, y, 60.0, now - 2.0, now))
    rows = truth.near(x, y, 8.0, now - STOOD_FOR, now + 0.5)
    if told.kind in {*BREAKDOWN, "illegal_parking"}:
        return any(until - since >= STOOD_FOR - 1.0 for since, until in truth.stays(rows).values())
    if told.kind == "near_miss":
        rows = truth.near(x, y, 30.0, now - 3.0, now + 1.0)
        return close_call(truth.id[rows], truth.motion(rows))
    limit = told.figures.get("limit_mps", np.nan)
    if told.kind == "fast_vehicle":
        return bool(np.any(truth.speed[rows] > limit))
    if told.kind == "slow_vehicle":
        return bool(np.any(truth.speed[rows] < limit / 2))
    if told.kind == "sudden_braking":
        rows = truth.near(x, y, 40.0, now - 3.0, now + 0.5)
        return any(_brakes(truth, rows[truth.id[rows] == name]) for name in np.unique(truth.id[rows]))
    return False


def _is_full(truth: Truth, rows: Rows) -> bool:
    """Tell whether vehicles among these rows fill a road in one direction."""
    rows = rows[truth.length[rows] > SHORTEST]
    for heading in np.unique(truth.heading[rows].round(1)).tolist():
        turn = (truth.heading[rows] - heading + np.pi) % (2.0 * np.pi) - np.pi
        own = rows[np.abs(turn) < SAME_WAY]
        if len(np.unique(truth.id[own])) >= LEAST_JAM and np.median(truth.speed[own]) < SLOW:
            return True
    return False


def _brakes(truth: Truth, rows: Rows) -> bool:
    """Tell whether one road user, whose rows these are, lost more speed in a second than drivers do by themselves."""
    time, speed = truth.time[rows], truth.speed[rows]
    after = time[None, :] - time[:, None]
    lost = np.where((after > 0.0) & (after <= 1.0), speed[:, None] - speed[None, :], 0.0)
    return bool(lost.max(initial=0.0) > HARD)


def judge(told: Sequence[Told], truth: Truth, signals: int) -> dict[str, object]:
    """Give the figures of one run in a city with so many signalised intersections."""
    staged = find_staged(truth)
    others = [each for each in told if not any(one.caused(each) for one in staged)]
    false = [each for each in others if not is_real(truth, each)]
    scale = truth.hours * signals / INTERSECTIONS
    return {
        "staged": [_outcome(one, told) for one in staged],
        "told": _by_kind(told),
        "not_staged_but_there": _by_kind([each for each in others if each not in false]),
        "false": _by_kind(false),
        "false_per_hour_and_50_intersections": round(len(false) / scale, 2) if scale > 0.0 else None,
        "intersections": signals,
        "hours": round(truth.hours, 4),
    }


def _outcome(staged: Staged, told: Sequence[Told]) -> dict[str, object]:
    """Tell whether and how soon one staged incident was found; `lasted_s` is how long there was time for it."""
    found = min((each.told - staged.begin for each in told if staged.found_by(each)), default=None)
    lasted = float(staged.time[-1] - staged.begin)
    after = None if found is None else round(max(found, 0.0), 1)
    return {"kind": staged.kind, "lasted_s": round(lasted, 1), "found_after_s": after}


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
    parser.add_argument("--out", type=Path, help="file for the figures, else standard output")
    options = parser.parse_args(arguments)
    try:
        network = open_network(options.map)
        truth = Truth.read(options.truth, network)
        figures = judge(read_told(options.incidents, network), truth, len(network.signals.id))
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
