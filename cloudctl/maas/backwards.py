"""The latest departure that still arrives in time: RAPTOR on the timetable run backwards.

Every time is negated, every trip, route and walk is turned round. The earliest arrival there is the latest departure
here, for each number of buses.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cloudctl.maas.raptor import Found, Network, Ride, journeys, search
from cloudctl.maas.trip_table import Route, TripTable, columns

Reals = NDArray[np.float64]


def backwards(table: TripTable, rows: Mapping[str, int]) -> Network:
    """Turn a table round; `rows` gives the row of each stop."""
    routes = [
        Route(
            route.line, route.stops[::-1], route.trips[::-1], -route.departure[::-1, ::-1], -route.arrival[::-1, ::-1]
        )
        for route in table.routes
    ]
    network = table.network
    start = np.repeat(np.arange(network.stops), np.diff(network.walk_start))
    order = np.argsort(network.walk_to, kind="stable")
    walks = list(
        zip(network.walk_to[order].tolist(), start[order].tolist(), network.walk_time[order].tolist(), strict=True)
    )
    return columns(routes, dict(rows), walks)


def latest(table: TripTable, back: Network, access: Reals, egress: Reals, change: float, rounds: int) -> list[Found]:
    """Find the latest departures for each number of buses that makes the departure later, the fewest buses first.

    Args:
        table: The timetable.
        back: The same turned round, see `backwards`.
        access: Time from the door to each stop, inf where it is too far, (n,).
        egress: When one must be at each stop at the latest to be at the goal in time, -inf where it is too far, (n,).
        change: Time that changing to another bus takes, s.
        rounds: Most buses.
    """
    found = journeys(back, search(back, -egress, access, change, rounds), access)
    return [_turned(each, table) for each in found]


def _turned(found: Found, table: TripTable) -> Found:
    """The journey as it is made; its arrival is that of its last bus."""
    rides = tuple(_ride(ride, table) for ride in reversed(found.rides))
    last, network = rides[-1], table.network
    stop = int(network.route_stop[network.route_start[last.route] + last.alight])
    return Found(float(table.routes[last.route].arrival[last.trip, last.alight]), rides, stop)


def _ride(ride: Ride, table: TripTable) -> Ride:
    route = table.routes[ride.route]
    last = len(route.stops) - 1
    return Ride(ride.route, len(route.trips) - 1 - ride.trip, last - ride.alight, last - ride.board)
