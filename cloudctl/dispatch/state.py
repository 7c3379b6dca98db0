"""What dispatch is advised and has asked for at one moment, as it is published."""

import msgspec

from cloudctl.dispatch.advice import DispatchAdvice
from cloudctl.dispatch.priority import PriorityState


class DispatchState(msgspec.Struct, frozen=True, kw_only=True):
    """Open advice, and requests for priority of the last minutes."""

    time: float
    advice: tuple[DispatchAdvice, ...] = ()
    priority: tuple[PriorityState, ...] = ()
