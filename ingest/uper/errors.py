"""Errors of the UPER codec.

UperError
├── DecodeError   the bytes are no message of this profile
├── EncodeError   the value is no message of this profile
└── SchemaError   the schema itself is wrong
"""


class UperError(ValueError):
    """Base of all errors of the codec."""


class DecodeError(UperError):
    """The bytes are no message of this profile."""

    def __init__(self, detail: str, path: str, bit: int) -> None:
        super().__init__(f"{path or 'message'} at bit {bit}: {detail}")
        self.path = path
        self.bit = bit


class EncodeError(UperError):
    """The value is no message of this profile."""

    def __init__(self, detail: str, path: str) -> None:
        super().__init__(f"{path or 'message'}: {detail}")
        self.path = path


class SchemaError(UperError):
    """The schema itself is wrong."""
