"""What the engine says of all signals once a second: recommendations, execution, learned times, estimates, priority."""

import msgspec

from cloudctl.advice.priority_states import SignalPriorityState
from cloudctl.signals.live.recommendation import SignalRecommendation

UNKNOWN = -1


class ControlState(msgspec.Struct, frozen=True, kw_only=True):
    """A controller that says that it takes stages from the platform; times are UTC epoch s."""

    signal: str
    unit: str
    """Roadside unit that it is reached by."""
    status: str
    """offered (not asked by settings), waiting, executing, refused, silent, held, plan."""
    since: float
    stage: int | None = None
    """Stage that was commanded last."""
    phases: tuple[int, ...] = ()
    answered: float | None = None
    """When it last said that it took a command."""
    detail: str = ""


class GroupTimes(msgspec.Struct, frozen=True, kw_only=True):
    """Columns by row of signal group."""

    p10: tuple[int, ...] = ()
    p50: tuple[int, ...] = ()
    p90: tuple[int, ...] = ()
    """Time until the present light ends by what was learned, 0.1 s; -1 where nothing can be said."""
    samples: tuple[int, ...] = ()
    """Durations behind them."""
    estimated: tuple[int, ...] = ()
    """LightState of groups that report none, 0 where nothing is estimated."""
    confidence: tuple[int, ...] = ()
    """Of the estimate, percent."""
    cycle: tuple[int, ...] = ()
    """Learned from green to green, 0.1 s; -1 where unknown."""
    spread: tuple[int, ...] = ()
    """Mean absolute difference of cycles, 0.1 s; -1 where unknown."""


class SignalsState(msgspec.Struct, frozen=True, kw_only=True):
    """All signals at one moment."""

    time: float
    epoch: int
    recommendations: tuple[SignalRecommendation, ...] = ()
    control: tuple[ControlState, ...] = ()
    priority: tuple[SignalPriorityState, ...] = ()
    groups: GroupTimes = GroupTimes()
