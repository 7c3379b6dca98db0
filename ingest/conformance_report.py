"""The report on what a device sends: types only, written as JSON by `cloudctl conformance --out`."""

from enum import StrEnum

import msgspec


class Grade(StrEnum):
    """How a stream or a device did."""

    PASS = "pass"  # noqa: S105  # a grade
    WARN = "warn"
    FAIL = "fail"


class Example(msgspec.Struct, frozen=True):
    """One message that shows a finding."""

    time: float
    """UTC epoch s."""
    topic: str
    payload: str
    """The beginning of it; hex digits where it is binary."""


class Finding(msgspec.Struct, frozen=True):
    """Something wrong, how often, and what to do."""

    name: str
    count: int
    detail: str
    """Of the first time."""
    advice: str
    field: str | None = None
    example: Example | None = None


class StreamReport(msgspec.Struct, frozen=True):
    """One stream in one writing."""

    stream: str
    writing: str
    grade: Grade
    topics: list[str]
    messages: int
    accepted: int
    refused: list[Finding]
    warnings: list[Finding]
    rate_hz: float | None
    """Per device that sends it."""
    nominal_hz: float | None
    missing: int
    """By msgCnt."""
    latency_ms_p50: float | None
    latency_ms_p99: float | None


class ConformanceReport(msgspec.Struct, frozen=True):
    """All that is known of what came."""

    grade: Grade
    begun: float | None
    """UTC epoch s."""
    seconds: float
    messages: int
    accepted: int
    refused: int
    streams: list[StreamReport]
    device_findings: list[Finding]
    """Clocks and profiles."""
    signal_findings: list[Finding]
    unknown_topics: dict[str, int]
