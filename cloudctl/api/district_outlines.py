"""`/api/v1/districts`: outlines of the districts, for drawing them and for showing what lies within.

A district is what lies nearer to its registered roadside devices than to those of others, within `REACH_M`
(`cloudctl.api.district_sight`). Outlines are simplified to what a map filter takes; a few metres are lost at borders.
"""

import asyncio
import math
from collections.abc import Sequence
from weakref import WeakKeyDictionary

import numpy as np
import orjson
import shapely
from fastapi import APIRouter, Request
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon, mapping
from shapely.geometry.base import BaseGeometry

from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.district_raster import METRES, REACH_M, DistrictRaster
from cloudctl.api.network_routes import GEOJSON, GeoJson
from cloudctl.api.services import Services

MOST_CORNERS = 64
"""Of one outline, with the ways between its parts; what the filter of the live map takes (`js/mover_filter.js`)."""
FIRST_TOLERANCE = 2.0
"""m; doubled until the corners are few enough"""
Landmarks = Sequence[tuple[float, float, str]]
Corners = list[tuple[float, float]]
_OUTLINES: "WeakKeyDictionary[DistrictRaster, dict[str, MultiPolygon]]" = WeakKeyDictionary()
"""Worked out again when a border moved."""

router = APIRouter(prefix="/api/v1/districts", tags=["network"], dependencies=[requires(Permission.SEE_PICTURE)])


@router.get("", response_class=GeoJson, responses={200: {"content": {GEOJSON: {"schema": {"type": "object"}}}}})
async def list_districts(request: Request, actor: CurrentActor) -> GeoJson:
    """Give the caller's districts as GeoJSON by name; `ring` walks over all parts of one, as map filters take it."""
    raster = Services.of(request).districts.raster
    shapes = _OUTLINES.get(raster)
    if shapes is None:
        shapes = _OUTLINES[raster] = await asyncio.to_thread(outlines, raster.places)
    features = [
        {
            "type": "Feature",
            "properties": {"district": name, "ring": one_ring(shape)},
            "geometry": mapping(shape),
        }
        for name, shape in shapes.items()
        if actor.in_district(name)
    ]
    return GeoJson(orjson.dumps({"type": "FeatureCollection", "features": features}))


def outlines(places: Landmarks) -> dict[str, MultiPolygon]:
    """Outlines (deg) of the districts of landmarks (lon, lat, district; deg), by name in order."""
    if not places:
        return {}
    lon, lat = (np.array([place[axis] for place in places], float) for axis in (0, 1))
    scale = np.array([METRES * max(math.cos(math.radians(float(np.median(lat)))), 0.01), METRES])
    points = np.column_stack((lon, lat)) * scale
    owners = np.array([name for _, _, name in places])
    points, first = np.unique(points, axis=0, return_index=True)
    owners = owners[first]
    cells = _cells(points)
    found = {}
    for name in sorted(set(owners.tolist())):
        own = np.flatnonzero(owners == name)
        reached = shapely.intersection(shapely.buffer(shapely.points(points[own]), REACH_M, quad_segs=16), cells[own])
        found[name] = _simple(shapely.union_all(reached), scale)
    return found


def one_ring(shape: MultiPolygon) -> Corners:
    """All rings as one that is not closed: from its first corner out to each other ring, around it and back again.

    The ways there and back cancel out where crossings are counted (even-odd), so it holds the same places.
    """
    rings = [list(ring.coords) for part in shape.geoms for ring in (part.exterior, *part.interiors)]
    walk: Corners = [(x, y) for x, y in rings[0][:-1]] if rings else []
    for ring in rings[1:]:
        walk += [walk[0], *((x, y) for x, y in ring)]
    return walk


def _cells(points: NDArray[np.float64]) -> NDArray[np.object_]:
    """What lies nearest to each point (n, 2), m."""
    if len(points) == 1:
        return np.array([shapely.buffer(shapely.points(points[0]), 2 * REACH_M)])
    several = shapely.multipoints(shapely.points(points))
    around = shapely.buffer(several, 2 * REACH_M)
    cells = shapely.get_parts(shapely.voronoi_polygons(several, extend_to=shapely.envelope(around)))
    point, cell = shapely.STRtree(cells).query(shapely.points(points), predicate="within")
    found: NDArray[np.object_] = cells[cell[np.argsort(point)]]
    return found


def _simple(shape: BaseGeometry, scale: NDArray[np.float64]) -> MultiPolygon:
    """Few enough corners, in deg; the smallest parts are left out where it needs be."""
    tolerance, simple = FIRST_TOLERANCE, _parts(shape)
    while len(one_ring(simple)) > MOST_CORNERS:
        simple = _parts(shapely.simplify(shape, tolerance))
        if tolerance > REACH_M / 4:
            simple = MultiPolygon(sorted(simple.geoms, key=lambda part: -part.area)[: max(len(simple.geoms) // 2, 1)])
            shape = simple
        tolerance *= 2
    return _parts(shapely.transform(simple, lambda metres: np.round(metres / scale, 5)))


def _parts(shape: BaseGeometry) -> MultiPolygon:
    """Polygons of a shape that still have an area."""
    return MultiPolygon([part for part in shapely.get_parts(shape) if isinstance(part, Polygon) and part.area > 0])
