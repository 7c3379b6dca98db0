"""The register as the database has it."""

from collections.abc import Iterable
from datetime import datetime
from typing import LiteralString, NamedTuple

import psycopg

from cloudctl.privacy.register import LawfulBasis, Purpose, Register, Standing

LOCK_KEY = 0x56325850
"""Advisory lock ("V2XP"): shared by those who store, alone for who withdraws."""
VERSION: LiteralString = "SELECT version FROM v2x_private.register_state"
STANDINGS: LiteralString = (
    "SELECT b.subject, b.kind, c.purpose, max(c.until) FROM v2x_private.basis b"
    " LEFT JOIN v2x_private.consent c ON c.subject = b.subject AND c.withdrawn IS NULL AND c.until > now()"
    " GROUP BY b.subject, b.kind, c.purpose"
)
_PURPOSES: dict[str | None, Purpose] = {each.value: each for each in Purpose}


class StandingRow(NamedTuple):
    """A row of STANDINGS: one purpose of a vehicle, or its basis alone."""

    subject: str
    kind: str
    purpose: str | None
    until: datetime | None


def find_version(connection: psycopg.Connection) -> int:
    """Give the number of the register's newest change."""
    row = connection.execute(VERSION).fetchone()
    return -1 if row is None else int(row[0])


def load_register(connection: psycopg.Connection) -> Register:
    """Read the whole register, by id."""
    return make_register(find_version(connection), connection.execute(STANDINGS).fetchall())


def make_register(version: int, rows: Iterable[tuple[str, str, str | None, datetime | None]]) -> Register:
    """Make a register of what STANDINGS gives."""
    standings: dict[str, Standing] = {}
    for subject, kind, purpose, until in rows:
        standing = standings.setdefault(subject, Standing(LawfulBasis(kind), {}))
        if until is not None and purpose in _PURPOSES:
            standing.until[_PURPOSES[purpose]] = until.timestamp()
    return Register(version, standings)
