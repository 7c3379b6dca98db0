"""What can go wrong with routing advice.

RoutingError
├── DiversionTrialError     a trial of diversion in SUMO cannot be run
├── UnknownClassError       no class of vehicle has this name
└── VehicleRulesError       the file of rules by class of vehicle is not usable
"""

from cloudctl.errors import CloudctlError


class RoutingError(CloudctlError):
    """Anything of routing advice."""


class DiversionTrialError(RoutingError):
    """A trial of diversion cannot be run."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what}: {reason}")
        self.what = what
        self.reason = reason


class UnknownClassError(RoutingError):
    """No class of vehicle has this name."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"vehicle class {name!r} is not one of {', '.join(known)}")
        self.name = name


class VehicleRulesError(RoutingError):
    """The file of rules by class of vehicle is not usable."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason
