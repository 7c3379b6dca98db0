"""Errors of parking.

CloudctlError
└── ParkingError
    ├── RegisterError        a description of a lot cannot be used; the field is named
    └── ParkingStoreError    the database does not answer
"""

from cloudctl.errors import CloudctlError


class ParkingError(CloudctlError):
    """Base of the errors of parking."""


class RegisterError(ParkingError):
    """A description of a lot cannot be used."""

    def __init__(self, lot: str, detail: str) -> None:
        super().__init__(f"lot {lot!r}: {detail}")
        self.lot, self.detail = lot, detail


class ParkingStoreError(ParkingError):
    """The database does not answer."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"parking database: {detail}")
        self.detail = detail
