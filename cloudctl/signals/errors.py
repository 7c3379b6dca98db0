"""Errors of signal control.

SignalsError (CloudctlError)
├── UnknownControllerError   no strategy has this name
├── ProgramError             a program cannot be controlled
├── ScenarioError            SUMO cannot run the scenario
└── CorridorError            signals cannot be coordinated
"""

from cloudctl.errors import CloudctlError


class SignalsError(CloudctlError):
    """Base of all errors of signal control."""


class UnknownControllerError(SignalsError):
    """No strategy has this name."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"controller {name!r} is not known; choose one of {', '.join(known)}")
        self.name = name


class ProgramError(SignalsError):
    """A program cannot be controlled."""

    def __init__(self, signal: str, reason: str) -> None:
        super().__init__(f"program of signal {signal!r}: {reason}")
        self.signal = signal


class ScenarioError(SignalsError):
    """SUMO cannot run the scenario."""

    def __init__(self, scenario: str, reason: str) -> None:
        super().__init__(f"scenario {scenario}: {reason}")
        self.scenario = scenario


class CorridorError(SignalsError):
    """Signals cannot be coordinated along a corridor."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"corridor: {reason}")
