"""What becomes of each request for signal priority: requested, granted, served, or refused and why.

A request that was granted is served when its vehicle has left the approach it was seen on; one whose vehicle is not in
the picture, when the light was green at the time for which it was asked.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
import numpy as np

from cloudctl.advice.bus_approach import Approach
from cloudctl.advice.priority_request import PriorityRequest
from cloudctl.advice.scene import Scene
from cloudctl.advice.topology import GREENS

KEPT, MOST = 600.0, 2000
"""States are remembered so long after their end (s), and so many of them."""
REUSED = 60.0
"""An id that comes again so long after its end is a request of its own, s."""
WITHIN = 5.0
"""s after the arrival in which an unseen vehicle has to find green"""
TOO_LATE = 45.0
"""s after the arrival that was asked for by which a vehicle must have passed"""
REQUESTED, GRANTED, SERVED, REFUSED = "requested", "granted", "served", "refused"


class SignalPriorityState(msgspec.Struct, frozen=True, kw_only=True):
    """One request; times are UTC epoch s."""

    id: str
    vehicle: str
    signal: str
    phase_id: int
    cause: str
    urgent: bool = False
    requested: float
    updated: float
    arrival: float
    """Expected at the stop line, dwell at stops on the way included."""
    lateness: float = 0.0
    status: str = REQUESTED
    strategy: str = ""
    """extension, early_green, phase_insertion, or none where it comes in green anyway."""
    seconds: float = 0.0
    """By which the green is changed, at most."""
    reason: str = ""


@dataclass
class _Entry:
    state: SignalPriorityState
    request: PriorityRequest
    seen: float = -np.inf
    """When the vehicle was last seen on the approach."""
    green: bool = False
    """Whether the light was green about the arrival."""


class PriorityBook:
    """Follows requests."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._changes: list[SignalPriorityState] = []

    @property
    def states(self) -> tuple[SignalPriorityState, ...]:
        """All requests that are remembered, the earliest first."""
        return tuple(entry.state for entry in self._entries.values())

    def take_changes(self) -> list[SignalPriorityState]:
        """Give the states that are new or changed since the last call."""
        changed, self._changes = self._changes, []
        return changed

    def open(self, scene: Scene, request: PriorityRequest) -> None:
        """Take up a request; one that is known takes its new arrival."""
        known = self._entries.get(request.request_id)
        if known is not None:
            over = known.state.status in {SERVED, REFUSED}
            if not over or scene.now - known.state.updated < REUSED:
                known.request = request
                return
        network, group = scene.topology.network, request.group
        state = SignalPriorityState(
            id=request.request_id,
            vehicle=request.vehicle,
            signal=str(network.signals.id[network.groups.signal[group]]),
            phase_id=int(network.groups.phase_id[group]),
            cause=request.cause.value,
            urgent=request.urgent,
            requested=scene.now,
            updated=scene.now,
            arrival=round(request.arrival, 1),
            lateness=round(request.lateness, 1),
        )
        self._entries[request.request_id] = _Entry(state, request)
        self._entries.move_to_end(request.request_id)
        self._changes.append(state)
        if len(self._entries) > MOST:
            self._entries.popitem(last=False)

    def note(self, request_id: str, now: float, **changes: object) -> None:
        """Change the state of a request that is not over; the same once more is no change."""
        entry = self._entries.get(request_id)
        if entry is None or entry.state.status in {SERVED, REFUSED}:
            return
        fresh = msgspec.structs.replace(entry.state, **changes)
        if fresh != entry.state:
            told = (fresh.status, fresh.strategy) != (entry.state.status, entry.state.strategy)
            entry.state = msgspec.structs.replace(fresh, updated=now if told else entry.state.updated)
            if told:
                self._changes.append(entry.state)

    def follow(self, scene: Scene, approaching: Iterable[Approach]) -> None:
        """Find out who has passed, and who did not come."""
        there = {(one.vehicle, one.group): one for one in approaching}
        for name, entry in list(self._entries.items()):
            state = entry.state
            if state.status in {SERVED, REFUSED}:
                if scene.now - state.updated > KEPT:
                    del self._entries[name]
                continue
            seen = there.get((state.vehicle, entry.request.group))
            if seen is not None:
                entry.seen = scene.now
                self.note(name, scene.now, arrival=round(seen.arrival, 1))
            self._look(scene, name, entry, present=seen is not None)

    def _look(self, scene: Scene, name: str, entry: _Entry, *, present: bool) -> None:
        now, arrival = scene.now, entry.state.arrival
        if abs(now - arrival) <= WITHIN and int(scene.picture.signals.state[entry.request.group]) in GREENS:
            entry.green = True
        passed = not present and (np.isfinite(entry.seen) or (entry.green and now > arrival + WITHIN))
        granted = entry.state.status == GRANTED
        if passed and granted:
            self.note(name, now, status=SERVED, reason=entry.state.reason)
        elif passed and np.isfinite(entry.seen):
            self.note(name, now, status=REFUSED, reason=entry.state.reason or "it came through without help")
        elif now > arrival + TOO_LATE or (not present and not granted and now >= entry.request.expires):
            late = (
                "it did not come in time" if granted else entry.state.reason or "no change of the green would help it"
            )
            self.note(name, now, status=REFUSED, reason=late)
