"""Where sign-ins, refusals and changes of roles are noted."""

from collections.abc import Mapping
from typing import Protocol

import structlog

STRANGER = "nobody"
"""Somebody who is not signed in."""


class AuditTrail(Protocol):
    """Notes who did what; never the secret with which."""

    async def record(self, actor: str, action: str, thing: str, detail: Mapping[str, object] | None = None) -> None:
        """Note one action on a thing; the actor is named by id."""


class LoggedTrail:
    """Notes in the log of the process."""

    def __init__(self) -> None:
        self._log = structlog.get_logger("gateway.audit")

    async def record(self, actor: str, action: str, thing: str, detail: Mapping[str, object] | None = None) -> None:
        """Write one line."""
        self._log.info(action, actor=actor, thing=thing, **(detail or {}))
