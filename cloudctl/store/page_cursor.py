"""Cursors of pages: where the next page starts, as an opaque word."""

import base64
import binascii
import json
from collections.abc import Sequence

from cloudctl.store.errors import CursorError

Part = float | int | str


def encode_cursor(parts: Sequence[Part]) -> str:
    """Make a cursor from the key of the last row of a page."""
    return base64.urlsafe_b64encode(json.dumps(list(parts)).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, kinds: Sequence[type[Part]]) -> tuple[Part, ...]:
    """Give back the key; raise CursorError where the word is not one of ours."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        parts = json.loads(text)
    except (binascii.Error, ValueError) as error:
        raise CursorError(cursor) from error
    if not isinstance(parts, list) or [type(part) for part in parts] != list(kinds):
        raise CursorError(cursor)
    return tuple(parts)
