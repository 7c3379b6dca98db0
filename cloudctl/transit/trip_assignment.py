"""Giving the trips of one pattern to its buses all at once, so that no trip runs twice.

The foremost bus has the earliest trip (monotone alignment of two sequences by dynamic programming). A bus costs its
lateness, which counts less the larger it is, because delays have a long tail; a trip that should be under way and that
no bus runs costs too, so that buses that are all late do not push one another one trip on. A bus keeps the trip that
it has unless another fits much better.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cloudctl.transit.patterns import Pattern
from cloudctl.transit.timetable import DatedTrip
from cloudctl.transit.trip_matching import Run

EARLIEST, LATEST = -600.0, 3600.0
"""Lateness within which a trip can be a bus's, s."""
USUAL_LATE, RARELY = 300.0, 0.3
"""Lateness counts in full up to the first, s, and by the second share beyond it."""
EARLY_WEIGHT, WAITING_WEIGHT = 2.0, 1.0
"""An early second counts so much under way, and at the first stop, where buses wait for their time."""
CHANGE_COST = 600.0
"""What a change of trip must save, s."""
LEFT_OUT, LEFT_OUT_UNSEEN = 240.0, 120.0
"""Cost of a trip that is due and that no bus runs, where its start was watched, and where it was not, s."""
RAN_COST = 900.0
"""Cost of a trip that another bus ran before, s."""
NO_TRIP, NO_TRIP_SILENT = 1100.0, 400.0
"""Cost of a bus without a trip, s; less where nothing but its place says that it is on the line at all."""
STANDS = 0.5
"""m/s"""
AT_START = 25.0
"""Up to this far behind its place a bus is at the first stop, m."""


@dataclass(frozen=True)
class Past:
    """What is known of the trips of a pattern beside the buses on the road."""

    watched_since: float = float("inf")
    """UTC epoch from which starts were watched, s."""
    ran: Mapping[str, str] = field(default_factory=dict)
    """Vehicle that ran a trip last, by the trip's key; a bus that is back on the road may have its trip again."""


def assign_trips(
    runs: Sequence[Run], pattern: Pattern, trips: Sequence[DatedTrip], now: float, past: Past | None = None
) -> dict[str, DatedTrip]:
    """Give trips to buses; a trip or block that a bus names itself is its own.

    Args:
        runs: Buses on the pattern.
        pattern: Their way.
        trips: Trips of the pattern that may be under way, by start.
        now: UTC epoch, s.
        past: What was seen of the trips before; nothing by default.

    Returns:
        Trip by vehicle; a bus for which none fits is missing.
    """
    here = {run.vehicle for run in runs}
    known = past or Past()
    known = Past(known.watched_since, {key: ran_by for key, ran_by in known.ran.items() if ran_by not in here})
    given = {run.vehicle: trip for run in runs if (trip := _named(run, pattern, trips, now)) is not None}
    taken = {trip.key for trip in given.values()}
    open_runs = _in_order([run for run in runs if run.vehicle not in given])
    open_trips = [
        trip for trip in trips if trip.key not in taken and trip.start - now <= -EARLIEST and now - trip.end <= LATEST
    ]
    open_trips.sort(key=_by_start)
    if not open_runs or not open_trips:
        return given
    cost = np.array([[_cost(run, pattern, trip, now, known) for trip in open_trips] for run in open_runs])
    left_out = np.array([_left_out(trip, now, known) for trip in open_trips])
    none = np.array([NO_TRIP_SILENT if run.status is None or run.status.line is None else NO_TRIP for run in open_runs])
    for row, column in _align(cost, left_out, none):
        given[open_runs[row].vehicle] = open_trips[column]
    return given


def _by_start(trip: DatedTrip | None) -> tuple[float, str]:
    return (0.0, "") if trip is None else (trip.start, trip.key)


def _in_order(runs: Sequence[Run]) -> list[Run]:
    """Order the foremost first; among those that have trips, the earlier trip first, though one overtook the other."""
    order = sorted(runs, key=lambda run: -run.along)
    having = sorted((run for run in order if run.trip is not None), key=lambda run: _by_start(run.trip))
    following = iter(having)
    return [run if run.trip is None else next(following) for run in order]


def _cost(run: Run, pattern: Pattern, trip: DatedTrip, now: float, past: Past) -> float:
    late = lateness(trip, pattern, run.along, now)
    if not EARLIEST <= late <= LATEST:
        return np.inf
    if late >= 0.0:
        cost = min(late, USUAL_LATE) + RARELY * max(late - USUAL_LATE, 0.0)
    else:
        waits = run.along <= float(pattern.stop_at[0]) + AT_START and run.fix.speed < STANDS
        cost = -late * (WAITING_WEIGHT if waits else EARLY_WEIGHT)
    if run.trip is not None and run.trip.key == trip.key:
        return cost - CHANGE_COST
    return cost + (RAN_COST if trip.key in past.ran else 0.0)


def _left_out(trip: DatedTrip, now: float, past: Past) -> float:
    if trip.start > now or trip.key in past.ran:
        return 0.0
    if trip.start >= past.watched_since:
        return LEFT_OUT
    return LEFT_OUT_UNSEEN if trip.end > now else 0.0


def _align(
    cost: NDArray[np.float64], left_out: NDArray[np.float64], none: NDArray[np.float64]
) -> list[tuple[int, int]]:
    """Pairs (bus, trip) in rising order of both that cost least together; `cost` (b, t), `left_out` (t,), `none` (b,).

    Trips behind that of the last bus cost nothing: their buses may still come.
    """
    buses, trips = cost.shape
    skipped = np.tile(left_out, (buses + 1, 1))
    skipped[buses] = 0.0
    best = np.zeros((buses + 1, trips + 1))
    best[0, 1:] = np.cumsum(left_out)
    best[1:, 0] = np.cumsum(none)
    for bus in range(1, buses + 1):
        for trip in range(1, trips + 1):
            best[bus, trip] = min(
                best[bus - 1, trip - 1] + cost[bus - 1, trip - 1],
                best[bus, trip - 1] + skipped[bus, trip - 1],
                best[bus - 1, trip] + none[bus - 1],
            )
    pairs: list[tuple[int, int]] = []
    bus, trip = buses, trips
    while bus and trip:
        here = best[bus, trip]
        if here == best[bus, trip - 1] + skipped[bus, trip - 1]:
            trip -= 1
        elif here == best[bus - 1, trip] + none[bus - 1]:
            bus -= 1
        else:
            bus, trip = bus - 1, trip - 1
            pairs.append((bus, trip))
    return pairs[::-1]


def _named(run: Run, pattern: Pattern, trips: Sequence[DatedTrip], now: float) -> DatedTrip | None:
    """Trip that a bus names, or the one of its block that fits; what it has stays its own while it fits."""
    status = run.status
    if status is None or (status.trip is None and status.block is None):
        return None
    if status.trip is not None:
        fits = [trip for trip in trips if trip.trip.id == status.trip]
    else:
        fits = [trip for trip in trips if trip.trip.block == status.block]
    if run.trip is not None and any(trip.key == run.trip.key for trip in fits):
        return run.trip
    return min(fits, key=lambda trip: abs(lateness(trip, pattern, run.along, now)), default=None)


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
