"""When a bus comes to the stops ahead of it, with spread: links, queues and lights by the picture, the rest as learned.

Each leg from stop to stop has a correction learned from the buses that ran it lately, whatever their line: what they
took beyond the prediction made when they left the stop before. The 90 % band uses the errors of former predictions of
like horizon, see `cloudctl.transit.bands`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cloudctl.transit.bands import ErrorBands
from cloudctl.transit.passage import DRIVES, deviates, drive_on, spread_of
from cloudctl.transit.patterns import Pattern
from cloudctl.transit.run_times import DWELL_SPREAD, USUAL_DWELL, Duration, LearnedTimes
from cloudctl.transit.trip_matching import Run
from fusion.signal_cycles import CycleTable
from maps.network import RoadNetwork

Reals = NDArray[np.float64]
Rows = NDArray[np.int64]
CRUISE, MOST = 0.82, 13.9
"""Speed of a bus between stops over the limit, and the highest, m/s."""
STOP_LOSS = 8.0
"""Time to brake for a stop and pick up speed again, s."""
PIECE_SPREAD = 0.2
"""Relative spread of the moving time of a piece."""
DRIFT = 0.08
"""Spread of a drive's speed as a whole, relative."""
SPACING = 7.5
"""Length of the road that a waiting vehicle takes, m."""
LEAST_DWELL_LEFT = 3.0
FRESH = 5.0
"""What was learned is looked up this often a pattern, s."""
UNKNOWN_SPREAD = 2.0
"""Of a cycle that was not watched yet, s."""
_USUAL_DWELL = Duration(USUAL_DWELL, DWELL_SPREAD**2)
NOTHING_LEARNED = Duration(0.0, 20.0**2)


@dataclass(frozen=True)
class Arrival:
    """A bus is expected at a stop; UTC epoch, s."""

    number: int
    """Of the stop in the pattern."""
    stop: str
    expected: float
    earliest: float
    latest: float
    """9 of 10 arrivals lie between `earliest` and `latest`."""


@dataclass(frozen=True)
class RoadNow:
    """What the roads do to a bus now."""

    cycles: CycleTable
    queue: Reals
    """Vehicles that wait on each lane, row by row as `RoadNetwork.lanes`."""
    standing: Reals
    """Vehicles that usually stay on each lane when its green ends, as `StandingQueues` learns them."""

    @cached_property
    def lights(self) -> tuple[Reals, Reals, Reals, Reals]:
        """Start of a green, green, cycle and spread of the cycle of every group, s."""
        cycles = self.cycles
        return cycles.start, cycles.green, cycles.cycle, np.nan_to_num(cycles.spread, nan=UNKNOWN_SPREAD)


@dataclass(frozen=True)
class Way:
    """A pattern cut into pieces, see `cloudctl.transit.passage`; (p,) each."""

    pattern: Pattern
    ends: Reals
    """Distance of each piece's end, m."""
    moving: Reals
    """Moving time, s."""
    link: Rows
    group: Rows
    """Signal group at the end, -1 where there is none."""
    stop: Rows
    """Number of the stop at the end, -1 where there is none."""
    lengths: Reals
    """Length of each piece, m."""
    lanes: Rows
    """Lanes that lead on along the way, of all pieces that end a link, (q,)."""
    lane_piece: Rows
    """The piece of each of `lanes`, (q,)."""

    @cached_property
    def lane_share(self) -> Reals:
        """What each of `lanes` counts in the mean of its piece."""
        return 1.0 / np.bincount(self.lane_piece, minlength=len(self.ends))[self.lane_piece]

    @cached_property
    def next_light(self) -> Rows:
        """Number of the first piece from each on that ends at a light; its own where none follows."""
        lit = np.flatnonzero(self.group >= 0)
        own = np.arange(len(self.group))
        place = np.searchsorted(lit, own)
        return np.where(place < len(lit), lit[np.minimum(place, len(lit) - 1)] if len(lit) else own, own)

    @cached_property
    def leg(self) -> Rows:
        """Number of the stop that each piece leads to."""
        return np.searchsorted(self.pattern.stop_at, self.ends - 1e-6, "left")

    @cached_property
    def share(self) -> Reals:
        """Part of its leg's moving time that each piece takes."""
        total = np.bincount(self.leg, self.moving)
        return self.moving / np.maximum(total[self.leg], 1e-6)


