"""The dispatch desk: looks at the bus network once a turn and keeps every advice from its making to its end."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from cloudctl.advice.advisory import AdvisoryKind
from cloudctl.advice.scene import Numbering
from cloudctl.dispatch.advice import AdviceStatus, DispatchAdvice, Expected
from cloudctl.dispatch.errors import SettledAdviceError, UnknownAdviceError
from cloudctl.dispatch.holding import CONTROL_EVERY, Gaps, budget_of, hold_at_start, hold_for, speed_for
from cloudctl.dispatch.measures import Connection, Measure, short_turn, skip_stop, swaps, wait_for_connection
from cloudctl.transit.arrivals import CRUISE, MOST
from cloudctl.transit.desk import USUAL_SPEED, BusNow, TransitDesk
from maps.network import RoadNetwork

LAST_STOPS = 2
"""At the last stops of a way nobody is held: few people would gain."""
MEASURE_LIFE = 120.0
"""Skip, short turn and swap hold this long, s."""
GRACE = 10.0
"""After the time to go on an advice to hold is over, s."""
KEPT = 600.0
"""An advice that is over is remembered this long, s."""
AGAIN = 300.0
"""The same measure is not advised again for the same bus before, s."""


@dataclass
class _Memory:
    held_at: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Stop (pattern, number) at which each bus was looked at last."""
    slowed_to: dict[str, tuple[str, int]] = field(default_factory=dict)
    spent: dict[str, tuple[str, float]] = field(default_factory=dict)
    """Trip (or pattern) of each bus, and by how much advice made it later on the way, s."""
    advised: dict[tuple[str, str], float] = field(default_factory=dict)
    """When a measure of a kind was advised for a bus."""


