"""Lanes that end at a light, with the movements that they serve: where a browser draws the queue of each lane."""

import numpy as np
import orjson

from fusion.movements import Movements
from maps.network import RoadNetwork

LONGEST_M = 300.0
"""Of a lane so much is given, from the stop line back."""
STRAIGHT_M = 0.3
"""Points closer to the line between their neighbours are left out."""


def approach_lanes(network: RoadNetwork) -> bytes:
    """Lanes as JSON: link, movements (rows of the MOVEMENTS frames), points (lon, lat) from the stop line back."""
    movements = Movements.of(network)
    lanes_of: dict[int, set[int]] = {}
    lit = np.flatnonzero(network.connections.group >= 0)
    for lane, row in zip(
        network.connections.from_lane[lit].tolist(), movements.of_connection[lit].tolist(), strict=True
    ):
        if lane >= 0 and row >= 0:
            lanes_of.setdefault(lane, set()).add(row)
    found = [
        {"link": int(network.lanes.link[lane]), "movements": sorted(rows), "points": _points(network, lane)}
        for lane, rows in sorted(lanes_of.items())
    ]
    return orjson.dumps({"lanes": found})


def _points(network: RoadNetwork, lane: int) -> list[list[float]]:
    start, count = int(network.lanes.shape_start[lane]), int(network.lanes.shape_count[lane])
    shape = network.points[start : start + count][::-1]
    away = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(shape, axis=0).T))))
    last = int(np.searchsorted(away, LONGEST_M)) + 1
    lon, lat = network.plane.inverse(*shape[_bends(shape[:last])].T)
    points: list[list[float]] = np.round(np.column_stack((lon, lat)), 7).tolist()
    return points


def _bends(shape: "np.ndarray[tuple[int, int], np.dtype[np.float64]]") -> list[int]:
    """Rows of the points that a line needs: Douglas and Peucker, 1973."""
    kept = {0, len(shape) - 1}
    waiting = [(0, len(shape) - 1)]
    while waiting:
        first, last = waiting.pop()
        if last - first < 2:
            continue
        along = shape[last] - shape[first]
        off = shape[first + 1 : last] - shape[first]
        distance = np.abs(along[0] * off[:, 1] - along[1] * off[:, 0]) / max(float(np.hypot(*along)), 1e-9)
        worst = int(np.argmax(distance))
        if distance[worst] > STRAIGHT_M:
            middle = first + 1 + worst
            kept.add(middle)
            waiting += [(first, middle), (middle, last)]
    return sorted(kept)
