"""The receipt of a withdrawal: what was where before and after, when, and a signature that it is ours.

It names nobody. Who withdrew holds the number of the withdrawal; the platform forgot whose it was.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence

import msgspec

from cloudctl.privacy.chain import canonical
from cloudctl.privacy.keys import RECEIPT, KeyRing


class Place(msgspec.Struct, frozen=True):
    """One place that was searched, and the rows, files or records there before and after."""

    place: str
    before: int
    after: int


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """Proof of an erasure; times are RFC 3339, UTC."""

    withdrawal: str
    cause: str
    requested: str
    live_ended: str | None
    finished: str
    places: list[Place]
    searched: list[str]
    """Every table that was searched for names at the end, and held none."""
    audit_seq: int
    """Audit entry of the erasure."""
    digest: str = ""
    """SHA-256 of the canonical JSON of all above."""
    mac: str = ""
    """HMAC-SHA-256 of the digest under this installation's receipt key."""


def sign(receipt: Receipt, keys: KeyRing) -> Receipt:
    """Give the receipt with digest and signature."""
    digest = _digest(receipt)
    return msgspec.structs.replace(receipt, digest=digest, mac=_mac(digest, keys))


def check(receipt: Receipt, keys: KeyRing) -> str | None:
    """Give what is wrong with a receipt, None where it is ours and unchanged and says that nothing is left."""
    if _digest(receipt) != receipt.digest:
        return "its content is not what was signed"
    if not hmac.compare_digest(receipt.mac, _mac(receipt.digest, keys)):
        return "it was not signed by this installation"
    left = [place.place for place in receipt.places if place.after]
    return f"something was left in {', '.join(left)}" if left else None


def read_receipt(data: bytes | Mapping[str, object]) -> Receipt:
    """Read a receipt. Raises msgspec.ValidationError or msgspec.DecodeError where it is none."""
    return msgspec.json.decode(data, type=Receipt) if isinstance(data, bytes) else msgspec.convert(data, Receipt)


def merge_places(known: Sequence[Place], new: Sequence[Place]) -> list[Place]:
    """Add places; one that is known already keeps what it had before, so that a repeated step tells no less."""
    merged = {place.place: place for place in known}
    for place in new:
        old = merged.get(place.place)
        merged[place.place] = Place(place.place, max(place.before, old.before if old else 0), place.after)
    return list(merged.values())


def _digest(receipt: Receipt) -> str:
    bare = msgspec.structs.replace(receipt, digest="", mac="")
    return hashlib.sha256(canonical(bare).encode()).hexdigest()


def _mac(digest: str, keys: KeyRing) -> str:
    return hmac.digest(keys.key(RECEIPT), digest.encode(), "sha256").hex()
