"""By how much advice on the way has made each trip later: a bus gets no more of it than its trip bears."""

from dataclasses import dataclass, field

from cloudctl.dispatch.holding import budget_of
from cloudctl.transit.desk import USUAL_SPEED, BusNow


@dataclass
class TripBudgets:
    """What the trips of all buses have spent; a bus that begins another trip begins anew."""

    _spent: dict[str, tuple[str, float]] = field(default_factory=dict)
    """Trip (or pattern) of each bus, and what it spent, s."""
    _costs: dict[str, tuple[str, str, float]] = field(default_factory=dict)
    """Bus, trip and cost (s) of each advice that is open, by its id."""

    def left(self, bus: BusNow) -> float:
        """Give what is left of the budget of a bus's trip, s."""
        planned = bus.pattern.length / USUAL_SPEED if bus.run.trip is None else bus.run.trip.end - bus.run.trip.start
        return budget_of(planned) - self._spent_on(bus.run.vehicle, _trip_of(bus))

    def spend(self, bus: BusNow, seconds: float, advice: str) -> None:
        """Take what an advice costs from the budget of a bus's trip."""
        vehicle, trip = bus.run.vehicle, _trip_of(bus)
        self._spent[vehicle] = trip, self._spent_on(vehicle, trip) + seconds
        self._costs[advice] = vehicle, trip, seconds

    def settle(self, advice: str, *, declined: bool) -> None:
        """End an advice; one that was declined has cost nothing. Those without a cost change nothing."""
        vehicle, trip, seconds = self._costs.pop(advice, ("", "", 0.0))
        if declined and self._spent.get(vehicle, ("", 0.0))[0] == trip:
            self._spent[vehicle] = trip, self._spent_on(vehicle, trip) - seconds

    def _spent_on(self, vehicle: str, trip: str) -> float:
        known, spent = self._spent.get(vehicle, ("", 0.0))
        return spent if known == trip else 0.0


def _trip_of(bus: BusNow) -> str:
    return bus.run.trip.key if bus.run.trip else bus.pattern.id
