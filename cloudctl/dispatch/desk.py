"""The dispatch desk: looks at the bus network once a turn and keeps every advice from its making to its end."""

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from cloudctl.advice.advisory import AdvisoryKind
from cloudctl.advice.scene import Numbering
from cloudctl.dispatch.advice import AdviceStatus, DispatchAdvice, Expected
from cloudctl.dispatch.errors import SettledAdviceError, UnknownAdviceError
from cloudctl.dispatch.evenness import GRACE, Evenness, Later
from cloudctl.dispatch.holding import Gaps
from cloudctl.dispatch.measures import Connection, Measure, short_turn, skip_stop, swaps, wait_for_connection
from cloudctl.transit.desk import BusNow, TransitDesk
from maps.network import RoadNetwork

MEASURE_LIFE = 120.0
"""Skip, short turn and swap hold this long, s."""
KEPT = 600.0
"""An advice that is over is remembered this long, s."""
AGAIN = 300.0
"""The same measure is not advised again for the same bus before, s."""


class DispatchDesk:
    """Advises on all lines of one network."""

    def __init__(self, network: RoadNetwork) -> None:
        self._network = network
        self._ids = Numbering("dispatch")
        self._evenness = Evenness(network)
        self._measured: dict[tuple[str, str], float] = {}
        """When a measure of a kind was advised for a bus."""
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
        self._evenness.budgets.settle(advice_id, declined=status is AdviceStatus.REJECTED)
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
                self._evenness.budgets.settle(advice.id, declined=False)
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
        later = None if connection is not None else self._evenness.look(bus, transit, now)
        if later is not None:
            yield self._even(bus, later, now)

    def _even(self, bus: BusNow, later: Later, now: float) -> DispatchAdvice:
        kind, code = AdvisoryKind.BUS_HOLD, "dispatch.hold"
        if later.speed:
            kind, code = AdvisoryKind.BUS_SPEED, "dispatch.slow_down"
        advice = self._make(
            bus, kind, now, later.valid_until, _why(later.gaps, bus), code, stop=bus.pattern.stops[bus.next_stop],
            seconds=0.0 if later.speed else round(later.seconds, 1), until=round(later.until, 1),
            speed=round(later.speed, 2), expected=_expected(later.gaps, later.seconds),
        )  # fmt: skip
        self._evenness.budgets.spend(bus, later.cost, advice.id)
        return advice

    def _measure(self, bus: BusNow, measure: Measure, now: float) -> Iterator[DispatchAdvice]:
        key = (measure.vehicle, measure.kind.value)
        if now - self._measured.get(key, float("-inf")) < AGAIN:
            return
        self._measured[key] = now
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
