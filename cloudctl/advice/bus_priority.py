"""Signal priority (公交优先): asks a signal to hold or advance its green for a vehicle that would just miss it.

Content of an advisory: `request_id`, `vehicle` id, `signal` id, `region`, `node_id`, `phase_id`, `arrival` (UTC epoch,
s: when it needs green, those before it being gone by the time it comes), `passes` (when it is at the stop line),
`strategy` extension, early_green or phase_insertion, `max_seconds`, `lateness_s`, `urgent`, `cause`, and after the
answer `status` granted or refused, and `why` it was refused. After a grant a signal has a recovery interval, so that
the others get their time back. Conflicts are resolved by class and lateness, see `cloudctl.advice.priority_request`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np

from cloudctl.advice.advisory import Advisory, AdvisoryKind
from cloudctl.advice.bus_approach import Approach, StopTimes, approaching_buses
from cloudctl.advice.priority_request import Cause, Need, PriorityRequest
from cloudctl.advice.priority_states import GRANTED, REFUSED, PriorityBook
from cloudctl.advice.scene import Numbering, Scene
from cloudctl.advice.topology import GREENS
from maps.participants import ParticipantKind

__all__ = ["BusPriority", "Plan", "PriorityRequest", "assess", "plan_priority"]

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
_SAYS = {
    "extension": "holding green",
    "early_green": "turning green earlier",
    "phase_insertion": "putting its stage in",
}


@dataclass
class _SignalMemory:
    free_from: float = -np.inf
    """No new request before, UTC epoch s."""
    served: dict[str, float] = field(default_factory=dict)
    """Vehicles asked for lately and when."""


@dataclass(frozen=True)
class Plan:
    """How one request could be met. Strategy `none`: it comes in green; empty: it cannot be helped, for a reason."""

    strategy: str
    seconds: float = 0.0
    reason: str = ""
    wait: float = 0.0
    """Until those before it have left, s."""

    @property
    def helps(self) -> bool:
        """Whether the signal has to be asked."""
        return self.strategy in _SAYS


class BusPriority:
    """Decides which vehicle gets what at each signal, and follows what became of it."""

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
        self.needs: Mapping[str, Need] = {}
        """What is known of buses, by vehicle."""
        self.inserting: set[int] = set()
        """Signals (row) whose controller takes any stage, so that one can be put in."""
        self.on_duty: Callable[[str], bool] = lambda _: False
        """Whether a vehicle that says it is an emergency vehicle is one by the platform's register."""
        self.book = PriorityBook()
        self._stops = StopTimes()
        self.near: list[Approach] = []
        """Buses, and vehicles that have asked, on their way to a light in the last picture."""

    def answer_of(self, request_id: str) -> str:
        """Give what became of an urgent request: asked, granted or refused, "" where it was not made."""
        return self._answers.get(request_id, "")

    def request(self, request: PriorityRequest) -> None:
        """Take a request by message; a newer one of the same vehicle for the same group replaces it."""
        self._requests[request.vehicle, request.group] = request

    def advise(self, scene: Scene) -> list[Advisory]:
        """Ask each signal for at most one vehicle."""
        self._requests = {key: kept for key, kept in self._requests.items() if scene.now < kept.expires}
        self._open = {key: kept for key, kept in self._open.items() if scene.now < kept[1].valid_until}
        for signal in [signal for signal, until in self.held.items() if scene.now >= until]:
            del self.held[signal]
        asked_for = {vehicle for vehicle, _ in self._requests} | {each.vehicle for each in self.book.states}
        self.near = near = approaching_buses(scene, asked_for, self._stops.follow(scene))
        by_signal: dict[int, list[PriorityRequest]] = {}
        for request in self._wanted(scene, near):
            by_signal.setdefault(int(scene.topology.network.groups.signal[request.group]), []).append(request)
        found = [self._decide(scene, signal, requests) for signal, requests in by_signal.items()]
        self.book.follow(scene, near)
        return [advisory for advisory in found if advisory is not None]

    def answer(self, advisory_id: str, *, granted: bool, now: float, reason: str = "") -> Advisory | None:
        """Take the signal's answer; gives the advisory with its status, or None where the id is not open."""
        if advisory_id not in self._open:
            return None
        signal, advisory = self._open.pop(advisory_id)
        status = GRANTED if granted else REFUSED
        self.outcomes[status] = self.outcomes.get(status, 0) + 1
        if not granted:
            self._memory[signal].free_from = now + RETRY
        request_id = str(advisory.content["request_id"])
        self._note(request_id, status)
        why = advisory.reason if granted else f"the signal refused: {reason}" if reason else "the signal refused"
        self.book.note(request_id, now, status=status, reason=why)
        content = {**advisory.content, "status": status} | ({} if granted else {"why": why})
        return msgspec.structs.replace(
            advisory, id=self._ids.next(now), created=now, content=content, replaces=advisory.id
        )

    def _wanted(self, scene: Scene, near: list[Approach]) -> list[PriorityRequest]:
        """Requests by message with the arrival that the picture shows, then buses that have not asked."""
        seen = {(each.vehicle, each.group): each for each in near}
        asked = [self._refreshed(request, seen.get(key)) for key, request in self._requests.items()]
        for request in asked:
            self.book.open(scene, request)
        known = {(each.vehicle, each.group) for each in asked}
        buses = [each for key, each in seen.items() if key not in known and each.kind == ParticipantKind.BUS]
        return asked + [self._by_rule(bus, scene.now) for bus in buses]

    def _decide(self, scene: Scene, signal: int, requests: list[PriorityRequest]) -> Advisory | None:
        memory = self._memory.setdefault(signal, _SignalMemory())
        cycle = float(scene.topology.signal_cycle[signal])
        memory.served = {name: when for name, when in memory.served.items() if scene.now - when <= cycle}
        if signal in self.held:
            self.held_back[signal] = self.held_back.get(signal, 0) + 1
            self._explain(scene, requests, "an operator holds the signal")
            return None
        ordered = sorted(requests, key=lambda each: each.order)
        for place, request in enumerate(ordered):
            if scene.now < memory.free_from and not request.urgent:
                wait = memory.free_from - scene.now
                self._explain(scene, ordered[place:], f"the signal gives the others their time back for {wait:.0f} s")
                return None
            plan = assess(scene, request, may_insert=signal in self.inserting and request.may_insert)
            if not plan.helps or request.vehicle in memory.served:
                self._leave(scene, request, plan)
                continue
            memory.free_from = scene.now + RECOVERY_CYCLES * cycle
            memory.served[request.vehicle] = scene.now
            self._requests.pop((request.vehicle, request.group), None)
            self._note(request.request_id, "asked" if request.urgent else "")
            self._explain(scene, ordered[place + 1 :], "a vehicle of a higher class, or a later bus, goes first")
            return self._ask(scene, signal, request, plan)
        return None

    def _leave(self, scene: Scene, request: PriorityRequest, plan: Plan) -> None:
        """Note of a request that nothing is asked for it: it comes in green anyway, or why it cannot be helped."""
        if plan.strategy == "none":
            self.book.note(request.request_id, scene.now, status=GRANTED, strategy="none", reason=plan.reason)
        elif not plan.helps:
            self.book.note(request.request_id, scene.now, reason=plan.reason)

    def _explain(self, scene: Scene, requests: list[PriorityRequest], reason: str) -> None:
        for request in requests:
            self.book.note(request.request_id, scene.now, reason=reason)

    def _note(self, request_id: str, status: str) -> None:
        """Remember what became of an urgent request, for those that are newest."""
        if status == "asked" or request_id in self._answers:
            self._answers[request_id] = status
            while len(self._answers) > ANSWERS_KEPT:
                del self._answers[next(iter(self._answers))]

    def _ask(self, scene: Scene, signal: int, request: PriorityRequest, plan: Plan) -> Advisory:
        network = scene.topology.network
        lon, lat = network.plane.inverse(network.signals.x[signal], network.signals.y[signal])
        name = str(network.signals.id[signal])
        who = "Emergency vehicle" if request.urgent else "Bus"
        passes = max(request.arrival, scene.now + LEAST_AHEAD, scene.now + plan.wait)
        needed = (
            passes if plan.strategy == "extension" else max(request.arrival - request.queue, scene.now + LEAST_AHEAD)
        )
        advisory = Advisory(
            id=self._ids.next(scene.now),
            kind=AdvisoryKind.BUS_PRIORITY,
            target=f"signal:{name}",
            created=scene.now,
            valid_until=passes + MAX_SECONDS,
            reason=f"{who} {request.vehicle} reaches signal {name} in {passes - scene.now:.0f} s; "
            f"{_SAYS[plan.strategy]} by up to {plan.seconds:.0f} s lets it pass without a stop.",
            reason_code=f"bus_priority.{plan.strategy}",
            lon=float(lon),
            lat=float(lat),
            content={
                "request_id": request.request_id,
                "vehicle": request.vehicle,
                "signal": name,
                "region": int(network.signals.region[signal]),
                "node_id": int(network.signals.node_id[signal]),
                "phase_id": int(network.groups.phase_id[request.group]),
                "arrival": round(needed, 2),
                "passes": round(passes, 2),
                "strategy": plan.strategy,
                "max_seconds": round(plan.seconds, 1),
                "lateness_s": request.lateness,
                "urgent": request.urgent,
                "cause": request.cause.value,
            },
        )
        self._open[advisory.id] = (signal, advisory)
        self.book.open(scene, request)
        seconds = round(plan.seconds, 1)
        self.book.note(request.request_id, scene.now, strategy=plan.strategy, seconds=seconds, reason=advisory.reason)
        return advisory

    def _refreshed(self, request: PriorityRequest, seen: Approach | None) -> PriorityRequest:
        need = self.needs.get(request.vehicle)
        late = max(request.lateness, (need.lateness if need else None) or 0.0)
        arrival = request.arrival if seen is None else seen.arrival
        queue = request.queue if seen is None else seen.queue
        emergency = seen is not None and seen.kind == ParticipantKind.SPECIAL and self.on_duty(request.vehicle)
        urgent = request.urgent or emergency
        return replace(request, arrival=arrival, queue=queue, lateness=late, need=need, urgent=urgent)

    def _by_rule(self, bus: Approach, now: float) -> PriorityRequest:
        need = self.needs.get(bus.vehicle)
        return PriorityRequest(
            vehicle=bus.vehicle,
            group=bus.group,
            arrival=bus.arrival,
            received=now,
            expires=now + RETRY,
            request_id=f"rule-{bus.vehicle}-{int(now)}",
            lateness=max((need.lateness if need else None) or 0.0, 0.0),
            cause=need.cause if need else Cause.APPROACH,
            need=need,
            queue=bus.queue,
        )


