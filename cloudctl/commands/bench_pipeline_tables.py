"""What `cloudctl bench pipeline` shows: the rates that were tried, and where time and processor went at one of them."""

import os
from collections.abc import Sequence

from cloudctl.commands.bench_output import show
from cloudctl.commands.bench_step import Step


def print_steps(measured: Sequence[Step], best: Step | None, limit: float) -> None:
    """Print all steps and the particulars of the best, else of the last; `limit` in s."""
    columns: tuple[str, ...] = (
        "units",
        "objects",
        "holds",
        "reports/s",
        "lost",
        "p50 ms",
        "p99 ms",
        f"in {limit * 1e3:.0f} ms",
    )
    rows: list[list[object]] = []
    for s in measured:
        reached = (s.reports_per_s, s.lost, s.p50_ms, s.p99_ms, s.within_limit, s.cycles_per_s)
        rows.append([str(s.units), s.objects, s.holds, *reached, *s.cores.values()])
    columns += ("cycles/s", *measured[0].cores)
    show("Publish to picture through Mosquitto; processes in cores", columns, rows)
    shown = best or measured[-1]
    _print_processor(shown)
    rows = [[name, value["p50"], value["p99"]] for name, value in shown.latency_ms.items()]
    show(f"Time at {shown.reports_per_s:,.0f} reports/s, ms", ("part of the way", "p50", "p99"), rows)
    show("Stages of the engine, s a second", ("stage", "share"), list(shown.stages.items()))
    held = f"{best.reports_per_s:,.0f} reports/s, p99 {best.p99_ms:.0f} ms" if best else "none of the rates tried"
    show("Highest rate that holds", ("", "value"), [["nothing lost, in time", held]])


def _print_processor(step: Step) -> None:
    """Print who used the processor."""
    ours = {"generator": step.cores["generator"], "broker": step.cores["broker"]}
    ours |= {f"engine: {part}": value for part, value in step.engine.items()}
    total = max(sum(ours.values()), 1e-9)
    rows: list[list[object]] = [[name, value, value / total] for name, value in ours.items()]
    rows.append([f"together, of {os.cpu_count()} cores", total, 1.0])
    rows.append(["other programs on this machine", step.cores["others"], None])
    title = f"Processor at {step.reports_per_s:,.0f} reports/s"
    show(title, ("process", "cores", "share"), rows)
