"""RAPTOR: earliest arrivals by the number of buses taken (Delling, Pagh and Werneck 2012).

A route here is a sequence of stops whose trips never overtake each other, see `cloudctl.maas.trip_table`. Between two
buses there is at most one walk. Arrivals by bus and by walk are kept apart, so that walks need not be closed under
transitivity to be exact. Times are float64 s.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.compiled import compiled

Reals = NDArray[np.float64]
Rows = NDArray[np.int32]
ROUNDS = 5
"""Most buses of a journey."""


@dataclass(frozen=True)
class Network:
    """Stops, routes, trips and walks as columns."""

    route_start: Rows
    """First place in `route_stop` of each route, (r + 1,)."""
    route_stop: Rows
    trip_start: Rows
    """First trip of each route, (r + 1,)."""
    time_start: NDArray[np.int64]
    """First place in `arrival` of each route, (r,); trip t, stop i of S stops lies t * S + i further on."""
    arrival: Reals
    departure: Reals
    stop_start: Rows
    """First place in `stop_route` of each stop, (n + 1,)."""
    stop_route: Rows
    stop_place: Rows
    """Position of the stop in that route."""
    walk_start: Rows
    walk_to: Rows
    walk_time: Reals

    @property
    def stops(self) -> int:
        """Number of stops."""
        return len(self.stop_start) - 1


@dataclass(frozen=True)
class Labels:
    """What a search found; rounds x stops each. Round k is k buses."""

    by_bus: Reals
    any_way: Reals
    trip: Rows
    """Trip (its number in its route) by which a stop was reached, -1 where none."""
    route: Rows
    board: Rows
    """Position in the route at which that trip was boarded."""
    alight: Rows
    walked_from: Rows
    """Stop from which one walked, -1 where one came by bus."""


def search(network: Network, access: Reals, egress: Reals, change: float, rounds: int = ROUNDS) -> Labels:
    """Find earliest arrivals.

    Args:
        network: The timetable.
        access: When one can be at each stop, inf where one cannot, (n,).
        egress: Time from each stop to the goal, inf where it is too far, (n,); prunes what comes too late to matter.
        change: Time that changing to another bus takes, s.
        rounds: Most buses.
    """
    size = (rounds + 1, network.stops)
    by_bus, any_way = np.full(size, np.inf), np.full(size, np.inf)
    rows = [np.full(size, -1, np.int32) for _ in range(5)]
    any_way[0] = access
    _rounds(
        network.route_start, network.route_stop, network.trip_start, network.time_start, network.arrival,
        network.departure, network.stop_start, network.stop_route, network.stop_place, network.walk_start,
        network.walk_to, network.walk_time, egress, change, by_bus, any_way, *rows,
    )  # fmt: skip
    return Labels(by_bus, any_way, *rows)


@compiled
def _rounds(  # noqa: C901, PLR0912, PLR0915  # one loop nest, compiled whole
    route_start: Rows, route_stop: Rows, trip_start: Rows, time_start: NDArray[np.int64], arrival: Reals,
    departure: Reals, stop_start: Rows, stop_route: Rows, stop_place: Rows, walk_start: Rows, walk_to: Rows,
    walk_time: Reals, egress: Reals, change: float, by_bus: Reals, any_way: Reals, trip: Rows, route: Rows, board: Rows,
    alight: Rows, walked: Rows,
) -> None:  # fmt: skip
    stops = len(stop_start) - 1
    routes = len(trip_start) - 1
    best_bus = np.full(stops, np.inf)
    best_any = any_way[0].copy()
    marked = np.isfinite(best_any)
    goal = np.inf
    for step in range(1, by_bus.shape[0]):
        first = np.full(routes, 1 << 30, np.int64)
        for stop in range(stops):
            if marked[stop]:
                for place in range(stop_start[stop], stop_start[stop + 1]):
                    first[stop_route[place]] = min(first[stop_route[place]], stop_place[place])
        marked[:] = False
        slack = change if step > 1 else 0.0
        for line in range(routes):
            if first[line] == 1 << 30:
                continue
            begin, size = route_start[line], route_start[line + 1] - route_start[line]
            count, base = trip_start[line + 1] - trip_start[line], time_start[line]
            now, since = -1, 0
            for at in range(first[line], size):
                stop = route_stop[begin + at]
                if now >= 0:
                    time = arrival[base + now * size + at]
                    if time < best_bus[stop] and time < goal:
                        best_bus[stop] = time
                        by_bus[step, stop] = time
                        trip[step, stop], route[step, stop] = now, line
                        board[step, stop], alight[step, stop] = since, at
                        goal = min(goal, time + egress[stop])
                        if time < best_any[stop]:
                            best_any[stop] = time
                            any_way[step, stop] = time
                            walked[step, stop] = -1
                            marked[stop] = True
                ready = any_way[step - 1, stop] + slack
                if ready < np.inf and (now < 0 or ready <= departure[base + now * size + at]):
                    low, high = 0, count
                    while low < high:
                        middle = (low + high) // 2
                        if departure[base + middle * size + at] < ready:
                            low = middle + 1
                        else:
                            high = middle
                    if low < count and (now < 0 or low < now):
                        now, since = low, at
        for stop in range(stops):
            if by_bus[step, stop] < np.inf:
                for place in range(walk_start[stop], walk_start[stop + 1]):
                    time = by_bus[step, stop] + walk_time[place]
                    other = walk_to[place]
                    if time < best_any[other]:
                        best_any[other] = time
                        any_way[step, other] = time
                        walked[step, other] = stop
                        marked[other] = True
        if not marked.any():
            break


@dataclass(frozen=True)
class Ride:
    """One bus of a journey: numbers of route, trip in the route, and the positions between which one rides."""

    route: int
    trip: int
    board: int
    alight: int


@dataclass(frozen=True)
class Found:
    """A journey: arrival at the goal, its buses, and the stop from which one walks to the goal."""

    arrival: float
    rides: tuple[Ride, ...]
    last_stop: int


def journeys(network: Network, labels: Labels, egress: Reals) -> list[Found]:
    """The quickest journey for each number of buses that makes it quicker, the fewest buses first."""
    found: list[Found] = []
    best = np.inf
    for step in range(1, len(labels.by_bus)):
        ends = labels.by_bus[step] + egress
        stop = int(np.argmin(ends)) if len(ends) else -1
        if stop >= 0 and ends[stop] < best:
            best = float(ends[stop])
            found.append(Found(best, _rides(network, labels, step, stop), stop))
    return found


def _rides(network: Network, labels: Labels, step: int, stop: int) -> tuple[Ride, ...]:
    rides: list[Ride] = []
    while step > 0:
        line, at = int(labels.route[step, stop]), int(labels.board[step, stop])
        rides.append(Ride(line, int(labels.trip[step, stop]), at, int(labels.alight[step, stop])))
        stop, step = int(network.route_stop[network.route_start[line] + at]), step - 1
        if step and labels.walked_from[step, stop] >= 0:
            stop = int(labels.walked_from[step, stop])
    return tuple(reversed(rides))
