"""The timetable of the next hours as columns for RAPTOR, with live predictions in place of planned times.

Trips of one sequence of stops are parted into routes in which nobody overtakes: live times may let a bus pass another.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from cloudctl.maas.raptor import Network
from cloudctl.transit.state import BusState
from cloudctl.transit.timetable import DatedTrip

Reals = NDArray[np.float64]
Walks = Sequence[tuple[int, int, float]]
"""(from stop, to stop, s), sorted by the first."""
BEFORE = 1.0
"""A stop that a bus has passed was passed at least this long ago, s."""


@dataclass(frozen=True)
class Route:
    """Trips of one sequence of stops that never overtake each other."""

    line: str
    stops: tuple[str, ...]
    trips: tuple[str, ...]
    """Keys of the dated trips."""
    arrival: Reals
    departure: Reals
    """(trips, stops) UTC epoch s."""


@dataclass(frozen=True)
class TripTable:
    """Routes and the columns made of them."""

    routes: tuple[Route, ...]
    network: Network
    live: frozenset[str] = frozenset()
    """Trips whose times are predicted."""


@dataclass
class _Group:
    keys: list[str] = field(default_factory=list)
    arrival: list[list[float]] = field(default_factory=list)
    departure: list[list[float]] = field(default_factory=list)


class Planned:
    """Planned trips of some hours; `with_live` gives the table of a moment."""

    def __init__(self, trips: Iterable[DatedTrip], stops: Sequence[str], walks: Walks) -> None:
        """`stops` are the ids by row; calls at others are an error of the caller."""
        self._rows = {stop: row for row, stop in enumerate(stops)}
        self._walks = walks
        groups: dict[tuple[str, int, tuple[str, ...]], _Group] = {}
        self._group_of: dict[str, tuple[str, int, tuple[str, ...]]] = {}
        for dated in trips:
            trip = dated.trip
            key = (trip.line, trip.direction, trip.stops)
            group = groups.setdefault(key, _Group())
            group.keys.append(dated.key)
            group.arrival.append([dated.midnight + call.arrival for call in trip.calls])
            group.departure.append([dated.midnight + call.departure for call in trip.calls])
            self._group_of[dated.key] = key
        self._groups = {
            key: (tuple(group.keys), np.array(group.arrival), np.array(group.departure))
            for key, group in groups.items()
        }
        self._routes = {key: part(key[0], key[2], *group) for key, group in self._groups.items()}

    def with_live(self, buses: Iterable[BusState], now: float) -> TripTable:
        """Take the predicted arrivals of buses over; a stop that a bus has passed can no longer be boarded at."""
        changed: dict[tuple[str, int, tuple[str, ...]], tuple[tuple[str, ...], Reals, Reals]] = {}
        live: set[str] = set()
        for bus in buses:
            key = self._group_of.get(bus.trip or "")
            if key is None or not bus.arrivals:
                continue
            if key not in changed:
                names, arrival, departure = self._groups[key]
                changed[key] = names, arrival.copy(), departure.copy()
            names, arrival, departure = changed[key]
            row = names.index(str(bus.trip))
            if _put(bus, arrival[row], departure[row], now):
                live.add(names[row])
        routes: list[Route] = []
        for key, known in self._routes.items():
            routes += part(key[0], key[2], *changed[key]) if key in changed else known
        return TripTable(tuple(routes), columns(routes, self._rows, self._walks), frozenset(live))


def _put(bus: BusState, arrival: Reals, departure: Reals, now: float) -> bool:
    """Overwrite the times of one trip; False where the predictions do not fit its stops."""
    first = bus.arrivals[0].number
    expected = np.array([each.expected for each in bus.arrivals])
    if [each.number for each in bus.arrivals] != list(range(first, len(arrival))) or (np.diff(expected) < 0).any():
        return False
    stay = departure - arrival
    arrival[first:] = expected
    departure[first:] = expected + stay[first:]
    np.maximum.accumulate(departure[first:], out=departure[first:])
    arrival[first + 1 :] = np.maximum(arrival[first + 1 :], departure[first:-1])
    departure[first:] = np.maximum(arrival[first:], departure[first:])
    passed = min(now - BEFORE, expected[0])
    arrival[:first] = np.minimum(arrival[:first], passed)
    departure[:first] = np.minimum(departure[:first], passed)
    return True


def part(line: str, stops: tuple[str, ...], keys: Sequence[str], arrival: Reals, departure: Reals) -> list[Route]:
    """Part trips into routes without overtaking: each joins the first route whose last trip it follows everywhere."""
    chains: list[list[int]] = []
    for row in np.lexsort((arrival[:, -1], departure[:, 0])).tolist():
        for chain in chains:
            last = chain[-1]
            if (arrival[last] <= arrival[row]).all() and (departure[last] <= departure[row]).all():
                chain.append(row)
                break
        else:
            chains.append([row])
    return [Route(line, stops, tuple(keys[row] for row in rows), arrival[rows], departure[rows]) for rows in chains]


def columns(routes: Sequence[Route], rows: dict[str, int], walks: Walks) -> Network:
    """Lay routes and walks out as columns."""
    sizes = np.array([len(route.stops) for route in routes], np.int64)
    counts = np.array([len(route.trips) for route in routes], np.int64)
    route_stop = np.array([rows[stop] for route in routes for stop in route.stops], np.int32)
    places = np.array([number for size in sizes.tolist() for number in range(size)], np.int32)
    owner = np.repeat(np.arange(len(routes), dtype=np.int32), sizes)
    order = np.argsort(route_stop, kind="stable")
    joined = [route.arrival.ravel() for route in routes], [route.departure.ravel() for route in routes]
    walk_from = np.array([walk[0] for walk in walks], np.int64)
    return Network(
        route_start=_starts(sizes),
        route_stop=route_stop,
        trip_start=_starts(counts),
        time_start=np.concatenate([[0], np.cumsum(sizes * counts)[:-1]]).astype(np.int64)[: len(routes)],
        arrival=np.concatenate([np.empty(0), *joined[0]]),
        departure=np.concatenate([np.empty(0), *joined[1]]),
        stop_start=_starts(np.bincount(route_stop, minlength=len(rows))),
        stop_route=owner[order],
        stop_place=places[order],
        walk_start=_starts(np.bincount(walk_from, minlength=len(rows))),
        walk_to=np.array([walk[1] for walk in walks], np.int32),
        walk_time=np.array([walk[2] for walk in walks], np.float64),
    )


def without_walks(table: TripTable) -> TripTable:
    """The same table for somebody who does not walk between stops."""
    none = np.zeros(table.network.stops + 1, np.int32)
    bare = replace(table.network, walk_start=none, walk_to=np.empty(0, np.int32), walk_time=np.empty(0))
    return replace(table, network=bare)


def _starts(counts: NDArray[np.int64]) -> NDArray[np.int32]:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
