"""Random values that open something: only their digest is stored."""

import hashlib
import secrets

TOKEN_MARK = "v2x_"  # noqa: S105  # marks a token, so that scanners of leaked secrets find it


def new_secret() -> str:
    """Draw 256 random bits as text that is safe in URLs and headers."""
    return secrets.token_urlsafe(32)


def new_token() -> str:
    """Draw an API token."""
    return TOKEN_MARK + new_secret()


def digest(secret: str) -> bytes:
    """Give what is stored of a secret: 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).digest()
