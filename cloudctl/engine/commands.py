"""Commands that the gateway gives to the engine: one table from kind to handler, each command carried out once.

A handler takes the command and the time (UTC epoch, s) and gives an `Outcome`. It raises `RefusedCommandError` for what
it will not do. Content is read with `content_of`, so that a wrong field is named in the reply.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec
import structlog

from cloudctl.engine.errors import RefusedCommandError
from cloudctl.publish.commands import Command, CommandReply, CommandStatus
from cloudctl.publish.outgoing import Outgoing

REPLIES_KEPT = 4096
"""Replies remembered for commands that come again."""
_LOG = structlog.get_logger("engine.commands")
ContentT = TypeVar("ContentT")


@dataclass(frozen=True)
class Outcome:
    """What came of a command: the reply's detail and content, and messages to publish before it."""

    detail: str = ""
    content: dict[str, object] = field(default_factory=dict)
    messages: list[Outgoing] = field(default_factory=list)


Handler = Callable[[Command, float], Outcome]


def content_of(command: Command, kind: type[ContentT]) -> ContentT:
    """Read the content of a command as a struct; RefusedCommandError names the field that does not fit."""
    try:
        return msgspec.convert(command.content, kind)
    except msgspec.ValidationError as error:
        raise RefusedCommandError(command.kind, str(error)) from error


class CommandDesk:
    """Knows a handler for each kind of command."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}
        self._replies: OrderedDict[str, CommandReply] = OrderedDict()
        self.counts: Counter[str] = Counter()
        """done, refused, failed, repeated, unreadable."""

    def register(self, kind: str, handler: Handler) -> None:
        """Let `handler` carry out commands of a kind; ValueError where the kind has one already."""
        if kind in self._handlers:
            raise ValueError(kind)
        self._handlers[kind] = handler

    def handle(self, payload: bytes, now: float) -> list[Outgoing]:
        """Carry out one command received at UTC epoch s; gives what it sends, and the reply."""
        try:
            command = msgspec.json.decode(payload, type=Command)
        except msgspec.MsgspecError as error:
            self.counts["unreadable"] += 1
            _LOG.warning("command_unreadable", error=str(error), head=payload[:64].hex())
            return []
        known = self._replies.get(command.id)
        if known is not None:
            self.counts["repeated"] += 1
            return [_reply(known)]
        outcome, status = self._carry_out(command, now)
        reply = CommandReply(id=command.id, status=status, detail=outcome.detail, content=outcome.content)
        self._remember(reply)
        self.counts[status.value] += 1
        return [*outcome.messages, _reply(reply)]

    def _carry_out(self, command: Command, now: float) -> tuple[Outcome, CommandStatus]:
        try:
            return self._handler(command, now)(command, now), CommandStatus.DONE
        except RefusedCommandError as error:
            return Outcome(error.detail), CommandStatus.REFUSED
        except Exception as error:  # noqa: BLE001  # else a handler's fault makes the broker deliver the command for ever
            _LOG.exception("command_failed", kind=command.kind, id=command.id)
            return Outcome(f"{type(error).__name__}: {error}"), CommandStatus.FAILED

    def _handler(self, command: Command, now: float) -> Handler:
        if now > command.expires:
            raise RefusedCommandError(command.kind, f"came {now - command.expires:.1f} s after its end")
        handler = self._handlers.get(command.kind)
        if handler is None:
            raise RefusedCommandError(command.kind, f"the engine knows no command {command.kind!r}")
        return handler

    def _remember(self, reply: CommandReply) -> None:
        self._replies[reply.id] = reply
        if len(self._replies) > REPLIES_KEPT:
            self._replies.popitem(last=False)


def _reply(reply: CommandReply) -> Outgoing:
    return Outgoing.on("command_reply", msgspec.json.encode(reply))
