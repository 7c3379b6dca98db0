"""Measures map matching against the truth that SUMO drove, beside leuvenmapmatching where it is installed."""

import logging
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from time import thread_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cloudctl.sumo_tools import run_program
from cloudctl.trace_truth import Truth, drive
from maps.importers.sumo import import_sumo
from maps.lane_index import LaneIndex
from maps.lane_tracking import LaneTracker
from maps.network import RoadNetwork
from maps.participants import ParticipantKind
from maps.trace_matching import TraceMatcher

Figures = dict[str, Any]
Places = NDArray[np.float64]
NOISES = (3.0, 10.0)
"""1-sigma of the positions in each direction, m."""
_PLACE = "+proj=tmerc +lat_0=28.2 +lon_0=112.93 +k=1 +x_0=0 +y_0=0 +ellps=WGS84 +units=m +no_defs"
RATE_POINTS = 500_000
"""Points that the rate of the lane index is measured on."""
GAP = 30
"""s between the points of a sparse trace."""
SHORT_LINK = 10.0
"""Points on links shorter than this are not scored, m: noise alone moves a vehicle off them."""


def measure_matching(net: Path | None, *, vehicles: int, seconds: int, rival_traces: int) -> Figures:
    """Shares of right links and lanes of every matcher, and the processor time a point takes."""
    with TemporaryDirectory(prefix="cloudctl-bench-") as name:
        folder = Path(name)
        source = net or _made_up_city(folder)
        network, _ = import_sumo(source)
        truth = drive(source, network, folder, vehicles=vehicles, seconds=seconds, seed=1)
    bench = _Bench(network, truth, vehicles)
    rows = [row for noise in NOISES for row in bench.rows(noise)]
    notes = ["leuvenmapmatching is not installed and was left out"]
    if find_spec("leuvenmapmatching") is not None:
        pair = bench.beside_leuven(NOISES[0], rival_traces)
        rows += pair
        notes = [f"leuvenmapmatching takes {pair[1]['us'] / pair[0]['us']:.0f} times as long on the same traces"]
    return {
        "network": source.name,
        "links": len(network.links.id),
        "vehicles": vehicles,
        "matchers": rows,
        "lane_index_points_per_s": lane_index_rate(network, truth),
        "notes": [*notes, f"points across a node and on links shorter than {SHORT_LINK:g} m are not scored"],
    }


def lane_index_rate(network: RoadNetwork, truth: Truth) -> float:
    """Points that the lane index matches in a second of processor time on one core, all in one call."""
    rng, count = np.random.default_rng(4), RATE_POINTS
    rows = rng.integers(0, len(truth.x), count)
    x, y = (column[rows] + rng.normal(0, NOISES[0], count) for column in (truth.x, truth.y))
    index, kinds = LaneIndex(network), np.full(count, int(ParticipantKind.CAR))
    index.match(x[:100], y[:100], truth.heading[rows[:100]], kinds[:100])
    begin = thread_time()
    index.match(x, y, truth.heading[rows], kinds)
    return count / (thread_time() - begin)


def _made_up_city(folder: Path) -> Path:
    """Irregular network of two-lane streets, laid onto Changsha."""
    net = folder / "made-up.net.xml"
    shape = ["--rand", "--rand.iterations", "140", "--rand.min-distance", "150", "--rand.max-distance", "350"]
    run_program("netgenerate", *shape, "-L", "2", "--seed", "7", "-o", net.name, folder=folder)
    text = net.read_text("utf-8")
    net.write_text(text.replace('projParameter="!"', f'projParameter="{_PLACE}"', 1), "utf-8")
    return net


