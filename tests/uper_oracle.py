"""asn1tools as the independent judge of our UPER codec: our schema as ASN.1 text, and values in its notation."""

from functools import cache
from typing import Any

import asn1tools
from hypothesis import strategies as st

from ingest.messages.uper_form import DAY_ONE, DAY_TWO
from ingest.uper.asn1_text import asn1_text, type_name
from ingest.uper.schema import (
    Bits,
    Choice,
    Enum,
    Field,
    Flag,
    Int,
    ListOf,
    Named,
    Octets,
    Open,
    Profile,
    Seq,
    Text,
    Type,
    load_schema,
)
from ingest.uper.values import octets_from_text, text_from_octets


class Oracle:
    """Encodes and decodes one profile with asn1tools, in our notation of values."""

    def __init__(self, profile: Profile) -> None:
        self._frame = load_schema(profile)
        self._module = asn1tools.compile_string(asn1_text(profile), "uper")

    def encode(self, value: Any) -> bytes:
        return bytes(self._module.encode("MessageFrame", self._theirs(self._frame, value)))

    def decode(self, data: bytes) -> Any:
        return self._ours(self._frame, self._module.decode("MessageFrame", data))

    def _theirs(self, kind: Type, value: Any) -> Any:
        match _bare(kind):
            case Bits():
                size = len(value)
                return (int(value or "0", 2) << (-size % 8)).to_bytes(-(-size // 8), "big"), size
            case Octets(lo, hi):
                return octets_from_text(value, named=lo == hi == 8)
            case ListOf(element):
                return [self._theirs(element, entry) for entry in value]
            case Choice(alternatives, _, additions):
                [(name, inner)] = value.items()
                return name, self._theirs(_field(alternatives + additions, name).type, inner)
            case Seq(fields, _, additions):
                made = {}
                for name, inner in value.items():
                    field = _field(fields + additions, name)
                    made[name] = (
                        self._open(field.type, inner, value)
                        if isinstance(field.type, Open)
                        else self._theirs(field.type, inner)
                    )
                return made
            case _:
                return value

    def _open(self, kind: Open, inner: Any, value: Any) -> bytes:
        content = dict(kind.table)[value[kind.key]]
        return bytes(self._module.encode(type_name(content.name), self._theirs(content, inner)))

    def _ours(self, kind: Type, value: Any) -> Any:
        match _bare(kind):
            case Bits():
                octets, size = value
                return "".join(f"{octet:08b}" for octet in octets)[:size]
            case Octets(lo, hi):
                return text_from_octets(bytes(value), named=lo == hi == 8)
            case ListOf(element):
                return [self._ours(element, entry) for entry in value]
            case Choice(alternatives, _, additions):
                name, inner = value
                return {name: self._ours(_field(alternatives + additions, name).type, inner)}
            case Seq(fields, _, additions):
                made = {}
                for field in fields + additions:
                    if field.name not in value:
                        continue
                    inner = value[field.name]
                    if isinstance(field.type, Open):
                        content = dict(field.type.table)[value[field.type.key]]
                        made[field.name] = self._ours(content, self._module.decode(type_name(content.name), inner))
                    else:
                        made[field.name] = self._ours(field.type, inner)
                return made
            case _:
                return value


@cache
def oracle_for(profile: Profile) -> Oracle:
    return Oracle(profile)


def framed(name: str, content: Any) -> dict[str, Any]:
    """Put the content of a message, by its name such as rsm, into a MessageFrame."""
    for alternative, (known, _) in DAY_ONE.items():
        if known == name:
            return {alternative: content}
    number = next(key for key, (known, _) in DAY_TWO.items() if known == name)
    return {"msgFrameExt": {"messageId": number, "value": content}}


def content_type(profile: Profile, name: str) -> Type:
    """Type of the content of a message in a profile that has it."""
    frame = load_schema(profile).type
    assert isinstance(frame, Choice)
    ((alternative, _),) = framed(name, None).items()
    field = _field(frame.alternatives + frame.additions, alternative)
    if alternative != "msgFrameExt":
        return field.type
    extension = _bare(field.type)
    assert isinstance(extension, Seq)
    (opened,) = (one.type for one in extension.fields if isinstance(one.type, Open))
    return dict(opened.table)[framed(name, None)[alternative]["messageId"]]


def _bare(kind: Type) -> Type:
    return kind.type if isinstance(kind, Named) else kind


def _field(fields: tuple[Field, ...], name: str) -> Field:
    return next(field for field in fields if field.name == name)


def values(kind: Type, *, most: int = 3) -> st.SearchStrategy[Any]:
    """Any value of a type; lists and texts stay short."""
    match _bare(kind):
        case Int(lo, hi):
            return st.integers(lo, hi)
        case Enum(names):
            return st.sampled_from(names)
        case Bits(size):
            return st.integers(0, (1 << size) - 1).map(lambda number: f"{number:0{size}b}")
        case Octets(lo, hi):
            longest = min(hi, lo + most)
            return st.binary(min_size=lo, max_size=longest).map(
                lambda octets: text_from_octets(octets, named=lo == hi == 8)
            )
        case Text(lo, hi):
            return st.text(st.characters(max_codepoint=127), min_size=lo, max_size=min(hi, lo + most))
        case Flag():
            return st.booleans()
        case ListOf(element, lo):
            return st.lists(values(element), min_size=lo, max_size=lo + most - 1)
        case Choice(alternatives, _, additions):
            return st.one_of(
                *(st.fixed_dictionaries({field.name: values(field.type)}) for field in alternatives + additions)
            )
        case Seq() as seq:
            return _objects(seq)
    raise TypeError(kind)


def _objects(kind: Seq) -> st.SearchStrategy[dict[str, Any]]:
    opened = next((field for field in kind.fields if isinstance(field.type, Open)), None)
    if opened is not None and isinstance(opened.type, Open):
        key = opened.type.key
        return st.one_of(
            *(
                st.fixed_dictionaries({key: st.just(number), opened.name: values(content)})
                for number, content in opened.type.table
            )
        )
    needed = {field.name: values(field.type) for field in kind.fields if not field.optional}
    able = {field.name: values(field.type) for field in kind.fields + kind.additions if field.name not in needed}
    order = [field.name for field in kind.fields + kind.additions]
    return st.fixed_dictionaries(needed, optional=able).map(
        lambda made: {name: made[name] for name in order if name in made}
    )
