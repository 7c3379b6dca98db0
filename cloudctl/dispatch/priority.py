"""Requests of dispatch for signal priority and what becomes of each: requested, granted, served, or refused and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import msgspec
import numpy as np

from cloudctl.advice.advisory import Advisory, AdvisoryKind
from cloudctl.advice.bus_priority import PriorityRequest
from cloudctl.dispatch.errors import NoLightError
from cloudctl.transit.desk import BusNow
from cloudctl.transit.patterns import Pattern
from maps.network import RoadNetwork

REACH = 1500.0
"""A signal farther ahead is not asked for, m."""
USUAL_SPEED = 8.0
"""m/s"""
SLACK = 90.0
"""A request ends this long after the expected arrival at the stop line, s."""
PASSED = 15.0
"""A bus this far beyond the stop line has passed it, m."""
KEPT = 600.0
"""s"""


class PriorityStatus(StrEnum):
    """How far a request has come."""

    REQUESTED = "requested"
    GRANTED = "granted"
    SERVED = "served"
    """The bus has passed on the green that was changed for it."""
    REFUSED = "refused"


class PriorityState(msgspec.Struct, frozen=True, kw_only=True):
    """One request."""

    id: str
    vehicle: str
    line: str
    trip: str
    """Journey number: key of the dated trip."""
    signal: str
    phase_id: int
    requested: float
    updated: float
    """UTC epoch, s."""
    arrival: float
    """Expected at the stop line, UTC epoch s."""
    status: PriorityStatus = PriorityStatus.REQUESTED
    strategy: str = ""
    seconds: float = 0.0
    """By which the green is changed, at most."""
    gained: float | None = None
    """Seconds by which the bus came through earlier than it would have otherwise, as far as can be told."""
    reason: str = ""


@dataclass(frozen=True)
class _Watched:
    state: PriorityState
    stop_line: float
    """m along the pattern."""
    pattern: str
    lateness: float
    group: int


class PriorityWatch:
    """Makes requests and follows them."""

    def __init__(self, network: RoadNetwork) -> None:
        self._network = network
        self._watched: dict[str, _Watched] = {}
        self._changed: list[PriorityState] = []

    @property
    def states(self) -> list[PriorityState]:
        """All requests that are remembered."""
        return [watched.state for watched in self._watched.values()]

    def request(self, request_id: str, bus: BusNow, now: float, signal: str = "") -> PriorityRequest:
        """Ask for the next light on a bus's way, or for that of a signal by its id.

        Raises:
            NoLightError: there is none within reach.
        """
        group, stop_line = self._light(bus, signal)
        network = self._network
        arrival = now + (stop_line - bus.run.along) / max(bus.run.fix.speed, USUAL_SPEED)
        number = int(network.groups.signal[group])
        late = max(bus.late or 0.0, 0.0)
        state = PriorityState(
            id=request_id,
            vehicle=bus.run.vehicle,
            line=bus.pattern.line,
            trip=bus.run.trip.key if bus.run.trip else "",
            signal=str(network.signals.id[number]),
            phase_id=int(network.groups.phase_id[group]),
            requested=now,
            updated=now,
            arrival=round(arrival, 1),
        )
        self._put(_Watched(state, stop_line, bus.pattern.id, late, group))
        return PriorityRequest(bus.run.vehicle, group, arrival, now, arrival + SLACK, request_id, late)

    def follow(self, advisories: Iterable[Advisory], buses: dict[str, BusNow], now: float) -> None:
        """Take what the signals were asked and answered, and where the buses are."""
        for advisory in advisories:
            if advisory.kind is AdvisoryKind.BUS_PRIORITY:
                self._hear(advisory, now)
        for watched in list(self._watched.values()):
            self._look(watched, buses.get(watched.state.vehicle), now)

    def take_changes(self) -> list[PriorityState]:
        """Give what is new or changed since the last call."""
        changed, self._changed = self._changed, []
        return changed

    def _hear(self, advisory: Advisory, now: float) -> None:
        watched = self._watched.get(str(advisory.content.get("request_id")))
        if watched is None:
            return
        strategy, seconds = str(advisory.content.get("strategy", "")), advisory.content.get("max_seconds", 0.0)
        answer = advisory.content.get("status")
        status = PriorityStatus(answer) if answer in {"granted", "refused"} else PriorityStatus.REQUESTED
        why = str(advisory.content.get("why", "the signal refused"))
        reason = why if status is PriorityStatus.REFUSED else advisory.reason
        most = float(seconds) if isinstance(seconds, int | float) else 0.0
        self._change(watched, now, status=status, strategy=strategy, seconds=most, reason=reason)

    def _look(self, watched: _Watched, bus: BusNow | None, now: float) -> None:
        state = watched.state
        if state.status in {PriorityStatus.SERVED, PriorityStatus.REFUSED}:
            if now - state.updated > KEPT:
                del self._watched[state.id]
            return
        passed = bus is not None and (bus.pattern.id != watched.pattern or bus.run.along > watched.stop_line + PASSED)
        over = now > state.arrival + SLACK
        if not passed and not over:
            return
        if state.status is PriorityStatus.GRANTED and passed and bus is not None:
            gained = max(watched.lateness - max(bus.late or 0.0, 0.0), 0.0) if bus.late is not None else None
            self._change(watched, now, status=PriorityStatus.SERVED, gained=gained)
        else:
            self._change(watched, now, status=PriorityStatus.REFUSED, reason=_why_not(state, passed=passed))

    def _change(self, watched: _Watched, now: float, **changes: object) -> None:
        fresh = msgspec.structs.replace(watched.state, updated=now, **changes)
        if msgspec.structs.replace(fresh, updated=0.0) != msgspec.structs.replace(watched.state, updated=0.0):
            self._put(_Watched(fresh, watched.stop_line, watched.pattern, watched.lateness, watched.group))

    def _put(self, watched: _Watched) -> None:
        self._watched[watched.state.id] = watched
        self._changed.append(watched.state)

    def _light(self, bus: BusNow, signal: str) -> tuple[int, float]:
        network = self._network
        for group, stop_line in lights_of(bus.pattern, network):
            ahead = stop_line - bus.run.along
            wanted = not signal or str(network.signals.id[network.groups.signal[group]]) == signal
            if 0.0 < ahead <= REACH and wanted:
                return group, stop_line
        raise NoLightError(bus.run.vehicle, REACH)


def _why_not(state: PriorityState, *, passed: bool) -> str:
    if state.status is PriorityStatus.GRANTED:
        return "the bus did not come in time"
    return "the bus came through without help" if passed else "no change of the green would have helped it"


def lights_of(pattern: Pattern, network: RoadNetwork) -> list[tuple[int, float]]:
    """Signal groups on a way, each with the distance (m) of its stop line."""
    connections, lanes = network.connections, network.lanes
    size = len(network.links.id)
    turns = lanes.link[connections.from_lane].astype(np.int64) * size + lanes.link[connections.to_lane]
    lit = connections.group >= 0
    known = dict(zip(turns[lit].tolist(), connections.group[lit].tolist(), strict=True))
    ends = (pattern.link_start + network.links.length[pattern.links]).tolist()
    links = pattern.links.astype(np.int64).tolist()
    found = [(known.get(a * size + b, -1), end) for (a, b), end in zip(pairwise(links), ends[:-1], strict=True)]
    return [(group, end) for group, end in found if group >= 0]
