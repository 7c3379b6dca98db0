"""Is what a signal reports worth believing? Checks over time on the SPAT and MAP of every intersection.

| event | rule |
|---|---|
| rate | messages in 10 s: SPAT 90 to 110, MAP 9 to 11 |
| silence | none in 10 s from an intersection that was there before |
| count | msgCnt goes up by one (mod 128) |
| missing_data | the least a SPAT must say: a time, and when the present light ends |
| timestamp | message and arrival differ by more than 50 ms, after the clock offset, in the median of 11 messages |
| transition | a light followed one that may not come before it |
| end_order | minEnd <= likelyEnd <= maxEnd, none before the start |
| alignment | SPAT and MAP name the same intersection and the same phases |
| conflicting_greens | two crossing movements show protected green |

The numbers are those of the conflict monitor of the US DOT. An event is told when it begins and every minute while it
lasts. Lights are compared in every message, the rest of a SPAT when its lights change and at least once a second.
Entries of a SPAT about one intersection count as one: more than 16 phases do not fit one entry. Time is a parameter;
nothing here reads a clock.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import floor, inf

import msgspec

from ingest.messages.map_data import MapData, Node
from ingest.messages.spat import IntersectionState, Spat
from ingest.signal_rules import (
    alignment_fault,
    conflicting_greens,
    conflicting_phases,
    current_state,
    end_order_fault,
    is_legal_change,
    missing_data,
    nodes_by_key,
    phases_of_node,
    walking_phases,
)

_COUNTS = 128


class SignalFault(StrEnum):
    """Kind of an event."""

    RATE = "rate"
    SILENCE = "silence"
    COUNT = "count"
    MISSING_DATA = "missing_data"
    TIMESTAMP = "timestamp"
    TRANSITION = "transition"
    END_ORDER = "end_order"
    ALIGNMENT = "alignment"
    CONFLICTING_GREENS = "conflicting_greens"


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers of the checks."""

    window: float = 10.0
    """s over which messages are counted."""
    spat: tuple[int, int] = (90, 110)
    map: tuple[int, int] = (9, 11)
    timestamp: float = 0.05
    """s."""
    repeat: float = 60.0
    """s after which an event that lasts is told again."""
    content: float = 1.0
    """s after which a SPAT whose lights stay is looked at again."""


@dataclass(frozen=True, slots=True)
class SignalEvent:
    """One thing wrong with what a signal reports."""

    time: float
    """UTC epoch s."""
    device: int
    """Row of the registry."""
    intersection: tuple[int, int] | None
    """(region, id); None where the whole stream is meant."""
    fault: SignalFault
    detail: str
    phase: int | None = None


@dataclass(slots=True)
class _Stream:
    """SPAT or MAP of one device: messages in the present window."""

    window: int
    name: str
    whole: bool = False
    """Whether the present window was seen from its beginning."""
    messages: int = 0
    count: int | None = None
    delays: deque[float] = field(default_factory=lambda: deque(maxlen=11))


@dataclass(slots=True)
class _Plan:
    """What the MAP says of an intersection."""

    node: Node
    phases: frozenset[int]
    conflicts: frozenset[tuple[int, int]]
    walkers: frozenset[int]
    """Phases of crossings, whose green may end in red at once."""


@dataclass(slots=True)
class _Shown:
    """Lights that an intersection showed last."""

    lights: dict[int, int] = field(default_factory=dict)
    checked: float = -inf


