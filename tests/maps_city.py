"""A small city for tests about roads, made by SUMO's own netconvert: nine junctions, three of them with lights."""

import atexit
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from maps.importers.report import Imported
from maps.importers.sumo import import_sumo

WEST, SOUTH, STEP = 112.93, 28.20, 0.004
SIGNALS = ("n1_0", "n1_1", "n1_2")
BUS_LANE = "e_n1_1_n2_1_3"
"""The leftmost lane from n1_1 to n2_1 is for buses alone; lane 0 is the pavement."""
NO_LEFT = ("e_n0_1_n1_1", "e_n1_1_n1_2")
"""Turning from the first of these links to the second is forbidden."""

ADDITIONAL = """<additional>
    <busStop id="stop_1" lane="e_n0_1_n1_1_1" startPos="100" endPos="130" name="橘子洲|Orange Isle" lines="1 2  K3"/>
    <busStop id="stop_2" lane="e_n1_1_n2_1_1" startPos="-60" endPos="-20" name="Stop Two"/>
    <parkingArea id="park_1" lane="e_n0_0_n1_0_1" startPos="50" endPos="90" roadsideCapacity="20" name="东|East Park"/>
    <parkingArea id="park_2" lane="e_n0_0_n1_0_1" startPos="150" endPos="190">
        <space x="180" y="-30"/><space x="190" y="-34"/>
    </parkingArea>
</additional>
"""


@dataclass(frozen=True)
class City:
    """Files of the city."""

    net: Path
    additional: Path


@cache
def city() -> City:
    """Build the city once for all tests."""
    holder = tempfile.TemporaryDirectory()
    atexit.register(holder.cleanup)
    folder = Path(holder.name)
    net = build(folder)
    additional = folder / "city.add.xml"
    additional.write_text(ADDITIONAL, "utf-8")
    return City(net, additional)


@cache
def imported() -> Imported:
    """The city as a road network."""
    return import_sumo(city().net, city().additional)


def build(folder: Path) -> Path:
    """Run netconvert on plain files written to `folder`; return the network."""
    (folder / "city.nod.xml").write_text(_nodes(), "utf-8")
    (folder / "city.edg.xml").write_text(_edges(), "utf-8")
    restriction = f'<connections><delete from="{NO_LEFT[0]}" to="{NO_LEFT[1]}"/></connections>'
    (folder / "city.con.xml").write_text(restriction, "utf-8")
    out = folder / "city.net.xml"
    options = [
        "--sidewalks.guess",
        "--sidewalks.guess.max-speed",
        "20",
        "--crossings.guess",
        "--output.street-names",
        "--no-turnarounds.except-deadend",
    ]
    options += ["--proj.utm", "--proj.plain-geo", "--no-warnings", "--tls.left-green.time", "6"]
    files = ["-n", "city.nod.xml", "-e", "city.edg.xml", "-x", "city.con.xml", "-o", out.name]
    subprocess.run([netconvert(), *files, *options], cwd=folder, check=True, capture_output=True)
    return out


def netconvert() -> str:
    """SUMO's network builder from the wheel beside the interpreter."""
    return str(Path(sys.executable).parent / "netconvert")


def _nodes() -> str:
    rows = [
        f'<node id="n{i}_{j}" x="{WEST + i * STEP:.6f}" y="{SOUTH + j * STEP:.6f}"'
        f' type="{"traffic_light" if f"n{i}_{j}" in SIGNALS else "priority"}"/>'
        for i in range(3)
        for j in range(3)
    ]
    return f"<nodes>{''.join(rows)}</nodes>"


def _edges() -> str:
    rows = []
    for i in range(3):
        for j in range(3):
            if i < 2:
                rows += _pair(f"n{i}_{j}", f"n{i + 1}_{j}", f"street {j}|Avenue {j}", 3 if j == 1 else 1)
            if j < 2:
                rows += _pair(f"n{i}_{j}", f"n{i}_{j + 1}", f"Road {i}", 2)
    return f"<edges>{''.join(rows)}</edges>"


def _pair(start: str, end: str, name: str, lanes: int) -> list[str]:
    return [_edge(start, end, name, lanes), _edge(end, start, name, lanes)]


def _edge(start: str, end: str, name: str, lanes: int) -> str:
    identity = f"e_{start}_{end}"
    kind = {3: "highway.primary", 2: "highway.secondary", 1: "street"}[lanes]
    bus = f'<lane index="{lanes - 1}" allow="bus"/>' if f"{identity}_{lanes}" == BUS_LANE else ""
    return (
        f'<edge id="{identity}" from="{start}" to="{end}" numLanes="{lanes}" speed="{10 + 2 * lanes}" name="{name}"'
        f' type="{kind}">{bus}</edge>'
    )
