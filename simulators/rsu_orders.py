"""Orders for signal priority on their way through a roadside unit: to the signal in the city, and the answer back."""

from collections.abc import Callable
from dataclasses import dataclass

from simulators.commands import Command, RequestPriority
from simulators.fleet_downlink import Down, down_answer

PATIENCE = 5.0
"""The unit refuses when the controller has not answered for so long, s."""

Reply = Callable[[bytes], None]


@dataclass(frozen=True)
class _Pending:
    sequence: str | int | None
    reply: Reply
    until: float


class PriorityOrders:
    """Orders that wait for the controller's answer."""

    def __init__(self, order: Callable[[Command], None], behind: float) -> None:
        """`behind` is how much later than the city the devices live, s."""
        self._order, self._behind = order, behind
        self._pending: dict[str, _Pending] = {}

    def take(self, down: Down, signal: str, reference: tuple[int, int], now: float, reply: Reply) -> None:
        """Pass an order on to the signal `signal`, named (region, node id) `reference` on the air."""
        priority = down.priority
        if priority is None:
            reply(down_answer(down.seq_num, 1, "the message asks for nothing this unit can do"))
            return
        asked = priority.signal.get("region", -1), priority.signal.get("id", -1)
        if asked != reference:
            reply(down_answer(down.seq_num, 1, f"signal {asked} is not this unit's {reference}"))
            return
        self._pending[priority.request_id] = _Pending(down.seq_num, reply, now + PATIENCE)
        arrival = priority.arrival - self._behind
        self._order(RequestPriority(priority.request_id, signal, priority.phase_id, arrival, priority.max_seconds))

    def settle(self, request: RequestPriority, *, accepted: bool, reason: str) -> None:
        """Answer the platform with what the controller did."""
        pending = self._pending.pop(request.request_id, None)
        if pending is not None:
            pending.reply(down_answer(pending.sequence, 0 if accepted else 1, reason))

    def expire(self, now: float) -> None:
        """Refuse what the controller never answered."""
        for request_id in [name for name, pending in self._pending.items() if pending.until < now]:
            pending = self._pending.pop(request_id)
            pending.reply(down_answer(pending.sequence, 1, "the signal controller did not answer"))
