"""What the simulator's tools need of a SUMO network file: edges, lanes, connections, right of way, light programs."""

import gzip
import math
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

from simulators.errors import CityBuildError


@dataclass(frozen=True)
class NetLane:
    """A lane."""

    id: str
    index: int
    length: float
    speed: float
    allow: frozenset[str]
    disallow: frozenset[str]

    def admits(self, vehicle_class: str) -> bool:
        """Whether this SUMO vehicle class may drive here."""
        if self.allow:
            return vehicle_class in self.allow or "all" in self.allow
        return vehicle_class not in self.disallow and "all" not in self.disallow


@dataclass(frozen=True)
class NetEdge:
    """A directed edge between junctions."""

    id: str
    start: str
    end: str
    kind: str
    name: str
    priority: int
    lanes: tuple[NetLane, ...]
    heading_out: float
    """Angle at the end, rad counter-clockwise from east."""

    def lane_for(self, vehicle_class: str) -> NetLane | None:
        """The rightmost lane that this class may use."""
        return next((lane for lane in self.lanes if lane.admits(vehicle_class)), None)

    @property
    def length(self) -> float:
        """Metres, of its rightmost lane."""
        return self.lanes[0].length

    @property
    def speed(self) -> float:
        """Highest limit of its lanes, m/s."""
        return max(lane.speed for lane in self.lanes)


@dataclass(frozen=True)
class NetConnection:
    """A way from a lane to a lane."""

    start: str
    end: str
    from_lane: int
    to_lane: int
    direction: str
    via: str
    signal: str
    link_index: int


@dataclass(frozen=True)
class NetJunction:
    """Right of way at a junction; bit j of a row stands for request j."""

    id: str
    kind: str
    x: float
    y: float
    internal_lanes: tuple[str, ...]
    response: tuple[int, ...]
    foes: tuple[int, ...]


@dataclass(frozen=True)
class SumoNet:
    """A parsed network."""

    projection: str
    offset: tuple[float, float]
    bounds: tuple[float, float, float, float]
    edges: dict[str, NetEdge]
    crossings: dict[str, tuple[str, ...]]
    """Crossing edge id to the edges it crosses."""
    connections: tuple[NetConnection, ...]
    junctions: dict[str, NetJunction]
    programs: dict[str, tuple[tuple[float, str], ...]] = field(default_factory=dict)
    """Signal id to (duration s, state) steps."""


def open_root(net_file: Path) -> ET.Element:
    """Read the XML of a network, packed or not; raises CityBuildError when it is none."""
    try:
        opener = gzip.open if net_file.suffix == ".gz" else open
        with opener(net_file, "rb") as stream:
            root = ET.parse(stream).getroot()  # noqa: S314 - a local file that the operator named
    except (OSError, ET.ParseError) as error:
        raise CityBuildError(f"cannot read the network {net_file}", str(error)) from error
    if root.tag != "net":
        raise CityBuildError(f"{net_file} is no SUMO network", f"its root element is <{root.tag}>")
    return root


def read_net(net_file: Path) -> SumoNet:
    """Read a network file."""
    return parse_net(open_root(net_file))


def parse_net(root: ET.Element) -> SumoNet:
    """Read a network from its XML."""
    location = root.find("location")
    if location is None:
        raise CityBuildError("the network has no <location>")
    x, y = map(float, location.attrib["netOffset"].split(","))
    west, south, east, north = map(float, location.attrib["convBoundary"].split(","))
    edges = [element for element in root.iterfind("edge") if element.get("function", "normal") == "normal"]
    return SumoNet(
        projection=location.attrib["projParameter"],
        offset=(x, y),
        bounds=(west, south, east, north),
        edges={edge.id: edge for edge in map(_edge, edges)},
        crossings={
            e.attrib["id"]: tuple(e.get("crossingEdges", "").split())
            for e in root.iterfind("edge")
            if e.get("function") == "crossing"
        },
        connections=tuple(map(_connection, root.iterfind("connection"))),
        junctions={j.attrib["id"]: _junction(j) for j in root.iterfind("junction") if j.get("type") != "internal"},
        programs={
            tl.attrib["id"]: tuple((float(p.attrib["duration"]), p.attrib["state"]) for p in tl.iterfind("phase"))
            for tl in root.iterfind("tlLogic")
        },
    )


def _edge(element: ET.Element) -> NetEdge:
    lanes = tuple(map(_lane, element.iterfind("lane")))
    return NetEdge(
        element.attrib["id"],
        element.attrib["from"],
        element.attrib["to"],
        element.get("type", ""),
        element.get("name", ""),
        int(element.get("priority", "0")),
        lanes,
        _end_heading(element),
    )


def _end_heading(element: ET.Element) -> float:
    first = element.find("lane")
    shape = first.attrib["shape"].split() if first is not None else ["0,0", "1,0"]
    (x0, y0), (x1, y1) = (tuple(map(float, point.split(",")[:2])) for point in shape[-2:])
    return math.atan2(y1 - y0, x1 - x0)


def _lane(element: ET.Element) -> NetLane:
    return NetLane(
        element.attrib["id"],
        int(element.attrib["index"]),
        float(element.attrib["length"]),
        float(element.attrib["speed"]),
        frozenset(element.get("allow", "").split()),
        frozenset(element.get("disallow", "").split()),
    )


def _connection(element: ET.Element) -> NetConnection:
    get = element.attrib.get
    return NetConnection(
        element.attrib["from"],
        element.attrib["to"],
        int(get("fromLane", "0")),
        int(get("toLane", "0")),
        get("dir", ""),
        get("via", ""),
        get("tl", ""),
        int(get("linkIndex", "-1")),
    )


def _junction(element: ET.Element) -> NetJunction:
    requests = sorted(element.iterfind("request"), key=lambda r: int(r.attrib["index"]))
    return NetJunction(
        element.attrib["id"],
        element.get("type", ""),
        float(element.attrib["x"]),
        float(element.attrib["y"]),
        tuple(element.get("intLanes", "").split()),
        tuple(int(r.attrib["response"], 2) for r in requests),
        tuple(int(r.attrib["foes"], 2) for r in requests),
    )
