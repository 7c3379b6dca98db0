"""Errors of the platform that a user can act on; the command line prints each as one line.

CloudctlError
├── ConfigurationError   the configuration file cannot be read or holds a wrong value
├── PortInUseError       somebody else listens on a port we need
├── BrokerError          no MQTT broker answers
├── DatabaseError        no database answers
└── ProcessFailedError   a process of the platform keeps ending
"""

from pathlib import Path


class CloudctlError(Exception):
    """Base of all errors of the platform."""


class ConfigurationError(CloudctlError):
    """The configuration file cannot be read or holds a wrong value."""

    def __init__(self, path: Path, detail: str) -> None:
        super().__init__(f"configuration {path}: {detail}")
        self.path = path


class PortInUseError(CloudctlError):
    """Somebody else listens on a port we need."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(f"port {port} on {host} is in use; stop what listens there or choose another port")
        self.host = host
        self.port = port


class BrokerError(CloudctlError):
    """No MQTT broker answers."""

    def __init__(self, url: str, detail: str) -> None:
        super().__init__(f"MQTT broker {url}: {detail}")
        self.url = url


class DatabaseError(CloudctlError):
    """No database answers."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"database: {detail}")


class ProcessFailedError(CloudctlError):
    """A process of the platform keeps ending."""

    def __init__(self, process: str, code: int) -> None:
        super().__init__(f"{process} keeps ending (exit code {code}); its log names the reason")
        self.process = process
        self.code = code
