"""`cloudctl bench pipeline`: the highest rate of reports that goes through broker and engine with nothing lost.

A step sends at one rate, waits until the platform has settled, then watches it. It holds where every message was
received and every report fused, 99 of 100 reports are in a picture within 100 ms of being published, and the generator
kept its pace. Where the full rate does not hold, the highest that does is found by halving, as far as the time goes.
"""

import math
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

import psutil

from cloudctl.commands.bench_histogram import Buckets, percentile, share_within
from cloudctl.commands.bench_output import write
from cloudctl.commands.bench_pipeline_tables import print_steps
from cloudctl.commands.bench_rig import Health, LoadGenerator, LoadRun, Rig, running_rig
from cloudctl.commands.bench_step import Step

OBJECTS, UNITS = 10_000, 500
SETTLE, WATCH = 3.0, 5.0
"""s"""
LIMIT = 0.1
"""Publish to picture, s."""
SHARE = 0.99
PACE = 0.98
"""Least share of the wanted rate that the generator must reach."""
DRAIN = 5.0
"""For messages under way at the end, s."""
STEPS = 5
BUDGET = 110.0
"""No rate is tried that would not be done by then, s."""
HZ = 10
KeyT = TypeVar("KeyT", str, float)
INGEST = ("decode", "collect")
FUSION = ("fuse_track", "fuse_lanes", "fuse_signals", "fuse_traffic", "fuse_incidents")
PUBLISH = ("advise", "signals", "publish")
LATENCIES = {
    "published to received": "publish_to_engine",
    "received to picture": "engine_to_picture",
    "published to picture": "publish_to_picture",
    "decoding of a round": "decode",
    "fusion of a cycle": "fuse",
    "whole cycle": "cycle",
}
"""What is shown, and the engine's name for it."""


def bench_pipeline(
    out: Path | None = None,
    objects: int = OBJECTS,
    units: int = UNITS,
    map_file: Path | None = None,
    cycle_hz: float | None = None,
    watch: float = WATCH,
    steps: int = STEPS,
    budget: float = BUDGET,
) -> dict[str, object]:
    """Measure; without a map a grid city is made, and the engine has its usual rate of cycles unless another is named.

    Raises:
        CloudctlError: Mosquitto or SUMO is not installed, or a process fails.
    """
    from cloudctl.commands.bench_city import make_grid_map
    from cloudctl.settings import EngineSettings

    begun = time.monotonic()
    beat = EngineSettings().cycle_hz if cycle_hz is None else cycle_hz
    per_unit = max(1, round(objects / units))
    with tempfile.TemporaryDirectory(prefix="v2x-bench-") as name:
        folder = Path(name)
        city = map_file or make_grid_map(folder)
        with running_rig(folder, city, beat) as rig:
            measured = search(
                lambda count: _announced(measure(rig, count, per_unit, watch)),
                units,
                steps,
                Patience(begun + budget),
            )
    best = max((step for step in measured if step.holds), key=lambda step: step.reports_per_s, default=None)
    figures: dict[str, object] = {
        "highest": None if best is None else asdict(best),
        "steps": [asdict(step) for step in measured],
        "limit_ms": LIMIT * 1e3,
        "engine_cycle_hz": beat,
    }
    print_steps(measured, best, LIMIT)
    write(figures, out)
    return figures


