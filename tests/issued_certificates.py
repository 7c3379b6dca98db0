"""Certificates as an authority issues them to devices."""

from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec


def issued(device: str, first: datetime, last: datetime) -> x509.Certificate:
    """Issue a certificate to a device that is good from first to last."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, device)])
    authority = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "City CA")])
    built = x509.CertificateBuilder().subject_name(name).issuer_name(authority).public_key(key.public_key())
    return built.serial_number(0xABC).not_valid_before(first).not_valid_after(last).sign(key, hashes.SHA256())