def cut(pattern: Pattern, network: RoadNetwork) -> Way:
    """Cut a pattern into pieces at the ends of its links and at its stops."""
    lengths = network.links.length[pattern.links].astype(float)
    link_ends = pattern.link_start + lengths
    ends = np.unique(np.concatenate((link_ends, pattern.stop_at)))
    number = np.minimum(np.searchsorted(link_ends, ends - 1e-6, "left"), len(pattern.links) - 1)
    group = np.where(np.isclose(ends, link_ends[number]), _groups(pattern, network)[number], -1)
    stop = np.searchsorted(pattern.stop_at, ends, "left")
    at_stop = np.isclose(ends, pattern.stop_at[np.minimum(stop, len(pattern.stops) - 1)])
    speed = np.minimum(network.links.speed[pattern.links].astype(float) * CRUISE, MOST)[number]
    moving = np.diff(ends, prepend=0.0) / speed + np.where(at_stop, STOP_LOSS, 0.0)
    stops = np.where(at_stop, np.minimum(stop, len(pattern.stops) - 1), -1)
    ends_link = np.diff(number, append=-1) != 0
    lanes = _lanes_on(pattern, network)
    rows = [(lane, piece) for piece in np.flatnonzero(ends_link).tolist() for lane in lanes[number[piece]]]
    lane_rows, lane_piece = np.array(rows, np.int64).reshape(-1, 2).T
    lengths = np.diff(ends, prepend=0.0)
    return Way(
        pattern, ends, moving, pattern.links[number].astype(np.int64), group, stops, lengths, lane_rows, lane_piece
    )


def _lanes_on(pattern: Pattern, network: RoadNetwork) -> list[list[int]]:
    """Lanes of each link of a way from which a bus gets on along it, (k,) lists of rows.

    Read from the end: among the lanes that are joined with the next link those count that lead to a lane that counts
    there, where there are such. So a turn far ahead says in which lane a bus waits for it.
    """
    connections, onward = network.connections, dict[int, set[int]]()
    here = np.isin(network.lanes.link[connections.from_lane], pattern.links)
    for a, b in zip(connections.from_lane[here].tolist(), connections.to_lane[here].tolist(), strict=True):
        onward.setdefault(a, set()).add(b)
    found: list[list[int]] = []
    following: list[int] = []
    for link in reversed(pattern.links.tolist()):
        begin = int(network.links.lane_start[link])
        rows = list(range(begin, begin + int(network.links.lane_count[link])))
        counting = set(found[-1]) if found else set()
        joined = [row for row in rows if onward.get(row, set()).intersection(following)]
        found.append([row for row in joined if onward[row] & counting] or joined or rows)
        following = rows
    return found[::-1]


def _queues(way: Way, road: RoadNow, first: int, left: float) -> tuple[Reals, Reals]:
    """Vehicles a lane that wait before each light, and those that usually stay, (p,), from a place on the way on.

    Those on links without a light count for the next light.
    """
    size, found = len(way.ends), list[Reals]()
    for waiting in (road.queue, road.standing):
        queue = np.bincount(way.lane_piece, waiting[way.lanes] * way.lane_share, minlength=size)
        queue[:first] = 0.0
        queue[first] = min(queue[first], left * way.lengths[first] / SPACING)
        found.append(np.bincount(way.next_light, queue, minlength=size).astype(np.float64))
    return found[0], found[1]


def _groups(pattern: Pattern, network: RoadNetwork) -> Rows:
    """Signal group that each link's traffic towards the next link obeys, -1 where there is none."""
    connections, lanes = network.connections, network.lanes
    size = len(network.links.id)
    turns = lanes.link[connections.from_lane].astype(np.int64) * size + lanes.link[connections.to_lane]
    lit = connections.group >= 0
    known = dict(zip(turns[lit].tolist(), connections.group[lit].tolist(), strict=True))
    links = pattern.links.astype(np.int64)
    return np.array([*(known.get(a * size + b, -1) for a, b in pairwise(links.tolist())), -1], np.int64)


@dataclass(frozen=True)
class _Times:
    """What was learned of a pattern, as the drives need it."""

    made: float
    moving: Reals
    spread: Reals
    dwells: tuple[Reals, Reals]