class SignalChecks:
    """Checks of all signals. Hand it every SPAT and MAP in order, and `tick` once a second."""

    def __init__(self, limits: Limits | None = None) -> None:
        """Use the numbers of `limits`, else those above."""
        self._limits = limits or Limits()
        self._streams: dict[tuple[int, str], _Stream] = {}
        self._plans: dict[tuple[int, int], _Plan] = {}
        self._mapped_devices: set[int] = set()
        self._shown: dict[tuple[int, tuple[int, int]], _Shown] = {}
        self._told: dict[tuple[object, ...], float] = {}

    def take_map(self, device: int, message: MapData, received: float) -> list[SignalEvent]:
        """Check a MAP received at UTC epoch s and remember its phases."""
        events = list(self._note(device, "map", message.msg_cnt, received))
        self._mapped_devices.add(device)
        for key, node in nodes_by_key(message):
            known = self._plans.get(key)
            if known is None or known.node != node:
                self._plans[key] = _Plan(node, phases_of_node(node), conflicting_phases(node), walking_phases(node))
        return events

    def take_spat(self, device: int, message: Spat, event_time: float, received: float) -> list[SignalEvent]:
        """Check a SPAT whose lights are of `event_time` and that was received at `received`, UTC epoch s."""
        events = list(self._note(device, "spat", message.msg_cnt, received))
        delays = self._streams[device, "spat"].delays
        delays.append(received - event_time)
        late = sorted(delays)[len(delays) // 2]
        detail = f"messages are of {abs(late) * 1e3:.0f} ms {'before' if late > 0 else 'after'} their arrival"
        fault = detail if abs(late) > self._limits.timestamp else None
        events += self._tell(device, None, SignalFault.TIMESTAMP, fault, received)
        for state in _by_intersection(message.intersections):
            events += self._intersection(device, state, received, timed=message.time_stamp is not None)
        return events

    def tick(self, now: float) -> list[SignalEvent]:
        """Close the windows that are over at UTC epoch s `now`."""
        return [event for (device, _), stream in self._streams.items() for event in self._close(device, stream, now)]

    def _intersection(self, device: int, state: IntersectionState, now: float, *, timed: bool) -> Iterator[SignalEvent]:
        key = state.intersection_id.key
        shown = self._shown.get((device, key))
        if shown is None:
            shown = self._shown[device, key] = _Shown()
        lights = {phase.id: current_state(phase).light_code for phase in state.phases}
        if lights == shown.lights and 0.0 <= now - shown.checked < self._limits.content:
            return
        shown.checked = now
        before, shown.lights = shown.lights, lights
        yield from self._changes(device, key, before, lights, now)
        yield from self._tell(device, key, SignalFault.MISSING_DATA, missing_data(state, timed=timed), now)
        plan = self._plans.get(key)
        if plan is not None:
            yield from self._tell(device, key, SignalFault.ALIGNMENT, alignment_fault(plan.phases, state), now)
            pairs = conflicting_greens(plan.conflicts, state)
            fault = f"phases {pairs} cross and show protected green together" if pairs else None
            yield from self._tell(device, key, SignalFault.CONFLICTING_GREENS, fault, now)
        elif device in self._mapped_devices:
            yield from self._tell(device, key, SignalFault.ALIGNMENT, f"no MAP names intersection {key}", now)
        for phase in state.phases:
            fault = end_order_fault(current_state(phase))
            yield from self._tell(device, key, SignalFault.END_ORDER, fault, now, phase.id)

    def _changes(
        self, device: int, key: tuple[int, int], before: dict[int, int], lights: dict[int, int], now: float
    ) -> Iterator[SignalEvent]:
        plan = self._plans.get(key)
        for phase, light in lights.items():
            last = before.get(phase, light)
            if last == light or is_legal_change(last, light, walking=plan is not None and phase in plan.walkers):
                continue
            detail = f"light {light} of phase {phase} may not follow light {last}"
            yield SignalEvent(now, device, key, SignalFault.TRANSITION, detail, phase)

    def _note(self, device: int, name: str, count: int, now: float) -> Iterator[SignalEvent]:
        """Count a message of a stream."""
        window = floor(now / self._limits.window)
        stream = self._streams.get((device, name))
        if stream is None:
            stream = self._streams[device, name] = _Stream(window, name)
        yield from self._close(device, stream, now)
        stream.messages += 1
        last, stream.count = stream.count, count
        if last is not None and count != (last + 1) % _COUNTS:
            detail = f"msgCnt of {name.upper()} went from {last} to {count}"
            yield from self._tell(device, None, SignalFault.COUNT, detail, now)
        elif now - self._told.get((device, None, SignalFault.COUNT, None), now) >= self._limits.repeat:
            self._told.pop((device, None, SignalFault.COUNT, None))

    def _close(self, device: int, stream: _Stream, now: float) -> Iterator[SignalEvent]:
        window = floor(now / self._limits.window)
        if window <= stream.window:
            return
        if stream.whole:
            yield from self._judge(device, stream, (stream.window + 1) * self._limits.window)
        if window > stream.window + 1 and (stream.whole or stream.messages):
            quiet = (window - stream.window - 1) * self._limits.window
            detail = f"no {stream.name.upper()} for {quiet:g} s"
            yield SignalEvent(now, device, None, SignalFault.SILENCE, detail)
        stream.window, stream.messages, stream.whole = window, 0, True

    def _judge(self, device: int, stream: _Stream, end: float) -> Iterator[SignalEvent]:
        low, high = self._limits.spat if stream.name == "spat" else self._limits.map
        said = f"{stream.messages} {stream.name.upper()} in {self._limits.window:g} s"
        if stream.messages == 0:
            yield SignalEvent(end, device, None, SignalFault.SILENCE, f"no {stream.name.upper()} for 10 s")
        elif not low <= stream.messages <= high:
            yield SignalEvent(end, device, None, SignalFault.RATE, f"{said}, {low} to {high} are due")

    def _tell(
        self,
        device: int,
        key: tuple[int, int] | None,
        fault: SignalFault,
        detail: str | None,
        now: float,
        phase: int | None = None,
    ) -> Iterator[SignalEvent]:
        """Tell a fault when it begins and every minute while it lasts; `detail` is None where there is none."""
        name = (device, key, fault, phase)
        if detail is None:
            self._told.pop(name, None)
            return
        told = self._told.get(name)
        if told is None or now - told >= self._limits.repeat:
            self._told[name] = now
            yield SignalEvent(now, device, key, fault, detail, phase)


def _by_intersection(states: Sequence[IntersectionState]) -> Sequence[IntersectionState]:
    """Join the entries about one intersection."""
    if len({state.intersection_id.key for state in states}) == len(states):
        return states
    joined: dict[tuple[int, int], IntersectionState] = {}
    for state in states:
        key = state.intersection_id.key
        first = joined.get(key)
        phases = state.phases if first is None else [*first.phases, *state.phases]
        joined[key] = msgspec.structs.replace(first or state, phases=phases)
    return list(joined.values())
