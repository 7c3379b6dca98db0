"""The gateway's own metrics and latency windows."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from cloudctl.observability import LatencyWindow

LATENCY_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)


class Measures:
    """Counters and histograms of one gateway in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.received = Counter(
            "v2x_gateway_messages_received", "Messages taken from the broker", ["part"], registry=self.registry
        )
        self.refused = Counter(
            "v2x_gateway_messages_refused", "Messages that could not be read", ["reason"], registry=self.registry
        )
        self.clients = Gauge("v2x_gateway_live_clients", "Open live feeds", registry=self.registry)
        self.turned_away = Counter(
            "v2x_gateway_live_turned_away", "Live feeds refused or ended by us", ["reason"], registry=self.registry
        )
        self.guarded = Counter(
            "v2x_gateway_turned_away", "Requests turned away before any route", ["reason"], registry=self.registry
        )
        self.failed_tasks = Counter(
            "v2x_gateway_task_failures", "Failures of the gateway's own tasks", ["task"], registry=self.registry
        )
        self.sent = Counter("v2x_gateway_live_sent", "Messages sent to live feeds", ["part"], registry=self.registry)
        self.sent_bytes = Counter("v2x_gateway_live_sent_bytes", "Bytes sent to live feeds", registry=self.registry)
        self.cuts = Counter(
            "v2x_gateway_live_cuts",
            "Frames cut to a view box (once for all clients of that box)",
            registry=self.registry,
        )
        self.latency = Histogram(
            "v2x_stage_latency_seconds",
            "Age of the picture's content when it reaches a stage",
            ["stage"],
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )
        self.requests = Counter(
            "v2x_gateway_http_requests", "HTTP requests by status class", ["status"], registry=self.registry
        )
        self.gateway_window = LatencyWindow()
        self.screen_window = LatencyWindow()

    def frame_arrived(self, age: float) -> None:
        """Note the age (s) of a movers frame's content when it came in."""
        self.latency.labels("gateway").observe(max(0.0, age))
        self.gateway_window.add(max(0.0, age))

    def frames_painted(self, ages: list[float]) -> None:
        """Note the ages (s) of contents when a browser had drawn them, as the browser reports them."""
        for age in ages:
            self.latency.labels("screen").observe(age)
        self.screen_window.add(ages)
