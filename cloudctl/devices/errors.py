"""Faults of the register of devices.

CloudctlError
└── DeviceError
    ├── UnknownDeviceError     no record of this id
    ├── UnknownGroupError      no group of this id
    ├── UnknownRevisionError   no configuration, MAP or order of this number or eTag
    ├── DeviceConflictError    the record is in a state that does not allow it, or exists already
    ├── UnstorableError        a value that no database keeps, such as a zero byte within a text
    ├── CertificateFileError   the certificate of a device cannot be read
    └── RegisterDownError      the database of the register does not answer
"""

from cloudctl.errors import CloudctlError


class DeviceError(CloudctlError):
    """Base of the register's faults."""


class UnknownDeviceError(DeviceError):
    """No record of this id."""

    def __init__(self, device: str) -> None:
        super().__init__(f"no device {device!r}")
        self.device = device


class UnknownGroupError(DeviceError):
    """No group of this id."""

    def __init__(self, group: str) -> None:
        super().__init__(f"no group {group!r}")
        self.group = group


class UnknownRevisionError(DeviceError):
    """No configuration, MAP or order of this number or eTag."""

    def __init__(self, revision: str) -> None:
        super().__init__(f"no revision {revision!r}")
        self.revision = revision


class DeviceConflictError(DeviceError):
    """The record is in a state that does not allow it, or exists already."""

    def __init__(self, device: str, detail: str) -> None:
        super().__init__(f"{device!r} {detail}")
        self.device = device


class UnstorableError(DeviceError):
    """A value that no database keeps, such as a zero byte within a text."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"cannot be kept: {detail}")


class RegisterDownError(DeviceError):
    """The database of the register does not answer."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"the register's database does not answer: {detail}")


class CertificateFileError(DeviceError):
    """The certificate of a device cannot be read."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"{file}: no certificate ({reason})")
        self.file = file
