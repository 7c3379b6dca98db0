"""Nodes of the MAP that a unit sends: the roads of its signal, and its crossings as lanes of the roads they cross.

A crossing is a lane of type crosswalk (T/CSAE 53-2020, DF_LaneTypeAttributes) whose connection leads back to its own
intersection and names the phase of the lights for people on foot, so that MAP names every phase that SPAT shows.
"""

from typing import Any

import numpy as np

from maps.line_fit import thinned
from maps.network import RoadNetwork
from maps.v2x_map_export import MAX_POINTS, map_message

_MOST_LANES = 32
_NOBODY_ELSE, _CROSSWALK, _NO_TURN = "0" * 10, "0" * 16, "0" * 12

Fields = dict[str, Any]


def map_nodes(network: RoadNetwork, row: int) -> list[Fields]:
    """Nodes of the MAP of the signal in a row of the network."""
    nodes: list[Fields] = map_message(network, row, msg_cnt=0, moy=0)["nodes"]  # type: ignore[assignment]  # plain JSON
    groups, crossings = network.groups, network.crossings
    links: list[Fields] = nodes[0].get("inLinks", [])
    if not links:
        return nodes
    ends = np.array([_place(link["points"][-1]) for link in links])
    for crossing in np.flatnonzero((crossings.group >= 0) & (groups.signal[crossings.group] == row)).tolist():
        points = _points(network, crossing)
        middle = np.mean([_place(point) for point in points], axis=0)
        link = links[int(np.argmin(np.hypot(*(ends - middle).T)))]
        if len(link["lanes"]) < _MOST_LANES:
            phase = int(groups.phase_id[crossings.group[crossing]])
            link["lanes"].append(_crosswalk(link, nodes[0]["id"], phase, points))
    return nodes


def _crosswalk(link: Fields, node: Fields, phase: int, points: list[Fields]) -> Fields:
    return {
        "laneID": max(lane["laneID"] for lane in link["lanes"]) + 1,
        "laneAttributes": {"shareWith": _NOBODY_ELSE, "laneType": {"crosswalk": _CROSSWALK}},
        "maneuvers": _NO_TURN,
        "connectsTo": [{"remoteIntersection": node, "phaseId": phase}],
        "points": points,
    }


def _points(network: RoadNetwork, crossing: int) -> list[Fields]:
    crossings = network.crossings
    shape = network.shape(crossings.shape_start[crossing], crossings.shape_count[crossing])
    line = thinned(shape, MAX_POINTS)
    lon, lat = network.plane.inverse(line[:, 0], line[:, 1])
    return [
        {"posOffset": {"offsetLL": {"position-LatLon": {"lon": round(x * 1e7), "lat": round(y * 1e7)}}}}
        for x, y in zip(lon.tolist(), lat.tolist(), strict=True)
    ]


def _place(point: Fields) -> tuple[int, int]:
    place = point["posOffset"]["offsetLL"]["position-LatLon"]
    return place["lon"], place["lat"]
