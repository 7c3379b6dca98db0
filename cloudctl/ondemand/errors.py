"""Errors of buses on demand.

CloudctlError
└── OnDemandError
    ├── RefusedRideError      a request cannot be met; code and sentence say why
    ├── UnknownRideError      there is no such request or vehicle
    └── OnDemandStoreError    the database does not answer
"""

from cloudctl.errors import CloudctlError


class OnDemandError(CloudctlError):
    """Base of the errors of buses on demand."""


class RefusedRideError(OnDemandError):
    """A request cannot be met."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


class UnknownRideError(OnDemandError):
    """There is no such request or vehicle."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"no {kind} {name!r}")


class OnDemandStoreError(OnDemandError):
    """The database does not answer."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"database of rides: {detail}")
        self.detail = detail
