"""The strategies by name."""

from cloudctl.signals.baselines import Actuated, Fixed, Greedy, MaxPressure
from cloudctl.signals.errors import UnknownControllerError
from cloudctl.signals.rolling_horizon import RollingHorizon
from cloudctl.signals.strategy import Strategy

_STRATEGIES: dict[str, type[Strategy]] = {
    "fixed": Fixed,
    "actuated": Actuated,
    "max-pressure": MaxPressure,
    "greedy": Greedy,
    "rolling-horizon": RollingHorizon,
}
DEFAULT = "rolling-horizon"
NAMES = (*_STRATEGIES, "default")


def strategy_named(name: str) -> type[Strategy]:
    """Strategy of a name.

    Raises:
        UnknownControllerError: none has it.
    """
    name = DEFAULT if name == "default" else name
    if name not in _STRATEGIES:
        raise UnknownControllerError(name, NAMES)
    return _STRATEGIES[name]
