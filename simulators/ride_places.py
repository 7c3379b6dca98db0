"""Where buses on demand stop, where they wait at first, and how far riders go."""

from collections.abc import Mapping

import numpy as np

from maps.network import RoadNetwork
from maps.routing import Router

RIDE = (30.0, 100.0)
"""Drive on free roads from the stop where they start to that where they end, s."""


def stop_places(network: RoadNetwork) -> dict[str, tuple[float, float]]:
    """Where the bus stops of a network are, m on its plane."""
    places = {}
    for name, lane, offset in zip(network.stops.id, network.stops.lane, network.stops.offset, strict=True):
        shape = network.shape(int(network.lanes.shape_start[lane]), int(network.lanes.shape_count[lane]))
        along = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(shape, axis=0).T))))
        x, y = (float(np.interp(offset, along, shape[:, axis])) for axis in (0, 1))
        places[str(name)] = x, y
    return places


def spread_out(places: Mapping[str, tuple[float, float]], count: int) -> list[str]:
    """Name so many places (m) far apart: each next one is the farthest from those before it (Gonzalez, 1985)."""
    names = sorted(places)
    points = np.array([places[name] for name in names]).reshape(-1, 2)
    chosen, off = list[int](), np.hypot(*(points - points.mean(axis=0)).T) if names else np.empty(0)
    for _ in range(min(count, len(names))):
        chosen.append(int(off.argmax()) if chosen else int(off.argmin()))
        here = np.hypot(*(points - points[chosen[-1]]).T)
        off = here if len(chosen) == 1 else np.minimum(off, here)
    return [names[row] for row in chosen]


def stops_near(network: RoadNetwork) -> dict[str, frozenset[str]]:
    """Stops that riders want to go to from each stop, by how long cars drive on free roads."""
    router, names = Router(network), [str(name) for name in network.stops.id]
    links = network.lanes.link[network.stops.lane].astype(np.int64)
    found = {}
    for name, link in zip(names, links.tolist(), strict=True):
        takes = router.reach(link)[links]
        fits = np.flatnonzero((takes >= RIDE[0]) & (takes <= RIDE[1])).tolist()
        found[name] = frozenset(names[row] for row in fits)
    return found
