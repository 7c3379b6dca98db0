"""Registers of lawful bases for tests: who may be known, in the form that the engine and the database take."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
import psycopg

from cloudctl.privacy.errors import AuditUnavailableError
from cloudctl.privacy.register import LawfulBasis, Purpose, Register, Standing
from cloudctl.privacy.veil import TOPIC
from ingest.raw_message import RawMessage

KEY = b"k" * 32
FOR_EVER = 4_000_000_000.0
BUS = Standing(LawfulBasis.CONTRACT)
AGREED = Standing(LawfulBasis.CONSENT, {Purpose.LIVE_IDENTIFIED: FOR_EVER, Purpose.STORAGE: FOR_EVER})
LIVE_ONLY = Standing(LawfulBasis.CONSENT, {Purpose.LIVE_IDENTIFIED: FOR_EVER})


class MemoryAudit:
    """An audit log in memory; one that is closed takes no entries."""

    def __init__(self, *, closed: bool = False) -> None:
        self.entries: list[tuple[str, str, str, dict[str, object]]] = []
        self.closed = closed

    async def record(self, actor: str, action: str, thing: str, detail: Mapping[str, object] | None = None) -> None:
        if self.closed:
            raise AuditUnavailableError("closed")
        self.entries.append((actor, action, thing, dict(detail or {})))

    async def record_look(self, actor: str, purpose: str, what: Mapping[str, object]) -> None:
        await self.record(actor, "look", str(what["route"]), {"purpose": purpose, "what": dict(what)})


def register_message(standings: Mapping[str, Standing], *, key: bytes = b"", version: int = 1) -> RawMessage:
    """The register as the gateway publishes it; an empty key is that of an engine core made without one."""
    message = Register(version, standings).message(key, 0.0)
    return RawMessage(TOPIC, msgspec.json.encode(message), time.time())


def enter_standings(url: str, standings: Mapping[str, Standing]) -> None:
    """Enter vehicles in the register of a database."""
    with psycopg.connect(url) as connection:
        for subject, standing in standings.items():
            connection.execute(
                "INSERT INTO v2x_private.basis (subject, kind, entered_by) VALUES (%s, %s, 'test')",
                (subject, standing.basis.value),
            )
            for purpose, until in standing.until.items():
                connection.execute(
                    "INSERT INTO v2x_private.consent (subject, purpose, until, entered_by) VALUES (%s, %s, %s, 'test')",
                    (subject, purpose.value, datetime.fromtimestamp(until, UTC)),
                )
