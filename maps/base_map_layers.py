"""The layers of the base map, drawn from a road network in its own plane.

| layer | shape | feature id | properties | from zoom |
|---|---|---|---|---|
| background | polygon | row | kind (water, park, ...), name_zh, name_en | 10 |
| junctions | polygon | node row | | 14 |
| roads | line | link row | class, name_zh, name_en, lanes, width (m), both without pavements | 10 to 15 by class |
| lanes | centre line | lane row | link, index, lanes, width (m), use (motor, bus, cycle, foot) | 16 |
| crossings | line | crossing row | group (row or -1), width (m) | 16 |
| stop_lines | line | group row | link | 16 |
| connections | line | connection row | group (row or -1), turn (straight, left, right, u_turn) | 16 |
| signals | point | signal row | name_zh, name_en | 12 |
| stops | point | stop row | name_zh, name_en, lines | 14 |
| car_parks | point | car park row | name_zh, name_en, capacity | 13 |
"""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from maps.lane_ends import junction_areas, stop_lines
from maps.network import Ints, Points, RoadClass, RoadNetwork, Turn
from maps.participants import MOTOR_KINDS, VEHICLE_KINDS, ParticipantKind
from maps.polyline import point_at
from maps.vector_tiles import Geometries, Layer, Properties, mercator

ROAD_ZOOM = {
    RoadClass.UNKNOWN: 12,
    RoadClass.EXPRESSWAY: 10,
    RoadClass.ARTERIAL: 10,
    RoadClass.COLLECTOR: 11,
    RoadClass.LOCAL: 12,
    RoadClass.PATH: 15,
}
JOINED_ZOOM = 13
"""Up to here roads are drawn to the middle of their nodes; deeper, they end at the stop line."""
DETAIL_ZOOM = 16


def network_layers(network: RoadNetwork) -> list[Layer]:
    """All layers of a network but its background."""
    draw = _Drawing(network)
    return [
        draw.junctions(),
        *draw.roads(),
        draw.lanes(),
        draw.crossings(),
        draw.stop_lines(),
        draw.connections(),
        draw.signals(),
        draw.stops(),
        draw.car_parks(),
    ]


