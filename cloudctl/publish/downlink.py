"""Messages on their way to devices: sent in their dialect, acknowledged, or sent again after 3 s up to three times.

After the third failure the connection of the device counts as abnormal (连接异常) until it answers again. No clock and
no socket: the time is a parameter and what to publish is given back, so that a test needs neither.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgspec

from cloudctl.advice.advisory import Advisory
from cloudctl.publish.delivery import ConnectionNow, Delivery, DeliveryStatus, Order, Receipt
from cloudctl.publish.outgoing import Outgoing
from cloudctl.publish.payloads import rsc_message, rsi_message
from ingest.device_kinds import DeviceKind
from ingest.device_registry import Device, DeviceRegistry
from ingest.dialects.catalogue import find_down
from ingest.down_messages import DownMessage, write_down
from ingest.errors import RefusedError
from ingest.messages.common import Wire
from ingest.streams import BY_NAME

RESEND_AFTER = 3.0
RESENDS = 3
FAILURES = 3
"""Sendings without an answer after which a connection is abnormal."""
RTE_IDS = 256
MESSAGE_COUNTS = 128
ANSWER_WITHIN = RESEND_AFTER * (RESENDS + 1)
"""s in which the answer to what is sent once must come."""

_Key = tuple[str, str]
"""Device, and what its answer names."""


@dataclass(frozen=True)
class _Pending:
    message: Outgoing
    resend_at: float
    until: float
    """Not sent again from then on, UTC epoch s."""
    attempts: int = 1
    advisory: Advisory | None = None
    order: Order | None = None


@dataclass
class _Changes:
    """What has happened since it was last asked for."""

    deliveries: list[Delivery] = field(default_factory=list)
    connections: list[ConnectionNow] = field(default_factory=list)
    settled: list[tuple[Advisory, DeliveryStatus]] = field(default_factory=list)


class Downlink:
    """Keeps what devices have not acknowledged yet.

    `first_sequence` differs from run to run, so that a late answer to an earlier run meets nothing of this one. The
    registry says in which dialect, profile and reference system a device reads; without one all read the standard's.
    """

    def __init__(self, first_sequence: int = 0, registry: DeviceRegistry | None = None) -> None:
        self._registry = registry
        self._pending: dict[_Key, _Pending] = {}
        self._by_advisory: dict[str, _Key] = {}
        self._sequence = first_sequence
        self._msg_cnt: Counter[str] = Counter()
        self._rte_ids: dict[str, int] = {}
        self._changes = _Changes()
        self.abnormal: dict[str, float] = {}
        """Devices that do not answer, and since when (UTC epoch s)."""
        self.counts: Counter[str] = Counter()
        """sent, resent, accepted, rejected, superseded, expired, connection_abnormal, unanswered, no_roadside_unit,
        unknown_ack, no_form."""

    @property
    def waiting(self) -> int:
        """Messages without an answer."""
        return len(self._pending)

    def send(self, advisory: Advisory, now: float, signal_units: Mapping[str, str]) -> list[Outgoing]:
        """Give the message that carries an advisory; `signal_units` is the roadside unit at each signal id."""
        kind, _, name = advisory.target.partition(":")
        device = signal_units.get(name, "") if kind == "signal" else name
        if not device:
            self.counts["no_roadside_unit"] += 1
            return []
        if advisory.replaces is not None:
            self._drop(advisory.replaces)
        if kind == "obu":
            message, key = Outgoing.on("obu_advice", msgspec.json.encode(advisory), device), advisory.id
        else:
            packed = self._write(self._device(DeviceKind.RSU, device), *self._packed(advisory, kind), now)
            if packed is None:
                self._changes.settled.append((advisory, DeliveryStatus.NO_FORM))
                return []
            message, key = packed
        until = float("inf") if advisory.content.get("ended", False) else advisory.valid_until
        self._wait((device, key), _Pending(message, now + RESEND_AFTER, until, advisory=advisory))
        self._by_advisory[advisory.id] = (device, key)
        return [message]

    def order(self, order: Order, now: float) -> list[Outgoing]:
        """Give the message that carries an order; what becomes of it is told by `take_deliveries`."""
        packed = self._write(self._device(order.kind, order.device), order.name, order.body, now, order)
        if packed is None:
            return []
        message, key = packed
        if not order.answered:
            self.counts["sent"] += 1
            return [message]
        patience = ANSWER_WITHIN if order.once else RESEND_AFTER
        self._wait((order.device, key), _Pending(message, now + patience, order.valid_until, order=order))
        self._tell(order, DeliveryStatus.SENT, now, key)
        return [message]

    def speaks(self, device: str, name: str, kind: DeviceKind = DeviceKind.RSU) -> bool:
        """Whether there is a form of the message `name` (rsi, config, ...) in the dialect of a device."""
        return bool(find_down(self._device(kind, device).dialect, name, kind))

    def resend(self, now: float) -> list[Outgoing]:
        """Give what is to be sent once more; forget what is over or was sent often enough."""
        due: list[Outgoing] = []
        for key, pending in list(self._pending.items()):
            if now < pending.resend_at:
                continue
            if now >= pending.until:
                self._close(key, DeliveryStatus.EXPIRED, now)
                continue
            if pending.order is not None and pending.order.once:
                self._close(key, DeliveryStatus.UNANSWERED, now)
                continue
            if pending.attempts >= FAILURES:
                self._lose(key[0], now)
            if pending.attempts > RESENDS:
                self._close(key, DeliveryStatus.CONNECTION_ABNORMAL, now)
            else:
                self._pending[key] = replace(pending, resend_at=now + RESEND_AFTER, attempts=pending.attempts + 1)
                self.counts["resent"] += 1
                due.append(pending.message)
        return due

    def acknowledge(
        self, device: str, key: str, *, accepted: bool, now: float = 0.0, detail: str = ""
    ) -> Receipt | None:
        """Take an answer (`key` is the seqNum or the advisory's id); None where no advisory waits for it."""
        self._regain(device, now)
        pending = self._pending.get((device, key))
        if pending is None:
            self.counts["unknown_ack"] += 1
            return None
        self._close((device, key), DeliveryStatus.ACCEPTED if accepted else DeliveryStatus.REJECTED, now, detail)
        return None if pending.advisory is None else Receipt(pending.advisory, accepted)

    def take_deliveries(self) -> list[Delivery]:
        """Take what became of orders since the last call."""
        found, self._changes.deliveries = self._changes.deliveries, []
        return found

    def take_connections(self) -> list[ConnectionNow]:
        """Take the connections that became abnormal or came back since the last call."""
        found, self._changes.connections = self._changes.connections, []
        return found

    def take_settled(self) -> list[tuple[Advisory, DeliveryStatus]]:
        """Take what became of advisories since the last call."""
        found, self._changes.settled = self._changes.settled, []
        return found

    def _device(self, kind: DeviceKind, name: str) -> Device:
        found = None if self._registry is None else self._registry.find(kind, name)
        return found or Device(-1, name, kind)

    def _write(
        self, device: Device, name: str, body: Wire, now: float, order: Order | None = None
    ) -> tuple[Outgoing, str] | None:
        """Write a message in the dialect of its device; None, counted, where it cannot be said there."""
        self._sequence += 1
        extras = {} if order is None else order.extras
        if hasattr(body, "msg_cnt"):
            body = msgspec.structs.replace(body, msg_cnt=self._msg_cnt[device.id] % MESSAGE_COUNTS)
            self._msg_cnt[device.id] += 1
        try:
            written = write_down(device, DownMessage(name, body, str(self._sequence), extras), now)
        except RefusedError as error:
            self.counts["no_form"] += 1
            if order is not None:
                self._tell(order, DeliveryStatus.NO_FORM, now, "", str(error))
            return None
        return Outgoing(written.topic, written.payload, BY_NAME[f"rsu_{name}_down"].qos), written.key

    def _wait(self, key: _Key, pending: _Pending) -> None:
        if key in self._pending:  # a msgCnt that came round again: the older message is beyond recall
            self._close(key, DeliveryStatus.SUPERSEDED, pending.resend_at - RESEND_AFTER)
        self._pending[key] = pending
        self.counts["sent"] += 1

    def _close(self, key: _Key, status: DeliveryStatus, now: float, detail: str = "") -> None:
        pending = self._pending.pop(key)
        if pending.advisory is not None:
            self._by_advisory.pop(pending.advisory.id, None)
            self._changes.settled.append((pending.advisory, status))
        if pending.order is not None:
            self._tell(pending.order, status, now, key[1], detail)
        self.counts[status.value] += 1

    def _drop(self, advisory_id: str) -> None:
        """Stop sending an advisory that a newer one replaces."""
        key = self._by_advisory.get(advisory_id)
        if key is not None:
            self._close(key, DeliveryStatus.SUPERSEDED, 0.0)

    def _tell(self, order: Order, status: DeliveryStatus, now: float, key: str, detail: str = "") -> None:
        self._changes.deliveries.append(Delivery(order.reference, order.device, order.name, status, now, key, detail))

    def _lose(self, device: str, now: float) -> None:
        if device not in self.abnormal:
            self.abnormal[device] = now
            self._changes.connections.append(ConnectionNow(device, "abnormal", round(now * 1e3), FAILURES))

    def _regain(self, device: str, now: float) -> None:
        if self.abnormal.pop(device, None) is not None:
            self._changes.connections.append(ConnectionNow(device, "normal", round(now * 1e3), 0))

    def _packed(self, advisory: Advisory, kind: str) -> tuple[str, Wire]:
        """Name and body of the message to a roadside unit that carries an advisory; its msgCnt is set later."""
        if kind == "rsu":
            return "rsi", rsi_message(advisory, self._rte_id(advisory), 0)
        return "rsc", rsc_message(advisory, 0)

    def _rte_id(self, advisory: Advisory) -> int:
        """Give one number to all messages of an alert; the oldest alert's number is used again when all are taken."""
        alert = str(advisory.content.get("alert", advisory.id))
        if alert not in self._rte_ids:
            taken = set(self._rte_ids.values())
            free = next((number for number in range(RTE_IDS) if number not in taken), None)
            self._rte_ids[alert] = self._rte_ids.pop(next(iter(self._rte_ids))) if free is None else free
        return self._rte_ids[alert]
