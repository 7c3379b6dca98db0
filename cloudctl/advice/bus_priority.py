"""Bus priority (公交优先): asks a signal to hold or advance its green for a bus that would just miss it.

Content of an advisory: `request_id`, `vehicle` id, `signal` id, `region`, `node_id`, `phase_id`, `arrival` (UTC epoch,
s), `strategy` extension or early_green, `max_seconds`, `lateness_s`, and after the answer `status` granted or refused.
At most one grant a signal within its cycle and a recovery interval, so that the others get their time back.
"""

from dataclasses import dataclass, field, replace

import msgspec
import numpy as np

from cloudctl.advice.advisory import Advisory, AdvisoryKind
from cloudctl.advice.bus_approach import Approach, approaching_buses
from cloudctl.advice.scene import Numbering, Scene
from cloudctl.advice.topology import GREENS

MAX_SECONDS = 15.0
"""Longest change of a green, s."""
RECOVERY_CYCLES = 1.5
"""A signal that granted serves no other bus for this many of its cycles."""
SHORTEST = 1.0
LEAST_AHEAD = 2.0
"""The arrival that is asked for still lies ahead when the signal reads it, s."""
CONFIDENCE = 0.5
STALE = 2.0
HOLD = 3.0
"""Margin behind a predicted arrival, s."""
RETRY = 15.0
"""After a refusal the same signal is not asked again for this long, s."""
ANSWERS_KEPT = 1000


@dataclass(frozen=True)
class PriorityRequest:
    """A bus asks for its green, by message (VIR signalPriority) or by rule."""

    vehicle: str
    group: int
    """Row of the signal group it needs."""
    arrival: float
    """UTC epoch at which it expects to be at the stop line, s."""
    received: float
    expires: float
    request_id: str
    lateness: float = 0.0
    """s behind the timetable, 0 where not known."""
    urgent: bool = False
    """An emergency vehicle: before every bus, and not kept waiting by what was granted before."""


@dataclass
class _SignalMemory:
    free_from: float = -np.inf
    """No new request before, UTC epoch s."""
    served: dict[str, float] = field(default_factory=dict)
    """Vehicles asked for lately and when."""


