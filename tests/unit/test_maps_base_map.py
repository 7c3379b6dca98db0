"""The base map is one PMTiles file whose tiles a standard reader understands and whose shapes lie in place."""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from maps_city import SOUTH, STEP, WEST, city, imported
from pmtiles.reader import MmapSource, Reader
from pmtiles.tile import TileType

from maps.base_map import write_base_map
from maps.errors import MapFileError, MapSourceError
from maps.lane_ends import stop_lines
from maps.network import RoadNetwork
from maps.vector_tiles import mercator

RIVER = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"kind": "water", "name": "湘江|Xiang River"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[112.92, 28.19], [112.95, 28.19], [112.95, 28.22], [112.92, 28.22], [112.92, 28.19]]],
            },
        }
    ],
}


open_reader: Any = Reader
open_source: Any = MmapSource
"""Both without annotations in their package."""


def _network() -> RoadNetwork:
    return imported().network


@cache
def _tiles() -> tuple[dict[str, Any], dict[tuple[int, int, int], dict[str, Any]]]:
    """Metadata with the header, and all decoded tiles."""
    folder = city().net.parent
    background = folder / "river.geojson"
    background.write_text(json.dumps(RIVER), "utf-8")
    path = folder / "city.pmtiles"
    written = write_base_map(_network(), path, background)
    assert written.size == path.stat().st_size
    with path.open("rb") as file:
        reader = open_reader(open_source(file))
        about = {**reader.metadata(), **reader.header()}
        found = {}
        for zoom in range(10, 17):
            west, north = (np.array(mercator(np.array([112.92]), np.array([28.22]))) * 2**zoom).astype(int)[0]
            east, south = (np.array(mercator(np.array([112.95]), np.array([28.19]))) * 2**zoom).astype(int)[0]
            for x in range(west, east + 1):
                for y in range(north, south + 1):
                    content = reader.get(zoom, x, y)
                    if content is not None:
                        options = {"y_coord_down": True}
                        found[zoom, x, y] = mapbox_vector_tile.decode(gzip.decompress(content), default_options=options)
    assert len(found) == written.tiles
    return about, found


def _features(layer: str, zoom: int) -> list[tuple[tuple[int, int, int], int, Any]]:
    _, tiles = _tiles()
    return [
        (name, content[layer]["extent"], feature)
        for name, content in tiles.items()
        if name[0] == zoom and layer in content
        for feature in content[layer]["features"]
    ]


def _rows(layer: str, zoom: int) -> set[int]:
    return {feature["id"] for _, _, feature in _features(layer, zoom)}


def test_header_says_what_and_where() -> None:
    about, _ = _tiles()
    assert about["tile_type"] is TileType.MVT
    assert (about["min_zoom"], about["max_zoom"]) == (10, 16)
    assert about["min_lon_e7"] / 1e7 == pytest.approx(WEST, abs=1e-3)
    assert about["max_lat_e7"] / 1e7 == pytest.approx(SOUTH + 2 * STEP, abs=1e-3)
    assert about["name"] == "city"


def test_metadata_lists_every_layer_with_its_fields() -> None:
    about, tiles = _tiles()
    listed = {layer["id"]: set(layer["fields"]) for layer in about["vector_layers"]}
    for content in tiles.values():
        for name, layer in content.items():
            for feature in layer["features"]:
                assert set(feature["properties"]) <= listed[name]
    assert listed["roads"] == {"class", "name_zh", "name_en", "lanes", "width"}


def test_each_row_of_the_network_is_drawn_at_the_deepest_zoom() -> None:
    network = _network()
    assert _rows("roads", 16) == set(range(len(network.links.id)))
    assert _rows("lanes", 16) == set(range(len(network.lanes.id)))
    assert _rows("crossings", 16) == set(range(len(network.crossings.id)))
    assert _rows("signals", 16) == set(range(len(network.signals.id)))
    assert _rows("stops", 16) == set(range(len(network.stops.id)))
    assert _rows("car_parks", 16) == set(range(len(network.car_parks.id)))
    assert _rows("stop_lines", 16) == set(np.flatnonzero(~network.groups.pedestrian).tolist())
    assert _rows("junctions", 16) == set(range(len(network.nodes.id)))


