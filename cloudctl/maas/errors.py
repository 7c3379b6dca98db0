"""Errors of journey planning.

CloudctlError
└── JourneyError        a journey cannot be planned; says why
"""

from cloudctl.errors import CloudctlError


class JourneyError(CloudctlError):
    """A journey cannot be planned."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail
