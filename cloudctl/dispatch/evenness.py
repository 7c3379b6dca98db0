"""Which buses come later so that the headways of their line even out: held at a stop, or told to drive slowly.

How much the headways ask for is in `holding`, what the lights ahead make of it in `release`, what a trip bears in
`budget`.
"""

from dataclasses import dataclass, field

from cloudctl.dispatch.budget import TripBudgets
from cloudctl.dispatch.holding import (
    CONTROL_EVERY,
    SHORTEST,
    Gaps,
    delay_wanted,
    even_wait,
    hold_at_start,
    hold_wanted,
)
from cloudctl.dispatch.release import Onward, wait_for_lights, wait_that_pays
from cloudctl.transit.arrivals import CRUISE, MOST
from cloudctl.transit.desk import BusNow, TransitDesk
from maps.network import RoadNetwork

LAST_STOPS = 2
"""At the last stops of a way nobody is held: few people would gain."""
GRACE = 10.0
"""After the time to go on an advice to hold is over, s."""


@dataclass(frozen=True)
class Later:
    """A bus is to come later by `seconds`: held until a time, or by driving no faster than a speed."""

    gaps: Gaps | None
    seconds: float
    valid_until: float
    """UTC epoch, s."""
    cost: float = 0.0
    """By which its trip is expected to end later, s; 0 at the first stop, where nobody loses time on board."""
    until: float = 0.0
    """When to go on, UTC epoch s; 0 where it is driven slowly."""
    speed: float = 0.0
    """m/s; 0 where it is held."""


@dataclass
class Evenness:
    """Looks at each bus once a visit and once a leg."""

    network: RoadNetwork
    budgets: TripBudgets = field(default_factory=TripBudgets)
    _held_at: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Stop (pattern, number) at which each bus was looked at last."""
    _slowed_to: dict[str, tuple[str, int]] = field(default_factory=dict)

    def look(self, bus: BusNow, transit: TransitDesk, now: float) -> Later | None:
        """Give what a bus is to do at this turn, None for nothing."""
        return self._slow(bus, transit, now) if bus.stands_since is None else self._hold(bus, transit, now)

    def _hold(self, bus: BusNow, transit: TransitDesk, now: float) -> Later | None:
        place, vehicle, number = (bus.pattern.id, bus.next_stop), bus.run.vehicle, bus.next_stop
        if self._held_at.get(vehicle) == place:
            return None
        self._held_at[vehicle] = place
        ready = (bus.stands_since or now) + transit.predictor.dwell(bus.pattern, number, now).mean
        gaps, cost = _gaps(bus, transit, ready), 0.0
        if number == 0:
            seconds = _wait_at_start(bus, transit, gaps, (ready, now))
        elif gaps is None or number % CONTROL_EVERY or number >= len(bus.pattern.stops) - LAST_STOPS:
            return None
        else:
            seconds, cost = self._bearable(bus, transit, hold_wanted(gaps), (ready, now))
        until = ready + seconds
        return Later(gaps, seconds, until + GRACE, cost, until=until) if seconds else None

    def _slow(self, bus: BusNow, transit: TransitDesk, now: float) -> Later | None:
        place, vehicle = (bus.pattern.id, bus.next_stop), bus.run.vehicle
        gaps = _gaps(bus, transit)
        if gaps is None or self._slowed_to.get(vehicle) == place or bus.run.fix.link < 0:
            return None
        self._slowed_to[vehicle] = place
        way = float(bus.pattern.stop_at[bus.next_stop]) - bus.run.along
        usual = min(float(self.network.links.speed[bus.run.fix.link]) * CRUISE, MOST)
        wanted = delay_wanted(gaps, way, usual) if bus.next_stop else 0.0
        seconds, cost = self._bearable(bus, transit, wanted, (now, now))
        takes = way / usual + seconds
        return Later(gaps, seconds, now + takes, cost, speed=way / takes) if seconds else None

    def _bearable(
        self, bus: BusNow, transit: TransitDesk, wanted: float, times: tuple[float, float]
    ) -> tuple[float, float]:
        """How much of what the headways want on the way the trip bears, and what that costs it, s."""
        left = self.budgets.left(bus)
        onward = _onward(bus, transit, times) if wanted and left > 0.0 else None
        return (0.0, 0.0) if onward is None else wait_that_pays(wanted, left, onward)


def _wait_at_start(bus: BusNow, transit: TransitDesk, gaps: Gaps | None, times: tuple[float, float]) -> float:
    """How long a bus is held at its first stop, s; `times` are when it is ready, and now."""
    early = None if bus.run.trip is None else bus.run.trip.start - times[0]
    onward = _onward(bus, transit, times)
    if onward is None or gaps is None or gaps.usual is None:
        return hold_at_start(gaps, early)
    wait = wait_for_lights(even_wait(gaps, early), early or 0.0, gaps.usual, onward)
    return wait if wait >= SHORTEST else 0.0


def _onward(bus: BusNow, transit: TransitDesk, times: tuple[float, float]) -> Onward | None:
    """What a wait of a bus does to its drive; None at its last stop.

    `times` are when it would go on without, and now.
    """
    following = bus.next_stop + (bus.stands_since is not None)
    if following >= len(bus.pattern.stops) or bus.next_stop == len(bus.pattern.stops) - 1:
        return None

    def arrivals(wait: float) -> tuple[float, float]:
        found = transit.arrivals_after(bus, times[0] - times[1] + wait, times[1])
        return float(found[following]), float(found[-1])

    return arrivals


def _gaps(bus: BusNow, transit: TransitDesk, ready: float | None = None) -> Gaps | None:
    """Headways of a bus; of one that stands at a stop from departure to departure, if it left when `ready`."""
    headway = bus.headway
    if headway is None or headway.ahead is None:
        return None
    ahead = headway.ahead
    vehicle, left = transit.left.get((bus.pattern.id, bus.next_stop), ("", 0.0))
    if ready is not None and vehicle == headway.vehicle_ahead:
        ahead = ready - left
    return Gaps(ahead, headway.behind, headway.planned)