class Patience:
    """Says whether there is time for one more step, taken to be as long as the longest before."""

    def __init__(self, until: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._until, self._clock = until, clock
        self._longest, self._last = 0.0, clock()

    def lasts(self) -> bool:
        """Note that a step has ended; tell whether another would be over in time."""
        now = self._clock()
        self._longest, self._last = max(self._longest, now - self._last), now
        return now + self._longest <= self._until


def search(attempt: Callable[[int], Step], most: int, steps: int, patience: Patience) -> list[Step]:
    """Try `most` units, then halve the gap between the highest that holds and the lowest that does not."""
    tried, low, high = [attempt(most)], 0, most
    while patience.lasts() and not tried[0].holds and len(tried) < steps and high - low > max(1, most // 32):
        middle = (low + high) // 2
        tried.append(attempt(middle))
        low, high = (middle, high) if tried[-1].holds else (low, middle)
    return tried


def measure(rig: Rig, units: int, per_unit: int, watch: float) -> Step:
    """Run one step."""
    before = rig.watch.after(time.time())
    with LoadGenerator(rig, units, per_unit, SETTLE + watch + 1.0) as generator:
        processes = {"generator": generator.process, "broker": rig.broker, "engine": rig.engine}
        time.sleep(SETTLE)
        first = rig.watch.after(0.0)
        cpu, begun = _processor_times(processes), time.monotonic()
        time.sleep(watch)
        used, span = _between(cpu, _processor_times(processes)), time.monotonic() - begun
        used["others"] = max(used.pop("machine") - sum(used.values()), 0.0)
        second = rig.watch.after(time.time() - 1.0)
        sent = generator.end()
    after = _drained(rig, before, sent)
    return _judged(
        units,
        units * per_unit,
        (before, first, second, after),
        sent,
        {name: round(each / span, 3) for name, each in used.items()},
    )


def _processor_times(processes: Mapping[str, psutil.Process]) -> dict[str, float]:
    times = {name: sum(process.cpu_times()[:2]) for name, process in processes.items()}
    machine = psutil.cpu_times()
    return times | {"machine": machine.user + machine.nice + machine.system}


def _drained(rig: Rig, before: Health, sent: LoadRun) -> Health:
    """Wait until all that was sent is fused, or nothing more comes."""
    until = time.monotonic() + DRAIN
    while True:
        health = rig.watch.after(time.time())
        if _rise(before, health, "reports_fused") >= sent.objects or time.monotonic() > until:
            return health


def _rise(before: Health, after: Health, name: str) -> int:
    return round(after.counters.get(name, 0.0) - before.counters.get(name, 0.0))


def _rises(before: Health, after: Health, prefix: str) -> int:
    names = [name for name in after.counters if name.startswith(prefix)]
    return sum(_rise(before, after, name) for name in names)


def _judged(
    units: int, objects: int, seen: tuple[Health, Health, Health, Health], sent: LoadRun, cores: dict[str, float]
) -> Step:
    before, first, second, after = seen
    buckets = _between(first.buckets("publish_to_picture"), second.buckets("publish_to_picture"))
    lost = sent.messages - _rise(before, after, "messages_received.rsu_rsm")
    refused = _rises(before, after, "messages_refused.") + _rises(before, after, "participants_refused.")
    unfused = sent.objects - _rise(before, after, "reports_fused")
    within = share_within(buckets, LIMIT)
    rate = sent.objects / sent.seconds
    faults = {
        f"{lost} messages lost": lost != 0,
        f"{refused} refused": refused != 0,
        f"{unfused} reports not fused": unfused != 0,
        f"only {within:.1%} within {LIMIT * 1e3:.0f} ms": not within >= SHARE,
        f"the generator reached {rate / (objects * HZ):.0%} of its rate": rate < PACE * objects * HZ,
    }
    span = second.time - first.time
    spent = _between(first.seconds(), second.seconds())
    stages = {stage: spent.get(stage, 0.0) / span for stage in (*INGEST, *FUSION, *PUBLISH)}
    return Step(
        units=units,
        objects=objects,
        holds=not any(faults.values()),
        reason="; ".join(text for text, found in faults.items() if found),
        reports_per_s=round(rate),
        messages_per_s=round(sent.messages / sent.seconds),
        megabytes_per_s=round(sent.bytes / sent.seconds / 1e6, 1),
        sent=sent.messages,
        lost=lost,
        shed=_rise(before, after, "shed"),
        refused=refused,
        reports_unfused=unfused,
        p50_ms=round(percentile(buckets, 0.50) * 1e3, 1),
        p99_ms=round(percentile(buckets, 0.99) * 1e3, 1),
        within_limit=round(within, 4),
        cycles_per_s=round((second.buckets("cycle")[math.inf] - first.buckets("cycle")[math.inf]) / span, 1),
        cycle_overruns=_rise(first, second, "cycle_overruns"),
        generator_late_ms_p99=sent.late_ms_p99,
        cores=cores,
        engine=engine_shares(stages, cores["engine"]),
        stages={stage: round(share, 4) for stage, share in stages.items()},
        latency_ms={
            shown: _percentiles(_between(first.buckets(stage), second.buckets(stage)))
            for shown, stage in LATENCIES.items()
        },
    )


def _between(first: Mapping[KeyT, float], second: Mapping[KeyT, float]) -> dict[KeyT, float]:
    return {key: value - first.get(key, 0.0) for key, value in second.items()}


def engine_shares(stages: Mapping[str, float], cores: float) -> dict[str, float]:
    """Split the engine's processor time over what its thread did.

    A stage's time on the clock holds the time in which others had the processor, so that the shares are scaled down to
    the processor time where they exceed it; what is left over is the way from the socket to the queue, and health.
    """
    parts = {"ingest": INGEST, "fusion": FUSION, "advice and publishing": PUBLISH}
    spent = {part: sum(stages.get(stage, 0.0) for stage in names) for part, names in parts.items()}
    scale = min(1.0, cores / max(sum(spent.values()), 1e-9))
    shares = {part: round(value * scale, 3) for part, value in spent.items()}
    return shares | {"receiving and the rest": round(max(cores - sum(shares.values()), 0.0), 3)}


def _percentiles(buckets: Buckets) -> dict[str, float]:
    return {name: round(percentile(buckets, share) * 1e3, 1) for name, share in (("p50", 0.50), ("p99", 0.99))}


def _announced(step: Step) -> Step:
    from rich.console import Console

    verdict = "holds" if step.holds else f"does not hold: {step.reason}"
    Console(stderr=True).print(f"{step.units} units, {step.objects:,} objects: {verdict}", highlight=False)
    return step