class _Bench:
    """One network, one truth."""

    def __init__(self, network: RoadNetwork, truth: Truth, vehicles: int) -> None:
        self._network, self._truth, self._vehicles = network, truth, vehicles
        self._scored = (truth.lane >= 0) & (network.links.length[truth.link] >= SHORT_LINK)

    def rows(self, noise: float) -> Iterator[Figures]:
        """Figures of our matchers under one noise."""
        matcher = TraceMatcher(self._network)
        for gap in (GAP, 1):
            yield self._offline(matcher, noise, list(self._traces(noise, gap, self._vehicles)), gap)
        yield from self._online(noise)

    def beside_leuven(self, noise: float, traces: int) -> list[Figures]:
        """Figures of our offline matcher and of leuvenmapmatching on the same few sparse traces."""
        own = list(self._traces(noise, GAP, traces))
        rival = _Leuven(self._network)
        good = points = 0
        begin = thread_time()
        for rows, x, y in own:
            found = rival.match(x, y, noise)
            good += int((found == self._truth.link[rows])[self._scored[rows]].sum())
            points += int(self._scored[rows].sum())
        spent = (thread_time() - begin) / max(points, 1)
        row = _row("leuvenmapmatching", noise, GAP, points) | {"links": good / max(points, 1), "us": spent * 1e6}
        return [self._offline(TraceMatcher(self._network), noise, own, GAP) | {"matcher": "offline, same traces"}, row]

    def _traces(self, noise: float, gap: int, count: int) -> Iterator[tuple[NDArray[np.int64], Places, Places]]:
        truth, rng = self._truth, np.random.default_rng(int(noise))
        every = np.arange(len(truth.vehicle))
        for vehicle in range(count):
            rows = every[truth.of(vehicle)][::gap]
            if len(rows) > 3:
                shift = rng.normal(0, noise, (2, len(rows)))
                yield rows, truth.x[rows] + shift[0], truth.y[rows] + shift[1]

    def _offline(
        self, matcher: TraceMatcher, noise: float, traces: list[tuple[NDArray[np.int64], Places, Places]], gap: int
    ) -> Figures:
        good = points = 0
        matcher.match(*traces[0][1:], sigma=noise)
        spent = 0.0
        for rows, x, y in traces:
            begin = thread_time()
            found = matcher.match(x, y, self._truth.time[rows], sigma=noise)
            spent += thread_time() - begin
            good += int((found.link == self._truth.link[rows])[self._scored[rows]].sum())
            points += int(self._scored[rows].sum())
        return _row("offline", noise, gap, points) | {"links": good / points, "us": spent / points * 1e6}

    def _online(self, noise: float) -> Iterator[Figures]:
        tracker, index = LaneTracker(self._network), LaneIndex(self._network)
        car = int(ParticipantKind.CAR)
        truth, rng = self._truth, np.random.default_rng(2)
        order = np.argsort(truth.time, kind="stable")
        cycles = np.split(order, np.flatnonzero(np.diff(truth.time[order])) + 1)
        counts, spent, points = np.zeros((2, 2), np.int64), np.zeros(2), 0
        for step, rows in enumerate(cycles):
            x, y = (column[rows] + rng.normal(0, noise, len(rows)) for column in (truth.x, truth.y))
            kinds = np.full(len(rows), car)
            for way in range(2):
                begin = thread_time()
                if way == 0:
                    found = tracker.update(
                        truth.vehicle[rows], truth.time[rows[0]], x, y, truth.heading[rows], kinds, sigma=noise
                    )
                else:
                    found = index.match(x, y, truth.heading[rows], kinds, sigma=noise, max_distance=15)
                spent[way] += (thread_time() - begin) * (step > 0)
                near = self._scored[rows] & (found.lane >= 0)
                counts[way, 0] += (near & (self._network.lanes.link[found.lane] == truth.link[rows])).sum()
                counts[way, 1] += (near & (found.lane == truth.lane[rows])).sum()
            points += int(self._scored[rows].sum())
        for way, name in enumerate(("online, with history", "single positions")):
            shares = {"links": float(counts[way, 0] / points), "lanes": float(counts[way, 1] / points)}
            yield _row(name, noise, 1, points) | shares | {"us": float(spent[way]) / points * 1e6}


def _row(matcher: str, noise: float, every: float, points: int) -> Figures:
    return {"matcher": matcher, "noise_m": noise, "every_s": every, "points": points, "lanes": None}


class _Leuven:
    """The distance matcher of leuvenmapmatching on the links' shapes."""

    def __init__(self, network: RoadNetwork) -> None:
        logging.getLogger("be.kuleuven.cs.dtai.mapmatching").setLevel(logging.ERROR)
        self._matcher = import_module("leuvenmapmatching.matcher.distance").DistanceMatcher
        with_tree = find_spec("rtree") is not None
        make = import_module("leuvenmapmatching.map.inmem").InMemMap
        self._map = make("bench", use_latlon=False, use_rtree=with_tree, index_edges=with_tree)
        self._links: dict[tuple[int, int], int] = {}
        links, joint = network.links, len(network.nodes.id)
        for row in range(joint):
            self._map.add_node(row, (float(network.nodes.x[row]), float(network.nodes.y[row])))
        for row in range(len(links.id)):
            shape = network.shape(links.shape_start[row], links.shape_count[row])[1:-1]
            names = [int(links.from_node[row]), *range(joint, joint + len(shape)), int(links.to_node[row])]
            for name, point in zip(names[1:-1], shape.tolist(), strict=True):
                self._map.add_node(name, tuple(point))
            joint += len(shape)
            for pair in pairwise(names):
                self._map.add_edge(*pair)
                self._links[pair] = row

    def match(self, x: Places, y: Places, noise: float) -> NDArray[np.int64]:
        """Link of each point, -1 where it found none."""
        matcher = self._matcher(
            self._map, max_dist=100, obs_noise=noise + 3, max_lattice_width=8, non_emitting_states=True
        )
        path = list(zip(x.tolist(), y.tolist(), strict=True))
        matcher.match(path)
        found = np.full(len(path), -1, np.int64)
        for state in matcher.lattice_best or []:
            if state.obs_ne == 0:
                found[state.obs] = self._links.get((state.edge_m.l1, state.edge_m.l2), -1)
        return found