def test_small_roads_and_lanes_wait_for_deeper_zooms() -> None:
    network = _network()
    major = {row for row, value in enumerate(network.links.road_class.tolist()) if value <= 2}
    assert _rows("roads", 10) == major
    assert _rows("roads", 12) == set(range(len(network.links.id)))
    assert not _rows("lanes", 15)
    assert not _rows("signals", 11)


def test_lane_lines_lie_within_ten_centimetres_of_the_network() -> None:
    network = _network()
    lanes = network.lanes
    drawn: dict[int, list[Any]] = {}
    for (zoom, x, y), extent, feature in _features("lanes", 16):
        line = shapely.geometry.shape(feature["geometry"])
        world = (shapely.get_coordinates(line) / extent + (x, y)) / 2**zoom
        drawn.setdefault(feature["id"], []).append(world)
    for row in range(len(lanes.id)):
        shape = network.shape(lanes.shape_start[row], lanes.shape_count[row])
        true = mercator(*network.plane.inverse(shape[:, 0], shape[:, 1]))
        metre = 1 / (40_075_016.7 * np.cos(np.radians(SOUTH)))
        distance = shapely.distance(shapely.LineString(true), shapely.points(np.concatenate(drawn[row])))
        assert distance.max() < 0.1 * metre


def test_properties_carry_names_and_turns() -> None:
    network = _network()
    _, _, road = next(entry for entry in _features("roads", 16) if entry[2]["id"] == network.link_rows["e_n0_1_n1_1"])
    assert road["properties"]["class"] == "arterial"
    assert road["properties"]["name_en"] == "Avenue 1"
    assert road["properties"]["lanes"] == 3
    turns = {feature["properties"]["turn"] for _, _, feature in _features("connections", 16)}
    assert turns >= {"straight", "left", "right"}
    uses = {feature["properties"]["use"] for _, _, feature in _features("lanes", 16)}
    assert uses == {"motor", "bus", "foot"}


def test_stop_lines_share_the_width_of_their_lane_left_turns_on_the_left() -> None:
    network = _network()
    lines = stop_lines(network)
    lengths = shapely.length(lines.shapes)
    widths = network.lanes.width.max()
    assert (lengths <= widths + 1e-6).all()
    assert (lengths < 2).any()
    total = lengths.sum()
    lit = np.unique(network.connections.from_lane[network.connections.group >= 0])
    assert total == pytest.approx(float(network.lanes.width[lit].sum()), rel=1e-5)


def test_background_lies_in_every_zoom_with_its_names() -> None:
    for zoom in (10, 13, 16):
        properties = [feature["properties"] for _, _, feature in _features("background", zoom)]
        assert properties
        assert properties[0] == {"kind": "water", "name_zh": "湘江", "name_en": "Xiang River"}


@pytest.mark.parametrize("text", ["", "[]", '{"features": [{"geometry": {"type": "Blob"}}]}', '{"features": 3}'])
def test_background_that_is_no_geojson_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.geojson"
    path.write_text(text, "utf-8")
    with pytest.raises(MapSourceError, match="not a GeoJSON FeatureCollection"):
        write_base_map(_network(), tmp_path / "out.pmtiles", path)


def test_missing_background_is_named(tmp_path: Path) -> None:
    with pytest.raises(MapSourceError, match=r"none\.geojson: No such file"):
        write_base_map(_network(), tmp_path / "out.pmtiles", tmp_path / "none.geojson")


def test_unwritable_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(MapFileError, match="cannot write the tiles"):
        write_base_map(_network(), tmp_path / "file" / "out.pmtiles")
