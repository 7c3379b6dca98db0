"""What happens on the bus lines as numbered events, so that a client that was away goes on where it stopped.

An event has an id of its own: whoever takes one twice has the same as who takes it once. Numbers count within one life
of one gateway; a cursor of another life, or one that is too old, cannot be gone on from, and the client is told so.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from cloudctl.dispatch.advice import DispatchAdvice
from cloudctl.dispatch.priority import PriorityState
from cloudctl.transit.state import LineFindingState, TransitState

KEPT = 20_000


class VisitState(msgspec.Struct, frozen=True, kw_only=True):
    """A bus called at a stop, as the engine publishes it; UTC epoch s."""

    vehicle: str
    pattern: str
    trip: str
    number: int
    stop: str
    arrival: float
    departure: float
    missed_before: bool = False
    line: str = ""
    direction: int = 0
    planned: float | None = None
    """Planned headway, s."""


class TransitEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event; `content` is the visit, advice, request or finding."""

    id: str
    kind: str
    """visit, advice, priority, finding, finding_ended"""
    line: str
    time: float
    content: VisitState | DispatchAdvice | PriorityState | LineFindingState | dict[str, object]


@dataclass(frozen=True)
class Numbered:
    """An event with its number."""

    number: int
    event: TransitEvent


@dataclass
class TransitLog:
    """The newest events."""

    life: str = ""
    """Tells one gateway and one life of it from another."""
    most: int = KEPT
    newest: int = 0
    _events: deque[Numbered] = field(default_factory=deque)
    _known: OrderedDict[str, None] = field(default_factory=OrderedDict)
    _findings: dict[str, LineFindingState] = field(default_factory=dict)
    _waiting: set[asyncio.Event] = field(default_factory=set)

    def visit(self, visit: VisitState) -> None:
        """Take a visit."""
        name = f"visit:{visit.vehicle}:{visit.pattern}:{visit.number}:{visit.arrival:.0f}"
        self._add(TransitEvent(id=name, kind="visit", line=visit.line, time=visit.departure, content=visit))

    def advice(self, advice: DispatchAdvice) -> None:
        """Take an advice, new or with another status."""
        name = f"advice:{advice.id}:{advice.status}"
        self._add(TransitEvent(id=name, kind="advice", line=advice.line, time=advice.updated, content=advice))

    def priority(self, state: PriorityState) -> None:
        """Take a request for priority, new or with another status."""
        name = f"priority:{state.id}:{state.status}:{state.strategy}"
        self._add(TransitEvent(id=name, kind="priority", line=state.line, time=state.updated, content=state))

    def findings(self, state: TransitState) -> None:
        """Take what is wrong now; what is new and what has ended becomes an event."""
        now = {f"{each.kind}:{each.vehicle or each.trip}:{each.since:.0f}": each for each in state.findings}
        for name, each in now.items():
            if name not in self._findings:
                self._add(
                    TransitEvent(id=f"finding:{name}", kind="finding", line=each.line, time=each.since, content=each)
                )
        for name, each in self._findings.items():
            if name not in now:
                event = TransitEvent(
                    id=f"finding_ended:{name}", kind="finding_ended", line=each.line, time=state.time, content=each
                )
                self._add(event)
        self._findings = now

    def cursor(self, number: int) -> str:
        """Write a number as clients get it."""
        return f"{self.life}-{number}"

    def number_of(self, cursor: str) -> int | None:
        """Read a cursor; None where it cannot be gone on from."""
        life, _, text = cursor.rpartition("-")
        if life != self.life or not text.isascii() or not text.isdigit() or len(text) > 18:
            return None
        number = int(text)
        oldest = self._events[0].number if self._events else self.newest + 1
        return number if oldest - 1 <= number <= self.newest else None

    def after(self, number: int) -> Iterator[Numbered]:
        """Events behind a number, the earliest first."""
        first = self._events[0].number if self._events else 0
        for place in range(max(number + 1 - first, 0), len(self._events)):
            yield self._events[place]

    def holds(self, number: int) -> bool:
        """Whether no event behind a number is forgotten."""
        return not self._events or self._events[0].number <= number + 1

    async def wait(self, number: int, patience: float) -> bool:
        """Wait until there is something behind a number; False where nothing came in time."""
        if self.newest > number:
            return True
        wake = asyncio.Event()
        self._waiting.add(wake)
        try:
            async with asyncio.timeout(patience):
                await wake.wait()
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(wake)
        return True

    def _add(self, event: TransitEvent) -> None:
        if event.id in self._known:  # the broker may deliver twice
            return
        self._known[event.id] = None
        self.newest += 1
        self._events.append(Numbered(self.newest, event))
        if len(self._events) > self.most:
            self._events.popleft()
            self._known.popitem(last=False)
        for wake in self._waiting:
            wake.set()
