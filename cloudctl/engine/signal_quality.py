"""Are the signals to be believed? SPAT and MAP of all units are checked as they come; what is wrong is told.

Events go to V2X/CLOUD/SIGNAL/EVENT as they begin, an assessment of each fault and signal to
V2X/CLOUD/SIGNAL/ASSESSMENT when its day is over; from ten events a day on, somebody is told on V2X/CLOUD/NOTIFICATION.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from cloudctl.engine.broadcast import Every
from cloudctl.publish.outgoing import Outgoing
from ingest.collector import Report
from ingest.device_registry import DeviceRegistry
from ingest.messages.map_data import MapData
from ingest.messages.spat import Spat
from ingest.signal_assessment import DAY, Assessment, Notification, SignalAssessor
from ingest.signal_checks import SignalChecks, SignalEvent

TICK = 1.0


class SignalEventNow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing wrong with what a signal reports; `timestamp` is UTC epoch ms."""

    timestamp: int
    device: str
    fault: str
    detail: str
    region: int | None = None
    node_id: int | None = None
    phase: int | None = None


class SignalAssessmentNow(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one local day was like for one fault of one signal; times are UTC epoch ms."""

    timestamp: int
    day: str
    device: str
    fault: str
    events: int
    first: int
    last: int
    example: str
    phases: tuple[int, ...]
    region: int | None = None
    node_id: int | None = None


class NotificationNow(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody should look at this; `timestamp` is UTC epoch ms."""

    timestamp: int
    kind: str
    device: str
    fault: str
    detail: str
    events: int
    days_in_a_row: int
    region: int | None = None
    node_id: int | None = None


class SignalQuality:
    """Checks of all signals, from messages of devices to messages of the platform."""

    def __init__(self, registry: DeviceRegistry, checks: SignalChecks | None = None) -> None:
        self._registry = registry
        self._checks = checks or SignalChecks()
        self._assessor = SignalAssessor()
        self._tick = Every(TICK)
        self._messages: list[Outgoing] = []
        self.counts: Counter[str] = Counter()
        """Events by fault."""

    def follow(self, maps: Sequence[Report[MapData]], spats: Sequence[Report[Spat]], now: float) -> None:
        """Check what came since the last call; `now` is UTC epoch s."""
        events: list[SignalEvent] = []
        for one in maps:
            if one.device not in self._registry.held:
                events += self._checks.take_map(one.device, one.message, one.received)
        for report in spats:
            events += self._checks.take_spat(report.device, report.message, report.event_time, report.received)
        if self._tick.due(now):
            events += self._checks.tick(now)
            self._messages += [self._assessed(one) for one in self._assessor.close(now)]
        for event in events:
            self._note(event)

    def take_messages(self) -> list[Outgoing]:
        """Take what is to be published since the last call."""
        found, self._messages = self._messages, []
        return found

    def _note(self, event: SignalEvent) -> None:
        self.counts[event.fault.value] += 1
        region, node = event.intersection or (None, None)
        told = SignalEventNow(
            timestamp=round(event.time * 1e3),
            device=self._name(event.device),
            fault=event.fault.value,
            detail=event.detail,
            region=region,
            node_id=node,
            phase=event.phase,
        )
        self._messages.append(Outgoing.on("signal_event", msgspec.json.encode(told)))
        notification = self._assessor.note(event)
        if notification is not None:
            self._messages.append(self._notified(notification))

    def _notified(self, notification: Notification) -> Outgoing:
        found = notification.assessment
        region, node = found.intersection or (None, None)
        told = NotificationNow(
            timestamp=round(notification.time * 1e3),
            kind="signal_quality",
            device=self._name(found.device),
            fault=found.fault.value,
            detail=found.example,
            events=found.events,
            days_in_a_row=notification.days_in_a_row,
            region=region,
            node_id=node,
        )
        return Outgoing.on("notification", msgspec.json.encode(told))

    def _assessed(self, found: Assessment) -> Outgoing:
        region, node = found.intersection or (None, None)
        told = SignalAssessmentNow(
            timestamp=round(found.last * 1e3),
            day=datetime.fromtimestamp(found.day * DAY, UTC).date().isoformat(),
            device=self._name(found.device),
            fault=found.fault.value,
            events=found.events,
            first=round(found.first * 1e3),
            last=round(found.last * 1e3),
            example=found.example,
            phases=found.phases,
            region=region,
            node_id=node,
        )
        return Outgoing.on("signal_assessment", msgspec.json.encode(told))

    def _name(self, row: int) -> str:
        return self._registry.get(row).id
