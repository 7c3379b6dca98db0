"""Payloads of a dialect become standard messages as its description says; faults are told in the vendor's own names."""

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from ingest.dialects.description import ABSENT, Absent, Const, Context, Each, Form, Json, Rule, Take
from ingest.errors import RefusalReason, RefusedError
from ingest.messages.common import Wire
from ingest.messages.decoding import refusal_of_value

LONGEST_LIST = 4096
"""Elements of one list that are read."""

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_FAULTS = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError)


def read_form(form: Form, payload: bytes, kind: type[Wire], *, device: str, received: float) -> list[Wire]:
    """Read the standard messages in a payload that came from `device` at `received` (UTC epoch s).

    Raises:
        msgspec.DecodeError: the payload is not JSON.
        RefusedError: it is, and something in it is missing or wrong.
    """
    whole: Json = msgspec.json.decode(payload)
    if form.unpack is not None:
        whole = _unpacked(form, whole)
    context = Context(received, device, whole)
    made: list[Wire] = []
    for place, element in _messages(form, whole):
        plain = build(form.shape, element, context, place)
        for part in _parts(form, plain):
            try:
                made.append(msgspec.convert(part, kind, strict=not form.lenient))
            except msgspec.ValidationError as error:
                raise _named(refusal_of_value(error, part), form, place) from None
    return made


def find_form(forms: Sequence[Form], payload: bytes) -> int | None:
    """Find the form that a payload is in by its marks."""
    try:
        whole: Json = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    for index, form in enumerate(forms):
        if any(_look(whole, mark) is not ABSENT for mark in form.marks):
            return index
    return None


def _unpacked(form: Form, whole: Json) -> Json:
    try:
        return form.unpack(whole) if form.unpack is not None else whole
    except (*_FAULTS, msgspec.DecodeError) as error:
        raise RefusedError(RefusalReason.WRONG_TYPE, "", None, f"message cannot be unpacked: {error}") from None


def _messages(form: Form, whole: Json) -> Iterator[tuple[str, Json]]:
    """Yield place and content of every message in a payload."""
    if not form.each and not isinstance(whole, list):
        yield "", whole
        return
    found = _look(whole, form.each)
    if found is ABSENT:
        raise RefusedError(RefusalReason.MISSING_FIELD, form.each, None, f"{form.each} is missing")
    for index, element in enumerate(_listed(found, form.each)):
        yield f"{form.each}[{index}]", element


def _parts(form: Form, plain: Json | Absent) -> Iterator[Json | Absent]:
    """Yield a message in as many parts as the standard needs for it."""
    if form.split is None or not isinstance(plain, dict):
        yield plain
        return
    name, most = form.split
    entries = plain.get(name)
    if not isinstance(entries, list) or len(entries) <= most:
        yield plain
        return
    for first in range(0, len(entries), most):
        yield {**plain, name: entries[first : first + most]}


def build(rule: Rule, element: Json, context: Context, place: str) -> Json | Absent:
    """Apply a rule to an element at `place` of the message; RefusedError names a value that cannot be turned."""
    match rule:
        case Take():
            return _take(rule, element, context, place)
        case Each():
            path, found = _first(rule.names, element, context)
            if found is ABSENT:
                return ABSENT
            where = _join(place, path)
            listed = enumerate(_listed(found, where))
            built = (build(rule.shape, entry, context, f"{where}[{index}]") for index, entry in listed)
            return [entry for entry in built if not isinstance(entry, Absent)]
        case Const(value):
            return value
        case Mapping():
            pairs = ((name, build(inner, element, context, place)) for name, inner in rule.items())
            return {name: value for name, value in pairs if not isinstance(value, Absent)}


def _take(rule: Take, element: Json, context: Context, place: str) -> Json | Absent:
    path, found = _first(rule.names, element, context)
    if isinstance(found, Absent):
        return rule.default
    if rule.turn is None:
        return found
    try:
        return rule.turn(found, context)
    except _FAULTS as error:
        field = _join(place, path)
        shown = repr(found)[:80]
        raise RefusedError(RefusalReason.WRONG_TYPE, field, found, f"{field}: {error}, value {shown}") from None


def _first(names: tuple[str, ...], element: Json, context: Context) -> tuple[str, Json | Absent]:
    for path in names:
        if path == "@device":
            return path, context.device
        found = _look(context.whole, path[1:]) if path.startswith("^") else _look(element, path)
        if found is not ABSENT and found is not None:
            return path, found
    return names[0], ABSENT


def _look(element: Json, path: str) -> Json | Absent:
    """Follow a path; a null on the way counts as not there."""
    value: Json = element
    for step in path.split(".") if path else ():
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return ABSENT
    return value


def _listed(found: Json | Absent, field: str) -> list[Json]:
    if isinstance(found, dict):
        return [found]
    if not isinstance(found, list):
        raise RefusedError(RefusalReason.WRONG_TYPE, field, found, f"{field} is no list")
    if len(found) > LONGEST_LIST:
        detail = f"{field} holds {len(found)} entries, {LONGEST_LIST} at most are read"
        raise RefusedError(RefusalReason.OUT_OF_RANGE, field, len(found), detail)
    return found


def _join(place: str, path: str) -> str:
    return path[1:] if path.startswith("^") else f"{place}.{path}".strip(".")


def _named(refusal: RefusedError, form: Form, place: str) -> RefusedError:
    """Tell a fault in the names that the vendor uses."""
    field = _source(form.shape, [name or f"[{index}]" for name, index in _STEP.findall(refusal.field)], place)
    detail = str(refusal)
    if refusal.field and detail.startswith(refusal.field):
        detail = field + detail[len(refusal.field) :]
    return RefusedError(refusal.reason, field, refusal.value, detail)


def _source(rule: Rule, steps: list[str], place: str) -> str:
    """Translate a path of the standard message into one of the vendor's."""
    match rule:
        case Take():
            return _join(place, rule.names[0])
        case Each():
            index = steps[0] if steps and steps[0].startswith("[") else ""
            return _source(rule.shape, steps[1:], _join(place, rule.names[0]) + index)
        case Const():
            return place
        case Mapping():
            inner = rule.get(steps[0]) if steps else None
            return place or ".".join(steps) if inner is None else _source(inner, steps[1:], place)
