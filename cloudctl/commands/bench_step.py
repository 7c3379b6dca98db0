"""What `cloudctl bench pipeline` finds at one rate."""

from dataclasses import dataclass


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
    cycles_per_s: float
    cycle_overruns: int
    generator_late_ms_p99: float
    cores: dict[str, float]
    """Processor time a second: generator, broker, engine, and everything else on this machine."""
    engine: dict[str, float]
    """The engine's processor time a second by what it was spent on, estimated from the time of its stages."""
    stages: dict[str, float]
    """Time of the engine's thread by stage, s a second."""
    latency_ms: dict[str, dict[str, float]]
    """p50 and p99 of each part of the way."""
