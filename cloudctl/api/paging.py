"""Cursor pagination: a cursor says after which key the next page starts, so that rows coming and going do no harm."""

import base64
import binascii
from typing import Annotated

from fastapi import Query

from cloudctl.api.errors import ProblemError

Limit = Annotated[int, Query(ge=1, le=1000, description="Items on a page.")]
Cursor = Annotated[str | None, Query(max_length=64, description="`next` of the page before.")]
BoxText = Annotated[
    str | None, Query(max_length=120, description="west,south,east,north in degrees; only what lies inside is listed.")
]
DEFAULT_LIMIT = 200


def read_cursor(cursor: str | None) -> int:
    """Give the key after which to go on, -1 from the start; raise ProblemError on a cursor that is not ours."""
    if cursor is None:
        return -1
    try:
        return int(base64.urlsafe_b64decode(cursor.encode("ascii") + b"=="))
    except (ValueError, binascii.Error) as fault:
        raise ProblemError(422, "Unusable cursor", "pass `next` of the page before, unchanged") from fault


def make_cursor(key: int) -> str:
    """Make the cursor that goes on after a key."""
    return base64.urlsafe_b64encode(str(key).encode("ascii")).decode("ascii").rstrip("=")


def read_box(text: str | None) -> tuple[float, float, float, float] | None:
    """Read `west,south,east,north`; raise ProblemError where it is no box."""
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as fault:
        raise ProblemError(422, "Unusable box", "bbox is west,south,east,north in degrees") from fault
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise ProblemError(422, "Unusable box", "bbox needs west <= east and south <= north within the globe")
    return west, south, east, north
