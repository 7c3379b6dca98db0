"""Orders to a signal on their way through a roadside unit: priority and stages to the city, and the answer back."""

from collections.abc import Callable
from dataclasses import dataclass

from simulators.commands import Command, ControlStage, RequestPriority
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
        if down.signal_control is not None:
            self._take_stage(down, signal, reference, now, reply)
            return
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

    def _take_stage(self, down: Down, signal: str, reference: tuple[int, int], now: float, reply: Reply) -> None:
        wanted = down.signal_control
        if wanted is None:
            return
        asked = wanted.signal.get("region", -1), wanted.signal.get("id", -1)
        if asked != reference:
            reply(down_answer(down.seq_num, 1, f"signal {asked} is not this unit's {reference}"))
            return
        name = f"{signal} {down.seq_num}"
        self._pending[name] = _Pending(down.seq_num, reply, now + PATIENCE)
        self._order(ControlStage(name, signal, wanted.phase_ids, wanted.valid_for))

    def settle(self, request: RequestPriority | ControlStage, *, accepted: bool, reason: str) -> None:
        """Answer the platform with what the controller did."""
        name = request.request_id if isinstance(request, RequestPriority) else request.command_id
        pending = self._pending.pop(name, None)
        if pending is not None:
            pending.reply(down_answer(pending.sequence, 0 if accepted else 1, reason))

    def expire(self, now: float) -> None:
        """Refuse what the controller never answered."""
        for request_id in [name for name, pending in self._pending.items() if pending.until < now]:
            pending = self._pending.pop(request_id)
            pending.reply(down_answer(pending.sequence, 1, "the signal controller did not answer"))
