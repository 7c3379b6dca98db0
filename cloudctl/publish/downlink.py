"""Advisories on their way to devices: sent, acknowledged, sent again after 3 s up to three times, then given up.

No clock and no socket: the time is a parameter and what to publish is given back, so that a test needs neither.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from cloudctl.advice.advisory import Advisory
from cloudctl.publish.outgoing import Outgoing
from cloudctl.publish.payloads import rsc_payload, rsi_payload

RESEND_AFTER = 3.0
RESENDS = 3
RTE_IDS = 256
MESSAGE_COUNTS = 128


@dataclass(frozen=True)
class _Pending:
    advisory: Advisory
    message: Outgoing
    resend_at: float
    attempts: int


@dataclass(frozen=True)
class Receipt:
    """What a device answered to an advisory."""

    advisory: Advisory
    accepted: bool


class Downlink:
    """Keeps what devices have not acknowledged yet.

    `first_sequence` differs from run to run, so that a late answer to an earlier run meets nothing of this one.
    """

    def __init__(self, first_sequence: int = 0) -> None:
        self._pending: dict[tuple[str, str], _Pending] = {}
        self._by_advisory: dict[str, tuple[str, str]] = {}
        self._sequence = first_sequence
        self._msg_cnt: Counter[str] = Counter()
        self._rte_ids: dict[str, int] = {}
        self.counts: Counter[str] = Counter()
        """sent, resent, accepted, rejected, superseded, expired, connection_abnormal, no_roadside_unit, unknown_ack."""

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
        stream, key, payload = self._packed(advisory, kind, device)
        message = Outgoing.on(stream, payload, device)
        self._pending[device, key] = _Pending(advisory, message, now + RESEND_AFTER, 1)
        self._by_advisory[advisory.id] = (device, key)
        self.counts["sent"] += 1
        return [message]

    def resend(self, now: float) -> list[Outgoing]:
        """Give what is to be sent once more; forget what is over or was sent often enough."""
        due: list[Outgoing] = []
        for key, pending in list(self._pending.items()):
            if now < pending.resend_at:
                continue
            if now >= pending.advisory.valid_until and not pending.advisory.content.get("ended", False):
                self._close(key, "expired")
            elif pending.attempts > RESENDS:
                self._close(key, "connection_abnormal")
            else:
                self._pending[key] = replace(pending, resend_at=now + RESEND_AFTER, attempts=pending.attempts + 1)
                self.counts["resent"] += 1
                due.append(pending.message)
        return due

    def acknowledge(self, device: str, key: str, *, accepted: bool) -> Receipt | None:
        """Take an answer (`key` is the seqNum or the advisory's id); None where nothing waits for it."""
        pending = self._pending.get((device, key))
        if pending is None:
            self.counts["unknown_ack"] += 1
            return None
        self._close((device, key), "accepted" if accepted else "rejected")
        return Receipt(pending.advisory, accepted)

    def _close(self, key: tuple[str, str], outcome: str) -> None:
        pending = self._pending.pop(key)
        self._by_advisory.pop(pending.advisory.id, None)
        self.counts[outcome] += 1

    def _drop(self, advisory_id: str) -> None:
        """Stop sending an advisory that a newer one replaces."""
        key = self._by_advisory.get(advisory_id)
        if key is not None:
            self._close(key, "superseded")

    def _packed(self, advisory: Advisory, kind: str, device: str) -> tuple[str, str, bytes]:
        if kind == "obu":
            return "obu_advice", advisory.id, msgspec.json.encode(advisory)
        self._sequence += 1
        seq, count = str(self._sequence), self._msg_cnt[device] % MESSAGE_COUNTS
        self._msg_cnt[device] += 1
        if kind == "rsu":
            return "rsu_rsi_down", seq, rsi_payload(advisory, self._rte_id(advisory), count, seq)
        return "rsu_rsc_down", seq, rsc_payload(advisory, count, seq)

    def _rte_id(self, advisory: Advisory) -> int:
        """Give one number to all messages of an alert; the oldest alert's number is used again when all are taken."""
        alert = str(advisory.content.get("alert", advisory.id))
        if alert not in self._rte_ids:
            taken = set(self._rte_ids.values())
            free = next((number for number in range(RTE_IDS) if number not in taken), None)
            self._rte_ids[alert] = self._rte_ids.pop(next(iter(self._rte_ids))) if free is None else free
        return self._rte_ids[alert]