class DispatchDesk:
    """Advises on all lines of one network."""

    def __init__(self, network: RoadNetwork) -> None:
        self._network = network
        self._ids = Numbering("dispatch")
        self._memory = _Memory()
        self._advice: dict[str, DispatchAdvice] = {}
        self._changed: list[DispatchAdvice] = []
        self.connections: Sequence[Connection] = ()
        """Arrivals of trunk lines from which people change."""
        self.counts: Counter[str] = Counter()
        """Advice by kind, and by the status it came to."""

    @property
    def advice(self) -> list[DispatchAdvice]:
        """What is open."""
        return [each for each in self._advice.values() if each.open]

    def turn(self, transit: TransitDesk, now: float) -> list[DispatchAdvice]:
        """Look at the network after its turn; gives what is newly advised."""
        self._expire(now)
        fresh = [advice for bus in transit.buses.values() for advice in self._about(bus, transit, now)]
        for measure in swaps(transit.findings, transit.buses):
            fresh += self._measure(transit.buses[measure.vehicle], measure, now)
        for advice in fresh:
            self._put(advice)
            self.counts[advice.kind.value] += 1
        return fresh

    def take_changes(self) -> list[DispatchAdvice]:
        """Give what is new or changed since the last call, in order."""
        changed, self._changed = self._changed, []
        return changed

    def answer(self, advice_id: str, status: AdviceStatus, said_by: str, now: float) -> DispatchAdvice:
        """Take what driver or dispatch says; saying the same again changes nothing.

        Raises:
            UnknownAdviceError: there is none of this id.
            SettledAdviceError: it is over, or was answered otherwise.
        """
        advice = self._advice.get(advice_id)
        if advice is None:
            raise UnknownAdviceError(advice_id)
        if advice.status is status:
            return advice
        if not advice.open:
            raise SettledAdviceError(advice_id, advice.status)
        settled = msgspec.structs.replace(advice, status=status, said_by=said_by, updated=now)
        self._put(settled)
        return settled

    def _put(self, advice: DispatchAdvice) -> None:
        self._advice[advice.id] = advice
        self._changed.append(advice)
        self.counts[advice.status.value] += 1

    def _expire(self, now: float) -> None:
        for advice in list(self._advice.values()):
            if advice.open and now > advice.valid_until:
                over = AdviceStatus.DONE if advice.status is AdviceStatus.ACCEPTED else AdviceStatus.EXPIRED
                self._put(msgspec.structs.replace(advice, status=over, updated=now))
            elif not advice.open and now - advice.valid_until > KEPT:
                del self._advice[advice.id]

    def _about(self, bus: BusNow, transit: TransitDesk, now: float) -> Iterator[DispatchAdvice]:
        if bus.run.astray or bus.next_stop >= len(bus.pattern.stops):
            return
        connection = wait_for_connection(bus, self.connections, now)
        status = bus.run.status
        share = None
        if status is not None and status.passengers is not None and status.capacity:
            share = status.passengers / status.capacity
        for measure in (connection, skip_stop(bus, share), short_turn(bus)):
            if measure is not None:
                yield from self._measure(bus, measure, now)
        even = self._slow(bus, transit, now) if bus.stands_since is None else self._hold(bus, transit, now)
        if even is not None and connection is None:
            yield even

    def _hold(self, bus: BusNow, transit: TransitDesk, now: float) -> DispatchAdvice | None:
        """Advise a hold, once a visit."""
        place, vehicle = (bus.pattern.id, bus.next_stop), bus.run.vehicle
        if self._memory.held_at.get(vehicle) == place:
            return None
        self._memory.held_at[vehicle] = place
        ready = (bus.stands_since or now) + transit.predictor.dwell(bus.pattern, bus.next_stop, now).mean
        gaps = _gaps(bus, transit, ready)
        if bus.next_stop == 0:
            early = None if bus.run.trip is None else bus.run.trip.start - ready
            seconds = hold_at_start(gaps, early)
        elif gaps is None or bus.next_stop % CONTROL_EVERY or bus.next_stop >= len(bus.pattern.stops) - LAST_STOPS:
            return None
        else:
            seconds = hold_for(gaps, self._left(bus))
            self._spend(bus, seconds)
        if seconds == 0.0:
            return None
        until = ready + seconds
        return self._make(
            bus, AdvisoryKind.BUS_HOLD, now, until + GRACE, _why(gaps, bus), "dispatch.hold",
            stop=bus.pattern.stops[bus.next_stop], seconds=round(seconds, 1), until=round(until, 1),
            expected=_expected(gaps, seconds),
        )  # fmt: skip

    def _slow(self, bus: BusNow, transit: TransitDesk, now: float) -> DispatchAdvice | None:
        place, vehicle = (bus.pattern.id, bus.next_stop), bus.run.vehicle
        gaps = _gaps(bus, transit)
        if gaps is None or self._memory.slowed_to.get(vehicle) == place or bus.run.fix.link < 0:
            return None
        self._memory.slowed_to[vehicle] = place
        way = float(bus.pattern.stop_at[bus.next_stop]) - bus.run.along
        usual = min(float(self._network.links.speed[bus.run.fix.link]) * CRUISE, MOST)
        speed = speed_for(gaps, way, usual, self._left(bus)) if bus.next_stop else 0.0
        if speed == 0.0:
            return None
        delay = way / speed - way / usual
        self._spend(bus, delay)
        return self._make(
            bus, AdvisoryKind.BUS_SPEED, now, now + way / speed, _why(gaps, bus), "dispatch.slow_down",
            stop=bus.pattern.stops[bus.next_stop], speed=round(speed, 2), expected=_expected(gaps, delay),
        )  # fmt: skip

    def _left(self, bus: BusNow) -> float:
        """What is left of the budget of a bus's trip, s."""
        planned = bus.pattern.length / USUAL_SPEED if bus.run.trip is None else bus.run.trip.end - bus.run.trip.start
        return budget_of(planned) - self._spent(bus)

    def _spent(self, bus: BusNow) -> float:
        trip, spent = self._memory.spent.get(bus.run.vehicle, ("", 0.0))
        return spent if trip == _trip_of(bus) else 0.0

    def _spend(self, bus: BusNow, seconds: float) -> None:
        self._memory.spent[bus.run.vehicle] = _trip_of(bus), self._spent(bus) + seconds

    def _measure(self, bus: BusNow, measure: Measure, now: float) -> Iterator[DispatchAdvice]:
        key = (measure.vehicle, measure.kind.value)
        if now - self._memory.advised.get(key, float("-inf")) < AGAIN:
            return
        self._memory.advised[key] = now
        until = now + measure.seconds if measure.seconds else 0.0
        yield self._make(
            bus, measure.kind, now, (until or now + MEASURE_LIFE) + GRACE, measure.reason, measure.code,
            stop=measure.stop, other=measure.other, seconds=measure.seconds, until=until,
            expected=Expected(delay=measure.seconds),
        )  # fmt: skip

    def _make(
        self, bus: BusNow, kind: AdvisoryKind, now: float, valid_until: float, reason: str, code: str, **more: object
    ) -> DispatchAdvice:
        run, pattern = bus.run, bus.pattern
        lon, lat = self._network.plane.inverse(run.fix.x, run.fix.y)
        known = {
            "id": self._ids.next(now),
            "kind": kind,
            "vehicle": run.vehicle,
            "line": pattern.line,
            "direction": pattern.direction,
            "pattern": pattern.id,
            "trip": run.trip.key if run.trip else "",
            "created": now,
            "updated": now,
            "valid_until": valid_until,
            "lon": round(float(lon), 7),
            "lat": round(float(lat), 7),
            "reason": reason,
            "reason_code": code,
        }
        return msgspec.convert({**known, **more}, DispatchAdvice, from_attributes=True)


def _trip_of(bus: BusNow) -> str:
    return bus.run.trip.key if bus.run.trip else bus.pattern.id


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


def _why(gaps: Gaps | None, bus: BusNow) -> str:
    if gaps is None:
        return "before its time by the timetable"
    ahead = bus.headway.vehicle_ahead if bus.headway else ""
    following = gaps.following or 0.0
    behind = "behind" if gaps.behind is not None else "planned"
    return f"{gaps.ahead:.0f} s to {ahead} ahead, {following:.0f} s {behind}"


def _expected(gaps: Gaps | None, wait: float) -> Expected:
    if gaps is None:
        return Expected(delay=round(wait, 1))
    behind = gaps.behind
    return Expected(
        headway_ahead_now=round(gaps.ahead, 1),
        headway_ahead_then=round(gaps.ahead + wait, 1),
        headway_behind_now=None if behind is None else round(behind, 1),
        headway_behind_then=None if behind is None else round(behind - wait, 1),
        delay=round(wait, 1),
    )
