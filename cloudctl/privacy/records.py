"""What the desk of personal data reads and writes: one value a row, ready for the API. Times are UTC."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from cloudctl.privacy.register import Grant, LawfulBasis

LONGEST_CONSENT_DAYS = 1096
"""A consent has an end, three years away at most (GB/T 41871-2022: neither always nor permanent)."""


class BasisRow(NamedTuple):
    """Lawful basis of a vehicle."""

    subject: str
    kind: LawfulBasis
    note: str
    since: datetime
    entered_by: str


class ConsentRow(NamedTuple):
    """One consent to one purpose."""

    id: int
    subject: str
    purpose: str
    granted: datetime
    until: datetime
    withdrawn: datetime | None
    evidence: str
    entered_by: str


class WithdrawalRow(NamedTuple):
    """How far an erasure is."""

    id: UUID
    requested: datetime
    cause: str
    live_ended: datetime | None
    finished: datetime | None
    step: str
    fault: str
    receipt: dict[str, object] | None


class OpenWithdrawal(NamedTuple):
    """One whose vehicle may still be in live use."""

    id: UUID
    subject: str
    requested: datetime
    scope: str


class RetentionRow(NamedTuple):
    """How long a class of data is kept, days."""

    name: str
    days: float
    meaning: str


class AuditRow(NamedTuple):
    """One entry of the audit log."""

    seq: int
    t: datetime
    actor: str
    action: str
    object: str
    detail: str


class Standing(NamedTuple):
    """What a vehicle is known for, all in one."""

    basis: BasisRow
    consents: list[ConsentRow]
    grant: Grant
