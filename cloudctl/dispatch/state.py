"""What dispatch is advised and has asked for at one moment, as it is published."""

import msgspec

from cloudctl.dispatch.advice import DispatchAdvice
from cloudctl.dispatch.priority import PriorityState


class DispatchState(msgspec.Struct, frozen=True, kw_only=True):
    """Open advice, and requests for priority of the last minutes."""

    time: float
    advice: tuple[DispatchAdvice, ...] = ()
    priority: tuple[PriorityState, ...] = ()

    def with_advice(self, advice: DispatchAdvice) -> "DispatchState":
        """Take a change in before the next whole state comes; advice that is over goes."""
        others = tuple(each for each in self.advice if each.id != advice.id)
        return msgspec.structs.replace(self, advice=(*others, advice) if advice.open else others)

    def with_priority(self, request: PriorityState) -> "DispatchState":
        """Take a change of a request in before the next whole state comes."""
        others = tuple(each for each in self.priority if each.id != request.id)
        return msgspec.structs.replace(self, priority=(*others, request))
