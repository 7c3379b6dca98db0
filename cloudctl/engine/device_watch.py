"""The last messages of a few devices as they came, kept only while somebody looks at them."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from cloudctl.engine.commands import Outcome, content_of
from cloudctl.engine.errors import RefusedCommandError
from cloudctl.publish.commands import Command
from ingest.device_registry import DeviceRegistry
from ingest.raw_message import RawMessage
from ingest.topics import find_route
from ingest.verdicts import Accepted, Refused

WATCH = "watch_device"
"""Kind of the command."""
MOST_WATCHED = 20
MOST_FRAMES = 200
LONGEST_FRAME = 4096
"""Bytes kept of a message."""
MOST_TOPICS = 10_000


class WatchContent(msgspec.Struct, frozen=True):
    """Content of the command `watch_device`: watch for so long (s), and tell the newest frames seen so far."""

    device: str
    seconds: float = 60.0
    limit: int = 50


@dataclass
class _Watch:
    until: float
    frames: deque[dict[str, object]] = field(default_factory=lambda: deque(maxlen=MOST_FRAMES))


class DeviceWatch:
    """Keeps frames of the devices that are watched; memory is bounded by the constants above."""

    def __init__(self, registry: DeviceRegistry, may_show: Callable[[str], bool] = lambda _: True) -> None:
        """Show frames of those devices alone of which `may_show` says so by id; others are nobody's to watch."""
        self._registry = registry
        self._may_show = may_show
        self._watched: dict[str, _Watch] = {}
        self._topics: dict[str, str | None] = {}
        self.active = False
        """Whether any device is watched; asked once a message."""

    def command(self, command: Command, now: float) -> Outcome:
        """Watch a device, or go on watching it; gives its newest frames, the newest first."""
        wanted = content_of(command, WatchContent)
        if not (0 < wanted.seconds <= 600 and 0 < wanted.limit <= MOST_FRAMES):
            raise RefusedCommandError(command.kind, f"seconds {wanted.seconds:g} or limit {wanted.limit} out of range")
        if not self._may_show(wanted.device):
            raise RefusedCommandError(command.kind, f"{wanted.device} is a private vehicle; nobody may watch it")
        self.forget(now)
        watch = self._watched.get(wanted.device)
        if watch is None:
            if len(self._watched) >= MOST_WATCHED:
                raise RefusedCommandError(command.kind, f"{MOST_WATCHED} devices are watched already")
            watch = self._watched[wanted.device] = _Watch(now)
        watch.until = now + wanted.seconds
        self.active = True
        frames = list(watch.frames)[: -wanted.limit - 1 : -1]
        return Outcome(content={"watched_until": watch.until, "frames": frames})

    def note(self, message: RawMessage, verdict: Accepted | Refused) -> None:
        """Keep a message where its device is watched."""
        device = self._device_of(message.topic, verdict) or ""
        watch = self._watched.get(device)
        if watch is None or not self._may_show(device):
            return
        refused = verdict if isinstance(verdict, Refused) else verdict.partly
        watch.frames.append(
            {
                "received": message.received,
                "topic": message.topic,
                "size": len(message.payload),
                "payload_hex": message.payload[:LONGEST_FRAME].hex(),
                "verdict": "accepted" if isinstance(verdict, Accepted) else "refused",
                "reason": None if refused is None else refused.reason.value,
                "detail": "" if refused is None else refused.detail,
            }
        )

    def forget(self, now: float) -> None:
        """Drop what nobody looks at any more."""
        self._watched = {device: watch for device, watch in self._watched.items() if watch.until > now}
        self.active = bool(self._watched)
        if not self.active:
            self._topics.clear()

    def _device_of(self, topic: str, verdict: Accepted | Refused) -> str | None:
        if topic not in self._topics:
            if len(self._topics) >= MOST_TOPICS:
                self._topics.clear()
            found = find_route(topic)
            self._topics[topic] = None if found is None else found[1]
        named = self._topics[topic]
        if named is not None or verdict.device is None or verdict.device < 0:
            return named
        return self._registry.get(verdict.device).id
