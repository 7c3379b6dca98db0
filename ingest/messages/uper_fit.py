"""Our JSON as values that the UPER codec takes: what JSON may write in two ways is brought to the codec's one way.

| in our JSON | for the codec |
|---|---|
| ENUMERATED as its number | its name |
| one octet as a number, as 0xE0 or as eight bits | two hex digits |
| our extensions (timestamp, seqNum, ack, priority, signalControl, destination) | left out |
| GB 2312 text | octets as hex digits |
"""

from ingest.uper.schema import Choice, Enum, Field, ListOf, Named, Octets, Open, Seq, Type
from ingest.uper.values import Value

_BITS = 8


def fit(kind: Type, value: Value) -> Value:
    """Bring a value to the form of a type; what cannot be is left for the codec to refuse."""
    bare = kind.type if isinstance(kind, Named) else kind
    match bare:
        case Enum(names):
            known = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names)
            return names[int(value)] if known and isinstance(value, int) else value
        case Octets(lo, hi):
            return _octets(lo, hi, value)
        case ListOf(element):
            return [fit(element, entry) for entry in value] if isinstance(value, list) else value
        case Seq(fields, _, additions):
            return _members(fields + additions, value)
        case Choice(alternatives, _, additions):
            return _members(alternatives + additions, value)
        case _:
            return value


def _members(fields: tuple[Field, ...], value: Value) -> Value:
    """Fit the members that the type has; an open type is fitted by the number that names its content."""
    if not isinstance(value, dict):
        return value
    made: dict[str, Value] = {}
    for field in fields:
        if field.name not in value:
            continue
        inner = value[field.name]
        if isinstance(field.type, Open):
            content = dict(field.type.table).get(int(str(value[field.type.key])))
            made[field.name] = inner if content is None else fit(content, inner)
        else:
            made[field.name] = fit(field.type, inner)
    return made


def _octets(lo: int, hi: int, value: Value) -> Value:
    if (lo, hi) == (1, 1):
        return _octet(value)
    if isinstance(value, str) and not value.isascii():
        return value.encode("gb2312", "replace").hex()
    return value


def _octet(value: Value) -> Value:
    if isinstance(value, int):
        return f"{value & 0xFF:02x}"
    if isinstance(value, str) and len(value) == _BITS and set(value) <= {"0", "1"}:
        return f"{int(value, 2):02x}"
    return value.lower().removeprefix("0x") if isinstance(value, str) else value
