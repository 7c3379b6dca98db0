"""Makes a SUMO scenario of a road network: trips between random places, drawn to look like a morning peak.

Run as `python -m simulators.signal_demand NET OUT_FOLDER --trips 4000 --end 3600 --seed 1`.

A demand to compare controllers by neither leaves the roads empty nor locks junctions under the fixed plan. On a
district of 218 signals whose programs were guessed, 4,500 trips in the hour put 350 vehicles on the road after 600 s
(fixed plan: 31.7 s of delay), 700 after 900 s (62.7 s), 1,800 after 1,500 s, by when vehicles stuck in locked junctions
are taken out of the run: end comparisons before that (`--end` of `cloudctl signals compare`).
"""

import argparse
import gzip
import math
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from xml.etree import ElementTree as ET

_DRIVEN = "passenger"
_LEAST_LENGTH = 20.0
"""m, of an edge where a trip begins or ends"""


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge that cars may use: middle, m, and how many trips it draws."""

    name: str
    x: float
    y: float
    weight: float


def read_edges(net: Path) -> list[Edge]:
    """Edges of a network (.net.xml or .net.xml.gz) on which a car can begin and end a trip."""
    edges = []
    with gzip.open(net) if net.suffix == ".gz" else net.open("rb") as file:
        for _, element in ET.iterparse(file):  # noqa: S314  # the user's own network
            if element.tag == "edge":
                edge = _edge(element)
                edges += [edge] if edge is not None else []
                element.clear()
    return edges


def draw_trips(edges: list[Edge], trips: int, end: float, seed: int) -> list[tuple[float, str, str]]:
    """Sorted departures, s, with edges from and to: long roads draw more, near pairs are rare, mid-time is busiest."""
    rng = random.Random(seed)
    weights = [edge.weight for edge in edges]
    spread = max(max(abs(edge.x - edges[0].x), abs(edge.y - edges[0].y)) for edge in edges)
    found: list[tuple[float, str, str]] = []
    while len(found) < trips:
        start, goal = rng.choices(edges, weights, k=2)
        distance = math.hypot(start.x - goal.x, start.y - goal.y)
        if rng.random() < min(distance / (0.25 * spread + 1.0), 1.0) and start.name != goal.name:
            found.append((rng.triangular(0.0, 0.9 * end, 0.4 * end), start.name, goal.name))
    return sorted(found)


def write_scenario(net: Path, folder: Path, trips: int, end: float, seed: int) -> Path:
    """Write trips, routes that avoid jams a little (duarouter) and the configuration; return the configuration.

    Raises:
        FileNotFoundError: duarouter is not installed.
        subprocess.CalledProcessError: duarouter refuses the network.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = draw_trips(read_edges(net), trips, end, seed)
    wanted = folder / "demand.trips.xml"
    lines = [
        f'<trip id="t{n}" depart="{at:.1f}" from="{a}" to="{b}" departLane="best" departSpeed="max"/>'
        for n, (at, a, b) in enumerate(rows)
    ]
    wanted.write_text("<routes>\n" + "\n".join(lines) + "\n</routes>\n", encoding="utf-8")
    program = Path(sys.executable).parent / "duarouter"
    router = str(program) if program.is_file() else which("duarouter")
    if router is None:
        raise FileNotFoundError("duarouter")
    options = ["--ignore-errors", "--no-warnings", "--repair", "--weights.random-factor", "1.5", "--seed", str(seed)]
    routes = folder / "demand.rou.xml"
    subprocess.run(
        [router, "-n", str(net), "-r", str(wanted), "-o", str(routes), *options], check=True, capture_output=True
    )
    config = folder / "demand.sumocfg"
    config.write_text(
        f'<configuration><input><net-file value="{net.resolve()}"/><route-files value="{routes.name}"/></input>'
        f'<time><begin value="0"/><end value="{end:.0f}"/></time></configuration>\n',
        encoding="utf-8",
    )
    return config


def _edge(element: ET.Element) -> Edge | None:
    if element.get("function", "normal") != "normal":
        return None
    lanes = [lane for lane in element.iter("lane") if _drives(lane)]
    if not lanes or float(lanes[0].get("length", "0")) < _LEAST_LENGTH:
        return None
    shape = [point.split(",") for point in lanes[0].get("shape", "").split()]
    x, y = (sum(float(point[axis]) for point in shape) / len(shape) for axis in (0, 1))
    return Edge(element.get("id", ""), x, y, float(lanes[0].get("length", "0")) * len(lanes))


def _drives(lane: ET.Element) -> bool:
    allowed, refused = lane.get("allow"), lane.get("disallow", "").split()
    return _DRIVEN in allowed.split() if allowed else _DRIVEN not in refused and "all" not in refused


def main() -> None:
    """Read the command line and write the scenario."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("net", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--trips", type=int, default=4000)
    parser.add_argument("--end", type=float, default=3600.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(write_scenario(given.net, given.folder, given.trips, given.end, given.seed))  # noqa: T201  # a command speaks


if __name__ == "__main__":
    main()
