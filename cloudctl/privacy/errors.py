"""Faults of the keeping of personal data.

CloudctlError
└── PrivacyError
    ├── AuditUnavailableError   an audit entry could not be written; what it was for must not happen
    ├── SecretKeyError          a key file cannot be made, read or trusted
    ├── BasisError              a lawful basis or consent that cannot be
    ├── UnknownSubjectError     nobody of this name is in the register
    ├── UnusableEntryError      a value that the database cannot keep
    ├── PersonalDataDownError   the database of personal data does not answer
    └── ErasureError            something of a subject is still there
"""

from pathlib import Path

from cloudctl.errors import CloudctlError


class PrivacyError(CloudctlError):
    """Base of all faults of the keeping of personal data."""


class AuditUnavailableError(PrivacyError):
    """An audit entry could not be written; what it was for must not happen."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"the audit log takes no entries: {detail}")


class SecretKeyError(PrivacyError):
    """A key file cannot be made, read or trusted."""

    def __init__(self, path: Path, detail: str) -> None:
        super().__init__(f"key {path}: {detail}")
        self.path = path


class BasisError(PrivacyError):
    """A lawful basis or consent that cannot be."""


class UnknownSubjectError(PrivacyError):
    """Nobody of this name is in the register."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no vehicle {name!r} in the register")
        self.name = name


class UnusableEntryError(PrivacyError):
    """A value that the database cannot keep, such as a text with a NUL character."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"this cannot be kept: {detail}")


class PersonalDataDownError(PrivacyError):
    """The database of personal data does not answer."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"the register of lawful bases does not answer: {detail}")


class ErasureError(PrivacyError):
    """Something of a subject is still there."""

    def __init__(self, place: str, detail: str) -> None:
        super().__init__(f"{place}: {detail}")
        self.place = place
