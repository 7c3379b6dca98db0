"""The abstract syntax as a tree: `schema.txt` read for one profile.

The text names every type once for each group of profiles that share it. Kinds of definition: `int LO..HI`,
`enum NAMES`, `bits SIZE`, `octets LO..HI`, `ia5 LO..HI`, `bool`, `list LO..HI TYPE`, `seq`, `choice`, `open FIELD`,
`table`, or the name of a type; a trailing `...` is the extension marker.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from ingest.uper.errors import SchemaError


class Profile(StrEnum):
    """Edition of the message layer."""

    V3 = "v3"
    """T/CSAE 53-2017."""
    V4 = "v4"
    """T/CSAE 53-2020, YD/T 3709-2020."""
    VN4 = "vn4"
    """The newer cut of T/CSAE 53-2020."""
    D2 = "d2"
    """With Day II, T/CSAE 157-2020."""


@dataclass(frozen=True)
class Int:
    """INTEGER (lo..hi)."""

    lo: int
    hi: int
    extensible: bool


@dataclass(frozen=True)
class Enum:
    """ENUMERATED; values are names."""

    names: tuple[str, ...]
    extensible: bool


@dataclass(frozen=True)
class Bits:
    """BIT STRING of a fixed size; values are strings of 0 and 1, bit 0 first."""

    size: int
    extensible: bool


@dataclass(frozen=True)
class Octets:
    """OCTET STRING; values are hex digits, or 8 printable characters where the size is 8 (device ids)."""

    lo: int
    hi: int
    extensible: bool


@dataclass(frozen=True)
class Text:
    """IA5String."""

    lo: int
    hi: int


@dataclass(frozen=True)
class Flag:
    """BOOLEAN."""


@dataclass(frozen=True)
class Open:
    """Open type whose content is named by a number in a field before it."""

    key: str
    table: "tuple[tuple[int, Named], ...]"


@dataclass(frozen=True)
class ListOf:
    """SEQUENCE OF; `hi` is None where the length has no bound."""

    element: "Type"
    lo: int
    hi: int | None


@dataclass(frozen=True)
class Field:
    """Member of a Seq or alternative of a Choice."""

    name: str
    type: "Type"
    optional: bool


@dataclass(frozen=True)
class Seq:
    """SEQUENCE."""

    fields: tuple[Field, ...]
    extensible: bool
    additions: tuple[Field, ...]


@dataclass(frozen=True)
class Choice:
    """CHOICE; values are `{alternative: value}`."""

    alternatives: tuple[Field, ...]
    extensible: bool
    additions: tuple[Field, ...]


@dataclass(frozen=True)
class Named:
    """A type with a name of its own."""

    name: str
    type: "Int | Enum | Bits | Octets | Text | Flag | Open | ListOf | Seq | Choice"


Type = Int | Enum | Bits | Octets | Text | Flag | Open | ListOf | Seq | Choice | Named

_HEAD = re.compile(r"(?P<name>[\w-]+)(?: \[(?P<profiles>[\w ]+)\])? = (?P<definition>.+)")


@cache
def load_schema(profile: Profile) -> Named:
    """Return the type MessageFrame of a profile."""
    text = files("ingest.uper").joinpath("schema.txt").read_text("utf-8")
    return _Reader(dict(_definitions(text, profile))).named("MessageFrame")


def _definitions(text: str, profile: Profile) -> Iterator[tuple[str, list[str]]]:
    """Yield name and lines of every definition that holds in a profile."""
    body: list[str] = []
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith("  "):
            body.append(line.strip())
            continue
        head = _HEAD.fullmatch(line)
        if head is None:
            raise SchemaError(f"not a definition: {line}")
        body = [head["definition"]]
        if head["profiles"] is None or profile in head["profiles"].split():
            yield head["name"], body


class _Reader:
    """Builds the tree of types from their definitions."""

    def __init__(self, definitions: dict[str, list[str]]) -> None:
        self._definitions = definitions
        self._named: dict[str, Named] = {}

    def named(self, name: str) -> Named:
        if name not in self._named:
            if name not in self._definitions:
                raise SchemaError(f"{name} is not defined in this profile")
            first, *rest = self._definitions[name]
            made = self._compound(first, rest) if first in {"seq", "choice"} else self._simple(first)
            while isinstance(made, Named):
                made = made.type
            self._named[name] = Named(name, made)
        return self._named[name]

    def _compound(self, kind: str, lines: list[str]) -> Seq | Choice:
        marker = lines.index("...") if "..." in lines else len(lines)
        root, additions = (tuple(map(self._field, part)) for part in (lines[:marker], lines[marker + 1 :]))
        return (Seq if kind == "seq" else Choice)(root, marker < len(lines), additions)

    def _field(self, line: str) -> Field:
        name, _, definition = line.partition(" ")
        return Field(name.rstrip("?"), self._simple(definition), name.endswith("?"))

    def _simple(self, definition: str) -> Type:
        kind, *words = definition.split()
        extensible = bool(words) and words[-1] == "..."
        words = words[:-1] if extensible else words
        match kind:
            case "int":
                return Int(*_span(words[0]), extensible)
            case "enum":
                return Enum(tuple(words), extensible)
            case "bits":
                return Bits(int(words[0]), extensible)
            case "octets":
                return Octets(*_span(words[0]), extensible)
            case "ia5":
                return Text(*_span(words[0]))
            case "bool":
                return Flag()
            case "list":
                return self._list(words)
            case "open":
                return Open(words[0], self._table())
            case _:
                return self.named(kind)

    def _list(self, words: list[str]) -> ListOf:
        bounded = ".." in words[0]
        element = self._simple(" ".join(words[bounded:]))
        return ListOf(element, *(_span(words[0]) if bounded else (0, None)))

    def _table(self) -> tuple[tuple[int, Named], ...]:
        rows = (line.split() for line in self._definitions["MessageById"][1:])
        return tuple((int(number), self.named(name)) for number, name in rows)


def _span(word: str) -> tuple[int, int]:
    lo, _, hi = word.partition("..")
    return int(lo), int(hi or lo)
