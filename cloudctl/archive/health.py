"""What the archiver says of itself once a second: counters, latency, readiness, Prometheus text."""

import os
from collections.abc import Iterable

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from cloudctl.archive.intake import Intake
from cloudctl.store.spool import Spool, SpoolClass
from cloudctl.store.withheld import COUNTER as WITHHELD
from cloudctl.store.writer import Writer

GAUGES = frozenset({"spool_bytes", "spool_disk_bytes", "spool_waiting", "spool_events_waiting", "database_connected"})
"""Counters that go up and down."""


class Health(msgspec.Struct, frozen=True):
    """Payload of V2X/CLOUD/HEALTH/archiver; times are UTC epoch s."""

    process: str
    pid: int
    time: float
    started: float
    ready: bool
    counters: dict[str, int]
    latency_ms: dict[str, dict[str, float] | None]
    metrics: str
    last_error: str


def archiver_counters(intake: Intake, spool: Spool, writer: Writer) -> dict[str, int]:
    """All figures by name; zero where nothing happened yet."""
    status = writer.status
    stored = (
        *("points_stored", "points_refused", "events_stored", "events_repeated", "dead_letters_stored", "quarantined"),
        *("frames_stored", "frames_repeated", "frames_missed", "gaps_detected"),
        *("observations_stored", "link_states_stored", "signal_transitions_stored", WITHHELD, "observations_withheld"),
    )
    return (
        {
            "points_spooled": intake.points_spooled,
            "events_spooled": spool.spooled[SpoolClass.EVENT],
            "telemetry_spooled": spool.spooled[SpoolClass.TELEMETRY],
            "spool_bytes": spool.waiting_bytes,
            "spool_disk_bytes": spool.disk_bytes,
            "spool_waiting": spool.events.waiting + spool.telemetry.waiting,
            "spool_events_waiting": spool.events.waiting,
            "spool_torn_bytes": spool.events.torn_bytes + spool.telemetry.torn_bytes,
            "spool_lost_records": spool.events.lost_records + spool.telemetry.lost_records,
            "shed": spool.shed,
            "waits_for_room": intake.waits_for_room,
            "database_connected": int(status.connected),
        }
        | {name: status.counters.get(name, 0) for name in stored}
        | {name: count for name, count in sorted(status.counters.items()) if name.startswith(f"{WITHHELD}.")}
    )


def make_health(intake: Intake, spool: Spool, writer: Writer, *, started: float, now: float, receiving: bool) -> Health:
    """Take stock."""
    counters = archiver_counters(intake, spool, writer)
    status = writer.status
    return Health(
        process="archiver",
        pid=os.getpid(),
        time=now,
        started=started,
        ready=receiving and status.connected,
        counters=counters,
        latency_ms={"receive_to_disk": intake.latency.percentiles_ms()},
        metrics=prometheus_text(counters),
        last_error=status.last_error,
    )


def prometheus_text(counters: dict[str, int]) -> str:
    """Counters in Prometheus' exposition format, named `v2x_archiver_...`."""
    registry = CollectorRegistry()
    registry.register(_Counters(counters))
    return generate_latest(registry).decode()


class _Counters(Collector):
    def __init__(self, counters: dict[str, int]) -> None:
        self._counters = counters

    def collect(self) -> Iterable[Metric]:
        """Give one metric a counter."""
        for name, value in self._counters.items():
            if "." in name:
                continue  # parts of a figure that is told whole
            family = GaugeMetricFamily if name in GAUGES else CounterMetricFamily
            yield family(f"v2x_archiver_{name}", name.replace("_", " "), value=value)
