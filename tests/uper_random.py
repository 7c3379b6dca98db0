"""Any value of a type of the abstract syntax from a seeded generator: a thousand times quicker than a strategy.

A third of all numbers are the ends of their range, where codecs go wrong; now and then a list or a text is full.
"""

import random
from collections.abc import Callable
from typing import Any

from ingest.uper.schema import Bits, Choice, Enum, Field, Flag, Int, ListOf, Named, Octets, Open, Seq, Text, Type
from ingest.uper.values import text_from_octets

Make = Callable[[random.Random, int], Any]
"""Draws a value that lies so many parts deep."""

_LONGER, _DEEP = 3, 5
_FULL_SHARE = 0.02
_FULL_MOST = 64
"""Entries of the longest list that is filled up; its entries are kept small."""
_MAKERS: dict[int, tuple[Type, Make]] = {}
"""By the identity of a type, which is kept so that it stays one."""


def any_value(kind: Type, draw: random.Random, depth: int = 0) -> Any:
    """Draw a value; lists and texts stay short, parts that may be left out are rarer the deeper they lie."""
    return maker_of(kind)(draw, depth)


def maker_of(kind: Type) -> Make:
    """Get what draws the values of a type."""
    if id(kind) not in _MAKERS:
        _MAKERS[id(kind)] = kind, _maker(kind.type if isinstance(kind, Named) else kind)
    return _MAKERS[id(kind)][1]


def _maker(kind: Type) -> Make:
    match kind:
        case Int(lo, hi):
            return _number(lo, hi)
        case Enum(names):
            return lambda draw, _: names[int(draw.random() * len(names))]
        case Bits(size):
            return lambda draw, _: f"{draw.getrandbits(size):0{size}b}"
        case Octets(lo, hi):
            return lambda draw, _: text_from_octets(draw.randbytes(_length(draw, lo, hi)), named=lo == hi == 8)
        case Text(lo, hi):
            return lambda draw, _: "".join(chr(draw.getrandbits(7)) for _ in range(_length(draw, lo, hi)))
        case Flag():
            return lambda draw, _: draw.random() < 0.5
        case ListOf(element, lo, hi):
            return _list(element, lo, hi)
        case Choice(alternatives, _, additions):
            return _choice(alternatives + additions)
        case Seq() as seq:
            return _object(seq)
    raise TypeError(kind)


def _number(lo: int, hi: int) -> Make:
    count = hi - lo + 1

    def make(draw: random.Random, _: int) -> int:
        die = draw.random()
        return lo if die < 1 / 6 else hi if die < 1 / 3 else lo + int(draw.random() * count)

    return make


def _length(draw: random.Random, lo: int, hi: int | None) -> int:
    longest = lo + _LONGER if hi is None else hi
    return longest if draw.random() < _FULL_SHARE else draw.randint(lo, min(longest, lo + _LONGER))


def _list(element: Type, lo: int, hi: int | None) -> Make:
    can_fill = hi is not None and hi <= _FULL_MOST

    def make(draw: random.Random, depth: int) -> list[Any]:
        inner = maker_of(element)
        if can_fill and depth < _DEEP and draw.random() < _FULL_SHARE:
            return [inner(draw, depth + _DEEP) for _ in range(hi or 0)]
        longest = lo + (0 if depth >= _DEEP else _LONGER)
        count = lo + int(draw.random() * ((longest if hi is None else min(hi, longest)) - lo + 1))
        return [inner(draw, depth + 1) for _ in range(count)]

    return make


def _choice(fields: tuple[Field, ...]) -> Make:
    def make(draw: random.Random, depth: int) -> dict[str, Any]:
        field = fields[int(draw.random() * len(fields))]
        return {field.name: maker_of(field.type)(draw, depth + 1)}

    return make


def _object(kind: Seq) -> Make:
    members = [(field, field.optional) for field in kind.fields] + [(field, True) for field in kind.additions]
    parts = [(field, absent, None if isinstance(field.type, Open) else field.type) for field, absent in members]

    def make(draw: random.Random, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        share = 0.6 if depth < 3 else 0.15
        for field, may_miss, plain in parts:
            if may_miss and draw.random() > share:
                continue
            if plain is not None:
                made[field.name] = maker_of(plain)(draw, depth + 1)
            elif isinstance(field.type, Open):
                number, content = draw.choice(field.type.table)
                made[field.type.key] = number
                made[field.name] = maker_of(content)(draw, depth + 1)
        return made

    return make
