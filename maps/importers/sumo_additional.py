"""Bus stops and car parks from a SUMO additional file."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from maps.importers.names import split_name
from maps.importers.report import ImportReport
from maps.importers.shapes import Position, ShapePool
from maps.importers.sumo_roads import Roads
from maps.importers.sumo_values import SumoValues
from maps.importers.sumo_xml import Attributes, read_elements
from maps.network import CarParks, Floats, Stops
from maps.polyline import point_at


@dataclass
class SumoPlaces:
    """Elements of an additional file."""

    stops: list[Attributes] = field(default_factory=list)
    parks: list[Attributes] = field(default_factory=list)
    spaces: dict[int, list[Attributes]] = field(default_factory=dict)
    """Single spaces of each car park, by its place in `parks`."""

    def start(self, name: str, attributes: Attributes) -> None:
        """Take one element in."""
        if name == "busStop":
            self.stops.append(attributes)
        elif name == "parkingArea":
            self.parks.append(attributes)
        elif name == "space" and self.parks:
            self.spaces.setdefault(len(self.parks) - 1, []).append(attributes)


def read_places(path: Path | None) -> SumoPlaces:
    """Read an additional file; no file means no stops and no car parks."""
    places = SumoPlaces()
    if path is not None:
        read_elements(path, places.start)
    return places


@dataclass(frozen=True)
class PlaceReader:
    """Puts the places of one additional file on the lanes of a network."""

    values: SumoValues
    roads: Roads
    pool: ShapePool
    """Shapes in the source's own coordinates."""
    lengths: Floats
    """Length of each lane, m."""

    def stops(self, places: SumoPlaces) -> Stops:
        """Table of bus stops."""
        spots = [self._spot("busStop", stop, "endPos") for stop in places.stops]
        names = [split_name(stop.get("name", stop["id"])) for stop in places.stops]
        return Stops(
            id=np.array([stop["id"] for stop in places.stops], str),
            name_zh=np.array([zh for zh, _ in names], str),
            name_en=np.array([en for _, en in names], str),
            lane=np.array([lane for lane, _ in spots], np.int32),
            offset=np.array([offset for _, offset in spots], np.float32),
            lines=np.array([" ".join(stop.get("lines", "").split()) for stop in places.stops], str),
        )

    def car_parks(self, places: SumoPlaces, report: ImportReport) -> CarParks:
        """Table of car parks; `x` and `y` are in the coordinates of the source."""
        spots = [self._spot("parkingArea", park, "endPos") for park in places.parks]
        names = [split_name(park.get("name", park["id"])) for park in places.parks]
        sites = [self._site(row, places, spot) for row, spot in enumerate(spots)]
        spaces = [len(places.spaces.get(row, [])) for row in range(len(places.parks))]
        roadside = [self.values.integer("parkingArea", park, "roadsideCapacity", 0) for park in places.parks]
        capacity = [a + b for a, b in zip(roadside, spaces, strict=True)]
        report.guessed["car_park_without_capacity"] += capacity.count(0)
        return CarParks(
            id=np.array([park["id"] for park in places.parks], str),
            name_zh=np.array([zh for zh, _ in names], str),
            name_en=np.array([en for _, en in names], str),
            lane=np.array([lane for lane, _ in spots], np.int32),
            offset=np.array([offset for _, offset in spots], np.float32),
            capacity=np.array(capacity, np.int32),
            x=np.array([x for x, _ in sites], float),
            y=np.array([y for _, y in sites], float),
        )

    def _spot(self, tag: str, place: Attributes, end: str) -> tuple[int, float]:
        self.values.text(tag, place, "id")
        name = self.values.text(tag, place, "lane")
        row = self.roads.lane_rows.get(name)
        if row is None:
            raise self.values.error(tag, place, f"lane {name!r} does not exist")
        source, length = self.roads.source_length[row], float(self.lengths[row])
        position = self.values.number(tag, place, end, source)
        position = position + source if position < 0 else position
        return row, min(max(position * length / max(source, 0.1), 0.0), length)

    def _site(self, row: int, places: SumoPlaces, spot: tuple[int, float]) -> Position:
        spaces = places.spaces.get(row, [])
        if spaces:
            xs = [self.values.number("space", space, "x") for space in spaces]
            ys = [self.values.number("space", space, "y") for space in spaces]
            return sum(xs) / len(xs), sum(ys) / len(ys)
        return point_at(np.array(self.pool.get(self.roads.lane_span[spot[0]])), spot[1])
