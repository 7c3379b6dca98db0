"""The plan as SUMO's plain XML: nodes, edges with turn bays, connections and pedestrian crossings."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
from pyproj import Transformer

from simulators import city_plan as plan
from simulators.city_plan_geometry import Line, cut, length
from simulators.city_streets import Stretch, Turns, directed, has_signal, is_side_node, stretches, turns_from

CAR_WIDTH, CYCLE_WIDTH, WALK_WIDTH = 3.3, 2.2, 3.0


@dataclass(frozen=True)
class Approach:
    """One direction of a stretch as SUMO sees it: a main edge, and a wider edge before the light."""

    way: Stretch
    main: str
    last: str
    """The edge that meets the crossing: the turn bay's, or the main edge where there is none."""
    turns: Turns

    @property
    def road(self) -> plan.RoadType:
        """Cross-section."""
        return plan.TYPES[self.way.kind]

    @property
    def offset(self) -> int:
        """Number of the first lane for cars; sidewalk and cycle lane lie right of it."""
        return 2 if self.road.cycle_lane else 1

    @property
    def lanes_at_end(self) -> int:
        """Lanes for cars at the stop line."""
        return self.road.lanes + (self.last != self.main)


def edge_id(start: str, end: str) -> str:
    """Id of the main edge from a crossing to the next."""
    return f"{start}_{end}"


def approaches() -> list[Approach]:
    """Every direction of every stretch."""
    ways = directed(stretches())
    found = []
    for way in ways:
        turns = turns_from(way, ways)
        main = edge_id(way.start, way.end)
        bay = way.end in plan.NODES and bool(turns.left) and way.kind != "local"
        found.append(Approach(way, main, f"{main}_b" if bay else main, turns))
    return found


class _Writer:
    """Turns plan coordinates into lon,lat and lines into XML."""

    def __init__(self) -> None:
        self._to_degrees = Transformer.from_crs(plan.PROJECTION, "EPSG:4326", always_xy=True)
        east, north = self._to_degrees.transform(*plan.CENTRE, direction="INVERSE")
        self._origin = np.array([east, north])

    def degrees(self, line: Line) -> Line:
        """Longitudes and latitudes (n, 2) of points on the plan."""
        lon, lat = self._to_degrees.transform(*(np.asarray(line, float).reshape(-1, 2) + self._origin).T)
        return np.column_stack([lon, lat])

    def shape(self, line: Line) -> str:
        """A line as an attribute value."""
        return " ".join(f"{lon:.8f},{lat:.8f}" for lon, lat in self.degrees(line))

    def node(self, name: str, point: Line, kind: str) -> str:
        """A node element."""
        lon, lat = self.degrees(point)[0]
        return f'<node id="{name}" x="{lon:.8f}" y="{lat:.8f}" type="{kind}"/>'


def to_degrees(line: Line) -> Line:
    """Longitudes and latitudes (n, 2) of points on the plan (m)."""
    return _Writer().degrees(line)


def write_plan(directory: Path) -> list[Path]:
    """Write the plan's node, edge and connection files; returns them in this order."""
    found = approaches()
    bodies = {"nod": ("nodes", _nodes(found)), "edg": ("edges", _edges(found)), "con": ("connections", _joins(found))}
    paths = []
    for ending, (root, body) in bodies.items():
        path = directory / f"plan.{ending}.xml"
        path.write_text(f"<{root}>\n" + "\n".join(body) + f"\n</{root}>\n", encoding="utf-8")
        paths.append(path)
    return paths


def _nodes(found: list[Approach]) -> Iterator[str]:
    writer = _Writer()
    seen = {approach.way.start: approach.way.line[:1] for approach in found}
    for name, point in seen.items():
        yield writer.node(name, point, "traffic_light" if has_signal(name) else "priority")
    for approach in found:
        if approach.last != approach.main:
            yield writer.node(f"{approach.main}_n", _halves(approach)[0][-1:], "priority")


def _halves(approach: Approach) -> tuple[Line, Line]:
    total = length(approach.way.line)
    bay = min(approach.road.bay, total * 0.4) + 20.0  # the crossing itself takes about 20 m of the line
    return cut(approach.way.line, total - bay)


def _edges(found: list[Approach]) -> Iterator[str]:
    writer = _Writer()
    for approach in found:
        way = approach.way
        if approach.last == approach.main:
            yield _edge(writer, approach, (approach.main, way.start, way.end), way.line, approach.road.lanes)
            continue
        before, after = _halves(approach)
        middle = f"{approach.main}_n"
        yield _edge(writer, approach, (approach.main, way.start, middle), before, approach.road.lanes)
        yield _edge(writer, approach, (approach.last, middle, way.end), after, approach.road.lanes + 1)


