"""What the devices themselves say they sent and received: the one side of the account that must balance."""

import time
from collections import Counter
from pathlib import Path

import orjson

from ingest.streams import BY_NAME, StreamClass

_REASONS = 12
"""So many different reasons are counted an order."""


class Ledger:
    """Counts of one fleet of devices since its start; a stream is named as in `ingest.streams`."""

    def __init__(self, started: float) -> None:
        self.started = started
        self._sent: Counter[str] = Counter()
        self._shed: Counter[str] = Counter()
        self._events: Counter[str] = Counter()
        self._repeated: Counter[str] = Counter()
        self._seen: set[int] = set()
        self._acknowledged: Counter[str] = Counter()
        self._received: Counter[str] = Counter()
        self._accepted: Counter[str] = Counter()
        self._rejected: Counter[str] = Counter()
        self._declined: dict[str, Counter[str]] = {}
        self._orders: dict[str, Counter[str]] = {}
        self._refusals: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()
        self._connections: Counter[str] = Counter()
        self._lag_worst = 0.0
        self._late_ticks = 0

    def sent(self, stream: str) -> None:
        """Count a telemetry message that was written to its connection."""
        self._sent[stream] += 1

    def shed(self, stream: str) -> None:
        """Count a telemetry message that was dropped because its connection could not take it."""
        self._shed[stream] += 1

    def event(self, stream: str, topic: str, payload: bytes) -> None:
        """Count an event that a device handed to its outbox, and whether it repeats one, as an answer to a resend does.

        A receiver rightly keeps only one of equal events, so the account must know how many were repetitions.
        """
        self._events[stream] += 1
        key = hash((topic, payload))
        self._repeated[stream] += key in self._seen
        self._seen.add(key)

    def acknowledged(self, stream: str) -> None:
        """Count an event whose PUBACK came."""
        self._acknowledged[stream] += 1

    def advisory(self, kind: str, accepted: bool | None, reason: str = "") -> None:
        """Count an advisory received by a device; `accepted` is None where the outcome comes later."""
        self._received[kind] += 1
        if accepted is not None:
            self.settled(kind, accepted, reason)

    def settled(self, kind: str, accepted: bool, reason: str = "") -> None:
        """Count what became of an advisory that was received before, and why it was declined where that is said."""
        (self._accepted if accepted else self._rejected)[kind] += 1
        if reason:
            self._declined.setdefault(kind, Counter())[reason] += 1

    def carried_out(self, order: str, refusal: str) -> None:
        """Count what the city did with an order of a driver or device; `refusal` is empty where it was carried out."""
        counts = self._orders.setdefault(order, Counter())
        counts["refused" if refusal else "done"] += 1
        if refusal and (len(counts) < _REASONS or refusal in counts):
            counts[refusal] += 1

    def refused(self, reason: str) -> None:
        """Count an error reply of the platform to one of our messages."""
        self._refusals[reason] += 1

    def fault(self, kind: str) -> None:
        """Count a fault that was switched on on purpose and hit one message."""
        self._faults[kind] += 1

    def connected(self) -> None:
        """Count a connection that the broker accepted."""
        self._connections["opened"] += 1

    def disconnected(self) -> None:
        """Count a connection that ended without our wish."""
        self._connections["lost"] += 1

    def connect_failed(self) -> None:
        """Count an attempt to connect that came to nothing."""
        self._connections["failed"] += 1

    def lag(self, seconds: float, late: bool) -> None:
        """Note how far the device clock tick is behind its schedule."""
        self._lag_worst = max(self._lag_worst, seconds)
        self._late_ticks += late

    @property
    def sent_total(self) -> int:
        """Messages of both classes that devices sent."""
        return self._sent.total() + self._events.total()

    def report(self, now: float, **more: object) -> dict[str, object]:
        """Make the report; `more` adds the figures that the fleet knows best, such as the devices online."""
        streams = sorted({*self._sent, *self._shed, *self._events})
        return {
            "time": now,
            "seconds": now - self.started,
            "sent_by_devices": self.sent_total,
            "telemetry": {"sent": self._sent.total(), "shed": self._shed.total()},
            "event": {"sent": self._events.total(), "acknowledged": self._acknowledged.total()},
            "streams": {stream: self._stream(stream) for stream in streams},
            "advisories": {
                kind: {
                    "received": count,
                    "accepted": self._accepted[kind],
                    "rejected": self._rejected[kind],
                    **self._declined.get(kind, {}),
                }
                for kind, count in sorted(self._received.items())
            },
            "orders": {order: dict(counts) for order, counts in sorted(self._orders.items())},
            "refusals": dict(sorted(self._refusals.items())),
            "faults": dict(sorted(self._faults.items())),
            "connections": {name: self._connections[name] for name in ("opened", "lost", "failed")},
            "lag": {"worst_ms": round(self._lag_worst * 1e3, 1), "late_ticks": self._late_ticks},
            "cpu_s": round(time.process_time(), 2),
            **more,
        }

    def _stream(self, name: str) -> dict[str, object]:
        stream = BY_NAME.get(name)
        if name in self._events:
            counts = {
                "sent": self._events[name],
                "acknowledged": self._acknowledged[name],
                "repeated": self._repeated[name],
            }
        else:
            counts = {"sent": self._sent[name], "shed": self._shed[name]}
        return {"class": stream.stream_class.value if stream else StreamClass.EVENT.value, **counts}


def write_report(path: Path, report: dict[str, object]) -> None:
    """Replace the report on disk in one step, so that a reader never sees half of one."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))
    temporary.replace(path)
