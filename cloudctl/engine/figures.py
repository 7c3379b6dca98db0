"""Figures of the engine: counters, latencies, and both as a health report and for Prometheus."""

from collections.abc import Iterator, Mapping

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from cloudctl.observability import LatencyWindow
from ingest.collector import Counters

BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0)
GAUGES = frozenset({"tracks", "tracks_peak", "downlink_waiting", "devices", "gap_seconds"})
"""Figures that may fall; all others only rise."""


class Latency:
    """Latencies of one stage: a window for percentiles and a histogram since the start."""

    def __init__(self) -> None:
        self.window = LatencyWindow()
        self.counts: NDArray[np.int64] = np.zeros(len(BUCKETS) + 1, np.int64)
        self.total = 0.0

    def add(self, seconds: ArrayLike) -> None:
        """Take many latencies at once, s; NaN is left out."""
        values = np.atleast_1d(np.asarray(seconds, np.float64))
        values = values[np.isfinite(values)]
        self.window.add(values)
        self.counts += np.bincount(np.searchsorted(BUCKETS, values), minlength=len(self.counts))
        self.total += float(values.sum())


class Health(msgspec.Struct, frozen=True):
    """What a process says of itself; times are UTC epoch s."""

    process: str
    pid: int
    time: float
    started: float
    ready: bool
    counters: dict[str, float]
    latency_ms: dict[str, dict[str, float] | None]
    metrics: str


class Figures:
    """All figures of one engine. Counters named `name.label` are one metric with a label."""

    def __init__(self) -> None:
        self.counters: dict[str, float] = {}
        self._latencies: dict[str, Latency] = {}
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def set(self, values: Mapping[str, float], prefix: str = "") -> None:
        """Set counters, each as `prefix.name` where a prefix is given."""
        start = f"{prefix}." if prefix else ""
        self.counters.update((start + name, float(value)) for name, value in values.items())

    def add(self, name: str, amount: float = 1.0) -> None:
        """Count up."""
        self.counters[name] = self.counters.get(name, 0.0) + amount

    def peak(self, name: str, value: float) -> None:
        """Keep the highest."""
        self.counters[name] = max(self.counters.get(name, 0.0), value)

    def latency(self, stage: str) -> Latency:
        """Get the latencies of one stage."""
        if stage not in self._latencies:
            self._latencies[stage] = Latency()
        return self._latencies[stage]

    def note_pipeline(self, counters: Counters) -> None:
        """Take the counters of messages."""
        self.set(counters.received, "messages_received")
        self.set({"messages_received": counters.received.total()})
        self.set(counters.refused, "messages_refused")
        self.set(counters.participants_refused, "participants_refused")
        self.set({"dead_letters_shed": counters.dead_letters_shed, "reports_shed": counters.reports_shed})
        self.set(counters.flagged, "messages_flagged")
        self.set(counters.held, "messages_held")

    def note_way(self, published: NDArray[np.float64], received: NDArray[np.float64], pictured: float) -> None:
        """Take when reports (n,) were published and received, and when their picture stood; UTC epoch, s."""
        self.latency("publish_to_engine").add(received - published)
        self.latency("engine_to_picture").add(pictured - received)
        self.latency("publish_to_picture").add(pictured - published)

    def health(self, pid: int, now: float, started: float, *, ready: bool) -> bytes:
        """Encode the health report."""
        windows = {stage: latency.window.percentiles_ms() for stage, latency in self._latencies.items()}
        metrics = generate_latest(self._registry).decode()
        return msgspec.json.encode(Health("engine", pid, now, started, ready, self.counters, windows, metrics))

    def collect(self) -> Iterator[Metric]:
        """Give all figures to Prometheus."""
        families: dict[str, CounterMetricFamily | GaugeMetricFamily] = {}
        for name, value in self.counters.items():
            metric, _, label = name.partition(".")
            if metric not in families:
                kind = GaugeMetricFamily if metric in GAUGES else CounterMetricFamily
                families[metric] = kind(f"v2x_engine_{metric}", metric, labels=["label"] if label else [])
            families[metric].add_metric([label] if label else [], value)
        yield from families.values()
        family = HistogramMetricFamily("v2x_engine_seconds", "Latency by stage", labels=["stage"])
        for stage, latency in self._latencies.items():
            bounds = [*(str(bucket) for bucket in BUCKETS), "+Inf"]
            sums = np.cumsum(latency.counts).tolist()
            family.add_metric([stage], list(zip(bounds, sums, strict=True)), latency.total)
        yield family
