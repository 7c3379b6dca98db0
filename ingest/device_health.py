"""How well each device does: rate against nominal, gaps, latency, clock, refusals, presence. Time is a parameter."""

from collections import Counter, deque
from collections.abc import Sequence as Items
from dataclasses import dataclass, field

import msgspec

from ingest.device_registry import Device, DeviceRegistry
from ingest.duplicates import Sequence
from ingest.streams import BY_NAME, Stream
from ingest.timebase import DeviceClocks

HEARTBEAT = "rsu_heartbeat"
MISSED_INTERVALS = 2
"""A device is present as long as its last message is no older than this many nominal intervals."""
MEASURED_INTERVALS = 4
"""A rate is taken over so many nominal intervals at least; over fewer it jumps between nothing and too much."""

_SHORTEST_PRESENCE = 3.0
_PRESENCE_WITHOUT_RATE = 30.0
_LATENCIES = 100


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

    def measure(self, now: float, nominal: float | None = None) -> None:
        """Take the rate, Hz, since it was taken last; a slow stream is watched for some of its intervals first."""
        due = self.stream.rate_hz if nominal is None else nominal
        if self._counted_at is not None and due and now - self._counted_at < MEASURED_INTERVALS / due:
            return
        if self._counted_at is not None and now > self._counted_at:
            self.rate = (self.received - self._counted) / (now - self._counted_at)
        self._counted, self._counted_at = self.received, now

    def is_present(self, now: float, nominal: float | None = None) -> bool:
        """Whether the last message is recent for a stream of this rate (Hz), that of the table where none is given."""
        rate = self.stream.rate_hz if nominal is None else nominal
        longest = _PRESENCE_WITHOUT_RATE if rate is None else max(MISSED_INTERVALS / rate, _SHORTEST_PRESENCE)
        return self.last_received >= 0 and now - self.last_received <= longest


class StreamReport(msgspec.Struct, frozen=True):
    """How one stream of one device does."""

    received: int
    """Messages since the start."""
    rate: float | None
    """Hz, None before it was measured."""
    nominal: float | None
    """Hz that are due, None where messages come as needed."""
    missing: int
    """Messages that msgCnt says were lost on the way."""
    late: int
    """Messages that came after later ones."""
    latency_ms_p50: float | None
    latency_ms_p99: float | None


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
    nominal: dict[str, float] = field(default_factory=dict)
    """Rate (Hz) that is expected of each stream it sends, where one is."""
    latency_ms_p99: float | None = None
    streams: dict[str, StreamReport] = field(default_factory=dict)
    """By name of the stream."""


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

    def last_received(self, row: int, name: str) -> float:
        """When the last message of a stream of a device came, UTC epoch s; minus infinity before the first."""
        known = self._states[row].streams.get(name) if row < len(self._states) else None
        return known.last_received if known is not None and known.received else float("-inf")

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
        for row, state in enumerate(self._states):
            if not state.streams:
                continue
            own = self._registry.get(row).nominal_rates
            for name, stream in state.streams.items():
                stream.measure(now, own.get(name))

    def report(self, now: float) -> list[DeviceReport]:
        """Give the state of every device that sent something."""
        return [self._report(row, state, now) for row, state in enumerate(self._states) if state.streams]

    def _state(self, row: int) -> _DeviceState:
        while len(self._states) <= row:
            self._states.append(_DeviceState())
        return self._states[row]

    def _report(self, row: int, state: _DeviceState, now: float) -> DeviceReport:
        streams = state.streams.values()
        device = self._registry.get(row)
        own = device.nominal_rates
        heartbeat = state.streams.get(HEARTBEAT)
        p50, p99 = percentiles_ms([latency for stream in streams for latency in stream.latencies])
        rates = {stream.stream.name: stream.rate for stream in streams if stream.rate is not None}
        nominal = {name: rate for name in state.streams if (rate := own.get(name, BY_NAME[name].rate_hz)) is not None}
        return DeviceReport(
            device=device,
            online=any(stream.is_present(now, own.get(stream.stream.name)) for stream in streams),
            heartbeat=None if heartbeat is None else heartbeat.is_present(now, own.get(HEARTBEAT)),
            last_seen=max((stream.last_received for stream in streams if stream.received), default=None),
            rates=rates,
            slow=tuple(name for name, rate in rates.items() if rate < 0.5 * nominal.get(name, 0.0)),
            missing=sum(stream.sequence.missing for stream in streams),
            refused=dict(state.refused),
            shed=state.shed,
            clock_offset_ms=1000.0 * self._clocks.offset_of(row),
            clock_wrong=state.clock_wrong,
            latency_ms_p50=p50,
            nominal=nominal,
            latency_ms_p99=p99,
            streams={name: _stream_report(stream, nominal.get(name)) for name, stream in state.streams.items()},
        )


def percentiles_ms(latencies: Items[float]) -> tuple[float | None, float | None]:
    """Give median and 99th percentile, ms, of latencies in s; None where there are none."""
    if not latencies:
        return None, None
    ranked = sorted(latencies)
    last = len(ranked) - 1
    return 1000.0 * ranked[round(0.5 * last)], 1000.0 * ranked[round(0.99 * last)]


def _stream_report(stream: StreamHealth, nominal: float | None) -> StreamReport:
    p50, p99 = percentiles_ms(stream.latencies)
    return StreamReport(
        received=stream.received,
        rate=None if stream.rate is None else round(stream.rate, 2),
        nominal=nominal,
        missing=stream.sequence.missing,
        late=stream.sequence.late,
        latency_ms_p50=None if p50 is None else round(p50, 1),
        latency_ms_p99=None if p99 is None else round(p99, 1),
    )
