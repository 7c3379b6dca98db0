"""How well each device does: rate against nominal, gaps, latency, clock, refusals, presence. Time is a parameter."""

from collections import Counter, deque
from dataclasses import dataclass, field
from statistics import median

from ingest.device_registry import Device, DeviceRegistry
from ingest.duplicates import Sequence
from ingest.streams import BY_NAME, Stream
from ingest.timebase import DeviceClocks

HEARTBEAT = "rsu_heartbeat"
MISSED_INTERVALS = 2
"""A device is present as long as its last message is no older than this many nominal intervals."""

_SHORTEST_PRESENCE = 3.0
_PRESENCE_WITHOUT_RATE = 30.0
_LATENCIES = 32


class StreamHealth:
    """One stream of one device. `received`, `last_received` and `latencies` are filled by the pipeline."""

    __slots__ = ("_counted", "_counted_at", "last_received", "latencies", "rate", "received", "sequence", "stream")

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.received = 0
        self.last_received = -1.0
        self.latencies: deque[float] = deque(maxlen=_LATENCIES)
        self.sequence = Sequence()
        self.rate: float | None = None
        self._counted = 0
        self._counted_at: float | None = None

    def measure(self, now: float) -> None:
        """Take the rate since the last call, Hz."""
        if self._counted_at is not None and now > self._counted_at:
            self.rate = (self.received - self._counted) / (now - self._counted_at)
        self._counted, self._counted_at = self.received, now

    def is_present(self, now: float) -> bool:
        """Whether the last message is recent for a stream of this rate."""
        rate = self.stream.rate_hz
        longest = _PRESENCE_WITHOUT_RATE if rate is None else max(MISSED_INTERVALS / rate, _SHORTEST_PRESENCE)
        return self.last_received >= 0 and now - self.last_received <= longest


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """State of one device at one time."""

    device: Device
    online: bool
    heartbeat: bool | None
    """Whether heartbeats come; None for a device that never sent one."""
    last_seen: float | None
    rates: dict[str, float]
    """Hz by stream name."""
    slow: tuple[str, ...]
    """Streams that come at less than half their nominal rate."""
    missing: int
    """Messages that msgCnt says were lost on the way."""
    refused: dict[str, int]
    shed: int
    clock_offset_ms: float
    clock_wrong: bool
    latency_ms_p50: float | None


@dataclass(slots=True)
class _DeviceState:
    streams: dict[str, StreamHealth] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    shed: int = 0
    clock_wrong: bool = False


class DeviceHealth:
    """State of all devices of a registry."""

    def __init__(self, registry: DeviceRegistry, clocks: DeviceClocks) -> None:
        self._registry = registry
        self._clocks = clocks
        self._states: list[_DeviceState] = []

    def stream(self, row: int, name: str) -> StreamHealth:
        """Get the record of one stream of one device."""
        streams = self._state(row).streams
        if name not in streams:
            streams[name] = StreamHealth(BY_NAME[name])
        return streams[name]

    def note_refusal(self, row: int, reason: str) -> None:
        """Count a refused message."""
        self._state(row).refused[reason] += 1

    def note_shed(self, row: int, count: int = 1) -> None:
        """Count messages dropped under overload before they were read."""
        self._state(row).shed += count

    def note_clock(self, row: int, *, wrong: bool) -> None:
        """Flag or clear a clock that is minutes off."""
        self._state(row).clock_wrong = wrong

    def measure(self, now: float) -> None:
        """Take all rates; call it every few seconds."""
        for state in self._states:
            for stream in state.streams.values():
                stream.measure(now)

    def report(self, now: float) -> list[DeviceReport]:
        """Give the state of every device that sent something."""
        return [self._report(row, state, now) for row, state in enumerate(self._states) if state.streams]

    def _state(self, row: int) -> _DeviceState:
        while len(self._states) <= row:
            self._states.append(_DeviceState())
        return self._states[row]

    def _report(self, row: int, state: _DeviceState, now: float) -> DeviceReport:
        streams = state.streams.values()
        heartbeat = state.streams.get(HEARTBEAT)
        latencies = [latency for stream in streams for latency in stream.latencies]
        rates = {stream.stream.name: stream.rate for stream in streams if stream.rate is not None}
        return DeviceReport(
            device=self._registry.get(row),
            online=any(stream.is_present(now) for stream in streams),
            heartbeat=None if heartbeat is None else heartbeat.is_present(now),
            last_seen=max((stream.last_received for stream in streams if stream.received), default=None),
            rates=rates,
            slow=tuple(name for name, rate in rates.items() if rate < 0.5 * (BY_NAME[name].rate_hz or 0.0)),
            missing=sum(stream.sequence.missing for stream in streams),
            refused=dict(state.refused),
            shed=state.shed,
            clock_offset_ms=1000.0 * self._clocks.offset_of(row),
            clock_wrong=state.clock_wrong,
            latency_ms_p50=1000.0 * median(latencies) if latencies else None,
        )
