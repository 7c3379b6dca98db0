"""Faults of the gateway's API.

CloudctlError
└── ApiError
    ├── ProblemError          a request that cannot be answered; becomes problem+json (RFC 9457)
    ├── ClientMessageError    a live-feed client sent something that is no message of the feed
    └── StateMessageError     a message of another process of the platform cannot be read
"""

from cloudctl.errors import CloudctlError


class ApiError(CloudctlError):
    """Base of the gateway's faults."""


class ProblemError(ApiError):
    """A request that cannot be answered."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(f"{status} {title}: {detail}")
        self.status = status
        self.title = title
        self.detail = detail


class ClientMessageError(ApiError):
    """A live-feed client sent something that is no message of the feed."""

    def __init__(self, detail: str, value: object) -> None:
        super().__init__(detail)
        self.value = value


class StateMessageError(ApiError):
    """A message of another process of the platform cannot be read."""

    def __init__(self, topic: str, detail: str) -> None:
        super().__init__(f"{topic}: {detail}")
        self.topic = topic
