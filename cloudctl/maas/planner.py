"""Plans journeys: RAPTOR between walks on the roads, from the door or from a car park.

Alternatives are the best by arrival, transfers and walk: the search is made for several bounds of the single walk, and
what is beaten in all three is left out. Who wants to be there by a time gets the latest departures instead of the
earliest arrivals, by the same search run backwards.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cloudctl.maas.backwards import backwards, latest
from cloudctl.maas.errors import JourneyError
from cloudctl.maas.journey import BUS, CAR, SHUTTLE, WALK, Journey, Leg, Place, Wish, pareto
from cloudctl.maas.raptor import Found, Network, journeys, search
from cloudctl.maas.trip_table import TripTable, without_walks
from cloudctl.maas.walking import SPEED, Spots, WalkNetwork
from cloudctl.transit.timetable import BusStop

Reals = NDArray[np.float64]
CHANGE = 45.0
"""Time that changing takes besides the walk, s."""
SHARES = (0.33, 0.67, 1.0)
"""Bounds of the single walk that are tried."""
PARK = 120.0
"""From the entrance of a car park to one's feet, s."""
ROUNDING = 1e-3
"""Of a time that is the sum of others, s."""
LEAST_CHANCE = 0.6
"""A car park is used only where a place is this likely."""


@dataclass(frozen=True)
class CarParkChoice:
    """A car park that can be driven to."""

    lot: str
    place: Place
    spot: Spots
    drive: float
    """s"""
    chance: float


@dataclass(frozen=True)
class City:
    """What does not change while a timetable holds."""

    walk: WalkNetwork
    stops: Sequence[BusStop]
    spots: Spots
    shuttles: frozenset[str] = frozenset()
    """Lines that feed a trunk line."""


