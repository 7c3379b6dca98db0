"""Faults of the engine.

CloudctlError
└── EngineError
    └── RefusedCommandError   a command that the engine will not carry out
"""

from cloudctl.errors import CloudctlError


class EngineError(CloudctlError):
    """Base of the engine's faults."""


class RefusedCommandError(EngineError):
    """A command that the engine will not carry out; `detail` is what the one who gave it reads."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"command {kind}: {detail}")
        self.kind = kind
        self.detail = detail
