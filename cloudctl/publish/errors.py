"""Faults of what the platform publishes.

CloudctlError
└── PublishError
    └── FrameError
"""

from cloudctl.errors import CloudctlError


class PublishError(CloudctlError):
    """Something cannot be published, or a published thing cannot be read."""


class FrameError(PublishError):
    """The bytes or columns are not a column frame."""

    def __init__(self, message: str, value: object) -> None:
        super().__init__(message)
        self.value = value
