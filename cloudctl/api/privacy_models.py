"""Bodies and answers of the routes of personal data."""

from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from cloudctl.api.privacy_office import SubjectName
from cloudctl.privacy.register import LawfulBasis, Purpose


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BasisBody(_Body):
    """Lawful basis of a vehicle."""

    kind: LawfulBasis
    note: str = Field("", max_length=500, description="Contract, law or reason.")


class FleetBody(_Body):
    """The same lawful basis for many vehicles."""

    subjects: list[SubjectName] = Field(min_length=1, max_length=10_000)
    kind: LawfulBasis
    note: str = Field(min_length=1, max_length=500, description="Contract, law or reason.")


class ConsentBody(_Body):
    """A consent; each purpose stands by itself, and each has an end."""

    purposes: list[Purpose] = Field(min_length=1, max_length=len(Purpose))
    until: AwareDatetime
    evidence: str = Field(min_length=1, max_length=500, description="Where the consent is on file.")


class WithdrawalBody(_Body):
    """Who withdraws."""

    subject: SubjectName


class UnmaskBody(_Body):
    """Whose name is asked for, and why. One of `masked` and `track_id`."""

    masked: str | None = Field(None, pattern="^veh-[a-z2-7]{8}$", description="As shown in lists.")
    track_id: int | None = Field(None, ge=0, le=2**32 - 1)
    reason: str = Field(min_length=8, max_length=500, description="It is entered in the audit log.")


class RetentionBody(_Body):
    """How long a class of data is kept."""

    days: float = Field(ge=1, le=3660)


class Basis(BaseModel):
    """Lawful basis of a vehicle as it stands."""

    kind: LawfulBasis
    note: str
    since: datetime
    entered_by: str


class Consent(BaseModel):
    """One consent."""

    id: int
    subject: str
    purpose: str
    granted: datetime
    until: datetime
    withdrawn: datetime | None
    evidence: str
    entered_by: str


class Subject(BaseModel):
    """What a vehicle is known for."""

    subject: str
    basis: Basis
    consents: list[Consent]
    live_identified: bool
    stored: bool


class Fleet(BaseModel):
    """What was entered."""

    entered: int


class EndedConsent(BaseModel):
    """A consent that ended, and the erasure that follows from it."""

    consent: Consent
    withdrawal: UUID | None = Field(description="Where what was stored because of it is being erased.")


class Withdrawal(BaseModel):
    """How far a withdrawal is. Live use ends within 60 s, everything stored is gone within 24 h."""

    id: UUID
    requested: datetime
    cause: str
    live_ended: datetime | None
    finished: datetime | None
    step: str
    fault: str = Field(description="What stands in the way; empty where nothing does.")
    receipt: dict[str, object] | None = Field(description="Signed; `cloudctl privacy verify-receipt` checks it.")


class UnmaskedName(BaseModel):
    """A name that the caller may see until a moment."""

    masked: str
    subject: str
    reason: str
    until: datetime


class UnmaskedNames(BaseModel):
    """All names that the caller may see now."""

    items: list[UnmaskedName]


class Retention(BaseModel):
    """How long one class of data is kept."""

    name: str
    days: float
    meaning: str


class Retentions(BaseModel):
    """All classes of data."""

    items: list[Retention]


class AuditEntry(BaseModel):
    """One entry of the audit log; persons stand in it by reference."""

    seq: int
    t: datetime
    actor: str
    action: str
    object_: str = Field(serialization_alias="object", validation_alias="object")
    detail: dict[str, JsonValue]


class AuditPage(BaseModel):
    """Entries, the newest first; `next` is the number before which the next page starts."""

    items: list[AuditEntry]
    next: int | None
