"""Which way of which line a bus runs: by what it says of its line, else by where it has been.

A bus that says nothing is compared with every pattern near it. Each second on a pattern's way in its direction speaks
for it, each second beside it against it; the pattern is taken when no other is as likely. Which trip of the pattern it
runs is found in `cloudctl.transit.trip_assignment`.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

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
ANEW = 0.5
"""A bus that is this share of its way behind where it was runs the way anew."""
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
                if along < run.along - ANEW * pattern.length:
                    run.trip = None
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
