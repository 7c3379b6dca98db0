"""Certificates of devices (X.509, RFC 5280), out of the folder where the authority that issues them puts them.

The platform itself sees no certificate: TLS ends at the broker. So it is told of a folder with a PEM or DER file for
each device, `ID.crt`, `ID.pem` or `ID.cer`, such as `pki/issued` of easy-rsa, and looks there when it is asked.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from cryptography import x509

from cloudctl.devices.errors import CertificateFileError

ENDINGS = (".crt", ".pem", ".cer")
WARN_DAYS = 30
"""A certificate that ends sooner is to be renewed."""
LONGEST = 1 << 16
"""Bytes of a file that is read."""


class CertificateState(StrEnum):
    """Whether a certificate is good at a moment."""

    VALID = "valid"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    NOT_YET = "not_yet"


@dataclass(frozen=True)
class Certificate:
    """What is shown of a certificate."""

    subject: str
    """RFC 4514."""
    issuer: str
    serial: str
    """Hexadecimal."""
    not_before: datetime
    not_after: datetime

    def days_left(self, now: float) -> int:
        """Whole days until it ends, at `now` (UTC epoch, s); negative once it has."""
        return math.floor((self.not_after.timestamp() - now) / 86_400)

    def state(self, now: float) -> CertificateState:
        """Tell whether it is good at `now` (UTC epoch, s)."""
        if now > self.not_after.timestamp():
            return CertificateState.EXPIRED
        if now < self.not_before.timestamp():
            return CertificateState.NOT_YET
        return CertificateState.EXPIRING if self.days_left(now) < WARN_DAYS else CertificateState.VALID


class CertificateFolder:
    """The folder with the certificates of the devices."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, device: str) -> Certificate | None:
        """Read the certificate of a device; None where the folder has none.

        Raises:
            CertificateFileError: its file cannot be read or holds no certificate.
        """
        file = next((path for path in (self._folder / (device + end) for end in ENDINGS) if path.is_file()), None)
        return None if file is None else read_certificate(file)


def read_certificate(file: Path) -> Certificate:
    """Read a PEM or DER file; raise CertificateFileError where it holds no certificate."""
    try:
        with file.open("rb") as opened:
            content = opened.read(LONGEST)
        pem = b"-----BEGIN" in content
        found = x509.load_pem_x509_certificate(content) if pem else x509.load_der_x509_certificate(content)
        return Certificate(
            subject=found.subject.rfc4514_string(),
            issuer=found.issuer.rfc4514_string(),
            serial=f"{found.serial_number:x}",
            not_before=found.not_valid_before_utc.astimezone(UTC),
            not_after=found.not_valid_after_utc.astimezone(UTC),
        )
    except (OSError, ValueError) as fault:
        raise CertificateFileError(file.name, str(fault)) from fault