class Planner:
    """Answers wishes over one table of trips."""

    def __init__(self, city: City, table: TripTable) -> None:
        self._city, self._table = city, table
        self._bare = without_walks(table)
        self._rows: Mapping[str, int] = {stop.id: row for row, stop in enumerate(city.stops)}
        self._places = {stop.id: (stop.lon, stop.lat) for stop in city.stops}
        self._back: dict[bool, Network] = {}
        """The tables turned round, by whether one walks between stops; made when somebody asks."""

    def plan(self, wish: Wish, parks: Sequence[CarParkChoice] = ()) -> list[Journey]:
        """Give the alternatives, the earliest first, or with a latest arrival those that set out last.

        Empty where nothing leads there in time.

        Raises:
            JourneyError: start or goal lies at no road.
        """
        start, goal = (self._city.walk.spots([place[0]], [place[1]]) for place in (wish.start, wish.goal))
        for name, spot, place in (("start", start, wish.start), ("goal", goal, wish.goal)):
            if spot.link[0] < 0:
                raise JourneyError(f"{name} {place[0]}, {place[1]} lies at no road of the map")
        found = self._on_foot(wish, start, goal)
        out = self._city.walk.metres(goal, self._city.spots, wish.walk_most)
        if wish.modes & {BUS, SHUTTLE}:
            metres = self._city.walk.metres(start, self._city.spots, wish.walk_most)
            for share in SHARES:
                limit = share * wish.walk_most
                found += self._by_bus(wish, np.where(metres <= limit, metres, np.inf), _within(out, limit), limit)
        if CAR in wish.modes:
            found += self._from_car_parks(wish, goal, out, parks)
        if wish.arrive_by is None:
            return pareto(found)[: wish.count]
        in_time = [
            each for each in found if each.departure >= wish.depart and each.arrival <= wish.arrive_by + ROUNDING
        ]
        return pareto(in_time, latest=True)[: wish.count]

    def _on_foot(self, wish: Wish, start: Spots, goal: Spots) -> list[Journey]:
        metres = float(self._city.walk.metres(start, goal, wish.walk_most)[0])
        if not np.isfinite(metres):
            return []
        depart = wish.depart if wish.arrive_by is None else wish.arrive_by - metres / SPEED
        return [Journey((_walk(wish.start, wish.goal, depart, metres),))]

    def _by_bus(self, wish: Wish, metres: Reals, out: Reals, limit: float) -> list[Journey]:
        found = []
        for each in self._search(wish, metres / SPEED, out, limit):
            buses = self._buses(each)
            if all(leg.mode in wish.modes for leg in buses if leg.mode != WALK):
                on = self._rows[buses[0].from_stop]
                ready = buses[0].departure - float(metres[on]) / SPEED
                first = _walk(wish.start, buses[0].start, ready, float(metres[on]))
                found.append(Journey((first, *buses, self._last(wish, each, buses, out))))
        return found

    def _from_car_parks(self, wish: Wish, goal: Spots, out: Reals, parks: Sequence[CarParkChoice]) -> list[Journey]:
        found: list[Journey] = []
        seconds, best = np.full(len(self._city.stops), np.inf), np.full(len(self._city.stops), -1, np.int64)
        likely = [park for park in parks if park.chance >= LEAST_CHANCE]
        for number, park in enumerate(likely):
            direct = float(self._city.walk.metres(park.spot, goal, wish.walk_most)[0])
            if np.isfinite(direct):
                whole = park.drive + PARK + direct / SPEED
                drive = _drive(wish, park, wish.depart if wish.arrive_by is None else wish.arrive_by - whole)
                found.append(Journey((drive, _walk(park.place, wish.goal, drive.arrival, direct))))
            there = park.drive + PARK + self._city.walk.metres(park.spot, self._city.spots, wish.walk_most) / SPEED
            better = there < seconds
            seconds[better], best[better] = there[better], number
        if not wish.modes & {BUS, SHUTTLE} or not likely:
            return found
        for each in self._search(wish, seconds, out, wish.walk_most):
            buses = self._buses(each)
            on = self._rows[buses[0].from_stop]
            park = likely[int(best[on])]
            depart = wish.depart if wish.arrive_by is None else buses[0].departure - float(seconds[on])
            drive = _drive(wish, park, depart)
            walk = _walk(park.place, buses[0].start, drive.arrival, (float(seconds[on]) - park.drive - PARK) * SPEED)
            found.append(Journey((drive, walk, *buses, self._last(wish, each, buses, out))))
        return found

    def _search(self, wish: Wish, seconds: Reals, out: Reals, limit: float) -> list[Found]:
        """Find buses where one needs so long to each stop, and walks so far from each."""
        egress, far = out / SPEED, limit >= wish.walk_most / 2
        table = self._table if far else self._bare
        if wish.arrive_by is None:
            labels = search(table.network, wish.depart + seconds, egress, CHANGE, wish.transfers + 1)
            return journeys(table.network, labels, egress)
        if far not in self._back:
            self._back[far] = backwards(table, self._rows)
        return latest(table, self._back[far], seconds, wish.arrive_by - egress, CHANGE, wish.transfers + 1)

    def _last(self, wish: Wish, found: Found, buses: Sequence[Leg], out: Reals) -> Leg:
        return _walk(buses[-1].end, wish.goal, buses[-1].arrival, float(out[found.last_stop]))

    def _buses(self, found: Found) -> list[Leg]:
        """Legs by bus, with the walks between them."""
        legs: list[Leg] = []
        places = self._places
        for ride in found.rides:
            route = self._table.routes[ride.route]
            on, off = route.stops[ride.board], route.stops[ride.alight]
            leg = Leg(
                SHUTTLE if route.line in self._city.shuttles else BUS, places[on], places[off],
                float(route.departure[ride.trip, ride.board]), float(route.arrival[ride.trip, ride.alight]),
                line=route.line, trip=route.trips[ride.trip], from_stop=on, to_stop=off,
                live=route.trips[ride.trip] in self._table.live,
            )  # fmt: skip
            if legs and legs[-1].to_stop != on:
                legs.append(_walk(legs[-1].end, places[on], legs[-1].arrival, self._change(legs[-1].to_stop, on)))
            legs.append(leg)
        return legs

    def _change(self, start: str, end: str) -> float:
        """Metres of the walk between two stops."""
        network, rows = self._table.network, self._rows
        first, last = network.walk_start[rows[start]], network.walk_start[rows[start] + 1]
        at = int(np.flatnonzero(network.walk_to[first:last] == rows[end])[0])
        return float(network.walk_time[first + at]) * SPEED


def _within(metres: Reals, limit: float) -> Reals:
    return np.where(metres <= limit, metres, np.inf)


def _walk(start: Place, end: Place, departure: float, metres: float) -> Leg:
    return Leg(WALK, start, end, departure, departure + metres / SPEED, metres)


def _drive(wish: Wish, park: CarParkChoice, departure: float) -> Leg:
    there = departure + park.drive + PARK
    return Leg(CAR, wish.start, park.place, departure, there, lot=park.lot, chance=park.chance)