class BusPriority:
    """Decides which bus gets what at each signal, and follows what became of it."""

    def __init__(self) -> None:
        self._requests: dict[tuple[str, int], PriorityRequest] = {}
        self._memory: dict[int, _SignalMemory] = {}
        self._open: dict[str, tuple[int, Advisory]] = {}
        self._ids = Numbering("priority")
        self.outcomes: dict[str, int] = {}
        """How many requests were granted and refused."""
        self.held: dict[int, float] = {}
        """Signals (row) under manual hold and until when (UTC epoch s): nothing is asked of them."""
        self.held_back: dict[int, int] = {}
        """Seconds in which something would have been asked of a held signal."""
        self._answers: dict[str, str] = {}

    def answer_of(self, request_id: str) -> str:
        """Give what became of an urgent request: asked, granted or refused, "" where it was not made."""
        return self._answers.get(request_id, "")

    def request(self, request: PriorityRequest) -> None:
        """Take a request by message; a newer one of the same vehicle for the same group replaces it."""
        self._requests[request.vehicle, request.group] = request

    def advise(self, scene: Scene) -> list[Advisory]:
        """Ask each signal for at most one bus."""
        self._requests = {key: kept for key, kept in self._requests.items() if scene.now < kept.expires}
        self._open = {key: kept for key, kept in self._open.items() if scene.now < kept[1].valid_until}
        for signal in [signal for signal, until in self.held.items() if scene.now >= until]:
            del self.held[signal]
        by_signal: dict[int, list[PriorityRequest]] = {}
        for request in self._wanted(scene):
            by_signal.setdefault(int(scene.topology.network.groups.signal[request.group]), []).append(request)
        found = [self._decide(scene, signal, requests) for signal, requests in by_signal.items()]
        return [advisory for advisory in found if advisory is not None]

    def answer(self, advisory_id: str, *, granted: bool, now: float) -> Advisory | None:
        """Take the signal's answer; gives the advisory with its status, or None where the id is not open."""
        if advisory_id not in self._open:
            return None
        signal, advisory = self._open.pop(advisory_id)
        status = "granted" if granted else "refused"
        self.outcomes[status] = self.outcomes.get(status, 0) + 1
        if not granted:
            self._memory[signal].free_from = now + RETRY
        self._note(str(advisory.content["request_id"]), status)
        content = {**advisory.content, "status": status}
        return msgspec.structs.replace(
            advisory, id=self._ids.next(now), created=now, content=content, replaces=advisory.id
        )

    def _wanted(self, scene: Scene) -> list[PriorityRequest]:
        """Requests by message with the arrival that the picture shows, then buses that have not asked."""
        seen = {(bus.vehicle, bus.group): bus for bus in approaching_buses(scene)}
        asked = [_refreshed(request, seen.get(key)) for key, request in self._requests.items()]
        by_rule = [_by_rule(bus, scene.now) for key, bus in seen.items() if key not in self._requests]
        return asked + by_rule

    def _decide(self, scene: Scene, signal: int, requests: list[PriorityRequest]) -> Advisory | None:
        memory = self._memory.setdefault(signal, _SignalMemory())
        cycle = float(scene.topology.signal_cycle[signal])
        memory.served = {name: when for name, when in memory.served.items() if scene.now - when <= cycle}
        if signal in self.held:
            self.held_back[signal] = self.held_back.get(signal, 0) + 1
            return None
        for request in sorted(
            requests, key=lambda each: (not each.urgent, -each.lateness, each.arrival, each.received)
        ):
            if scene.now < memory.free_from and not request.urgent:
                return None
            plan = plan_priority(scene, request)
            if plan is not None and request.vehicle not in memory.served:
                memory.free_from = scene.now + RECOVERY_CYCLES * cycle
                memory.served[request.vehicle] = scene.now
                self._requests.pop((request.vehicle, request.group), None)
                self._note(request.request_id, "asked" if request.urgent else "")
                asked = replace(request, arrival=max(request.arrival, scene.now + LEAST_AHEAD))
                return self._ask(scene, signal, asked, plan)
        return None

    def _note(self, request_id: str, status: str) -> None:
        """Remember what became of an urgent request, for those that are newest."""
        if status == "asked" or request_id in self._answers:
            self._answers[request_id] = status
            while len(self._answers) > ANSWERS_KEPT:
                del self._answers[next(iter(self._answers))]

    def _ask(self, scene: Scene, signal: int, request: PriorityRequest, plan: tuple[str, float]) -> Advisory:
        network = scene.topology.network
        strategy, seconds = plan
        lon, lat = network.plane.inverse(network.signals.x[signal], network.signals.y[signal])
        name = str(network.signals.id[signal])
        what = "holding green" if strategy == "extension" else "turning green earlier"
        who = "Emergency vehicle" if request.urgent else "Bus"
        advisory = Advisory(
            id=self._ids.next(scene.now),
            kind=AdvisoryKind.BUS_PRIORITY,
            target=f"signal:{name}",
            created=scene.now,
            valid_until=request.arrival + MAX_SECONDS,
            reason=f"{who} {request.vehicle} reaches signal {name} in {request.arrival - scene.now:.0f} s; "
            f"{what} by up to {seconds:.0f} s lets it pass without a stop.",
            reason_code=f"bus_priority.{strategy}",
            lon=float(lon),
            lat=float(lat),
            content={
                "request_id": request.request_id,
                "vehicle": request.vehicle,
                "signal": name,
                "region": int(network.signals.region[signal]),
                "node_id": int(network.signals.node_id[signal]),
                "phase_id": int(network.groups.phase_id[request.group]),
                "arrival": round(request.arrival, 2),
                "strategy": strategy,
                "max_seconds": round(seconds, 1),
                "lateness_s": request.lateness,
                "urgent": request.urgent,
            },
        )
        self._open[advisory.id] = (signal, advisory)
        return advisory


def plan_priority(scene: Scene, request: PriorityRequest) -> tuple[str, float] | None:
    """Choose strategy and length (s) for one request; None where the bus needs no help or cannot be helped."""
    signals, group = scene.picture.signals, request.group
    fresh = scene.now - float(signals.received[group]) <= STALE
    if not fresh or float(signals.confidence[group]) < CONFIDENCE:
        return None
    if int(signals.state[group]) in GREENS:
        short = request.arrival + HOLD - float(signals.likely_end[group])
        return ("extension", max(short, SHORTEST)) if 0.0 < short <= MAX_SECONDS else None
    early = float(signals.next_green[group]) - request.arrival
    return ("early_green", min(max(early, SHORTEST), MAX_SECONDS)) if early > 0.0 else None


def _refreshed(request: PriorityRequest, seen: Approach | None) -> PriorityRequest:
    return request if seen is None else replace(request, arrival=seen.arrival)


def _by_rule(bus: Approach, now: float) -> PriorityRequest:
    return PriorityRequest(
        vehicle=bus.vehicle,
        group=bus.group,
        arrival=bus.arrival,
        received=now,
        expires=now + RETRY,
        request_id=f"rule-{bus.vehicle}-{int(now)}",
    )
