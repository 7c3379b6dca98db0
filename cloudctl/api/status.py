"""The status line of the live feed: time, age of the picture, latency of every stage, processes."""

import numpy as np

from cloudctl.api.live_state import LiveState, Part
from cloudctl.api.measures import Measures
from maps.participants import ParticipantKind

STALE_HEALTH_S = 5.0
HAS_TERMINAL = 1
KINDS = len(ParticipantKind)


def status_message(state: LiveState, measures: Measures, now: float) -> dict[str, object]:
    """Say how the platform is at `now` (UTC epoch, s); unknown figures are None, never zero."""
    movers = state.find_frame(Part.MOVERS)
    age = state.picture_age(now)
    return {
        "type": Part.STATUS,
        "server_time_ms": now * 1000.0,
        "broker": state.connected,
        "picture_age_ms": None if age is None else age * 1000.0,
        "tick": None if movers is None else movers.frame.tick,
        "movers": None if movers is None else len(movers.frame),
        "kinds": [] if movers is None else np.bincount(movers.frame.column("class"), minlength=KINDS)[:KINDS].tolist(),
        "terminals": None
        if movers is None or state.past
        else int(np.count_nonzero(movers.frame.column("flags").astype(np.uint8) & HAS_TERMINAL)),
        "latency_ms": latency_stages(state, measures),
        "processes": {
            name: {"ready": report.ready and now - report.time < STALE_HEALTH_S, "age_ms": (now - report.time) * 1000.0}
            for name, report in sorted(state.health.items())
        },
    }


def latency_stages(state: LiveState, measures: Measures) -> dict[str, dict[str, float | None]]:
    """Percentiles (ms) of each stage: those of the other processes by `process.stage`, then gateway and screen."""
    stages: dict[str, dict[str, float | None]] = {}
    for name, report in sorted(state.health.items()):
        for stage, figures in report.latency_ms.items():
            if figures is not None:
                stages[f"{name}.{stage}"] = {"p50": figures.p50, "p99": figures.p99}
    for stage, window in (("gateway", measures.gateway_window), ("screen", measures.screen_window)):
        if own := window.percentiles_ms():
            stages[stage] = {"p50": own["p50"], "p99": own["p99"]}
    return stages
