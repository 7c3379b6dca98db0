"""MAP messages (T/CSAE 53-2020, MSG_MAP) as records of nodes, links, lanes and connections, still in degrees.

Nodes that a sender had to split over several messages are put together again: links with the same upstream node and
the same ends are one link, lanes with the same number one lane.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from maps.importers.v2x_map_parts import Part
from maps.lane_attributes import LANE_TYPES, allowed_kinds
from maps.network import Turn

Reference = tuple[int, int]
"""Region and id of a node."""
Place = tuple[float, float]
"""Longitude and latitude, deg."""

_TURN_OF_BIT = {0: Turn.STRAIGHT, 1: Turn.LEFT, 2: Turn.RIGHT, 3: Turn.U_TURN}
_SAME_POINT = 2e-6
"""deg, 0.2 m."""
_SPEED_UNIT = 0.02
_MAXIMUM_SPEED = {"vehicleMaxSpeed", "5"}


@dataclass(frozen=True)
class MapConnection:
    """Way on from a lane."""

    remote: Reference
    lane: int | None
    """Number of the lane in the link towards `remote`."""
    turn: Turn | None
    phase: int | None


@dataclass
class MapLane:
    """Lane of a link."""

    number: int
    width: float | None
    """m"""
    points: list[Place]
    allowed: int
    turns: set[Turn]
    connections: list[MapConnection]
    place: str
    speed: float | None = None
    """m/s, where it has a limit of its own."""


@dataclass
class MapLink:
    """Link into a node."""

    upstream: Reference
    name: str
    width: float | None
    """m, of the whole link."""
    speed: float | None
    """m/s"""
    points: list[Place]
    lanes: dict[int, MapLane]
    movements: list[tuple[Reference, int | None]]
    place: str


@dataclass
class MapNode:
    """Intersection."""

    reference: Reference
    name: str
    position: Place
    links: list[MapLink] = field(default_factory=list)


def read_nodes(messages: Iterable[Mapping[str, object]], source: Path) -> list[MapNode]:
    """Nodes of decoded MAP messages (frame, `map` envelope or bare message), each once.

    Raises:
        MapSourceError: a field is missing or makes no sense; it names the field by its path.
    """
    nodes: dict[Reference, MapNode] = {}
    for message in messages:
        part = Part(source, "", message)
        part = part.find("mapFrame", "map", "MapData") or part
        for item in part.get("nodes").items():
            node = _node(item)
            _join(nodes.setdefault(node.reference, MapNode(node.reference, node.name, node.position)), node)
    return list(nodes.values())


def _node(part: Part) -> MapNode:
    reference = part.get("id").reference()
    part = part.named(f"node {reference[0]}/{reference[1]}")
    position = part.get("refPos").position()
    links = part.find("inLinks")
    read = [_link(item, position) for item in links.items()] if links else []
    return MapNode(reference, _name(part), position, read)


def _link(part: Part, reference: Place) -> MapLink:
    upstream = part.get("upstreamNodeId").reference()
    part = part.named(f"link from {upstream[0]}/{upstream[1]}")
    lanes = [_lane(item, reference) for item in part.get("lanes").items()]
    width, typical = part.find("linkWidth"), part.find("laneWidth")
    if typical is not None:
        for lane in lanes:
            lane.width = lane.width or typical.integer() / 100
    return MapLink(
        upstream=upstream,
        name=_name(part),
        width=width.integer() / 100 if width else None,
        speed=_speed(part),
        points=_points(part, reference),
        lanes={lane.number: lane for lane in lanes},
        movements=[(item.get("remoteIntersection").reference(), _phase(item)) for item in _list(part, "movements")],
        place=part.place,
    )


def _lane(part: Part, reference: Place) -> MapLane:
    number = part.get("laneID").integer()
    part = part.named(f"lane {number}")
    width, maneuvers = part.find("laneWidth"), part.find("maneuvers")
    return MapLane(
        number=number,
        width=width.integer() / 100 if width else None,
        points=_points(part, reference),
        allowed=_allowed(part),
        turns=_turns(maneuvers) if maneuvers else set(),
        connections=[_connection(item) for item in _list(part, "connectsTo")],
        place=part.place,
        speed=_speed(part),
    )


def _connection(part: Part) -> MapConnection:
    target = part.find("connectingLane")
    maneuver = target.find("maneuver") if target else None
    turns = _turns(maneuver) if maneuver else set()
    return MapConnection(
        remote=part.get("remoteIntersection").reference(),
        lane=target.get("lane").integer() if target else None,
        turn=next(iter(turns)) if len(turns) == 1 else None,
        phase=_phase(part),
    )


def _list(part: Part, name: str) -> list[Part]:
    found = part.find(name)
    return list(found.items()) if found else []


def _name(part: Part) -> str:
    name = part.find("name")
    return name.text().strip() if name else ""


def _phase(part: Part) -> int | None:
    """PhaseID; 0 stands for unknown."""
    phase = part.find("phaseId")
    return (phase.integer() or None) if phase else None


def _turns(part: Part) -> set[Turn]:
    return {_TURN_OF_BIT[bit] for bit in part.bits(12) if bit in _TURN_OF_BIT}


def _points(part: Part, reference: Place) -> list[Place]:
    found = _list(part, "points")
    if len(found) == 1:
        raise part.error("has 1 point, a line needs two")
    return [item.near(reference) for item in found]


def _speed(part: Part) -> float | None:
    for item in _list(part, "speedLimits"):
        if item.get("type").choice() in _MAXIMUM_SPEED:
            return item.get("speed").integer() * _SPEED_UNIT
    return None


def _allowed(part: Part) -> int:
    attributes = part.find("laneAttributes")
    kind = attributes.find("laneType") if attributes else None
    if attributes is None or kind is None:
        return allowed_kinds("vehicle", set(), set())
    name, found = next(((name, own) for name in LANE_TYPES if (own := kind.find(name))), ("", None))
    share = attributes.find("shareWith")
    size = 8 if name == "vehicle" else 16
    return allowed_kinds(name, found.bits(size) if found else set(), share.bits(10) if share else set())


def _join(known: MapNode, more: MapNode) -> None:
    for link in more.links:
        twin = next((own for own in known.links if _same_link(own, link)), None)
        if twin is None:
            known.links.append(link)
            continue
        twin.movements += [movement for movement in link.movements if movement not in twin.movements]
        for number, lane in link.lanes.items():
            own = twin.lanes.setdefault(number, lane)
            own.connections += [entry for entry in lane.connections if entry not in own.connections]
            own.turns |= lane.turns


def _same_link(a: MapLink, b: MapLink) -> bool:
    if a.upstream != b.upstream or bool(a.points) != bool(b.points):
        return False
    pairs = [(a.points[end], b.points[end]) for end in (0, -1)] if a.points else []
    return all(max(abs(p[0] - q[0]), abs(p[1] - q[1])) < _SAME_POINT for p, q in pairs)
