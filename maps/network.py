"""The road network as frozen columns: nodes, links, lanes, connections, signals, crossings, stops, car parks.

Every table is a group of numpy arrays of equal length; a row number is the name by which other tables refer to it
(`-1` means none). Coordinates are metres in the network's own `LocalPlane`, x east and y north. Shapes of all
lanes, links, connections and crossings lie one after another in one array of points; a table keeps `(start, count)`.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from maps.geodesy import LocalPlane

Floats = NDArray[np.float32]
Points = NDArray[np.float64]
Ints = NDArray[np.int32]
Bytes = NDArray[np.uint8]
Masks = NDArray[np.uint32]
Texts = NDArray[np.str_]


class RoadClass(IntEnum):
    """Functional class of a link (道路等级), the widest first."""

    UNKNOWN = 0
    EXPRESSWAY = 1
    ARTERIAL = 2
    COLLECTOR = 3
    LOCAL = 4
    PATH = 5


class Turn(IntEnum):
    """Direction of a connection (转向)."""

    STRAIGHT = 0
    LEFT = 1
    RIGHT = 2
    U_TURN = 3


@dataclass(frozen=True)
class Nodes:
    """Junctions and dead ends (节点), (n,)."""

    id: Texts
    x: Points
    y: Points
    signal: Ints
    """Row in `signals` that controls the node, or -1."""


@dataclass(frozen=True)
class Links:
    """Directed stretches of road between two nodes (路段), (n,)."""

    id: Texts
    from_node: Ints
    to_node: Ints
    road_class: Bytes
    length: Floats
    """m"""
    speed: Floats
    """Speed limit, m/s."""
    lane_start: Ints
    lane_count: Ints
    """Lanes `lane_start .. lane_start + lane_count`, rightmost first."""
    shape_start: Ints
    shape_count: Ints
    name_zh: Texts
    name_en: Texts


@dataclass(frozen=True)
class Lanes:
    """Lanes (车道), (n,), in the order of their links."""

    id: Texts
    link: Ints
    index: Bytes
    """0 is the rightmost lane of the link."""
    width: Floats
    speed: Floats
    length: Floats
    allowed: Masks
    """Mask of `ParticipantKind.bit`."""
    shape_start: Ints
    shape_count: Ints


@dataclass(frozen=True)
class Connections:
    """Ways from a lane to a lane across a node (连接), (n,)."""

    from_lane: Ints
    to_lane: Ints
    turn: Bytes
    signal: Ints
    """Row in `signals`, or -1 where no light stands."""
    group: Ints
    """Row in `groups`: the lights that always show the same, or -1."""
    shape_start: Ints
    shape_count: Ints


@dataclass(frozen=True)
class Signals:
    """Signalised intersections (信号灯路口), (n,)."""

    id: Texts
    region: Ints
    """RoadRegulatorID of the intersection in MAP and SPAT."""
    node_id: Ints
    """NodeID of the intersection in MAP and SPAT, unique within the region."""
    x: Points
    y: Points
    name_zh: Texts
    name_en: Texts
    group_start: Ints
    group_count: Ints
    program_start: Ints
    program_count: Ints
    """Rows of `program` that make one cycle."""


@dataclass(frozen=True)
class Groups:
    """Signal groups (信号组): movements of one intersection that always share their light, (n,)."""

    signal: Ints
    phase_id: Ints
    """PhaseID 1..254 of MAP and SPAT, unique within the signal."""
    pedestrian: NDArray[np.bool_]


@dataclass(frozen=True)
class Program:
    """Steps of the signals' default programs (信号配时), (n,)."""

    signal: Ints
    duration: Floats
    minimum: Floats
    maximum: Floats
    """s"""
    state_start: Ints
    """First of `group_count` rows of `RoadNetwork.program_states`: the LightState of each group in this step."""


@dataclass(frozen=True)
class Crossings:
    """Pedestrian crossings (人行横道), (n,)."""

    id: Texts
    node: Ints
    group: Ints
    width: Floats
    shape_start: Ints
    shape_count: Ints


@dataclass(frozen=True)
class Stops:
    """Bus stops (公交站), (n,)."""

    id: Texts
    name_zh: Texts
    name_en: Texts
    lane: Ints
    offset: Floats
    """Distance of the stop's end from the start of the lane, m."""
    lines: Texts
    """Line names separated by a space."""


@dataclass(frozen=True)
class CarParks:
    """Car parks (停车场), (n,)."""

    id: Texts
    name_zh: Texts
    name_en: Texts
    lane: Ints
    offset: Floats
    capacity: Ints
    x: Points
    y: Points


@dataclass(frozen=True)
class Limits:
    """Links with a limit (限高, 限重), (n,); a link that is not here has none. NaN where one of the two is missing."""

    link: Ints = field(default_factory=lambda: np.empty(0, np.int32))
    height: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """m"""
    weight: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """t"""


@dataclass(frozen=True)
class RoadNetwork:
    """One city's roads. Immutable; `maps.network_file` saves and opens it, `maps.importers` make it."""

    name: str
    source: str
    """Where it came from: file name and its SHA-256, tool, licence."""
    plane: LocalPlane
    points: Points
    """All shape points, (p, 2), m."""
    nodes: Nodes
    links: Links
    lanes: Lanes
    connections: Connections
    signals: Signals
    groups: Groups
    program: Program
    program_states: Bytes
    """LightState codes 0..8 (T/CSAE 53-2020, DE_LightState), see `Program.state_start`."""
    crossings: Crossings
    stops: Stops
    car_parks: CarParks
    limits: Limits = field(default_factory=Limits)

    def shape(self, start: int, count: int) -> Points:
        """Points `(count, 2)` of one shape, m."""
        return self.points[start : start + count]

    @cached_property
    def link_rows(self) -> dict[str, int]:
        """Row of each link by its id."""
        return {str(link): row for row, link in enumerate(self.links.id)}

    @cached_property
    def lane_rows(self) -> dict[str, int]:
        """Row of each lane by its id."""
        return {str(lane): row for row, lane in enumerate(self.lanes.id)}

    @cached_property
    def signal_rows(self) -> dict[tuple[int, int], int]:
        """Row of each signal by (region, node id) as SPAT names it."""
        pairs = zip(self.signals.region.tolist(), self.signals.node_id.tolist(), strict=True)
        return {pair: row for row, pair in enumerate(pairs)}
