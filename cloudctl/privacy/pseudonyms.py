"""Pseudonyms of the day: HMAC-SHA-256 of a vehicle's id under that day's key, and of masks shown to people."""

import base64
import hmac
from datetime import UTC, datetime

from cloudctl.privacy.keys import MASK, KeyRing

PREFIX = "p-"
MASK_PREFIX = "veh-"
KEEP_KEYS_DAYS = 35
"""Keys of older days are destroyed; retention has taken what bore their pseudonyms before."""


def pseudonym(keys: KeyRing, subject: str, now: float) -> str:
    """Give the pseudonym of a vehicle on the day (UTC) of an epoch, s."""
    return pseudonym_under(keys.day_key(datetime.fromtimestamp(now, UTC).date()), subject)


def pseudonym_under(key: bytes, subject: str) -> str:
    """Give the pseudonym of a vehicle under a key."""
    return PREFIX + _short(hmac.digest(key, subject.encode(), "sha256"), 10)


def all_pseudonyms(keys: KeyRing, subject: str) -> set[str]:
    """Give every pseudonym of a vehicle whose key still exists."""
    return {pseudonym_under(key, subject) for key in keys.day_keys().values()}


def mask(keys: KeyRing, subject: str, now: float) -> str:
    """Give what people without the right to unmask see instead of a vehicle's id; another one every day."""
    day = datetime.fromtimestamp(now, UTC).date().isoformat()
    return MASK_PREFIX + _short(hmac.digest(keys.key(MASK), f"{day} {subject}".encode(), "sha256"), 5)


def _short(digest: bytes, size: int) -> str:
    return base64.b32encode(digest[:size]).decode().rstrip("=").lower()