def assess(scene: Scene, request: PriorityRequest, *, may_insert: bool = False) -> Plan:
    """Choose strategy and length (s) for one request; `may_insert` where the controller takes any stage."""
    signals, group = scene.picture.signals, request.group
    if not scene.now - float(signals.received[group]) <= STALE:
        return Plan("", reason="nothing is heard of the light")
    if float(signals.confidence[group]) < CONFIDENCE:
        return Plan("", reason="it is not certain when the light changes")
    if int(signals.state[group]) in GREENS:
        short = max(request.arrival, scene.now + request.queue) + HOLD - float(signals.likely_end[group])
        if not short > 0.0:
            return Plan("none", reason="it comes in green") if np.isfinite(short) else _uncertain(may_insert)
        if short <= MAX_SECONDS:
            return Plan("extension", max(short, SHORTEST), wait=request.queue)
        return Plan("", reason=f"the green would have to last {short:.0f} s longer, {MAX_SECONDS:.0f} s at most")
    early = float(signals.next_green[group]) - max(request.arrival - request.queue, scene.now)
    if early > 0.0:
        most = min(max(early, SHORTEST), MAX_SECONDS)
        return Plan("phase_insertion" if may_insert and early > MAX_SECONDS else "early_green", most)
    return Plan("none", reason="it comes in green") if np.isfinite(early) else _uncertain(may_insert)


def _uncertain(may_insert: bool) -> Plan:
    """Plan where nobody knows when the light changes: whoever commands the stages can put one in."""
    return Plan("phase_insertion", MAX_SECONDS) if may_insert else Plan("", reason="no countdown is known")


def plan_priority(scene: Scene, request: PriorityRequest) -> tuple[str, float] | None:
    """Give strategy and length (s) for one request; None where it needs no help or cannot be helped."""
    plan = assess(scene, request)
    return (plan.strategy, plan.seconds) if plan.helps else None
