"""Faults of exports.

CloudctlError
└── ExportError
    └── UnknownFormatError    what is asked for cannot be written in this format
"""

from cloudctl.errors import CloudctlError


class ExportError(CloudctlError):
    """Base of all faults of exports."""


class UnknownFormatError(ExportError):
    """What is asked for cannot be written in this format."""

    def __init__(self, content: str, name: str) -> None:
        super().__init__(f"{content} cannot be exported as {name}")
        self.content = content
        self.name = name
