"""Standard messages become the JSON of a dialect as its description says: the other direction of `reading`."""

from collections.abc import Mapping

import msgspec

from ingest.dialects.description import Absent, Context, DownForm, Json
from ingest.dialects.reading import build


def write_form(form: DownForm, message: Mapping[str, Json], *, device: str, now: float) -> bytes:
    """Write a message, plain values of the standard with `seqNum` and `ack`, for `device` at UTC epoch s `now`.

    Raises:
        RefusedError: a value cannot be said in this dialect.
    """
    whole: Json = dict(message)
    if form.shape is not None:
        built = build(form.shape, whole, Context(now, device, whole), "")
        whole = _without_empty(None if isinstance(built, Absent) else built)
    if form.pack is not None:
        whole = form.pack(whole)
    return msgspec.json.encode(whole)


def _without_empty(value: Json) -> Json:
    """Leave out objects of which nothing was said."""
    if isinstance(value, list):
        return [_without_empty(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    pairs = ((name, _without_empty(inner)) for name, inner in value.items())
    return {name: inner for name, inner in pairs if inner != {}}