class _Drawing:
    """Draws one network."""

    def __init__(self, network: RoadNetwork) -> None:
        self._network = network

    def roads(self) -> list[Layer]:
        network, links = self._network, self._network.links
        exact = _lines(network.points, links.shape_start, links.shape_count)
        ends = np.column_stack([network.nodes.x, network.nodes.y])
        joined = [
            np.vstack([ends[tail], shapely.get_coordinates(line), ends[head]])
            for line, tail, head in zip(exact, links.from_node, links.to_node, strict=True)
        ]
        owner = np.repeat(np.arange(len(joined)), [len(points) for points in joined])
        far: Geometries = shapely.linestrings(np.concatenate(joined), indices=owner)
        zoom = np.array([ROAD_ZOOM[RoadClass(value)] for value in links.road_class.tolist()], np.int64)
        properties = self._road_properties()
        return [
            self._layer("roads", far, properties, zoom, max_zoom=JOINED_ZOOM),
            self._layer("roads", exact, properties, np.maximum(zoom, JOINED_ZOOM + 1)),
        ]

    def _road_properties(self) -> list[Properties]:
        links, lanes = self._network.links, self._network.lanes
        vehicles = lanes.allowed & np.uint32(VEHICLE_KINDS) != 0
        width = np.add.reduceat(np.where(vehicles, lanes.width, 0), links.lane_start)
        count = np.add.reduceat(vehicles.astype(np.int64), links.lane_start)
        return [
            {
                "class": RoadClass(int(links.road_class[row])).name.lower(),
                "name_zh": str(links.name_zh[row]),
                "name_en": str(links.name_en[row]),
                "lanes": int(count[row]),
                "width": round(float(width[row] or lanes.width[links.lane_start[row]]), 1),
            }
            for row in range(len(links.id))
        ]

    def junctions(self) -> Layer:
        nodes, areas = junction_areas(self._network)
        return self._layer("junctions", areas, [{}] * len(nodes), 14, ids=nodes.tolist())

    def lanes(self) -> Layer:
        links, lanes = self._network.links, self._network.lanes
        properties: list[Properties] = [
            {
                "link": link,
                "index": int(lanes.index[row]),
                "lanes": int(links.lane_count[link]),
                "width": round(float(lanes.width[row]), 2),
                "use": _use(int(lanes.allowed[row])),
            }
            for row, link in enumerate(lanes.link.tolist())
        ]
        shapes = _lines(self._network.points, lanes.shape_start, lanes.shape_count)
        return self._layer("lanes", shapes, properties, DETAIL_ZOOM)

    def crossings(self) -> Layer:
        crossings = self._network.crossings
        properties: list[Properties] = [
            {"group": group, "width": round(width, 2)}
            for group, width in zip(crossings.group.tolist(), crossings.width.tolist(), strict=True)
        ]
        shapes = _lines(self._network.points, crossings.shape_start, crossings.shape_count)
        return self._layer("crossings", shapes, properties, DETAIL_ZOOM)

    def stop_lines(self) -> Layer:
        lines = stop_lines(self._network)
        properties: list[Properties] = [{"link": link} for link in lines.link.tolist()]
        return self._layer("stop_lines", lines.shapes, properties, DETAIL_ZOOM, ids=lines.group.tolist())

    def connections(self) -> Layer:
        """Paths across nodes; turning back where no light stands is left out."""
        table = self._network.connections
        rows = np.flatnonzero((table.turn != Turn.U_TURN) | (table.group >= 0))
        properties: list[Properties] = [
            {"group": int(table.group[row]), "turn": Turn(int(table.turn[row])).name.lower()} for row in rows
        ]
        shapes = _lines(self._network.points, table.shape_start[rows], table.shape_count[rows])
        return self._layer("connections", shapes, properties, DETAIL_ZOOM, ids=rows.tolist())

    def signals(self) -> Layer:
        signals = self._network.signals
        shapes = shapely.points(signals.x, signals.y)
        return self._layer("signals", shapes, _named(signals.name_zh, signals.name_en), 12)

    def stops(self) -> Layer:
        stops, lanes = self._network.stops, self._network.lanes
        places = [
            point_at(self._network.shape(lanes.shape_start[lane], lanes.shape_count[lane]), offset)
            for lane, offset in zip(stops.lane.tolist(), stops.offset.tolist(), strict=True)
        ]
        names = _named(stops.name_zh, stops.name_en)
        properties = [{**name, "lines": str(lines)} for name, lines in zip(names, stops.lines, strict=True)]
        return self._layer("stops", shapely.points(np.array(places, float).reshape(-1, 2)), properties, 14)

    def car_parks(self) -> Layer:
        parks = self._network.car_parks
        names = _named(parks.name_zh, parks.name_en)
        properties = [{**name, "capacity": int(room)} for name, room in zip(names, parks.capacity, strict=True)]
        return self._layer("car_parks", shapely.points(parks.x, parks.y), properties, 13)

    def _layer(
        self,
        name: str,
        shapes: Geometries,
        properties: Sequence[Properties],
        zoom: int | NDArray[np.int64],
        *,
        ids: Sequence[int] | None = None,
        max_zoom: int = 99,
    ) -> Layer:
        zooms = np.broadcast_to(np.asarray(zoom, np.int64), (len(shapes),))
        rows = range(len(shapes)) if ids is None else ids
        return Layer(name, shapely.transform(shapes, self._unit_square), rows, properties, zooms, max_zoom)

    def _unit_square(self, points: Points) -> Points:
        return mercator(*self._network.plane.inverse(points[:, 0], points[:, 1]))


def _lines(points: Points, start: Ints, count: Ints) -> Geometries:
    """Lines of the shapes `points[start : start + count]`."""
    owner = np.repeat(np.arange(len(start)), count)
    first = np.repeat(np.cumsum(count) - count, count)
    lines: Geometries = shapely.linestrings(points[start[owner] + np.arange(len(owner)) - first], indices=owner)
    return lines


def _named(chinese: NDArray[np.str_], english: NDArray[np.str_]) -> list[Properties]:
    return [{"name_zh": zh, "name_en": en} for zh, en in zip(chinese.tolist(), english.tolist(), strict=True)]


def _use(allowed: int) -> str:
    if allowed & MOTOR_KINDS & ~ParticipantKind.BUS.bit & ~ParticipantKind.SPECIAL.bit:
        return "motor"
    if allowed & MOTOR_KINDS:
        return "bus"
    return "cycle" if allowed & ParticipantKind.CYCLIST.bit else "foot"
