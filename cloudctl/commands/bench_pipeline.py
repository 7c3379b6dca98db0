"""`cloudctl bench pipeline`: the highest rate of reports that goes through broker and engine with nothing lost.

A step sends at one rate, waits until the platform has settled, then watches it. It holds where every message was
received and every report fused, 99 of 100 reports are in a picture within 100 ms of being published, and the generator
kept its pace. Where the full rate does not hold, the highest that does is found by halving.
"""

import math
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import psutil

from cloudctl.commands.bench_output import show, write
from cloudctl.commands.bench_rig import Health, LoadGenerator, LoadRun, Rig, running_rig

OBJECTS, UNITS = 10_000, 500
SETTLE, WATCH = 5.0, 10.0
"""s"""
LIMIT = 0.1
"""Publish to picture, s."""
SHARE = 0.99
PACE = 0.98
"""Least share of the wanted rate that the generator must reach."""
DRAIN = 15.0
"""For messages under way at the end, s."""
STEPS = 5
HZ = 10
STAGES = (
    *("decode", "collect", "fuse_track", "fuse_lanes", "fuse_signals", "fuse_traffic", "fuse_incidents"),
    *("advise", "publish"),
)


KeyT = TypeVar("KeyT", str, float)


@dataclass(frozen=True)
class Step:
    """What was measured at one rate."""

    units: int
    objects: int
    holds: bool
    reason: str
    """Why it does not hold."""
    reports_per_s: float
    messages_per_s: float
    megabytes_per_s: float
    sent: int
    lost: int
    """Messages that the engine did not receive."""
    shed: int
    refused: int
    reports_unfused: int
    p50_ms: float
    p99_ms: float
    within_limit: float
    cycle_overruns: int
    generator_late_ms_p99: float
    cores: dict[str, float]
    """Processor time a second: generator, broker, engine."""
    stages: dict[str, float]
    """Of the engine's thread by stage, s a second."""


def bench_pipeline(
    out: Path | None = None,
    objects: int = OBJECTS,
    units: int = UNITS,
    map_file: Path | None = None,
    cycle_hz: float | None = None,
    watch: float = WATCH,
    steps: int = STEPS,
) -> dict[str, object]:
    """Measure; without a map a grid city is made, and the engine has its usual rate of cycles unless another is named.

    Raises:
        CloudctlError: Mosquitto or SUMO is not installed, or a process fails.
    """
    from cloudctl.commands.bench_city import make_grid_map
    from cloudctl.settings import EngineSettings

    beat = EngineSettings().cycle_hz if cycle_hz is None else cycle_hz
    per_unit = max(1, round(objects / units))
    with tempfile.TemporaryDirectory(prefix="v2x-bench-") as name:
        folder = Path(name)
        city = map_file or make_grid_map(folder)
        with running_rig(folder, city, beat) as rig:
            measured = search(lambda count: _announced(measure(rig, count, per_unit, watch)), units, steps)
    best = max((step for step in measured if step.holds), key=lambda step: step.reports_per_s, default=None)
    figures: dict[str, object] = {
        "highest": None if best is None else asdict(best),
        "steps": [asdict(step) for step in measured],
        "limit_ms": LIMIT * 1e3,
        "engine_cycle_hz": beat,
    }
    _print(measured, best)
    write(figures, out)
    return figures


def search(attempt: Callable[[int], Step], most: int, steps: int) -> list[Step]:
    """Try `most` units, then halve the gap between the highest that holds and the lowest that does not."""
    tried, low, high = [attempt(most)], 0, most
    while not tried[0].holds and len(tried) < steps and high - low > max(1, most // 32):
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
    return {name: sum(process.cpu_times()[:2]) for name, process in processes.items()}


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
        cycle_overruns=_rise(first, second, "cycle_overruns"),
        generator_late_ms_p99=sent.late_ms_p99,
        cores=cores,
        stages={stage: round(spent.get(stage, 0.0) / span, 4) for stage in STAGES} if span > 0 else {},
    )


def _between(first: Mapping[KeyT, float], second: Mapping[KeyT, float]) -> dict[KeyT, float]:
    return {key: value - first.get(key, 0.0) for key, value in second.items()}


def share_within(buckets: Mapping[float, float], bound: float) -> float:
    """Share of a cumulative histogram at or below one of its bounds; NaN where it is empty."""
    total = buckets.get(math.inf, 0.0)
    return buckets[bound] / total if total else math.nan


def percentile(buckets: Mapping[float, float], share: float) -> float:
    """Value below which a share of a cumulative histogram lies, straight within a bucket; NaN where it is empty.

    Beyond the last bound it is that bound.
    """
    wanted, below, lower = share * buckets.get(math.inf, 0.0), 0.0, 0.0
    if wanted <= 0.0:
        return math.nan
    for bound, count in sorted(buckets.items()):
        if count >= wanted:
            return lower if math.isinf(bound) else lower + (bound - lower) * (wanted - below) / (count - below)
        below, lower = count, bound
    return lower


def _announced(step: Step) -> Step:
    from rich.console import Console

    verdict = "holds" if step.holds else f"does not hold: {step.reason}"
    Console(stderr=True).print(f"{step.units} units, {step.objects:,} objects: {verdict}", highlight=False)
    return step


def _print(measured: Sequence[Step], best: Step | None) -> None:
    figures = ("units", "objects", "holds", "reports/s", "lost", "p50 ms", "p99 ms", "in 100 ms")
    columns = (*figures, "generator", "broker", "engine")
    rows = [
        [
            str(s.units),
            s.objects,
            s.holds,
            s.reports_per_s,
            s.lost,
            s.p50_ms,
            s.p99_ms,
            s.within_limit,
            *s.cores.values(),
        ]
        for s in measured
    ]
    show("Publish to picture through Mosquitto; generator, broker, engine in cores", columns, rows)
    shown = best or measured[-1]
    title = f"Where the engine's time goes at {shown.reports_per_s:,.0f} reports/s, share of one core"
    show(title, ("stage", "share"), list(shown.stages.items()))
    held = f"{best.reports_per_s:,.0f} reports/s, p99 {best.p99_ms:.0f} ms" if best else "none of the rates tried"
    show("Highest rate that holds", ("", "value"), [["nothing lost, in time", held]])
