"""Keeps the engine and the database in step about what operators asked for.

The database says what should stand, the engine says once a second what does. What is missing there is told again, what
should not be there is ended, and what has come to its end is marked so, with an entry in the audit log.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import msgspec
import structlog

from cloudctl.errors import CloudctlError
from cloudctl.incidents.handling import Person
from cloudctl.incidents.work import ORDERS, CorridorState, EventState, HoldState, WorkKind, WorkState
from cloudctl.incidents.work_store import NewWork, Work, WorkStore
from cloudctl.publish.commands import CommandReply, CommandStatus

PLATFORM = "platform"
"""Who ends what has come to its end."""
ENGINE_FRESH_S = 5.0
AGAIN_S = 4.0
"""The same thing is not told to the engine again sooner."""
_log = structlog.get_logger("gateway.work")


class Audit(Protocol):
    """Takes audit entries."""

    async def record(self, actor: str, action: str, thing: str, detail: Mapping[str, object] | None = None) -> None:
        """Enter what somebody does."""


class Send(Protocol):
    """Gives commands to the engine."""

    def __call__(self, kind: str, content: dict[str, object], *, issued_by: str) -> Awaitable[CommandReply]:
        """Give one; raises CloudctlError where no reply comes."""


class WorkDesk:
    """What operators asked for; `work` is what was listed last."""

    def __init__(self, store: WorkStore, send: Send, audit: Audit, clock: Callable[[], float] = time.time) -> None:
        self.store = store
        self._send, self._audit, self._clock = send, audit, clock
        self._told: dict[str, float] = {}
        self._epoch = 0
        self.work: list[Work] = []

    async def begin(self, wanted: NewWork, who: Person) -> tuple[Work, CommandReply | None]:
        """Write down what is asked for and tell the engine; the reply is None while the engine does not answer."""
        made = await self.store.add(wanted, who)
        return made, await self.tell(made, who.id)

    async def tell(self, work: Work, by: str) -> CommandReply | None:
        """Tell the engine of what stands; what it refuses is marked so."""
        self._told[work.id] = self._clock()
        kind = WorkKind(work.kind)
        content = {**work.content, "id": work.id, "revision": work.revision, "until": work.until}
        try:
            reply = await self._send(ORDERS[kind][0], content, issued_by=by)
        except CloudctlError as fault:
            _log.warning("engine not told", work=work.id, reason=str(fault))
            return None
        if reply.status is not CommandStatus.DONE:
            await self.store.end(work.id, PLATFORM, "refused")
        return reply

    async def end(self, work: Work, by: str) -> bool:
        """End it, here and in the engine; False where it was over."""
        ended = await self.store.end(work.id, by)
        if ended and work.status == "active":
            await self._tell_end(WorkKind(work.kind), work.id, by)
        return ended

    async def keep_in_step(self, state: WorkState | None) -> list[Work]:
        """Do what has to be done for both to say the same; give what is to be shown."""
        now = self._clock()
        self.work = await self.store.list_shown()
        active = [each for each in self.work if each.status == "active"]
        for work in active:
            if work.until <= now:
                await self._expire(work)
        if state is None or now - state.time > ENGINE_FRESH_S:
            return self.work
        if state.epoch != self._epoch:
            self._epoch = state.epoch
            self.forget_told()
        standing = {each.id: each for each in active if each.until > now}
        results = _results(state)
        for kind in WorkKind:
            known = state.revisions(kind)
            await self._align(kind, {name: work for name, work in standing.items() if work.kind == kind}, known, now)
        for name, work in standing.items():
            if name in results and results[name] != work.result:
                await self.store.note_result(name, results[name])
        self.work = [each._replace(result=results.get(each.id, each.result)) for each in self.work]
        self._told = {name: told for name, told in self._told.items() if now - told < AGAIN_S}
        return self.work

    async def _align(self, kind: WorkKind, wanted: Mapping[str, Work], known: Mapping[str, int], now: float) -> None:
        for name, work in wanted.items():
            if known.get(name, 0) < work.revision and now - work.created > AGAIN_S and self._may_tell(name, now):
                if kind is WorkKind.CORRIDOR and work.result:
                    await self._expire(work)  # the vehicle has arrived: the engine has closed what it had
                else:
                    await self.tell(work, work.created_by)
        for name in known.keys() - wanted.keys():
            if self._may_tell(name, now):
                self._told[name] = now
                await self._tell_end(kind, name, PLATFORM)

    def forget_told(self) -> None:
        """Let everything be told to the engine again at once: it is a new one."""
        self._told.clear()

    def _may_tell(self, name: str, now: float) -> bool:
        return now - self._told.get(name, 0.0) >= AGAIN_S

    async def _expire(self, work: Work) -> None:
        await self._audit.record(PLATFORM, f"{work.kind}.end", f"{work.kind}:{work.id}", {"reason": "its time is over"})
        await self.store.end(work.id, PLATFORM)

    async def _tell_end(self, kind: WorkKind, work: str, by: str) -> None:
        try:
            await self._send(ORDERS[kind][1], {"id": work}, issued_by=by)
        except CloudctlError as fault:
            _log.warning("engine not told of the end", work=work, reason=str(fault))


def _results(state: WorkState) -> dict[str, dict[str, object]]:
    """Give what the engine says of each work, by id."""
    listed: tuple[EventState | HoldState | CorridorState, ...] = (*state.events, *state.holds, *state.corridors)
    return {each.id: msgspec.to_builtins(each) for each in listed}
