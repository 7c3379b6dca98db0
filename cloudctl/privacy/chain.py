"""The hash chain of the audit log. Pure: entries in, entries or the first fault out.

digest = SHA-256(previous digest || canonical JSON of seq, t, actor, action, object, detail). Canonical JSON has sorted
keys and no spaces; times are UTC with microseconds. The number stands in the digest, so that no entry can be moved.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

FIRST_PREVIOUS = bytes(32)
LONGEST_NAME = 500
"""Characters of an actor, action or object that are kept."""


@dataclass(frozen=True)
class Draft:
    """What an entry will say."""

    actor: str
    action: str
    object: str
    detail: str
    """Canonical JSON."""


@dataclass(frozen=True)
class Head:
    """The newest entry of a chain."""

    seq: int = 0
    digest: bytes = FIRST_PREVIOUS


@dataclass(frozen=True)
class Entry:
    """One entry of the log."""

    seq: int
    t: datetime
    actor: str
    action: str
    object: str
    detail: str
    previous: bytes
    digest: bytes


class Fault(StrEnum):
    """What can be wrong with a chain."""

    MISSING = "missing"
    EDITED = "edited"
    MOVED = "moved"
    RELINKED = "relinked"
    REWRITTEN = "rewritten"
    TRUNCATED = "truncated"
    ANCHORS_DAMAGED = "anchors damaged"
    ANCHORS_MISSING = "anchors missing"


@dataclass(frozen=True)
class Finding:
    """The first fault of a chain."""

    fault: Fault
    seq: int
    """The first bad entry; for damaged anchors, the line of the file."""
    detail: str


@dataclass(frozen=True)
class Verdict:
    """What became of a check."""

    entries: int
    head: Head
    finding: Finding | None


def canonical(value: object) -> str:
    """Encode a value as canonical JSON."""
    return msgspec.json.encode(value, order="sorted").decode()


def make_draft(actor: str, action: str, thing: str, detail: Mapping[str, object]) -> Draft:
    """Make a draft whose texts a database can hold."""
    return Draft(_name(actor), _name(action), _name(thing), canonical(dict(detail)))


def _name(text: str) -> str:
    return text.replace("\0", "\ufffd")[:LONGEST_NAME]


def link(drafts: Sequence[Draft], head: Head, moment: datetime) -> list[Entry]:
    """Make the entries that follow a head."""
    entries: list[Entry] = []
    for draft in drafts:
        seq, t = head.seq + 1, moment.astimezone(UTC)
        digest = digest_of(head.digest, seq, t, draft)
        entries.append(Entry(seq, t, draft.actor, draft.action, draft.object, draft.detail, head.digest, digest))
        head = Head(seq, digest)
    return entries


def digest_of(previous: bytes, seq: int, t: datetime, draft: Draft) -> bytes:
    """Compute the digest of an entry."""
    body = {
        "seq": seq,
        "t": t.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": draft.actor,
        "action": draft.action,
        "object": draft.object,
        "detail": draft.detail,
    }
    return hashlib.sha256(previous + canonical(body).encode()).digest()


def check_chain(entries: Iterable[Entry], anchors: Mapping[int, bytes]) -> Verdict:
    """Walk a chain in the order of its numbers; `anchors` gives digests by number that were put down elsewhere."""
    head = Head()
    for entry in entries:
        finding = _check(entry, head, anchors)
        if finding is not None:
            return Verdict(head.seq, head, finding)
        head = Head(entry.seq, entry.digest)
    newest = max(anchors, default=0)
    if newest > head.seq:
        detail = f"the log ends at {head.seq}, yet entry {newest} was anchored"
        return Verdict(head.seq, head, Finding(Fault.TRUNCATED, head.seq + 1, detail))
    return Verdict(head.seq, head, None)


def _check(entry: Entry, head: Head, anchors: Mapping[int, bytes]) -> Finding | None:
    expected = head.seq + 1
    if entry.seq != expected:
        return Finding(Fault.MISSING, expected, f"entry {expected} is not there, {entry.seq} follows")
    draft = Draft(entry.actor, entry.action, entry.object, entry.detail)
    whole = digest_of(entry.previous, entry.seq, entry.t, draft) == entry.digest
    linked = entry.previous == head.digest
    if not whole and not linked:
        return Finding(Fault.MOVED, entry.seq, "neither content nor predecessor fit: it stood elsewhere")
    if not whole:
        return Finding(Fault.EDITED, entry.seq, "its content is not what was entered")
    if not linked:
        return Finding(Fault.RELINKED, entry.seq, "the entry before it is not the one it was entered after")
    anchored = anchors.get(entry.seq)
    if anchored is not None and anchored != entry.digest:
        return Finding(Fault.REWRITTEN, entry.seq, "another entry was anchored under this number")
    return None
