"""Water, parks and other areas behind the roads, from GeoJSON (RFC 7946)."""

import json
from pathlib import Path

import numpy as np
import shapely

from maps.errors import MapSourceError
from maps.importers.names import split_name
from maps.vector_tiles import Layer, Properties, mercator


def read_background(path: Path) -> Layer:
    """Read the polygons of a FeatureCollection; properties `kind` and either `name_zh`, `name_en` or `name` ("zh|en").

    Raises:
        MapSourceError: the file is unreadable or no FeatureCollection of polygons.
    """
    try:
        collection = json.loads(path.read_text("utf-8"))
        features = collection["features"]
        shapes = shapely.from_geojson([json.dumps(feature["geometry"]) for feature in features])
        properties = [_properties(feature.get("properties") or {}) for feature in features]
    except OSError as error:
        raise MapSourceError(path, "", error.strerror or str(error)) from error
    except (KeyError, TypeError, ValueError, shapely.errors.GEOSException) as error:
        raise MapSourceError(path, "features", f"not a GeoJSON FeatureCollection: {error}") from error
    return background_layer(np.asarray(shapes, object), properties)


def background_layer(shapes: np.ndarray[tuple[int], np.dtype[np.object_]], properties: list[Properties]) -> Layer:
    """Layer of polygons in degrees."""
    unit = shapely.transform(shapes, lambda points: mercator(points[:, 0], points[:, 1]))
    return Layer("background", unit, range(len(shapes)), properties, np.full(len(shapes), 0, np.int64))


def _properties(given: dict[str, object]) -> Properties:
    chinese, english = split_name(str(given.get("name", "")))
    return {
        "kind": str(given.get("kind", "land")),
        "name_zh": str(given.get("name_zh", chinese)),
        "name_en": str(given.get("name_en", english)),
    }
