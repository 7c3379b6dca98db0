"""Certificates of devices: read from the folder of the authority, shown with what is left of them, doubted aloud."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from issued_certificates import issued

from cloudctl.api.device_answers import certificate_of
from cloudctl.devices.certificates import WARN_DAYS, CertificateFolder, CertificateState
from cloudctl.devices.errors import CertificateFileError

NOW = datetime(2026, 9, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("first", "last", "state", "days"),
    [
        (-DAY, WARN_DAYS * DAY, CertificateState.VALID, WARN_DAYS),
        (-DAY, WARN_DAYS * DAY - timedelta(seconds=1), CertificateState.EXPIRING, WARN_DAYS - 1),
        (-DAY, timedelta(hours=1), CertificateState.EXPIRING, 0),
        (-3 * DAY, -DAY - timedelta(hours=1), CertificateState.EXPIRED, -2),
        (DAY, 90 * DAY, CertificateState.NOT_YET, 90),
    ],
)
@pytest.mark.parametrize("encoding", [serialization.Encoding.PEM, serialization.Encoding.DER])
def test_a_certificate_says_to_whom_and_how_long_it_is_good(
    tmp_path: Path,
    first: timedelta,
    last: timedelta,
    state: CertificateState,
    days: int,
    encoding: serialization.Encoding,
) -> None:
    (tmp_path / "RSU00001.crt").write_bytes(issued("RSU00001", NOW + first, NOW + last).public_bytes(encoding))
    found = certificate_of(CertificateFolder(tmp_path), "RSU00001", NOW.timestamp())
    assert found is not None
    assert (found.state, found.days_left) == (state, days)
    assert (found.subject, found.issuer, found.serial) == ("CN=RSU00001", "O=City CA", "abc")
    assert (found.not_before, found.not_after) == (NOW + first, NOW + last)


@pytest.mark.parametrize("ending", [".crt", ".pem", ".cer"])
def test_the_file_is_that_of_the_device(tmp_path: Path, ending: str) -> None:
    pem = issued("RSU00001", NOW, NOW + DAY).public_bytes(serialization.Encoding.PEM)
    (tmp_path / f"RSU00001{ending}").write_bytes(pem)
    folder = CertificateFolder(tmp_path)
    assert folder.find("RSU00001") is not None
    assert folder.find("RSU00002") is None
    assert folder.find("..") is None


@pytest.mark.parametrize(
    "content", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_file_that_holds_no_certificate_is_named_and_shown_as_unreadable(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "RSU00001.pem").write_bytes(content)
    folder = CertificateFolder(tmp_path)
    with pytest.raises(CertificateFileError, match=r"RSU00001\.pem"):
        folder.find("RSU00001")
    shown = certificate_of(folder, "RSU00001", NOW.timestamp())
    assert shown is not None
    assert (shown.state, shown.subject, shown.days_left) == ("unreadable", None, None)


def test_a_platform_that_was_told_of_no_certificates_shows_none() -> None:
    assert certificate_of(None, "RSU00001", NOW.timestamp()) is None
