"""Links of a road network as GeoJSON (RFC 7946)."""

import numpy as np

from maps.network import Points, RoadClass, RoadNetwork

Json = dict[str, object]


def links_geojson(network: RoadNetwork) -> Json:
    """Make a FeatureCollection with one LineString a link; the feature id is the link's row, positions 1e-7 deg."""
    lon, lat = network.plane.inverse(network.points[:, 0], network.points[:, 1])
    degrees = np.column_stack([lon.round(7), lat.round(7)])
    return {
        "type": "FeatureCollection",
        "features": [_link(network, degrees, row) for row in range(len(network.links.id))],
    }


def _link(network: RoadNetwork, degrees: Points, row: int) -> Json:
    links = network.links
    start, count = int(links.shape_start[row]), int(links.shape_count[row])
    return {
        "type": "Feature",
        "id": row,
        "properties": {
            "id": str(links.id[row]),
            "class": RoadClass(int(links.road_class[row])).name.lower(),
            "name_zh": str(links.name_zh[row]),
            "name_en": str(links.name_en[row]),
            "length": round(float(links.length[row]), 2),
            "speed": round(float(links.speed[row]), 2),
            "lanes": int(links.lane_count[row]),
        },
        "geometry": {"type": "LineString", "coordinates": degrees[start : start + count].tolist()},
    }