def _edge(writer: _Writer, approach: Approach, name: tuple[str, str, str], line: Line, lanes: int) -> str:
    road = approach.road
    total = lanes + approach.offset
    rows = [f'<lane index="0" allow="pedestrian" width="{WALK_WIDTH}"/>']
    if road.cycle_lane:
        rows.append(f'<lane index="1" allow="bicycle" width="{CYCLE_WIDTH}"/>')
    rows += [
        f'<lane index="{i}" disallow="pedestrian bicycle rail rail_urban rail_fast rail_electric tram ship subway"'
        f' width="{CAR_WIDTH}"/>'
        for i in range(approach.offset, total)
    ]
    return (
        f'<edge id="{name[0]}" from="{name[1]}" to="{name[2]}" numLanes="{total}" speed="{road.speed}"'
        f' priority="{road.priority}" type="{_functional_class(approach.way.kind)}"'
        f" name={quoteattr(approach.way.name)} shape={quoteattr(writer.shape(line))}>" + "".join(rows) + "</edge>"
    )


def _functional_class(kind: str) -> str:
    if kind == "local":
        return "local"
    return "collector" if kind.startswith("collector") else "arterial"


def _joins(found: list[Approach]) -> Iterator[str]:
    by_ends = {(a.way.start, a.way.end): a for a in found}
    for approach in found:
        if approach.last != approach.main:
            yield from _into_bay(approach)
        yield from _across(approach, by_ends)
    yield from _crossings(found, by_ends)


def _join(start: str, end: str, from_lane: int, to_lane: int) -> str:
    return f'<connection from="{start}" to="{end}" fromLane="{from_lane}" toLane="{to_lane}"/>'


def _into_bay(approach: Approach) -> Iterator[str]:
    count = approach.road.lanes + approach.offset
    for lane in range(1, count):
        yield _join(approach.main, approach.last, lane, lane)
    yield _join(approach.main, approach.last, count - 1, count)


def _across(approach: Approach, by_ends: dict[tuple[str, str], Approach]) -> Iterator[str]:
    node, turns = approach.way.end, approach.turns
    if is_side_node(node):
        turns = _right_only(approach)
    lanes = approach.lanes_at_end
    for direction in ("left", "straight", "right"):
        goal = getattr(turns, direction)
        if not goal:
            continue
        target = by_ends[node, goal]
        for a, b in _lane_pairs(direction, lanes, target.road.lanes, turns):
            yield _join(approach.last, target.main, a + approach.offset, b + target.offset)
        # A cyclist's left turn across a wide crossing would need a second stage; the plan sends none that way.
        two_stage = direction == "left" and bool(turns.straight)
        if approach.road.cycle_lane and target.road.cycle_lane and not two_stage:
            yield _join(approach.last, target.main, 1, 1)


def _right_only(approach: Approach) -> Turns:
    turns = approach.turns
    if approach.way.kind == "local":
        return Turns(left="", straight="", right=turns.right)
    return Turns(left="", straight=turns.straight, right=turns.right)


def _lane_pairs(direction: str, lanes: int, target: int, turns: Turns) -> list[tuple[int, int]]:
    """Pairs of car lanes (0 is the rightmost) that a turn joins."""
    if direction == "right":
        wide = 1 if turns.straight or not turns.left else max(1, lanes // 2)
        return [(i, i) for i in range(min(wide, target))]
    if direction == "left":
        wide = 1 if turns.straight or not turns.right else max(1, lanes - lanes // 2)
        return [(lanes - 1 - i, target - 1 - i) for i in range(min(wide, target))]
    through = lanes - 1 if turns.left else lanes
    return [(through - 1 - i, max(0, target - 1 - i)) for i in range(through) if i < target or not turns.right]


def _crossings(found: list[Approach], by_ends: dict[tuple[str, str], Approach]) -> Iterator[str]:
    for approach in found:
        node = approach.way.end
        minor = (is_side_node(node) and approach.way.kind == "local") or node in plan.WITHOUT_SIGNAL
        if has_signal(node) or (minor and approach.way.kind in {"local", "collector1"}):
            back = by_ends[node, approach.way.start].main
            yield f'<crossing node="{node}" edges="{approach.last} {back}" priority="true" width="5"/>'
