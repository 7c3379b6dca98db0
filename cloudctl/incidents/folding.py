"""Floods folded: incidents of the same kind in the same neighbourhood share one entry in the list."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

NEIGHBOURHOOD_M = 300.0
"""Incidents of one kind that are no farther apart belong together, and through others also farther ones."""
_METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True)
class Spot:
    """Where and when something is."""

    id: str
    kind: str
    started: float
    lon: float
    lat: float


def fold(spots: Iterable[Spot], reach: float = NEIGHBOURHOOD_M) -> dict[str, str]:
    """Give for each incident the id of the one that leads its group: the earliest of those that hang together.

    Runs over a grid of cells as wide as `reach` (m), so that a thousand incidents cost milliseconds.
    """
    ordered = sorted(spots, key=lambda spot: (spot.started, spot.id))
    # the narrowest degree of them all, so that what is near is never more than one column away
    width = min((math.cos(math.radians((abs(spot.lat) + 0.01))) for spot in ordered), default=1.0)
    leader = {spot.id: spot.id for spot in ordered}
    rank = {spot.id: number for number, spot in enumerate(ordered)}
    cells: dict[tuple[str, int, int], list[Spot]] = {}
    for spot in ordered:
        column, row = _cell(spot, reach, max(width, 0.01))
        for near in (
            other
            for dx in (-1, 0, 1)
            for dy in (-1, 0, 1)
            for other in cells.get((spot.kind, column + dx, row + dy), ())
        ):
            if _apart(spot, near) <= reach:
                first, second = sorted((_root(leader, spot.id), _root(leader, near.id)), key=rank.__getitem__)
                leader[second] = first
        cells.setdefault((spot.kind, column, row), []).append(spot)
    return {name: _root(leader, name) for name in leader}


def sizes(groups: Mapping[str, str]) -> dict[str, int]:
    """Give how many incidents each group has, by its leader."""
    found: dict[str, int] = {}
    for leader in groups.values():
        found[leader] = found.get(leader, 0) + 1
    return found


def apart(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Distance of two near places (deg), m."""
    east = (lon - other_lon) * math.cos(math.radians((lat + other_lat) / 2))
    return math.hypot(east, lat - other_lat) * _METRES_PER_DEGREE


def _apart(one: Spot, other: Spot) -> float:
    return apart(one.lon, one.lat, other.lon, other.lat)


def _cell(spot: Spot, reach: float, width: float) -> tuple[int, int]:
    east = spot.lon * width * _METRES_PER_DEGREE
    return math.floor(east / reach), math.floor(spot.lat * _METRES_PER_DEGREE / reach)


def _root(leader: dict[str, str], name: str) -> str:
    while leader[name] != name:
        leader[name] = leader[leader[name]]
        name = leader[name]
    return name
