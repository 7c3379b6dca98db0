"""The road network as the live map needs it: tables whose rows the live frames name, ready to be sent.

Everything is made once at start. A row number in a frame (link, group) is the index in the table of that name.
"""

import hashlib
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import orjson
from numpy.typing import NDArray

from cloudctl.api.lane_tables import approach_lanes
from maps.network import RoadClass, RoadNetwork, Turn

Places = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Longitudes and latitudes, deg."""
TURN_LETTERS = {Turn.STRAIGHT: "S", Turn.LEFT: "L", Turn.RIGHT: "R", Turn.U_TURN: "U"}


@dataclass(frozen=True)
class Head:
    """A signal head as drawn: one group at one stop line."""

    group: int
    link: int
    lon: float
    lat: float
    """Middle of the stop line of the lanes that the group governs, deg."""
    bearing: float
    """Direction of travel over the stop line, deg clockwise from north."""
    turns: str
    """Letters of the movements: S, L, R, U."""


class NetworkTables:
    """Tables of one road network, as objects and as JSON bytes with an entity tag."""

    def __init__(self, network: RoadNetwork) -> None:
        self.network = network
        self._lon, self._lat = network.plane.inverse(network.points[:, 0], network.points[:, 1])

    @cached_property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north of the links, deg."""
        if not len(self._lon):
            return self.network.plane.lon, self.network.plane.lat, self.network.plane.lon, self.network.plane.lat
        return float(self._lon.min()), float(self._lat.min()), float(self._lon.max()), float(self._lat.max())

    @cached_property
    def link_middles(self) -> tuple[list[float], list[float]]:
        """Longitude and latitude (deg) of the middle shape point of each link."""
        links = self.network.links
        middle = links.shape_start + np.maximum(links.shape_count // 2, 0)
        middle = np.minimum(middle, max(len(self._lon) - 1, 0))
        return self._lon[middle].tolist(), self._lat[middle].tolist()

    @cached_property
    def link_ends(self) -> tuple[Places, Places]:
        """Longitudes and latitudes (deg) of the first and of the last shape point of each link."""
        links = self.network.links
        last = links.shape_start + np.maximum(links.shape_count - 1, 0)
        ends = (np.minimum(points, max(len(self._lon) - 1, 0)) for points in (links.shape_start, last))
        first, final = ((self._lon[points], self._lat[points]) for points in ends)
        return first, final

    def line(self, start: int, count: int) -> list[list[float]]:
        """One shape as [[lon, lat], ...], 1e-7 deg."""
        part = np.column_stack((self._lon[start : start + count], self._lat[start : start + count]))
        rounded: list[list[float]] = np.round(part, 7).tolist()
        return rounded

    @cached_property
    def signal_places(self) -> tuple[list[float], list[float]]:
        """Longitudes and latitudes of the signals, deg."""
        lon, lat = self.network.plane.inverse(self.network.signals.x, self.network.signals.y)
        return np.round(lon, 7).tolist(), np.round(lat, 7).tolist()

    def signal(self, row: int) -> dict[str, object]:
        """One signalised intersection."""
        signals = self.network.signals
        lon, lat = self.signal_places
        return {
            "row": row,
            "id": str(signals.id[row]),
            "region": int(signals.region[row]),
            "node_id": int(signals.node_id[row]),
            "lon": lon[row],
            "lat": lat[row],
            "name_zh": str(signals.name_zh[row]),
            "name_en": str(signals.name_en[row]),
            "group_start": int(signals.group_start[row]),
            "group_count": int(signals.group_count[row]),
        }

    def link(self, row: int) -> dict[str, object]:
        """One link, without its shape."""
        links = self.network.links
        lon, lat = self.link_middles
        return {
            "row": row,
            "id": str(links.id[row]),
            "name_zh": str(links.name_zh[row]),
            "name_en": str(links.name_en[row]),
            "road_class": RoadClass(int(links.road_class[row])).name.lower(),
            "length": round(float(links.length[row]), 1),
            "speed_limit": round(float(links.speed[row]), 2),
            "lanes": int(links.lane_count[row]),
            "lon": round(lon[row], 7),
            "lat": round(lat[row], 7),
        }

    @cached_property
    def heads(self) -> list[Head]:
        """Signal heads of all vehicle groups, one for each link and group."""
        connections = self.network.connections
        lanes_of: dict[tuple[int, int], tuple[set[int], set[str]]] = {}
        rows = zip(connections.from_lane.tolist(), connections.group.tolist(), connections.turn.tolist(), strict=True)
        for lane, group, turn in rows:
            if group < 0 or lane < 0:
                continue
            key = (group, int(self.network.lanes.link[lane]))
            lanes, turns = lanes_of.setdefault(key, (set(), set()))
            lanes.add(lane)
            turns.add(TURN_LETTERS[Turn(turn)])
        return [self._head(group, link, lanes, turns) for (group, link), (lanes, turns) in sorted(lanes_of.items())]

    def _head(self, group: int, link: int, lanes: set[int], turns: set[str]) -> Head:
        table = self.network.lanes
        last = [int(table.shape_start[lane] + table.shape_count[lane]) - 1 for lane in sorted(lanes)]
        points = self.network.points
        step = points[last[0]] - points[last[0] - 1]
        return Head(
            group=group,
            link=link,
            lon=round(float(np.mean(self._lon[last])), 7),
            lat=round(float(np.mean(self._lat[last])), 7),
            bearing=round(math.degrees(math.atan2(step[0], step[1])) % 360, 1),
            turns="".join(letter for letter in "LSRU" if letter in turns),
        )

    @cached_property
    def crossing_heads(self) -> list[dict[str, object]]:
        """Pedestrian crossings with a light: group, middle, and both ends."""
        table = self.network.crossings
        found: list[dict[str, object]] = []
        for row in np.flatnonzero(table.group >= 0).tolist():
            line = self.line(int(table.shape_start[row]), int(table.shape_count[row]))
            if line:
                first, last = line[0], line[-1]
                found.append(
                    {
                        "group": int(table.group[row]),
                        "lon": round((first[0] + last[0]) / 2, 7),
                        "lat": round((first[1] + last[1]) / 2, 7),
                    }
                )
        return found

    @cached_property
    def connections_of_groups(self) -> list[list[int]]:
        """Rows of the connections that each group governs."""
        found: list[list[int]] = [[] for _ in self.network.groups.signal]
        for row, group in enumerate(self.network.connections.group.tolist()):
            if group >= 0:
                found[group].append(row)
        return found

    @cached_property
    def stops(self) -> list[dict[str, object]]:
        """Bus stops at their place on the lane."""
        table = self.network.stops
        found: list[dict[str, object]] = []
        for row in range(len(table.id)):
            lon, lat = self._along(int(table.lane[row]), float(table.offset[row]))
            found.append(
                {
                    "row": row,
                    "id": str(table.id[row]),
                    "name_zh": str(table.name_zh[row]),
                    "name_en": str(table.name_en[row]),
                    "lines": str(table.lines[row]).split(),
                    "lon": lon,
                    "lat": lat,
                }
            )
        return found

    def _along(self, lane: int, offset: float) -> tuple[float, float]:
        table = self.network.lanes
        start, count = int(table.shape_start[lane]), int(table.shape_count[lane])
        shape = self.network.points[start : start + count]
        length = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(shape, axis=0).T))))
        lon = float(np.interp(offset, length, self._lon[start : start + count]))
        lat = float(np.interp(offset, length, self._lat[start : start + count]))
        return round(lon, 7), round(lat, 7)

    @cached_property
    def overview(self) -> bytes:
        """Name, box and counts of the network; JSON."""
        network = self.network
        return orjson.dumps(
            {
                "name": network.name,
                "source": network.source,
                "box": [round(edge, 6) for edge in self.box],
                "counts": {
                    "nodes": len(network.nodes.id),
                    "links": len(network.links.id),
                    "lanes": len(network.lanes.id),
                    "signals": len(network.signals.id),
                    "groups": len(network.groups.signal),
                    "crossings": len(network.crossings.id),
                    "stops": len(network.stops.id),
                    "car_parks": len(network.car_parks.id),
                },
            }
        )

    @cached_property
    def signals_json(self) -> bytes:
        """All signals, in row order; JSON."""
        return orjson.dumps({"signals": [self.signal(row) for row in range(len(self.network.signals.id))]})

    @cached_property
    def groups_json(self) -> bytes:
        """All signal groups, in row order, and where their heads stand; JSON."""
        groups = self.network.groups
        heads = [[h.group, h.link, h.lon, h.lat, h.bearing, h.turns] for h in self.heads]
        return orjson.dumps(
            {
                "signal": groups.signal.tolist(),
                "phase_id": groups.phase_id.tolist(),
                "pedestrian": groups.pedestrian.tolist(),
                "heads": {"columns": ["group", "link", "lon", "lat", "bearing", "turns"], "rows": heads},
                "crossings": self.crossing_heads,
                "connections": self.connections_of_groups,
            }
        )

    @cached_property
    def links_json(self) -> bytes:
        """All links, in row order, as columns; JSON."""
        links = self.network.links
        lon, lat = self.link_middles
        return orjson.dumps(
            {
                "id": links.id.tolist(),
                "name_zh": links.name_zh.tolist(),
                "name_en": links.name_en.tolist(),
                "road_class": links.road_class.tolist(),
                "lon": np.round(lon, 6).tolist(),
                "lat": np.round(lat, 6).tolist(),
            }
        )

    @cached_property
    def lanes_json(self) -> bytes:
        """Lanes that end at a light; JSON, see `approach_lanes`."""
        return approach_lanes(self.network)

    @cached_property
    def links_geojson(self) -> bytes:
        """All links as a GeoJSON FeatureCollection; the feature id is the row."""
        links = self.network.links
        features = [
            {
                "type": "Feature",
                "id": row,
                "properties": {"id": str(links.id[row]), "road_class": int(links.road_class[row])},
                "geometry": {
                    "type": "LineString",
                    "coordinates": self.line(int(links.shape_start[row]), int(links.shape_count[row])),
                },
            }
            for row in range(len(links.id))
        ]
        return orjson.dumps({"type": "FeatureCollection", "features": features})

    @cached_property
    def stops_json(self) -> bytes:
        """All bus stops, in row order; JSON."""
        return orjson.dumps({"stops": self.stops})


def entity_tag(content: bytes) -> str:
    """Strong ETag of some bytes (RFC 9110, 8.8.3)."""
    return f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