class ArrivalPredictor:
    """Predicts the arrivals of all buses of a network of patterns."""

    def __init__(self, network: RoadNetwork) -> None:
        self._network = network
        self._ways: dict[str, Way] = {}
        self._noise = deviates()
        self._times: dict[str, _Times] = {}
        self.corrections = LearnedTimes()
        """What buses took beyond the prediction from stop to stop, s."""
        self.dwells = LearnedTimes()
        self.usual_dwells: Mapping[tuple[str, str], Duration] = {}
        """Dwell by (stop, line) where visits of former days are known."""
        self.bands = ErrorBands()

    def predict(
        self, run: Run, pattern: Pattern, state: tuple[int, float | None], road: RoadNow, now: float
    ) -> list[Arrival]:
        """Arrivals at all stops ahead.

        Args:
            run: The bus.
            pattern: Its way.
            state: Number of its next stop, and since when it stands there (None while under way).
            road: Lights and queues.
            now: UTC epoch, s.
        """
        number, stands = state
        if number >= len(pattern.stops):
            return []
        along = run.along if stands is None else max(float(pattern.stop_at[number]), run.along)
        dwell = 0.0 if stands is None else self._dwell_left(pattern, number, now - stands, now)
        found = [] if stands is None else [Arrival(number, pattern.stops[number], stands, stands, stands)]
        first = number if stands is None else number + 1
        if first < len(pattern.stops):  # a bus may roll a little beyond a stop before it counts as arrived
            along = min(along, float(pattern.stop_at[first]) - 1.0)
        drives = self.drive(pattern, along, dwell, road, now)
        if first < len(pattern.stops):
            rows = spread_of(drives[:, first:]).tolist()
            found += [self._arrival(pattern, stop, raw, now) for stop, raw in enumerate(rows, first)]
        return found

    def drive(self, pattern: Pattern, along: float, dwell: float, road: RoadNow, now: float) -> Reals:
        """Arrivals (d, s) of possible drives from a place at the stops, UTC epoch s; NaN at stops behind it."""
        way = self._ways.get(pattern.id)
        if way is None:
            way = self._ways[pattern.id] = cut(pattern, self._network)
        first = min(int(np.searchsorted(way.ends, along + 0.5, "left")), len(way.ends) - 1)
        begin = float(way.ends[first - 1]) if first else 0.0
        left = float(np.clip((way.ends[first] - along) / max(way.ends[first] - begin, 1e-6), 0.0, 1.0))
        times = self._times_of(way, now)
        out = np.full((DRIVES, len(pattern.stops)), np.nan)
        drive_on(
            (times.moving, times.spread, way.group, way.stop), times.dwells, road.lights,
            _queues(way, road, first, left), DRIFT,
            (first, left, now, dwell), self._noise, out,
        )  # fmt: skip
        return out

    def expected(self, pattern: Pattern, along: float, pause: float, road: RoadNow, now: float) -> Reals:
        """Mean arrival at each stop (s,), UTC epoch s, of a bus that pauses so long and goes on; NaN behind it."""
        return np.asarray(self.drive(pattern, along, max(pause, 0.0), road, now).mean(axis=0))

    def _times_of(self, way: Way, now: float) -> "_Times":
        kept = self._times.get(way.pattern.id)
        if kept is None or not 0.0 <= now - kept.made < FRESH:
            kept = _Times(now, *self._moving(way, now), self._dwells(way.pattern, now))
            self._times[way.pattern.id] = kept
        return kept

    def _moving(self, way: Way, now: float) -> tuple[Reals, Reals]:
        """Moving time of each piece with what was learned of its leg, and its spread, s."""
        pattern = way.pattern
        learned = [
            self.corrections.estimate(leg_key(pattern, stop), now, NOTHING_LEARNED) if stop else NOTHING_LEARNED
            for stop in range(len(pattern.stops))
        ]
        learned.append(Duration(0.0, 0.0))
        mean = np.array([each.mean for each in learned])[way.leg]
        sigma = np.sqrt(np.array([each.variance for each in learned]))[way.leg]
        moving = np.maximum(way.moving + mean * way.share, 0.4 * way.moving)
        return moving, np.hypot(PIECE_SPREAD * way.moving, sigma * np.sqrt(way.share))

    def _dwells(self, pattern: Pattern, now: float) -> tuple[Reals, Reals]:
        dwells = [self.dwell(pattern, stop, now) for stop in range(len(pattern.stops))]
        return np.array([each.mean for each in dwells]), np.sqrt(np.array([each.variance for each in dwells]))

    def dwell(self, pattern: Pattern, stop: int, now: float) -> Duration:
        """Time at a stop."""
        key = (pattern.stops[stop], pattern.line)
        return self.dwells.estimate(key, now, self.usual_dwells.get(key, _USUAL_DWELL))

    def _dwell_left(self, pattern: Pattern, stop: int, stood: float, now: float) -> float:
        return max(self.dwell(pattern, stop, now).mean - stood, LEAST_DWELL_LEFT)

    def _arrival(self, pattern: Pattern, stop: int, raw: Sequence[float], now: float) -> Arrival:
        low, expected, high = raw
        down, up = self.bands.of((pattern.id, stop), expected - now, (high - low) / 2)
        return Arrival(stop, pattern.stops[stop], expected, max(expected - down, min(now, expected)), expected + up)


def leg_key(pattern: Pattern, stop: int) -> tuple[str, str]:
    """Name of the leg that ends at a stop, shared by all lines that serve the two stops one after the other."""
    return pattern.stops[stop - 1], pattern.stops[stop]
