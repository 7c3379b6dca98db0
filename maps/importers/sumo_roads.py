"""Nodes, links and lanes of a SUMO network."""

from dataclasses import dataclass, field

import numpy as np

from maps.importers.names import split_name
from maps.importers.report import ImportReport
from maps.importers.road_class import class_from_type, guess_class
from maps.importers.shapes import ShapePool, middle_line, span_columns
from maps.importers.sumo_access import allowed_mask
from maps.importers.sumo_values import SumoValues
from maps.importers.sumo_xml import Attributes, SumoEdge, SumoNet
from maps.network import Lanes, Links, Points, RoadClass
from maps.participants import MOTOR_KINDS
from maps.polyline import lengths

DEFAULT_WIDTH = 3.2
"""Width of a lane that names none, m (SUMO's own default)."""


@dataclass
class Roads:
    """Links and lanes under construction, one entry a row."""

    node_rows: dict[str, int]
    link_rows: dict[str, int] = field(default_factory=dict)
    from_node: list[int] = field(default_factory=list)
    to_node: list[int] = field(default_factory=list)
    road_class: list[int] = field(default_factory=list)
    link_speed: list[float] = field(default_factory=list)
    lane_start: list[int] = field(default_factory=list)
    lane_count: list[int] = field(default_factory=list)
    link_span: list[tuple[int, int]] = field(default_factory=list)
    names: list[tuple[str, str]] = field(default_factory=list)
    lane_rows: dict[str, int] = field(default_factory=dict)
    lane_link: list[int] = field(default_factory=list)
    lane_index: list[int] = field(default_factory=list)
    lane_width: list[float] = field(default_factory=list)
    lane_speed: list[float] = field(default_factory=list)
    lane_allowed: list[int] = field(default_factory=list)
    lane_span: list[tuple[int, int]] = field(default_factory=list)
    source_length: list[float] = field(default_factory=list)
    """Length of each lane as SUMO counts it, m; offsets of stops refer to it."""

    def links(self, points: Points) -> Links:
        """Finish the table of links measured along `points`, the shapes of the pool in metres."""
        start, count = span_columns(self.link_span)
        return Links(
            id=np.array(list(self.link_rows), str),
            from_node=np.array(self.from_node, np.int32),
            to_node=np.array(self.to_node, np.int32),
            road_class=np.array(self.road_class, np.uint8),
            length=lengths(points, start, count).astype(np.float32),
            speed=np.array(self.link_speed, np.float32),
            lane_start=np.array(self.lane_start, np.int32),
            lane_count=np.array(self.lane_count, np.int32),
            shape_start=start,
            shape_count=count,
            name_zh=np.array([zh for zh, _ in self.names], str),
            name_en=np.array([en for _, en in self.names], str),
        )

    def lanes(self, points: Points) -> Lanes:
        """Finish the table of lanes measured along `points`, the shapes of the pool in metres."""
        start, count = span_columns(self.lane_span)
        return Lanes(
            id=np.array(list(self.lane_rows), str),
            link=np.array(self.lane_link, np.int32),
            index=np.array(self.lane_index, np.uint8),
            width=np.array(self.lane_width, np.float32),
            speed=np.array(self.lane_speed, np.float32),
            length=lengths(points, start, count).astype(np.float32),
            allowed=np.array(self.lane_allowed, np.uint32),
            shape_start=start,
            shape_count=count,
        )


def read_roads(values: SumoValues, net: SumoNet, pool: ShapePool, report: ImportReport) -> Roads:
    """Turn all edges of the street into links and lanes; their shapes go to `pool`."""
    roads = Roads({values.text("junction", junction, "id"): row for row, junction in enumerate(net.junctions)})
    for edge in net.edges:
        _add_link(values, edge, roads, pool, report)
    return roads


def _add_link(values: SumoValues, edge: SumoEdge, roads: Roads, pool: ShapePool, report: ImportReport) -> None:
    name = values.text("edge", edge.attributes, "id")
    if not edge.lanes:
        raise values.error("edge", edge.attributes, "has no lane")
    if name in roads.link_rows:
        raise values.error("edge", edge.attributes, "occurs twice")
    row, first = len(roads.link_rows), len(roads.lane_rows)
    roads.link_rows[name] = row
    roads.from_node.append(_node(values, edge, roads, "from"))
    roads.to_node.append(_node(values, edge, roads, "to"))
    for index, lane in enumerate(edge.lanes):
        _add_lane(values, lane, (row, index), roads, pool)
    roads.lane_start.append(first)
    roads.lane_count.append(len(edge.lanes))
    motor = [lane for lane in range(first, first + len(edge.lanes)) if roads.lane_allowed[lane] & MOTOR_KINDS]
    road = motor or list(range(first, first + len(edge.lanes)))
    roads.link_speed.append(max(roads.lane_speed[lane] for lane in road))
    outer = (pool.get(roads.lane_span[road[0]]), pool.get(roads.lane_span[road[-1]]))
    roads.link_span.append(pool.add(middle_line(*outer)))
    roads.names.append(split_name(edge.attributes.get("name", "")))
    roads.road_class.append(_road_class(edge.attributes, roads, road, report))


def _add_lane(values: SumoValues, lane: Attributes, place: tuple[int, int], roads: Roads, pool: ShapePool) -> None:
    roads.lane_rows[values.text("lane", lane, "id")] = len(roads.lane_rows)
    roads.lane_link.append(place[0])
    roads.lane_index.append(place[1])
    roads.lane_width.append(values.number("lane", lane, "width", DEFAULT_WIDTH))
    roads.lane_speed.append(max(values.number("lane", lane, "speed"), 0.1))
    roads.lane_allowed.append(allowed_mask(lane.get("allow", ""), lane.get("disallow", "")))
    roads.lane_span.append(pool.add(values.shape("lane", lane)))
    roads.source_length.append(values.number("lane", lane, "length"))


def _node(values: SumoValues, edge: SumoEdge, roads: Roads, end: str) -> int:
    name = values.text("edge", edge.attributes, end)
    if name not in roads.node_rows:
        raise values.error("edge", edge.attributes, f"{end} junction {name!r} does not exist")
    return roads.node_rows[name]


def _road_class(edge: Attributes, roads: Roads, road: list[int], report: ImportReport) -> int:
    named = class_from_type(edge.get("type", ""))
    if named is not RoadClass.UNKNOWN:
        return int(named)
    report.guessed["road_class"] += 1
    speed = max(roads.lane_speed[lane] for lane in road)
    allowed = 0
    for lane in road:
        allowed |= roads.lane_allowed[lane]
    return int(guess_class(speed=speed, lanes=len(road), allowed=allowed))
