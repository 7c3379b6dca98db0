"""Traces with known lanes for measuring map matching: SUMO drives, every position comes with its lane."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cloudctl.sumo_tools import run_program
from maps.importers.sumo_xml import Attributes, read_elements
from maps.link_graph import link_graph
from maps.network import RoadNetwork
from maps.participants import ParticipantKind

Columns = NDArray[np.float64]
_SHORTEST_TRIP = 800.0
"""m"""


@dataclass(frozen=True)
class Truth:
    """Positions of all vehicles, (n,), by vehicle and then by time."""

    vehicle: NDArray[np.int32]
    time: Columns
    x: Columns
    y: Columns
    """m, in the network's plane."""
    heading: Columns
    """rad, clockwise from north."""
    lane: NDArray[np.int32]
    """Row of the lane, -1 on the way across a node."""
    link: NDArray[np.int32]
    """Row of the link; across a node that of the link before."""

    def of(self, vehicle: int) -> slice:
        """Rows of one vehicle."""
        return slice(*np.searchsorted(self.vehicle, [vehicle, vehicle + 1]).tolist())


def drive(net: Path, network: RoadNetwork, folder: Path, *, vehicles: int, seconds: int, seed: int) -> Truth:
    """Let `vehicles` cars drive random trips for `seconds`; one position a second each."""
    trips = folder / "trips.xml"
    trips.write_text(_trips(network, vehicles, np.random.default_rng(seed)), "utf-8")
    out = folder / "fcd.xml"
    files = ["-n", str(net.absolute()), "-r", trips.name, "--fcd-output", out.name, "--fcd-output.geo"]
    options = ["--precision.geo", "8", "--no-step-log", "--no-warnings", "--ignore-route-errors", "--seed", str(seed)]
    options += ["--fcd-output.attributes", "x,y,angle,lane", "--end", str(seconds), "--lanechange.duration", "3"]
    run_program("sumo", *files, *options, folder=folder)
    return _read(out, network)


def _trips(network: RoadNetwork, vehicles: int, rng: np.random.Generator) -> str:
    open_links = np.flatnonzero(link_graph(network).link_allowed & np.uint32(ParticipantKind.CAR.bit))
    links = network.links
    where = network.points[links.shape_start]
    rows: list[str] = []
    while len(rows) < vehicles:
        start, end = rng.choice(open_links, 2)
        if np.hypot(*(where[start] - where[end])) > _SHORTEST_TRIP:
            ids = f'from="{links.id[start]}" to="{links.id[end]}"'
            rows.append(f'<trip id="{len(rows)}" depart="{len(rows) * 0.5}" {ids} departLane="best"/>')
    return f"<routes>{''.join(rows)}</routes>"


class _Fcd:
    """Collects the elements of SUMO's floating car data."""

    def __init__(self, network: RoadNetwork) -> None:
        self._lanes = network.lane_rows
        self._time = 0.0
        self.rows: list[tuple[float, ...]] = []

    def element(self, name: str, attributes: Attributes) -> None:
        if name == "timestep":
            self._time = float(attributes["time"])
        elif name == "vehicle":
            place = (float(attributes["x"]), float(attributes["y"]), float(attributes["angle"]))
            self.rows.append((int(attributes["id"]), self._time, *place, self._lanes.get(attributes["lane"], -1)))


def _read(path: Path, network: RoadNetwork) -> Truth:
    found = _Fcd(network)
    read_elements(path, found.element)
    table = np.array(found.rows, np.float64).reshape(-1, 6)
    table = table[np.lexsort((table[:, 1], table[:, 0]))]
    x, y = network.plane.forward(table[:, 2], table[:, 3])
    vehicle, lane = table[:, 0].astype(np.int32), table[:, 5].astype(np.int32)
    fresh = np.ones(len(lane), bool)
    fresh[1:] = np.diff(vehicle) != 0
    last = np.maximum.accumulate(np.where((lane >= 0) | fresh, np.arange(len(lane)), 0))
    link = np.where(lane[last] >= 0, network.lanes.link[lane[last]], -1).astype(np.int32)
    return Truth(vehicle, table[:, 1], x, y, np.radians(table[:, 4]), lane, link)
