"""Which trip a bus runs: by what it says (trip, block, line), else by where it has been and when.

A bus that says nothing is compared with every pattern near it. Each second on a pattern's way in its direction speaks
for it, each second beside it against it; the pattern is taken when no other is as likely. Trips of a pattern are given
to its buses all at once, so that no trip runs twice and the order on the road is the order of departure where possible
(linear assignment of lateness, early counted `EARLY_WEIGHT` times as bad as late).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

from cloudctl.transit.patterns import Pattern
from cloudctl.transit.reports import BusFix
from cloudctl.transit.timetable import DatedTrip
from ingest.messages.bus_status import BusStatus

ON_WAY = 25.0
"""A bus this close to a way runs along it, m."""
OFF_ROUTE = 60.0
"""A bus this far from its way has left it, m."""
ASTRAY_AFTER = 20.0
"""and counts as off its route after this long, s."""
SURE = 20.0
"""Seconds of evidence by which the best pattern must lead the next."""
ENOUGH = 3.0
"""Seconds of evidence for a pattern that has no rival."""
MEMORY = 120.0
"""Evidence older than this fades, s."""
EARLIEST, LATEST = -600.0, 2400.0
"""Lateness within which a trip can be a bus's, s."""
EARLY_WEIGHT = 2.0
CHANGE_COST = 240.0
"""Lateness a change of trip must save, s."""
BACK, AHEAD = 60.0, 150.0
"""Window along the way in which a bus is looked for beside what its speed explains, m."""


@dataclass
class Run:
    """A bus and what is known of its duty."""

    vehicle: str
    fix: BusFix
    status: BusStatus | None = None
    pattern: str | None = None
    along: float = 0.0
    """m along the pattern's way."""
    off: float = 0.0
    """m beside it."""
    trip: DatedTrip | None = None
    on_way: float = 0.0
    """UTC epoch when it was last on its way, s."""
    evidence: dict[str, float] = field(default_factory=dict)
    place: dict[str, float] = field(default_factory=dict)
    """Distance along each pattern under consideration."""

    @property
    def astray(self) -> bool:
        """Whether the bus has left its way."""
        return self.pattern is not None and self.fix.updated - self.on_way > ASTRAY_AFTER


class TripMatcher:
    """Keeps the run of every bus."""

    def __init__(self, patterns: Mapping[str, Pattern], line_names: Mapping[str, str]) -> None:
        """`line_names` gives a line's id by what stands on the bus."""
        self._patterns = patterns
        self._line_names = line_names
        self._over: dict[int, list[str]] = {}
        for name, pattern in patterns.items():
            for link in pattern.places_of_link:
                self._over.setdefault(link, []).append(name)
        self.runs: dict[str, Run] = {}

    def follow(self, fixes: Iterable[BusFix], statuses: Mapping[str, BusStatus]) -> None:
        """Take the newest places in; buses that are not named are forgotten."""
        seen: dict[str, Run] = {}
        for fix in fixes:
            run = self.runs.get(fix.vehicle) or Run(fix.vehicle, fix, on_way=fix.updated)
            elapsed = max(fix.updated - run.fix.updated, 0.0)
            run.fix, run.status = fix, statuses.get(fix.vehicle, run.status)
            self._weigh(run, elapsed)
            self._choose(run)
            seen[fix.vehicle] = run
        self.runs = seen

    def _weigh(self, run: Run, elapsed: float) -> None:
        fix = run.fix
        reach = fix.speed * elapsed * 1.5 + AHEAD
        fade = math.exp(-elapsed / MEMORY)
        for name in self._possible(run):
            pattern, before = self._patterns[name], run.place.get(name)
            window = (0.0, pattern.length) if before is None else (before - BACK, before + reach)
            along, off, heading = pattern.locate((fix.x, fix.y), window)
            turned = abs(math.remainder(fix.heading - heading, math.tau))
            agrees = off <= ON_WAY and (turned < math.pi / 3 or fix.speed < 1.0)
            if agrees or before is None:
                run.place[name] = along
            gain = elapsed if agrees else -elapsed
            run.evidence[name] = min(max(run.evidence.get(name, 0.0) * fade + gain, -MEMORY), MEMORY)
            if name == run.pattern:
                run.along, run.off = along, off
                run.on_way = fix.updated if off <= OFF_ROUTE else run.on_way
            if before is not None and not agrees and run.evidence[name] < 0:
                run.place.pop(name)  # looked for anew over the whole way

    def _possible(self, run: Run) -> Sequence[str]:
        """Patterns over the link it is on, and those that it was on before; of the line it names, if it does."""
        status = run.status
        near = dict.fromkeys([*self._over.get(run.fix.link, ()), *run.evidence])
        if status is None or status.line is None:
            return tuple(near)
        line = self._line_names.get(status.line, status.line)
        fits = [name for name in near if self._patterns[name].line == line]
        return [name for name in fits if status.direction is None or self._patterns[name].direction == status.direction]

    def _choose(self, run: Run) -> None:
        ranked = sorted(((value, name) for name, value in run.evidence.items() if value > 0.0), reverse=True)
        if not ranked:
            gone = run.pattern is not None and run.evidence.get(run.pattern, 0.0) <= -ASTRAY_AFTER
            if gone and not self._says_line(run):  # one that names its line is off its route, not off duty
                self._take(run, None)
            return
        best, name = ranked[0]
        rival = max((value for value, other in ranked[1:]), default=0.0)
        if name == run.pattern:
            return
        lead = best - (rival if run.pattern is None else run.evidence.get(run.pattern, 0.0))
        if lead >= SURE or (run.pattern is None and len(ranked) == 1 and best >= ENOUGH and self._says_line(run)):
            self._take(run, name)

    @staticmethod
    def _says_line(run: Run) -> bool:
        return run.status is not None and run.status.line is not None

    def _take(self, run: Run, name: str | None) -> None:
        run.pattern, run.trip = name, None
        if name is not None:
            run.along, run.off, run.on_way = run.place.get(name, 0.0), 0.0, run.fix.updated


