"""Build the demo city with SUMO's own tools, once: network, demand, background map and a saved, warm state."""

import hashlib
import json
import subprocess
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np

from simulators import city_plan as plan
from simulators.city_demand import CAP, WARM_UP, city_demand
from simulators.city_files import CityFiles, Incident
from simulators.city_plan_geometry import band
from simulators.city_plan_xml import to_degrees, write_plan
from simulators.errors import CityBuildError
from simulators.sumo_demand import FILLED, Demand, write_additional, write_routes, write_services
from simulators.sumo_net import open_root, parse_net, read_net
from simulators.sumo_programs import write_programs
from simulators.sumo_tools import sumo_tool

STATE_STEP = 1.0
"""Step of the warm-up, s; the demo may use another."""


def build_city(directory: Path, seed: int = 1) -> CityFiles:
    """Build the city into a directory, or do nothing where it is up to date.

    Raises:
        CityBuildError: A SUMO tool failed.
    """
    files = _files(directory)
    mark = directory / "fingerprint"
    wanted = _fingerprint(seed)
    if mark.exists() and mark.read_text() == wanted and all(path.exists() for path in _paths(files)):
        return _with_incident(files)
    directory.mkdir(parents=True, exist_ok=True)
    mark.unlink(missing_ok=True)
    _build_net(directory, files.net)
    demand = city_demand(parse_net(open_root(files.net)), seed)
    write_background(directory / "background.geojson")
    write_scenario(files, demand, seed, CAP)
    mark.write_text(wanted)
    return _with_incident(files)


def _with_incident(files: CityFiles) -> CityFiles:
    """The breakdown stands on the busy right lane before the bridge, in view of the roadside unit at the stop line."""
    what = plan.INCIDENT
    edge = read_net(files.net).edges[f"{what.start}_{what.end}_b"]
    lane = next(lane for lane in edge.lanes if lane.admits("passenger"))
    return replace(files, incident=Incident(lane.id, lane.length - what.before_stop_line, what.after, what.duration))


def write_scenario(files: CityFiles, demand: Demand, seed: int, cap: int) -> None:
    """Write demand and configuration, and save a warm state."""
    write_additional(files.additional, demand)
    write_routes(files.routes, demand, seed)
    write_services(files.services, demand)
    parked = sum(round(site.capacity * site.filled) for site in demand.sites)
    _write_config(files, seed, cap + parked)
    _save_warm_state(files)


def _files(directory: Path) -> CityFiles:
    return CityFiles(
        net=directory / "city.net.xml",
        additional=directory / "city.add.xml",
        routes=directory / "city.rou.xml",
        services=directory / "services.json",
        sumocfg=directory / "city.sumocfg",
        background_geojson=directory / "background.geojson",
        state=directory / "warm.xml.gz",
        begin=FILLED + WARM_UP,
        incident=Incident("", 0.0, plan.INCIDENT.after, plan.INCIDENT.duration),
    )


def _paths(files: CityFiles) -> list[Path]:
    return [files.net, files.additional, files.routes, files.services, files.sumocfg, files.state]


def _fingerprint(seed: int) -> str:
    """Changes with the seed and with any line of the builders."""
    here = Path(__file__).parent
    digest = hashlib.sha256(f"{plan.VERSION} {seed}".encode())
    for source in sorted([*here.glob("city_*.py"), *here.glob("sumo_*.py")]):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _build_net(directory: Path, net: Path) -> None:
    nodes, edges, joins = write_plan(directory)
    run_tool(
        "netconvert", "--node-files", nodes, "--edge-files", edges, "--connection-files", joins, "--output-file", net,
        "--proj", plan.PROJECTION, "--no-turnarounds", "--walkingareas", "--output.street-names",
        "--default.junctions.radius", "8", "--default.crossing-width", "5",
    )  # fmt: skip
    root = open_root(net)
    write_programs(root, parse_net(root))
    ET.ElementTree(root).write(net, encoding="utf-8", xml_declaration=True)


def run_tool(tool: str, *arguments: str | Path) -> None:
    """Run one of SUMO's programs; raises CityBuildError with what it said when it fails."""
    done = subprocess.run([sumo_tool(tool), *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise CityBuildError(f"{tool} failed", done.stderr.strip()[-2000:])


def _write_config(files: CityFiles, seed: int, cap: int) -> None:
    options = {
        "net-file": str(files.net), "route-files": files.routes.name, "additional-files": files.additional.name,
        "step-length": "0.5", "seed": str(seed), "max-num-vehicles": str(cap), "max-depart-delay": "60",
        "time-to-teleport": "240", "time-to-teleport.ride": "-1", "ignore-junction-blocker": "20",
        "collision.action": "none", "no-step-log": "true", "no-warnings": "true", "ignore-route-errors": "true",
        "duration-log.disable": "true", "default.speeddev": "0.08", "pedestrian.striping.jamtime": "60",
        # A change of lanes takes so many seconds; SUMO's own way is a jump of 3.2 m from one step to the next.
        "lanechange.duration": "3",
    }  # fmt: skip
    root = ET.Element("configuration")
    for name, value in options.items():
        ET.SubElement(root, name, value=value)
    ET.ElementTree(root).write(files.sumocfg, encoding="utf-8")


def _save_warm_state(files: CityFiles) -> None:
    run_tool(
        "sumo", "-c", files.sumocfg, "--step-length", str(STATE_STEP), "--end", str(files.begin + 1),
        "--save-state.times", str(files.begin), "--save-state.files", files.state, "--save-state.rng",
        "--save-state.transportables", "true",
    )  # fmt: skip


def write_background(path: Path) -> None:
    """Write river, island and parks as GeoJSON (RFC 7946)."""
    river = band(np.array(plan.RIVER_AXIS), plan.RIVER_WIDTH)
    island = band(np.array(plan.ISLAND_AXIS), plan.ISLAND_WIDTH)
    features = [_feature("water", plan.RIVER_NAME, river), _feature("park", "橘子洲|Orange Isle", island)]
    features += [_feature("park", name, np.array([*ring, ring[0]], float)) for name, ring in plan.PARKS.items()]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False))


def _feature(kind: str, name: str, ring: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> dict[str, object]:
    zh, en = name.split("|")
    area = np.sum(ring[:-1, 0] * ring[1:, 1] - ring[1:, 0] * ring[:-1, 1])
    outer = ring if area > 0 else ring[::-1]
    return {
        "type": "Feature",
        "properties": {"kind": kind, "name_zh": zh, "name_en": en},
        "geometry": {"type": "Polygon", "coordinates": [np.round(to_degrees(outer), 7).tolist()]},
    }
