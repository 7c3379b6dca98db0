"""Names of private vehicles in what is said of signals: masked as everywhere else."""

from collections.abc import Callable

import msgspec

from cloudctl.advice.priority_states import SignalPriorityState
from cloudctl.signals.live.state import SignalsState


def masked_signals(state: SignalsState, shown: Callable[[str], str]) -> SignalsState:
    """Give what the engine says of signals with every vehicle as `shown` names it."""
    return msgspec.structs.replace(state, priority=tuple(_masked(each, shown) for each in state.priority))


def without_vehicle(each: SignalPriorityState) -> SignalPriorityState:
    """Give a request without the name of its vehicle, for those who may not see vehicles."""
    return _masked(each, lambda _: "")


def _masked(each: SignalPriorityState, shown: Callable[[str], str]) -> SignalPriorityState:
    if not each.vehicle or (name := shown(each.vehicle)) == each.vehicle:
        return each
    renamed = {
        "vehicle": name,
        "id": each.id.replace(each.vehicle, name or "-"),
        "reason": each.reason.replace(each.vehicle, name or "-"),
    }
    return msgspec.structs.replace(each, **renamed)