def assign_trips(runs: Sequence[Run], pattern: Pattern, trips: Sequence[DatedTrip], now: float) -> dict[str, DatedTrip]:
    """Give the trips of one pattern to its buses; a trip that a bus names itself is its own.

    Args:
        runs: Buses on the pattern.
        pattern: Their way.
        trips: Trips of the pattern that may be under way.
        now: UTC epoch, s.

    Returns:
        Trip by vehicle; a bus for which none fits is missing.
    """
    given = {run.vehicle: trip for run in runs if (trip := _named(run, trips)) is not None}
    taken = {trip.key for trip in given.values()}
    open_runs = [run for run in runs if run.vehicle not in given]
    open_trips = [trip for trip in trips if trip.key not in taken]
    if not open_runs or not open_trips:
        return given
    open_trips = [trip for trip in open_trips if trip.start - now <= -EARLIEST and now - trip.end <= LATEST]
    if not open_trips:
        return given
    late = np.array([[lateness(trip, pattern, run.along, now) for trip in open_trips] for run in open_runs])
    cost = np.where(late < 0, -EARLY_WEIGHT * late, late)
    kept = np.array([[run.trip is not None and run.trip.key == trip.key for trip in open_trips] for run in open_runs])
    cost = np.where((late < EARLIEST) | (late > LATEST), 1e6, cost - CHANGE_COST * kept)
    for row, column in zip(*linear_sum_assignment(cost), strict=True):
        if cost[row, column] < 1e5:
            given[open_runs[row].vehicle] = open_trips[column]
    return given


def _named(run: Run, trips: Sequence[DatedTrip]) -> DatedTrip | None:
    status = run.status
    if status is None or (status.trip is None and status.block is None):
        return None
    if status.trip is not None:
        fits = [trip for trip in trips if trip.trip.id == status.trip]
    else:
        fits = [trip for trip in trips if trip.trip.block == status.block]
    return min(fits, key=lambda trip: abs(trip.start - run.fix.updated), default=None)


def scheduled_at(trip: DatedTrip, pattern: Pattern, along: float) -> float:
    """When a trip is due at a distance along its way, UTC epoch s: at a stop it leaves, between two in proportion."""
    passed = int(np.searchsorted(pattern.stop_at, along, "right")) - 1
    calls = trip.trip.calls
    if passed < 0:
        return trip.start
    if passed >= len(calls) - 1:
        return trip.end
    begin, end = float(pattern.stop_at[passed]), float(pattern.stop_at[passed + 1])
    share = (along - begin) / max(end - begin, 1.0)
    return trip.midnight + calls[passed].departure + share * (calls[passed + 1].arrival - calls[passed].departure)


def lateness(trip: DatedTrip, pattern: Pattern, along: float, now: float) -> float:
    """Seconds by which a bus at a distance along its way is behind its trip; negative ahead of it."""
    return now - scheduled_at(trip, pattern, along)
