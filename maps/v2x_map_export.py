"""MAP message of one signalised intersection (T/CSAE 53-2020, MSG_MAP) with standard field names and raw units.

Bounds: links of a node, movements and lanes of a link 1..32, connections of a lane 1..16 (`maps.v2x_map_bounds` has
those of the other profiles), points of a list 2..31, DescriptiveName IA5String 1..63, linkWidth and laneWidth 1 cm,
speedLimits 0.02 m/s, positions 1e-7 deg.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.lane_attributes import lane_attributes
from maps.line_fit import thinned
from maps.network import Points, RoadNetwork, Turn
from maps.participants import VEHICLE_KINDS
from maps.v2x_map_bounds import V4, MapBounds, split_node

Fields = dict[str, object]
MAX_POINTS = 31
MAX_NAME = 63
SPEED_UNIT = 0.02
"""m/s"""
FASTEST = 8190
"""Units; one more stands for unknown."""
_MANEUVER_BIT = {Turn.STRAIGHT: 0, Turn.LEFT: 1, Turn.RIGHT: 2, Turn.U_TURN: 3}
"""Bits of DE_AllowedManeuvers."""


def map_message(network: RoadNetwork, signal_row: int, *, msg_cnt: int, moy: int) -> Fields:
    """MAP of the signal in row `signal_row`: one node with all links whose way on it controls; pavements are left out.

    Args:
        network: The road network.
        signal_row: Row in `network.signals`.
        msg_cnt: Running number, 0..127.
        moy: Minute of the UTC year.

    What is beyond the bounds of V4 is left out; `map_messages` splits it instead.
    """
    return map_messages(network, signal_row, msg_cnt=msg_cnt, moy=moy)[0]


def map_messages(
    network: RoadNetwork,
    signal_row: int,
    *,
    msg_cnt: int,
    moy: int,
    bounds: MapBounds = V4,
    max_bytes: int | None = None,
) -> list[Fields]:
    """MAPs that together tell all of one signal within the bounds of a profile; mostly one.

    Args:
        network: The road network.
        signal_row: Row in `network.signals`.
        msg_cnt: Running number of the first, 0..127.
        moy: Minute of the UTC year.
        bounds: What the profile of the receiver allows, see `maps.v2x_map_bounds.BOUNDS`.
        max_bytes: Size in UPER that no message with more than one link exceeds.
    """
    node = _Intersection.of(network, signal_row).fields()
    return [
        {"msgCnt": (msg_cnt + part) % 128, "timeStamp": moy, "nodes": [fields]}
        for part, fields in enumerate(split_node(node, bounds, max_bytes))
    ]


def node_reference(network: RoadNetwork, node: int) -> Fields:
    """NodeReferenceID of a node: its signal's, or a number from the top of the range where no signal stands.

    Nodes that came from a MAP keep the number that they had there.
    """
    signals, signal = network.signals, int(network.nodes.signal[node])
    if signal >= 0:
        return {"region": int(signals.region[signal]), "id": int(signals.node_id[signal])}
    source, _, reference = str(network.nodes.id[node]).partition(":")
    if source == "map":
        own_region, _, number = reference.partition(":")
        return {"region": int(own_region), "id": int(number)}
    region = int(signals.region[0]) if len(signals.region) else 0
    room = 65535 - int(signals.node_id.max(initial=255))
    return {"region": region, "id": 65535 - node % max(room, 1)}


@dataclass(frozen=True)
class _Intersection:
    """One signal with the links and connections that meet there."""

    network: RoadNetwork
    row: int
    links: NDArray[np.int64]
    """Rows of the links that end at the signal's nodes and come from outside."""
    connections: NDArray[np.int64]
    """Rows of all connections that leave these links, in the order of their lanes."""

    @classmethod
    def of(cls, network: RoadNetwork, row: int) -> "_Intersection":
        links, connections = network.links, network.connections
        inside = network.nodes.signal[links.to_node] == row
        controlled = np.zeros(len(links.id), bool)
        controlled[network.lanes.link[connections.from_lane[connections.signal == row]]] = True
        approach = np.flatnonzero(inside & controlled)
        leaving = np.flatnonzero(np.isin(network.lanes.link[connections.from_lane], approach))
        order = np.argsort(connections.from_lane[leaving], kind="stable")
        return cls(network, row, approach, leaving[order])

    def fields(self) -> Fields:
        signals = self.network.signals
        node: Fields = {
            "name": _ascii_name(str(signals.name_en[self.row]), str(signals.id[self.row])),
            "id": {"region": int(signals.region[self.row]), "id": int(signals.node_id[self.row])},
            "refPos": self._positions(np.array([[signals.x[self.row], signals.y[self.row]]]))[0],
        }
        if len(self.links):
            node["inLinks"] = [self._link(int(link)) for link in self.links]
        return node

    def _link(self, link: int) -> Fields:
        links, lanes = self.network.links, self.network.lanes
        first = int(links.lane_start[link])
        carriageway = lanes.allowed[first : first + links.lane_count[link]] & np.uint32(VEHICLE_KINDS) != 0
        rows = first + np.flatnonzero(carriageway)
        return {
            "name": _ascii_name(str(links.name_en[link]), str(links.id[link])),
            "upstreamNodeId": node_reference(self.network, int(links.from_node[link])),
            "speedLimits": _speed_limits(float(links.speed[link])),
            "linkWidth": _centimetres(float(lanes.width[rows].sum())),
            "points": self._road_points(self.network.shape(links.shape_start[link], links.shape_count[link])),
            "movements": self._movements(link),
            "lanes": [self._lane(lane) for lane in rows.tolist()],
        }

    def _movements(self, link: int) -> list[Fields]:
        """Different pairs of next node and phase of a link."""
        lanes, connections = self.network.lanes, self.network.connections
        own = self.connections[lanes.link[connections.from_lane[self.connections]] == link]
        pairs = dict.fromkeys((self._next_node(int(row)), int(connections.group[row])) for row in own)
        return [
            _with_phase({"remoteIntersection": node_reference(self.network, node)}, self._phase(group))
            for node, group in pairs
        ]

    def _lane(self, lane: int) -> Fields:
        lanes, connections = self.network.lanes, self.network.connections
        own = self.connections[connections.from_lane[self.connections] == lane]
        fields: Fields = {
            "laneID": int(lanes.index[lane]) + 1,
            "laneWidth": _centimetres(float(lanes.width[lane])),
            "laneAttributes": lane_attributes(int(lanes.allowed[lane])),
            "maneuvers": _maneuvers(connections.turn[own].tolist()),
        }
        if len(own):
            fields["connectsTo"] = [self._connection(int(row)) for row in own]
        if lanes.speed[lane] != self.network.links.speed[lanes.link[lane]]:
            fields["speedLimits"] = _speed_limits(float(lanes.speed[lane]))
        fields["points"] = self._road_points(self.network.shape(lanes.shape_start[lane], lanes.shape_count[lane]))
        return fields

    def _connection(self, row: int) -> Fields:
        connections = self.network.connections
        lane = int(self.network.lanes.index[connections.to_lane[row]]) + 1
        fields: Fields = {
            "remoteIntersection": node_reference(self.network, self._next_node(row)),
            "connectingLane": {"lane": lane, "maneuver": _maneuvers([int(connections.turn[row])])},
        }
        return _with_phase(fields, self._phase(int(connections.group[row])))

    def _next_node(self, connection: int) -> int:
        link = self.network.lanes.link[self.network.connections.to_lane[connection]]
        return int(self.network.links.to_node[link])

    def _phase(self, group: int) -> int | None:
        return int(self.network.groups.phase_id[group]) if group >= 0 else None

    def _positions(self, points: Points) -> list[Fields]:
        lon, lat = self.network.plane.inverse(points[:, 0], points[:, 1])
        pairs = zip(np.rint(lon * 1e7).astype(int).tolist(), np.rint(lat * 1e7).astype(int).tolist(), strict=True)
        return [{"lat": north, "long": east} for east, north in pairs]

    def _road_points(self, shape: Points) -> list[Fields]:
        return [
            {"posOffset": {"offsetLL": {"position-LatLon": {"lon": position["long"], "lat": position["lat"]}}}}
            for position in self._positions(thinned(shape, MAX_POINTS))
        ]


def _with_phase(fields: Fields, phase: int | None) -> Fields:
    if phase is not None:
        fields["phaseId"] = phase
    return fields


def _maneuvers(turns: Iterable[int]) -> str:
    bits = {_MANEUVER_BIT[Turn(turn)] for turn in turns}
    return "".join("1" if bit in bits else "0" for bit in range(12))


def _centimetres(metres: float) -> int:
    return min(round(metres * 100), 32767)


def _speed_limits(speed: float) -> list[Fields]:
    return [{"type": "vehicleMaxSpeed", "speed": min(round(speed / SPEED_UNIT), FASTEST)}]


def _ascii_name(name: str, spare: str) -> str:
    """Name that an IA5String holds; `spare` where the name has letters that it cannot hold."""
    text = name if name and name.isascii() else spare
    return text.encode("ascii", "replace").decode()[:MAX_NAME] or "-"
