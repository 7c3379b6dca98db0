"""The encoder that follows the schema step by step and names the field of a value that does not fit.

The slow twin of the generated code, as `ingest.uper.reference_decoder` is on the way in. Rules: ITU-T X.691 (2021).
"""

from ingest.uper.errors import EncodeError
from ingest.uper.schema import Bits, Choice, Enum, Field, Flag, Int, ListOf, Named, Octets, Open, Seq, Text, Type
from ingest.uper.values import Value, octets_from_text

_ONE_BYTE, _TWO_BYTES = 128, 16384


class ReferenceEncoder:
    """Writes one message."""

    def __init__(self) -> None:
        self._number = self._width = 0
        self._path: list[str] = []

    def message(self, frame: Named, value: Value) -> bytes:
        """Write the whole message.

        Raises:
            EncodeError: a value is missing, unknown, of the wrong type or out of its range.
        """
        self._write(frame, value)
        return self._octets()

    def _octets(self) -> bytes:
        size = max(1, -(-self._width // 8))
        return (self._number << (size * 8 - self._width)).to_bytes(size, "big")

    def _error(self, detail: str) -> EncodeError:
        return EncodeError(detail, ".".join(self._path))

    def _put(self, number: int, width: int) -> None:
        """Append a number; a width of 0 appends nothing."""
        self._number = self._number << width | number & ((1 << width) - 1)
        self._width += width

    def _within(self, name: str, kind: Type, value: Value) -> None:
        self._path.append(name)
        self._write(kind, value)
        self._path.pop()

    def _write(self, kind: Type, value: Value) -> None:
        match kind:
            case Named(type=inner):
                self._write(inner, value)
            case Int(lo, hi, extensible):
                self._put(0, int(extensible))
                self._constrained(value, lo, hi)
            case Enum():
                self._enum(kind, value)
            case Bits(size, extensible):
                self._bits(size, value, extensible=extensible)
            case Octets():
                self._octet_string(kind, value)
            case Text(lo, hi):
                self._text(lo, hi, value)
            case Flag():
                self._put(self._constrained_flag(value), 1)
            case ListOf():
                self._list(kind, value)
            case Seq():
                self._seq(kind, value)
            case Choice():
                self._choice(kind, value)
            case Open():
                raise self._error("an open type stands outside a sequence")

    def _constrained(self, value: Value, lo: int, hi: int) -> None:
        if not isinstance(value, int):
            raise self._error(f"{value!r} is no whole number")
        if not lo <= value <= hi:
            raise self._error(f"{value} is not within {lo}..{hi}")
        self._put(value - lo, (hi - lo).bit_length())

    def _constrained_flag(self, value: Value) -> int:
        if not isinstance(value, bool):
            raise self._error(f"{value!r} is neither true nor false")
        return int(value)

    def _enum(self, kind: Enum, value: Value) -> None:
        if value not in kind.names:
            raise self._error(f"{value!r} is none of {', '.join(kind.names)}")
        if kind.extensible:
            self._put(0, 1)
        self._put(kind.names.index(value), (len(kind.names) - 1).bit_length())

    def _bits(self, size: int, value: Value, *, extensible: bool) -> None:
        if not isinstance(value, str) or set(value) - {"0", "1"}:
            raise self._error(f"{value!r} is no string of 0 and 1")
        if len(value) != size and not (extensible and len(value) < _TWO_BYTES):
            raise self._error(f"{len(value)} bits instead of {size}")
        if extensible:
            self._put(int(len(value) != size), 1)
            if len(value) != size:
                self._length(len(value))
        self._put(int(value or "0", 2), len(value))

    def _octet_string(self, kind: Octets, value: Value) -> None:
        octets = octets_from_text(value, named=kind.lo == kind.hi == 8)
        if octets is None:
            raise self._error(f"{value!r} is no string of hex digits")
        inside = kind.lo <= len(octets) <= kind.hi
        if not inside and not (kind.extensible and len(octets) < _TWO_BYTES):
            raise self._error(f"{len(octets)} octets instead of {kind.lo}..{kind.hi}")
        if kind.extensible:
            self._put(int(not inside), 1)
        if inside:
            self._constrained(len(octets), kind.lo, kind.hi)
        else:
            self._length(len(octets))
        self._put(int.from_bytes(octets, "big"), len(octets) * 8)

    def _text(self, lo: int, hi: int, value: Value) -> None:
        if not isinstance(value, str) or not value.isascii():
            raise self._error(f"{value!r} is no ASCII text")
        if not lo <= len(value) <= hi:
            raise self._error(f"{len(value)} characters instead of {lo}..{hi}")
        self._constrained(len(value), lo, hi)
        for character in value:
            self._put(ord(character), 7)

    def _list(self, kind: ListOf, value: Value) -> None:
        if not isinstance(value, list):
            raise self._error(f"{value!r} is no list")
        most = kind.hi if kind.hi is not None else _TWO_BYTES - 1
        if not kind.lo <= len(value) <= most:
            raise self._error(f"{len(value)} entries instead of {kind.lo}..{most}")
        if kind.hi is None:
            self._length(len(value))
        else:
            self._constrained(len(value), kind.lo, kind.hi)
        for index, entry in enumerate(value):
            self._within(str(index), kind.element, entry)

    def _length(self, length: int) -> None:
        if length < _ONE_BYTE:
            self._put(length, 8)
        elif length < _TWO_BYTES:
            self._put(0x8000 | length, 16)
        else:
            raise self._error("a part is longer than 16,383")

    def _seq(self, kind: Seq, value: Value) -> None:
        if not isinstance(value, dict):
            raise self._error(f"{value!r} is no object")
        self._check_names(kind, value)
        extended = any(field.name in value for field in kind.additions)
        self._put(int(extended), int(kind.extensible))
        for field in kind.fields:
            self._put(int(field.name in value), int(field.optional))
        for field in kind.fields:
            if isinstance(field.type, Open):
                self._open(field.name, self._content(field.type, value), value[field.name])
            elif field.name in value:
                self._within(field.name, field.type, value[field.name])
        if extended:
            self._additions(kind.additions, value)

    def _additions(self, known: tuple[Field, ...], value: dict[str, Value]) -> None:
        """Clause 19.7 to 19.9."""
        self._put(len(known) - 1, 7)
        for field in known:
            self._put(int(field.name in value), 1)
        for field in known:
            if field.name in value:
                self._open(field.name, field.type, value[field.name])

    def _check_names(self, kind: Seq, value: dict[str, Value]) -> None:
        known = {field.name for field in kind.fields + kind.additions}
        unknown = sorted(value.keys() - known)
        if unknown:
            raise self._error(f"there is no field {unknown[0]!r}")
        missing = [field.name for field in kind.fields if not field.optional and field.name not in value]
        if missing:
            raise self._error(f"field {missing[0]!r} is missing")

    def _content(self, kind: Open, value: dict[str, Value]) -> Type:
        for key, content in kind.table:
            if key == value[kind.key]:
                return content
        raise self._error(f"{kind.key} {value[kind.key]} names no message")

    def _open(self, name: str, content: Type, value: Value) -> None:
        inner = ReferenceEncoder()
        inner._path = [*self._path, name]
        inner._write(content, value)
        octets = inner._octets()
        self._length(len(octets))
        self._put(int.from_bytes(octets, "big"), len(octets) * 8)

    def _choice(self, kind: Choice, value: Value) -> None:
        if not isinstance(value, dict) or len(value) != 1:
            raise self._error("exactly one alternative is needed")
        [(name, inner)] = value.items()
        for index, field in enumerate(kind.alternatives):
            if field.name == name:
                if kind.extensible:
                    self._put(0, 1)
                self._put(index, (len(kind.alternatives) - 1).bit_length())
                self._within(name, field.type, inner)
                return
        for index, field in enumerate(kind.additions):
            if field.name == name:
                self._put(1 << 7 | index, 8)
                self._open(name, field.type, inner)
                return
        raise self._error(f"there is no alternative {name!r}")
