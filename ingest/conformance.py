"""Does a device send what the standard asks? Messages go through the same pipeline as live ones; findings are kept."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from ingest.conformance_advice import OTHER_ADVICE, REFUSAL_ADVICE, SIGNAL_ADVICE
from ingest.conformance_report import ConformanceReport, Example, Finding, Grade, StreamReport
from ingest.device_registry import DeviceRegistry
from ingest.pipeline import Pipeline
from ingest.plausibility import BoxE7
from ingest.signal_checks import SignalChecks
from ingest.streams import BY_NAME
from ingest.timebase import ALLOWED_DEVIATION
from ingest.topics import find_route
from ingest.uper.schema import Profile
from ingest.verdicts import Accepted, Refused
from maps.geodesy import LocalPlane

CHINA = BoxE7.of_degrees(73.0, 3.0, 136.0, 54.0)
"""Where a device may be when its city is not known."""

_LEAST_FOR_RATE = 10
_RATE_MARGIN = 0.2
_LONGEST_EXAMPLE = 400
_MOST_TOPICS = 5
_LATE_MS = 500.0
_FEW = 0.01
_SPLIT_STREAMS = frozenset({"rsu_rsm", "rsu_ssm", "radar_track"})


@dataclass(slots=True)
class _Finding:
    """A finding while it is counted."""

    detail: str
    field: str | None = None
    example: Example | None = None
    count: int = 0


@dataclass(slots=True)
class _Stream:
    """One stream in one writing while it is counted."""

    name: str
    writing: str
    topics: list[str] = field(default_factory=list)
    messages: int = 0
    accepted: int = 0
    refused: dict[str, _Finding] = field(default_factory=dict)
    warnings: dict[str, _Finding] = field(default_factory=dict)
    spans: dict[str, tuple[float, float, int]] = field(default_factory=dict)
    """First and last time and number of messages by topic."""
    health: set[tuple[int, str]] = field(default_factory=set)
    latencies: list[float] = field(default_factory=list)


class ConformanceSession:
    """Takes the messages of one or more devices and reports on them."""

    def __init__(self, box: BoxE7 = CHINA, profile: Profile = Profile.V4, device: str | None = None) -> None:
        """Check against the city in `box`; `profile` holds for UPER; `device` leaves all other devices out."""
        self._registry = DeviceRegistry(profile=profile)
        plane = LocalPlane((box.west + box.east) / 2e7, (box.south + box.north) / 2e7)
        self._pipeline = Pipeline(plane, box, self._registry)
        self._checks = SignalChecks()
        self._device = device
        self._streams: dict[tuple[str, str], _Stream] = {}
        self._signals: dict[str, _Finding] = {}
        self._unknown: Counter[str] = Counter()
        self._begun: float | None = None
        self._last = 0.0
        self._second = 0.0

    def take(self, topic: str, payload: bytes, received: float) -> None:
        """Take one message received at UTC epoch s."""
        found = find_route(topic)
        if not self._concerns(None if found is None else found[1], payload):
            return
        self._begun = received if self._begun is None else self._begun
        self._last = max(self._last, received)
        if found is None:
            self._unknown[topic] += 1
            return
        link, _ = found
        stream = self._streams.setdefault((link.stream.name, link.writing), _Stream(link.stream.name, link.writing))
        self._count(stream, topic, received)
        verdict = self._pipeline.accept(topic, payload, received)
        if isinstance(verdict, Refused):
            example = Example(received, topic, _shown(payload))
            _note(stream.refused, verdict.reason, verdict.detail, example, verdict.field)
        else:
            self._accepted(stream, verdict, topic, payload)
        self._check_signals(received)

    def report(self) -> ConformanceReport:
        """Make the report on what came so far."""
        self._pipeline.take_observations(self._last)
        streams = [self._stream_report(stream) for _, stream in sorted(self._streams.items())]
        devices = self._device_findings()
        signals = [_finding(name, found, SIGNAL_ADVICE) for name, found in sorted(self._signals.items())]
        refused = sum(finding.count for stream in streams for finding in stream.refused)
        grades = [stream.grade for stream in streams]
        grades += [Grade.WARN] * bool(devices or signals) + [Grade.FAIL] * (bool(self._unknown) or not streams)
        return ConformanceReport(
            grade=worst(grades),
            begun=self._begun,
            seconds=round(self._last - (self._begun or self._last), 3),
            messages=sum(stream.messages for stream in streams) + self._unknown.total(),
            accepted=sum(stream.accepted for stream in streams),
            refused=refused + self._unknown.total(),
            streams=streams,
            device_findings=devices,
            signal_findings=signals,
            unknown_topics=dict(self._unknown.most_common(100)),
        )

    def _concerns(self, device: str | None, payload: bytes) -> bool:
        """Tell whether a message is of the wanted device; where the topic names none, the payload must."""
        if self._device is None or device == self._device:
            return True
        return device is None and self._device.encode() in payload

    def _count(self, stream: _Stream, topic: str, received: float) -> None:
        stream.messages += 1
        if topic not in stream.topics and len(stream.topics) < _MOST_TOPICS:
            stream.topics.append(topic)
        first, _, count = stream.spans.get(topic, (received, received, 0))
        stream.spans[topic] = (first, received, count + 1)

    def _accepted(self, stream: _Stream, verdict: Accepted, topic: str, payload: bytes) -> None:
        stream.accepted += 1
        stream.health.add((verdict.device, verdict.stream))
        latencies = self._pipeline.health.stream(verdict.device, verdict.stream).latencies
        if latencies:
            stream.latencies.append(latencies[-1])
        if verdict.partly is not None:
            example = Example(self._last, topic, _shown(payload))
            name = "left_out" if verdict.warning is None else verdict.warning.value
            _note(stream.warnings, name, verdict.partly.detail, example, verdict.partly.field)

    def _check_signals(self, now: float) -> None:
        pipeline, checks = self._pipeline, self._checks
        events = [
            event for one in pipeline.take_maps() for event in checks.take_map(one.device, one.message, one.received)
        ]
        for one in pipeline.take_spats():
            events += checks.take_spat(one.device, one.message, one.event_time, one.received)
        if now >= self._second + 1.0:
            self._second = now
            events += checks.tick(now)
            pipeline.take_observations(now)
            pipeline.take_events()
            pipeline.take_dead_letters()
        for event in events:
            where = "" if event.intersection is None else f"intersection {event.intersection}: "
            _note(self._signals, event.fault, where + event.detail)

    def _stream_report(self, stream: _Stream) -> StreamReport:
        rate, nominal = _rate(stream), BY_NAME[stream.name].rate_hz
        missing = sum(self._pipeline.health.stream(*key).sequence.missing for key in stream.health)
        p50, p99 = _percentiles(stream.latencies)
        if rate is not None and nominal is not None:
            fault = _rate_fault(stream.name, rate / nominal)
            if fault is not None:
                _note(stream.warnings, fault, f"{rate:.2f} Hz, {nominal:g} Hz are due")
        if missing > _FEW * stream.messages:
            _note(stream.warnings, "gaps", f"msgCnt says that {missing} messages did not arrive", count=missing)
        if p99 is not None and p99 > _LATE_MS:
            _note(stream.warnings, "late", f"one message in a hundred arrives {p99:.0f} ms or more after its time")
        refused = [_finding(name, found, REFUSAL_ADVICE) for name, found in sorted(stream.refused.items())]
        warnings = [_finding(name, found, OTHER_ADVICE) for name, found in sorted(stream.warnings.items())]
        return StreamReport(
            stream=stream.name,
            writing=stream.writing,
            grade=Grade.FAIL if refused else Grade.WARN if warnings else Grade.PASS,
            topics=stream.topics,
            messages=stream.messages,
            accepted=stream.accepted,
            refused=refused,
            warnings=warnings,
            rate_hz=rate,
            nominal_hz=nominal,
            missing=missing,
            latency_ms_p50=p50,
            latency_ms_p99=p99,
        )

    def _device_findings(self) -> list[Finding]:
        found: dict[str, _Finding] = {}
        for report in self._pipeline.report_devices(self._last):
            name, offset = report.device.id, report.clock_offset_ms
            if report.clock_wrong:
                _note(found, "clock_wrong", f"clock of {name} is more than 5 minutes off")
            elif abs(offset) > ALLOWED_DEVIATION * 1000.0:
                _note(found, "clock_offset", f"clock of {name} is {offset:.0f} ms off")
        findings = [_finding(name, one, OTHER_ADVICE) for name, one in sorted(found.items())]
        for mismatch in self._pipeline.take_profile_mismatches()[:1]:
            detail = f"{mismatch.message} of {self._registry.get(mismatch.device).id}: {mismatch.detail}"
            findings.append(Finding("profile_mismatch", 1, detail, REFUSAL_ADVICE["profile_mismatch"]))
        return findings


def worst(grades: list[Grade]) -> Grade:
    """Give the worst of some grades."""
    return max(grades, key=list(Grade).index, default=Grade.PASS)


def _note(
    findings: dict[str, _Finding],
    name: str,
    detail: str,
    example: Example | None = None,
    field_name: str | None = None,
    count: int = 1,
) -> None:
    found = findings.setdefault(str(name), _Finding(detail, field_name or None, example))
    found.count += count


def _finding(name: str, found: _Finding, advice: dict[str, str]) -> Finding:
    return Finding(name, found.count, found.detail, advice[name], found.field, found.example)


def _rate_fault(name: str, share: float) -> str | None:
    """Say whether a stream is slow or fast; what does not fit one RSM or SSM goes into another of the same moment."""
    if share < 1 - _RATE_MARGIN:
        return "slow"
    return "fast" if share > 1 + _RATE_MARGIN and name not in _SPLIT_STREAMS else None


def _rate(stream: _Stream) -> float | None:
    """Messages a second and topic, over topics with enough of them; a topic for all devices says nothing."""
    rates = [
        (count - 1) / (last - first)
        for topic, (first, last, count) in stream.spans.items()
        if count >= _LEAST_FOR_RATE and last > first and topic != BY_NAME[stream.name].topic
    ]
    return round(float(np.median(rates)), 3) if rates else None


def _percentiles(latencies: list[float]) -> tuple[float | None, float | None]:
    if not latencies:
        return None, None
    p50, p99 = np.percentile(np.asarray(latencies) * 1000.0, [50, 99])
    return round(float(p50), 1), round(float(p99), 1)


def _shown(payload: bytes) -> str:
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return payload.hex()[:_LONGEST_EXAMPLE]
    return text[:_LONGEST_EXAMPLE] if text.isprintable() else payload.hex()[:_LONGEST_EXAMPLE]
