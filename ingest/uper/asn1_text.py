"""Our schema as ASN.1 text, for tools that read the usual notation, such as the codec it is checked with."""

from collections.abc import Iterator

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


def asn1_text(profile: Profile) -> str:
    """Write the module of a profile; open types stand as OCTET STRING, which is how UPER carries them."""
    lines = [f"{type_name(kind.name)} ::= {_text(kind.type)}" for kind in _all_named(load_schema(profile), set())]
    return "M DEFINITIONS AUTOMATIC TAGS ::= BEGIN\n" + "\n".join(lines) + "\nEND"


def type_name(name: str) -> str:
    """Give the name of a type in ASN.1, which begins with a capital."""
    return name[0].upper() + name[1:]


def _all_named(kind: Type, seen: set[str]) -> Iterator[Named]:
    if isinstance(kind, Named):
        if kind.name in seen:
            return
        seen.add(kind.name)
        yield kind
    match kind.type if isinstance(kind, Named) else kind:
        case Seq(fields, _, additions) | Choice(fields, _, additions):
            for field in fields + additions:
                yield from _all_named(field.type, seen)
        case ListOf(element):
            yield from _all_named(element, seen)
        case Open(_, table):
            for _, content in table:
                yield from _all_named(content, seen)


def _use(kind: Type) -> str:
    return type_name(kind.name) if isinstance(kind, Named) else _text(kind)


def _text(kind: Type) -> str:
    more = ", ..." if getattr(kind, "extensible", False) else ""
    match kind:
        case Int(lo, hi):
            return f"INTEGER ({lo}..{hi}{more})"
        case Enum(names):
            return "ENUMERATED { " + ", ".join(f"{name}({index})" for index, name in enumerate(names)) + more + " }"
        case Bits(size):
            return f"BIT STRING (SIZE({size}{more}))"
        case Octets(lo, hi):
            return f"OCTET STRING (SIZE({lo if lo == hi else f'{lo}..{hi}'}{more}))"
        case Text(lo, hi):
            return f"IA5String (SIZE({lo}..{hi}))"
        case Flag():
            return "BOOLEAN"
        case Open():
            return "OCTET STRING"
        case ListOf(element, lo, hi):
            return f"SEQUENCE {'' if hi is None else f'(SIZE({lo}..{hi})) '}OF {_use(element)}"
        case Seq(fields, _, additions) | Choice(fields, _, additions):
            word = "SEQUENCE" if isinstance(kind, Seq) else "CHOICE"
            members = [_member(field) for field in fields]
            members += ["..."] * kind.extensible + [_member(field) for field in additions]
            return f"{word} {{ {', '.join(members)} }}"
        case Named():
            return type_name(kind.name)


def _member(field: Field) -> str:
    return f"{field.name} {_use(field.type)}{' OPTIONAL' if field.optional else ''}"
