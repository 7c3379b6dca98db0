"""The vector base map of a road network as one PMTiles 3 file (github.com/protomaps/PMTiles)."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from maps.background import read_background
from maps.base_map_layers import network_layers
from maps.errors import MapFileError
from maps.network import RoadNetwork
from maps.vector_tiles import Layer, TileName, cut_tiles

MIN_ZOOM = 10
MAX_ZOOM = 16
"""Deeper views enlarge these tiles; their grid of 8192 keeps lane lines true to some centimetres."""


class _TileWriter(Protocol):
    """What we use of the writer, whose package annotates only half of it."""

    def write_tile(self, tileid: int, data: bytes) -> None: ...
    def finalize(self, header: dict[str, object], metadata: dict[str, object]) -> None: ...


_open_writer: Callable[[BinaryIO], _TileWriter] = Writer


@dataclass(frozen=True)
class BaseMap:
    """What was written."""

    tiles: int
    size: int
    """bytes"""


def write_base_map(network: RoadNetwork, path: Path, background: Path | None = None) -> BaseMap:
    """Draw `network` over the areas of a GeoJSON file and write the tiles; an older file is replaced in one step.

    Raises:
        MapSourceError: `background` is no GeoJSON file of areas.
        MapFileError: `path` cannot be written.
    """
    behind = [read_background(background)] if background else []
    layers = [*behind, *network_layers(network)]
    zooms = range(MIN_ZOOM, MAX_ZOOM + 1)
    tiles = {name: gzip.compress(content, 6, mtime=0) for name, content in cut_tiles(layers, zooms)}
    unfinished = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:
            _write(_open_writer(file), tiles, _header(network), _metadata(network, layers))
        unfinished.replace(path)
        return BaseMap(len(tiles), path.stat().st_size)
    except OSError as error:
        raise MapFileError(path, f"cannot write the tiles: {error.strerror}") from error


def _write(
    writer: _TileWriter, tiles: dict[TileName, bytes], header: dict[str, object], metadata: dict[str, object]
) -> None:
    for number, content in sorted((zxy_to_tileid(*name), content) for name, content in tiles.items()):
        writer.write_tile(number, content)
    writer.finalize(header, metadata)


def _header(network: RoadNetwork) -> dict[str, object]:
    lon, lat = network.plane.inverse(network.points[:, 0], network.points[:, 1])
    edges = np.rint(np.array([lon.min(), lat.min(), lon.max(), lat.max()]) * 1e7).astype(int).tolist()
    return {
        "tile_type": TileType.MVT,
        "tile_compression": Compression.GZIP,
        "min_lon_e7": edges[0],
        "min_lat_e7": edges[1],
        "max_lon_e7": edges[2],
        "max_lat_e7": edges[3],
        "center_zoom": 13,
        "center_lon_e7": round(network.plane.lon * 1e7),
        "center_lat_e7": round(network.plane.lat * 1e7),
    }


def _metadata(network: RoadNetwork, layers: list[Layer]) -> dict[str, object]:
    fields: dict[str, dict[str, str]] = {layer.name: {} for layer in layers}
    for layer in layers:
        for properties in layer.properties[:1]:
            fields[layer.name] |= {
                key: "String" if isinstance(value, str) else "Number" for key, value in properties.items()
            }
    return {
        "name": network.name,
        "description": network.source,
        "vector_layers": [{"id": name, "fields": kinds} for name, kinds in fields.items()],
    }
