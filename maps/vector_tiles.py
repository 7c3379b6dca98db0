"""Cut layers of shapes into Mapbox Vector Tiles 2.1 (github.com/mapbox/vector-tile-spec), all features at once.

Shapes are in the unit square of Web Mercator: x east from -180 deg, y south from 85.05 deg, both 0..1.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import mapbox_vector_tile
import numpy as np
import shapely
from numpy.typing import NDArray

Geometries = NDArray[np.object_]
Properties = Mapping[str, str | int | float]
TileName = tuple[int, int, int]
"""zoom, x, y"""

EXTENT = 4096
FINE_EXTENT = 8192
"""Grid of the deepest tiles: 6 cm at zoom 16 in Changsha, fine enough to be enlarged for lane lines."""
_MARGIN = 1 / 64
"""Shapes are kept this far beyond the tile's edge, in tiles, so that wide lines join."""
_PIXEL = EXTENT / 512
_TOLERANCE = 0.4 * _PIXEL
"""Shapes are simplified by less than half a pixel above the deepest zoom."""


@dataclass(frozen=True)
class Layer:
    """Features of one kind; several layers of one name share a layer in the tile."""

    name: str
    shapes: Geometries
    """(n,) in the unit square."""
    ids: Sequence[int]
    properties: Sequence[Properties]
    min_zoom: NDArray[np.int64]
    max_zoom: int = 99


@dataclass(frozen=True)
class _Pieces:
    """The features of one layer at one zoom, and which of them each tile sees; sorted by tile."""

    layer: Layer
    shapes: Geometries
    """In grid units of the whole world."""
    rows: NDArray[np.int64]
    """Row in the layer of each shape."""
    tile: NDArray[np.int64]
    """(m, 2) column and row of the tile of each piece."""
    shape: NDArray[np.int64]
    """Shape of each piece."""


def mercator(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit square coordinates (n, 2) of longitudes and latitudes (deg)."""
    north = np.log(np.tan(np.pi / 4 + np.radians(lat) / 2))
    return np.column_stack([lon / 360 + 0.5, 0.5 - north / (2 * np.pi)])


def cut_tiles(layers: Sequence[Layer], zooms: range) -> Iterator[tuple[TileName, bytes]]:
    """Encode every tile that is not empty; zooms ascend, the last is the finest."""
    for zoom in zooms:
        extent = FINE_EXTENT if zoom == zooms[-1] else EXTENT
        pieces = [_split(layer, zoom, extent, exact=zoom == zooms[-1]) for layer in layers]
        pieces = [piece for piece in pieces if len(piece.tile)]
        if not pieces:
            continue
        for column, row in np.unique(np.concatenate([piece.tile for piece in pieces]), axis=0).tolist():
            content = _encode(pieces, column, row, extent)
            if content:
                yield (zoom, column, row), content


def _split(layer: Layer, zoom: int, extent: int, *, exact: bool) -> _Pieces:
    rows = np.flatnonzero((layer.min_zoom <= zoom) & (zoom <= layer.max_zoom))
    scale = float(extent << zoom)
    shapes: Geometries = shapely.transform(layer.shapes[rows], lambda points: points * scale)
    if not exact:
        shapes = shapely.simplify(shapes, _TOLERANCE)
    box = shapely.bounds(shapes) / extent if len(rows) else np.empty((0, 4))
    low = np.floor(box[:, :2] - _MARGIN).astype(np.int64)
    high = np.floor(box[:, 2:] + _MARGIN).astype(np.int64)
    wide, tall = (high - low + 1).T
    shape = np.repeat(np.arange(len(rows)), wide * tall)
    nth = np.arange(len(shape)) - np.repeat(np.cumsum(wide * tall) - wide * tall, wide * tall)
    tile = low[shape] + np.column_stack([nth % wide[shape], nth // wide[shape]])
    order = np.lexsort((shape, tile[:, 1], tile[:, 0]))
    return _Pieces(layer, shapes, rows, tile[order], shape[order])


def _encode(pieces: Sequence[_Pieces], column: int, row: int, extent: int) -> bytes:
    layers: dict[str, list[dict[str, object]]] = {}
    for piece in pieces:
        features = _features(piece, column, row, extent)
        if features:
            layers.setdefault(piece.layer.name, []).extend(features)
    if not layers:
        return b""
    content: bytes = mapbox_vector_tile.encode(
        [{"name": name, "features": features} for name, features in layers.items()],
        default_options={"extents": extent, "y_coord_down": True},
    )
    return content


def _features(piece: _Pieces, column: int, row: int, extent: int) -> list[dict[str, object]]:
    """Features of one layer clipped to one tile, in its grid."""
    key = piece.tile[:, 0] * (1 << 32) + piece.tile[:, 1]
    first, last = np.searchsorted(key, [column * (1 << 32) + row, column * (1 << 32) + row + 1])
    own = piece.shape[first:last]
    if not len(own):
        return []
    edge = _MARGIN * extent
    x, y = column * extent, row * extent
    clipped = shapely.clip_by_rect(piece.shapes[own], x - edge, y - edge, x + extent + edge, y + extent + edge)
    local = shapely.transform(clipped, lambda points: np.rint(points - (x, y)))
    kept = np.flatnonzero(~shapely.is_empty(local)).tolist()
    rows = piece.rows[own].tolist()
    layer = piece.layer
    return [{"geometry": local[k], "id": layer.ids[rows[k]], "properties": layer.properties[rows[k]]} for k in kept]
