"""Lines of Python that a generator writes, and what both generators ask of a type."""

from collections.abc import Iterator
from contextlib import contextmanager

from ingest.uper.schema import Bits, Choice, Enum, Flag, Int, ListOf, Named, Octets, Open, Seq, Type

INLINE_LEAVES = 9
"""A named type with at most this many leaves is written where it is used instead of being called."""


class Source:
    """Grows line by line; every name it makes is new."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._depth = 0
        self._names = 0

    def line(self, text: str) -> None:
        """Add a line at the present depth."""
        self._lines.append("    " * self._depth + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Add a line and everything within one step deeper."""
        self.line(head)
        self._depth += 1
        yield
        self._depth -= 1

    def name(self, stem: str) -> str:
        """Make a name that stands nowhere else."""
        self._names += 1
        return f"{stem}{self._names}"

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join(self._lines) + "\n"


def function_name(kind: Named) -> str:
    """Return the name of the function that reads or writes a type."""
    return "t_" + kind.name.replace("-", "_")


def bare(kind: Type) -> Type:
    """Return a type without its name."""
    return kind.type if isinstance(kind, Named) else kind


def fixed_width(kind: Type) -> int | None:
    """Return the number of bits of a type that always takes as many, extension markers unset; else None."""
    match bare(kind):
        case Int(lo, hi, extensible=False):
            return (hi - lo).bit_length()
        case Enum(names, extensible):
            return extensible + (len(names) - 1).bit_length()
        case Bits(size, extensible):
            return extensible + size
        case Octets(lo, hi, extensible=False) if lo == hi:
            return lo * 8
        case Flag():
            return 1
        case Seq(fields, extensible=False) if not any(field.optional for field in fields):
            widths = [fixed_width(field.type) for field in fields]
            return None if None in widths else sum(width or 0 for width in widths)
        case _:
            return None


def leaves(kind: Type) -> int:
    """Count the values within a type, lists counted as many."""
    match bare(kind):
        case Seq(fields):
            return sum(leaves(field.type) for field in fields)
        case Choice(alternatives):
            return sum(leaves(field.type) for field in alternatives)
        case ListOf() | Open():
            return INLINE_LEAVES + 1
        case _:
            return 1


def is_called(kind: Type) -> bool:
    """Tell whether a type has a function of its own."""
    return isinstance(kind, Named) and isinstance(kind.type, Seq | Choice) and leaves(kind) > INLINE_LEAVES


def parts(kind: Type) -> Iterator[Named]:
    """Yield every type that has a function of its own, each once, those used by others first."""
    yield from _parts(kind, set())


def _parts(kind: Type, seen: set[str]) -> Iterator[Named]:
    match bare(kind):
        case Seq(fields, _, additions) | Choice(fields, _, additions):
            for field in fields + additions:
                yield from _parts(field.type, seen)
        case ListOf(element):
            yield from _parts(element, seen)
        case Open(_, table):
            for _, content in table:
                yield from _parts(content, seen)
                if content.name not in seen:
                    seen.add(content.name)
                    yield content
    if isinstance(kind, Named) and is_called(kind) and kind.name not in seen:
        seen.add(kind.name)
        yield kind
