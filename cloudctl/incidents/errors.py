"""Faults of desk work.

CloudctlError
└── WorkError
    ├── UnknownWorkError    nothing of this id
    ├── WorkConflictError   it is in a state that does not allow this
    ├── UnusableWorkError   a value that no database keeps, or a way that no road leads
    └── WorkDownError       the database does not answer
"""

from cloudctl.errors import CloudctlError


class WorkError(CloudctlError):
    """Base of the faults of desk work."""


class UnknownWorkError(WorkError):
    """Nothing of this id."""

    def __init__(self, kind: str, work: str) -> None:
        super().__init__(f"no {kind} {work!r}")
        self.kind, self.work = kind, work


class WorkConflictError(WorkError):
    """It is in a state that does not allow this."""

    def __init__(self, work: str, detail: str) -> None:
        super().__init__(f"{work!r} {detail}")
        self.work = work


class UnusableWorkError(WorkError):
    """A value that no database keeps, or a way that no road leads."""


class WorkDownError(WorkError):
    """The database of desk work does not answer."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"the database of desk work does not answer: {detail}")
