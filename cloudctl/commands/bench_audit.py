"""`cloudctl bench audit`: entries a second into the audit log, how long a look waits for its entry, and the check."""

import asyncio
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cloudctl.commands.bench_output import show, write

if TYPE_CHECKING:
    from cloudctl.privacy.anchors import AnchorFile

ASKERS = (1, 20, 200)
"""Looks at once."""
SECONDS = 5.0


def bench_audit(out: Path | None = None, database: str | None = None, seconds: float = SECONDS) -> dict[str, object]:
    """Measure on the embedded database or on another one; the log that is there is only added to.

    Raises:
        CloudctlError: no database answers.
    """
    from cloudctl.privacy.anchors import AnchorFile
    from cloudctl.privacy.keys import KeyRing
    from cloudctl.store.embedded import EmbeddedPostgres
    from cloudctl.store.migrate import migrate

    with tempfile.TemporaryDirectory(prefix="v2x-bench-") as name:
        folder = Path(name)
        anchors = AnchorFile(folder / "audit", KeyRing(folder / "keys"))
        if database is not None:
            migrate(database)
            figures = _measured(database, anchors, seconds)
        else:
            with EmbeddedPostgres(folder / "postgres") as server:
                migrate(server.url)
                figures = _measured(server.url, anchors, seconds)
    write(figures, out)
    return figures


def _measured(url: str, anchors: "AnchorFile", seconds: float) -> dict[str, object]:
    from cloudctl.privacy.audit_check import verify_audit

    steps = [asyncio.run(_append(url, anchors, askers, seconds)) for askers in ASKERS]
    names = ("askers", "entries", "entries_per_s", "p50_ms", "p99_ms")
    show(
        "Audit log: a look waits until its entry is written", names, [[step[name] for name in names] for step in steps]
    )
    begun = time.perf_counter()
    verdict = verify_audit(url, anchors)
    took = time.perf_counter() - begun
    check = {
        "entries": verdict.entries,
        "entries_per_s": round(verdict.entries / took),
        "whole": verdict.finding is None,
    }
    show("Check of the whole chain", tuple(check), [list(check.values())])
    return {"append": steps, "check": check}


async def _append(url: str, anchors: "AnchorFile", askers: int, seconds: float) -> dict[str, float]:
    import numpy as np

    from cloudctl.privacy.audit import AuditLog

    log, waits = AuditLog(url, anchors), list[float]()
    running = asyncio.create_task(log.run())
    await log.record_look("bench", "benchmark", {"route": "/bench"})  # connected from here on
    begun = time.perf_counter()

    async def ask() -> None:
        while time.perf_counter() - begun < seconds:
            asked = time.perf_counter()
            await log.record_look("bench", "benchmark", {"route": "/api/v1/history/tracks", "hour": 8})
            waits.append(time.perf_counter() - asked)

    await asyncio.gather(*(ask() for _ in range(askers)))
    took = time.perf_counter() - begun
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    p50, p99 = np.percentile(waits, (50, 99)) * 1e3
    return {
        "askers": askers,
        "entries": len(waits),
        "entries_per_s": round(len(waits) / took),
        "p50_ms": round(float(p50), 2),
        "p99_ms": round(float(p99), 2),
    }
