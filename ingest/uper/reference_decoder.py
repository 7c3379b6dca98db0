"""The decoder that follows the schema step by step and knows at every moment where it is.

It is the slow twin of the generated code: it handles what is rare (extensions that a sender's newer edition adds) and
finds the words for what is wrong. Rules: ITU-T X.691 (2021), clause numbers beside the code.
"""

from ingest.uper.errors import DecodeError
from ingest.uper.schema import Bits, Choice, Enum, Field, Flag, Int, ListOf, Named, Octets, Open, Seq, Text, Type
from ingest.uper.values import Value, text_from_octets

_ONE_BYTE = 128


class ReferenceDecoder:
    """Reads one message."""

    def __init__(self, data: bytes) -> None:
        self._number = int.from_bytes(data, "big")
        self._bits = self._left = len(data) * 8
        self._path: list[str] = []

    def message(self, frame: Named) -> Value:
        """Read the whole message.

        Raises:
            DecodeError: it is truncated, too long, or holds a value that the schema does not allow.
        """
        value = self._read(frame)
        if self._left >= 8 or self._take(self._left):
            raise self._error("bytes follow the end of the message")
        return value

    def _error(self, detail: str) -> DecodeError:
        return DecodeError(detail, ".".join(self._path), self._bits - self._left)

    def _take(self, width: int) -> int:
        if width > self._left:
            raise self._error(f"the message ends {width - self._left} bits too early")
        self._left -= width
        return (self._number >> self._left) & ((1 << width) - 1)

    def _within(self, name: str, kind: Type) -> Value:
        self._path.append(name)
        value = self._read(kind)
        self._path.pop()
        return value

    def _read(self, kind: Type) -> Value:
        match kind:
            case Named(type=inner):
                return self._read(inner)
            case Int():
                return self._int(kind)
            case Enum():
                return self._enum(kind)
            case Bits(size, extensible):
                size = self._length() if extensible and self._take(1) else size
                return f"{self._take(size):0{size}b}" if size else ""
            case Octets():
                return self._octets(kind)
            case Text(lo, hi):
                return "".join(chr(self._take(7)) for _ in range(self._constrained(lo, hi)))
            case Flag():
                return bool(self._take(1))
            case ListOf(element, lo, hi):
                count = self._length() if hi is None else self._constrained(lo, hi)
                return [self._within(str(index), element) for index in range(count)]
            case Seq():
                return self._seq(kind)
            case Choice():
                return self._choice(kind)
            case Open():
                raise self._error("an open type stands outside a sequence")

    def _constrained(self, lo: int, hi: int) -> int:
        """Clause 11.5: a number within bounds."""
        value = lo + self._take((hi - lo).bit_length())
        if value > hi:
            raise self._error(f"{value} is greater than {hi}")
        return value

    def _int(self, kind: Int) -> int:
        if not (kind.extensible and self._take(1)):
            return self._constrained(kind.lo, kind.hi)
        width = self._length() * 8
        value = self._take(width)
        return value - (1 << width) if width and value >> (width - 1) else value

    def _enum(self, kind: Enum) -> str:
        if kind.extensible and self._take(1):
            raise self._error(f"value {self._small()} was added by an edition that is not known here")
        return kind.names[self._constrained(0, len(kind.names) - 1)]

    def _octets(self, kind: Octets) -> str:
        size = self._length() if kind.extensible and self._take(1) else self._constrained(kind.lo, kind.hi)
        return text_from_octets(self._take(size * 8).to_bytes(size, "big"), named=kind.lo == kind.hi == 8)

    def _small(self) -> int:
        """Clause 11.6: a normally small number."""
        if self._take(1):
            return self._take(self._length() * 8)
        return self._take(6)

    def _length(self) -> int:
        """Clause 11.9: a length without bound, up to 16,383."""
        first = self._take(8)
        if first < _ONE_BYTE:
            return first
        if first >= 0xC0:
            raise self._error("a part is longer than 16,383")
        return (first & 0x3F) << 8 | self._take(8)

    def _seq(self, kind: Seq) -> Value:
        extended = kind.extensible and self._take(1)
        present = [not field.optional or bool(self._take(1)) for field in kind.fields]
        value: dict[str, Value] = {}
        for field, there in zip(kind.fields, present, strict=True):
            if there:
                value[field.name] = (
                    self._open(field.name, self._content(field.type, value))
                    if isinstance(field.type, Open)
                    else self._within(field.name, field.type)
                )
        if extended:
            value |= self._additions(kind.additions)
        return value

    def _additions(self, known: tuple[Field, ...]) -> dict[str, Value]:
        """Clause 19.7 to 19.9: members that a later edition added; those not known here are passed over."""
        count = self._small() + 1
        present = [self._take(1) for _ in range(count)]
        value: dict[str, Value] = {}
        for index, there in enumerate(present):
            if there and index < len(known):
                value[known[index].name] = self._open(known[index].name, known[index].type)
            elif there:
                self._take(self._length() * 8)
        return value

    def _content(self, kind: Open, before: dict[str, Value]) -> Type:
        number = before[kind.key]
        for key, content in kind.table:
            if key == number:
                return content
        raise self._error(f"{kind.key} {number} names no message")

    def _open(self, name: str, content: Type) -> Value:
        """Clause 11.2: an open type is a length and a whole encoding of its own."""
        self._path.append(name)
        size = self._length() * 8
        if size > self._left:
            raise self._error(f"the message ends {size - self._left} bits too early")
        outer = self._left - size
        value = self._read(content)
        if self._left < outer:
            raise self._error("a part is longer than its length says")
        if self._left - outer >= 8 or self._take(self._left - outer):
            raise self._error("a part is shorter than its length says")
        self._path.pop()
        return value

    def _choice(self, kind: Choice) -> Value:
        if kind.extensible and self._take(1):
            index = self._small()
            if index >= len(kind.additions):
                raise self._error(f"alternative {index} was added by an edition that is not known here")
            field = kind.additions[index]
            return {field.name: self._open(field.name, field.type)}
        field = kind.alternatives[self._constrained(0, len(kind.alternatives) - 1)]
        return {field.name: self._within(field.name, field.type)}
