"""Where one gets to within a time."""

from dataclasses import dataclass

import numpy as np
import shapely
import shapely.ops
from numpy.typing import NDArray

from maps.network import Ints, RoadNetwork
from maps.participants import ParticipantKind
from maps.routing import Router

STREET = 60.0
"""Ground this far from a street that is reached counts as reached, m."""
_TOLERANCE = 10.0
"""m"""


@dataclass(frozen=True)
class Isochrone:
    """Links that are reached and the area about them."""

    links: Ints
    """Rows of the links whose start is reached."""
    share: NDArray[np.float64]
    """How much of each of these links is reached, 0..1."""
    area: list[list[list[list[float]]]]
    """GeoJSON coordinates of a MultiPolygon, [[[[lon, lat], ...], ...], ...], 1e-6 deg."""


def isochrone(
    router: Router, network: RoadNetwork, from_link: int, seconds: float, kind: ParticipantKind = ParticipantKind.CAR
) -> Isochrone:
    """Links and area that are reached within `seconds` from the start of a link, on the router's travel times."""
    times = router.travel_times
    left = router.reach(from_link, kind)
    entered = np.where(np.isfinite(left), left - times, np.inf)
    rows = np.flatnonzero(entered < seconds).astype(np.int32)
    share = np.clip((seconds - entered[rows]) / times[rows], 0.0, 1.0)
    return Isochrone(rows, share, _area(network, rows, share))


def _area(network: RoadNetwork, rows: Ints, share: NDArray[np.float64]) -> list[list[list[list[float]]]]:
    links = network.links
    lines = np.array(
        [shapely.LineString(network.shape(links.shape_start[row], links.shape_count[row])) for row in rows], object
    )
    parts = [
        shapely.line_locate_point(line, shapely.get_point(line, -1)) * reached
        for line, reached in zip(lines, share, strict=True)
    ]
    cut = [shapely.ops.substring(line, 0.0, part) for line, part in zip(lines, parts, strict=True)]
    ground = shapely.union_all(shapely.buffer(np.array(cut, object), STREET, quad_segs=3)).simplify(_TOLERANCE)
    polygons = shapely.get_parts(ground)
    return [[_ring(network, ring) for ring in shapely.get_rings(polygon)] for polygon in polygons]


def _ring(network: RoadNetwork, ring: shapely.LinearRing) -> list[list[float]]:
    points = shapely.get_coordinates(ring)
    degrees = network.plane.inverse(points[:, 0], points[:, 1])
    rounded: list[list[float]] = np.round(np.column_stack(degrees), 6).tolist()
    return rounded
