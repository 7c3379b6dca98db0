"""The bus network in one place: takes what is on the road once a second and keeps what follows from it.

Order of one turn: follow every bus, give trips, note visits and learn from them, headways, findings, predictions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cloudctl.transit.accuracy import PredictionLog
from cloudctl.transit.arrivals import NOTHING_LEARNED, Arrival, ArrivalPredictor, RoadNow, leg_key
from cloudctl.transit.findings import LineFinding, StandingBuses, astray, headway_findings, late_departures
from cloudctl.transit.headways import Headway, Passages, headways
from cloudctl.transit.patterns import Pattern
from cloudctl.transit.reports import BusFix
from cloudctl.transit.stop_visits import StopVisit, VisitLog
from cloudctl.transit.timetable import DatedTrip, Timetable
from cloudctl.transit.trip_assignment import Past, assign_trips, lateness
from cloudctl.transit.trip_matching import Run, TripMatcher
from ingest.messages.bus_status import BusStatus
from maps.network import RoadNetwork

ASSIGN_EVERY = 5.0
"""Trips are given anew this often, and at once where a bus has none, s."""
TRIPS_EVERY = 60.0
"""Trips of the present are looked up this often, s."""
AROUND = 3600.0
"""Trips up to this long before and after now can be under way or late, s."""
USUAL_SPEED = 5.0
"""Of a bus with its stops, where nothing is learned yet, m/s."""
DEPARTED_KEPT = 6 * 3600.0


@dataclass
class BusNow:
    """A bus with everything that is known of it at this turn."""

    run: Run
    pattern: Pattern
    next_stop: int
    stands_since: float | None
    headway: Headway | None = None
    late: float | None = None
    arrivals: list[Arrival] = field(default_factory=list)


class TransitDesk:
    """All lines of one timetable on one network."""

    def __init__(
        self,
        network: RoadNetwork,
        timetable: Timetable,
        patterns: Mapping[str, Pattern],
        pattern_of: Mapping[str, str],
    ) -> None:
        """`pattern_of` gives the pattern's id by trip id, see `PatternMaker.all_of`."""
        self.timetable, self.patterns = timetable, patterns
        self._pattern_of = pattern_of
        self._matcher = TripMatcher(patterns, {line.name: line.id for line in timetable.lines.values()})
        self._visits, self._passages, self._standing = VisitLog(), Passages(), StandingBuses()
        self.predictor = ArrivalPredictor(network)
        self.log = PredictionLog(self.predictor.bands)
        self._under_way: dict[tuple[str, str], tuple[int, float]] = {}
        """Number of the next stop and when it is expected, by (vehicle, pattern), noted on leaving the one before."""
        self._trips: dict[str, list[DatedTrip]] = {}
        self._trips_at = -np.inf
        self._assigned: dict[str, tuple[float, set[str]]] = {}
        """When trips were given on each pattern, and to which buses."""
        self._departed: dict[str, tuple[float, str]] = {}
        """When a trip was seen last, and its bus, by the trip's key."""
        self._watched_since = np.inf
        self.buses: dict[str, BusNow] = {}
        self.findings: list[LineFinding] = []
        self.left: dict[tuple[str, int], tuple[str, float]] = {}
        """Bus that left a stop last, and when (UTC epoch, s), by (pattern, number of the stop)."""
        self.visits: list[StopVisit] = []
        """Visits that ended in the newest turn."""
        self._road: RoadNow | None = None

    def turn(
        self,
        fixes: Iterable[BusFix],
        statuses: Mapping[str, BusStatus],
        road: RoadNow,
        now: float,
    ) -> None:
        """Take the present in.

        Args:
            fixes: Where the buses are.
            statuses: What they said of themselves, by vehicle.
            road: Lights and queues.
            now: UTC epoch, s.
        """
        self._road = road
        self._refresh_trips(now)
        self._watched_since = min(self._watched_since, now)
        self._matcher.follow(fixes, statuses)
        groups: dict[str, list[Run]] = {}
        for run in self._matcher.runs.values():
            if run.pattern is not None:
                groups.setdefault(run.pattern, []).append(run)
        self.visits, self.findings, self.buses = [], [], {}
        for name, runs in groups.items():
            self._serve(self.patterns[name], runs, road, now)
        self._find_late(now)
        self._forget()

    def arrivals_after(self, bus: BusNow, pause: float, now: float) -> NDArray[np.float64]:
        """Mean arrival at each stop (s,), UTC epoch s, of a bus that first pauses so long where it is.

        Lights, queues and dwells ahead are counted; stops behind it are NaN, all are before the first turn.
        """
        number, pattern, along = bus.next_stop, bus.pattern, bus.run.along
        if self._road is None:
            return np.full(len(pattern.stops), np.nan)
        if bus.stands_since is not None:
            along = max(float(pattern.stop_at[number]), along)
            number += 1
        if number < len(pattern.stops):  # a bus may roll a little beyond a stop before it counts as arrived
            along = min(along, float(pattern.stop_at[number]) - 1.0)
        return self.predictor.expected(pattern, along, pause, self._road, now)

    def _refresh_trips(self, now: float) -> None:
        if now - self._trips_at < TRIPS_EVERY:
            return
        self._trips_at, self._trips = now, {}
        for trip in self.timetable.between(now - AROUND, now + AROUND):
            name = self._pattern_of.get(trip.trip.id)
            if name is not None:
                self._trips.setdefault(name, []).append(trip)
        for trips in self._trips.values():
            trips.sort(key=lambda trip: trip.start)
        self._departed = {key: seen for key, seen in self._departed.items() if now - seen[0] < DEPARTED_KEPT}

    def _serve(self, pattern: Pattern, runs: list[Run], road: RoadNow, now: float) -> None:
        trips = self._trips.get(pattern.id, [])
        self._give_trips(pattern, runs, trips, now)
        for run in runs:
            if run.trip is not None:
                self._departed[run.trip.key] = now, run.vehicle
            self._passages.note(run)
            for visit in self._visits.follow(run, pattern):
                self._learn(visit, pattern, road)
        planned = self._planned(runs, trips)
        found = headways(runs, pattern, self._passages, planned, USUAL_SPEED, now)
        for run in runs:
            self._describe(run, pattern, found.get(run.vehicle), road, now)
        self.findings += headway_findings(runs, found, pattern.line)

    def _give_trips(self, pattern: Pattern, runs: list[Run], trips: list[DatedTrip], now: float) -> None:
        vehicles = {run.vehicle for run in runs}
        at, known = self._assigned.get(pattern.id, (-np.inf, set()))
        if 0.0 <= now - at < ASSIGN_EVERY and vehicles <= known:
            return
        self._assigned[pattern.id] = now, vehicles
        ran = {trip.key: seen[1] for trip in trips if (seen := self._departed.get(trip.key)) is not None}
        given = assign_trips(runs, pattern, trips, now, Past(self._watched_since, ran))
        for run in runs:
            run.trip = given.get(run.vehicle)

    def _describe(self, run: Run, pattern: Pattern, headway: Headway | None, road: RoadNow, now: float) -> None:
        bus = BusNow(
            run, pattern, self._visits.next_stop(run, pattern), self._visits.stands_since(run.vehicle), headway
        )
        if run.trip is not None:
            bus.late = lateness(run.trip, pattern, run.along, now)
        bus.arrivals = self.predictor.predict(run, pattern, (bus.next_stop, bus.stands_since), road, now)
        for arrival in bus.arrivals:
            self.log.keep(run.vehicle, pattern.id, arrival, now, _shifted(run.trip, arrival.number, bus.late))
        self.buses[run.vehicle] = bus
        for finding in (astray(run, pattern), self._standing.follow(run, pattern, now)):
            if finding is not None:
                self.findings.append(finding)

    def _learn(self, visit: StopVisit, pattern: Pattern, road: RoadNow) -> None:
        self.visits.append(visit)
        self.left[pattern.id, visit.number] = visit.vehicle, visit.departure
        predictor, key = self.predictor, (visit.vehicle, pattern.id)
        if visit.departure > visit.arrival:
            predictor.dwells.add((visit.stop, pattern.line), visit.departure, visit.departure - visit.arrival)
        self.log.judge(visit.vehicle, pattern.id, visit.number, visit.arrival)
        number, expected = self._under_way.pop(key, (-1, 0.0))
        if number == visit.number and not visit.missed_before:
            leg = leg_key(pattern, number)
            before = predictor.corrections.estimate(leg, visit.arrival, NOTHING_LEARNED).mean
            predictor.corrections.add(leg, visit.arrival, before + visit.arrival - expected)
        if visit.number + 1 < len(pattern.stops):
            at = float(pattern.stop_at[visit.number])
            drives = predictor.drive(pattern, at, 0.0, road, visit.departure)
            self._under_way[key] = visit.number + 1, float(np.median(drives[:, visit.number + 1]))

    @staticmethod
    def _planned(runs: list[Run], trips: list[DatedTrip]) -> dict[str, float]:
        """Headway by the timetable to the trip before, by vehicle."""
        numbers = {trip.key: number for number, trip in enumerate(trips)}
        planned = {}
        for run in runs:
            number = numbers.get(run.trip.key) if run.trip else None
            if number:
                planned[run.vehicle] = trips[number].start - trips[number - 1].start
        return planned

    def _find_late(self, now: float) -> None:
        running = {bus.run.trip.key for bus in self.buses.values() if bus.run.trip is not None}
        for name, trips in self._trips.items():
            line = self.patterns[name].line
            self.findings += late_departures(trips, running, set(self._departed), line, now)

    def _forget(self) -> None:
        here = set(self._matcher.runs)
        for part in (self._visits, self._passages, self._standing, self.log):
            part.forget(here)
        self._under_way = {key: leg for key, leg in self._under_way.items() if key[0] in here}


def _shifted(trip: DatedTrip | None, number: int, late: float | None) -> float | None:
    """When a trip is due at a stop if its present lateness stays."""
    if trip is None or late is None:
        return None
    return trip.midnight + trip.trip.calls[number].arrival + late
