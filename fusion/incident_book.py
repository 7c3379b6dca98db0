"""Open incidents with stable ids: opened once, updated while the evidence lasts, closed when it is gone."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from fusion.incidents import Incident, IncidentKind


@dataclass(frozen=True)
class Finding:
    """What one rule found in one cycle."""

    cause: str
    """Names the cause: the same cause goes on as the same incident."""
    kind: IncidentKind
    since: float
    """When it began, UTC epoch, s."""
    x: float
    y: float
    link: int
    lane: int
    tracks: tuple[int, ...]
    confidence: float
    evidence: str
    figures: Mapping[str, float] = field(default_factory=dict)


class IncidentBook:
    """Keeps the incidents of one network."""

    def __init__(self, closed_kept: float = 5.0) -> None:
        self._open: dict[str, Incident] = {}
        self._closed: list[Incident] = []
        self._closed_kept = closed_kept
        self._next = 1

    def enter(self, findings: list[Finding], now: float, gone_after: dict[IncidentKind, float]) -> tuple[Incident, ...]:
        """Take in the findings of one cycle; return open incidents and those that ended just now, by id."""
        for finding in findings:
            known = self._open.get(finding.cause)
            self._open[finding.cause] = self._made(finding, now) if known is None else _continued(known, finding, now)
        for cause, incident in list(self._open.items()):
            if now - incident.updated > gone_after[incident.kind]:
                del self._open[cause]
                self._closed.append(replace(incident, ended=now))
        self._closed = [one for one in self._closed if one.ended is not None and now - one.ended <= self._closed_kept]
        return tuple(sorted((*self._open.values(), *self._closed), key=lambda incident: incident.incident_id))

    def _made(self, finding: Finding, now: float) -> Incident:
        number, self._next = self._next, self._next + 1
        return Incident(
            incident_id=f"{int(finding.since * 1000):013d}-{number:05d}",
            kind=finding.kind,
            started=finding.since,
            updated=now,
            ended=None,
            x=finding.x,
            y=finding.y,
            link=finding.link,
            lane=finding.lane,
            tracks=finding.tracks,
            confidence=finding.confidence,
            evidence=finding.evidence,
            figures=finding.figures,
        )


def _continued(known: Incident, finding: Finding, now: float) -> Incident:
    """Return the incident with the newest evidence; a blocked lane stays one, confidence does not drop at once."""
    blocked = known.kind is IncidentKind.BLOCKED_LANE
    return replace(
        known,
        kind=known.kind if blocked else finding.kind,
        updated=now,
        x=finding.x,
        y=finding.y,
        link=finding.link,
        lane=finding.lane,
        tracks=finding.tracks,
        confidence=max(finding.confidence, 0.98 * known.confidence),
        evidence=finding.evidence,
        figures=finding.figures,
    )
