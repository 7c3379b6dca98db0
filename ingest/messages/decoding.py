"""JSON bytes to checked messages and back; what is wrong with a message becomes a reason, a field and a value."""

import re
from functools import cache
from typing import TypeVar

import msgspec

from ingest.errors import RefusalReason, RefusedError
from ingest.messages.common import Wire

MAX_PAYLOAD = 262_144
"""Bytes; ten times the largest MAP seen."""

MessageT = TypeVar("MessageT", bound=Wire)

_AT = re.compile(r"^(?P<what>.*?)(?: - at `(?P<key>key in )?\$?(?P<path>.*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")
_MISSING = re.compile(r"missing required field `(?P<name>[^`]+)`")
_LONGEST_VALUE = 80

_ENCODER = msgspec.json.Encoder()


@cache
def decoder(kind: type[MessageT]) -> msgspec.json.Decoder[MessageT]:
    """Get the one decoder of a message type; its `decode` raises msgspec's errors (see `refusal_of`)."""
    return msgspec.json.Decoder(kind)


def decode(kind: type[MessageT], payload: bytes) -> MessageT:
    """Turn JSON bytes into a checked message; RefusedError names the field and the value that are wrong."""
    try:
        message: MessageT = decoder(kind).decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise refusal_of(error, payload) from None
    return message


def encode(message: Wire) -> bytes:
    """Turn a message into the JSON that `decode` takes."""
    return _ENCODER.encode(message)


def refusal_of(error: Exception, payload: bytes) -> RefusedError:
    """Say what was wrong with a payload that a decoder refused."""
    if not isinstance(error, msgspec.ValidationError):
        return RefusedError(RefusalReason.NOT_JSON, "", payload[:_LONGEST_VALUE], f"message is not JSON: {error}")
    return refusal_of_value(error, _parsed(payload))


def refusal_of_value(error: msgspec.ValidationError, whole: object) -> RefusedError:
    """Say what was wrong with a message of plain values that does not fit its struct."""
    match = _AT.match(str(error))
    what, path = (match["what"], match["path"] or "") if match else (str(error), "")
    missing = _MISSING.search(what)
    if missing:
        field = f"{path}.{missing['name']}".lstrip(".")
        return RefusedError(RefusalReason.MISSING_FIELD, field, None, f"{field} is missing")
    value = _value_at(whole, path)
    field = path.lstrip(".")
    shown = "" if value is None else f", value {_short(value)}"
    return RefusedError(_reason(what), field, value, f"{field or 'message'}: {what}{shown}")


def find_members(payload: bytes, *names: str) -> tuple[object, ...]:
    """Read members of a JSON object that need not be valid otherwise; None for each that is not there."""
    try:
        whole = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        whole = None
    return tuple(whole.get(name) for name in names) if isinstance(whole, dict) else (None,) * len(names)


def _reason(what: str) -> RefusalReason:
    if what.startswith("Invalid enum value"):
        return RefusalReason.UNKNOWN_VALUE
    if ", got `" in what:
        return RefusalReason.WRONG_TYPE
    return RefusalReason.OUT_OF_RANGE


def _parsed(payload: bytes) -> object:
    try:
        return msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _value_at(value: object, path: str) -> object:
    for name, index in _STEP.findall(path):
        if isinstance(value, dict) and name:
            value = value.get(name)
        elif isinstance(value, list) and index.isdigit() and int(index) < len(value):
            value = value[int(index)]
        else:
            return None
    return value


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."
