"""Write straight-line Python that decodes: fixed stretches of a message are cut out at once and taken apart by shifts.

A generated function takes the message as one number `n` and the bits `r` that are still unread, and returns value and
`r`. It raises `Rare` (or trips over an index or a negative shift) for whatever it does not handle; `ReferenceDecoder`
then finds out what that was.
"""

from ingest.uper.schema import Bits, Choice, Enum, Field, Flag, Int, ListOf, Named, Octets, Open, Seq, Text, Type
from ingest.uper.source import Source, bare, fixed_width, function_name, is_called, parts


def decoder_source(frame: Named) -> str:
    """Return the source of a function for each larger type of a profile."""
    source = Source()
    for kind in parts(frame):
        with source.block(f"def {function_name(kind)}(n, r):"):
            _Writer(source).compound(kind.type, "v")
            source.line("return v, r")
    return source.text


class _Writer:
    def __init__(self, source: Source) -> None:
        self._source = source

    def assign(self, kind: Type, target: str) -> None:
        """Write what reads one value into `target`."""
        line = self._source.line
        inner = bare(kind)
        width = fixed_width(inner)
        if isinstance(kind, Named) and is_called(kind):
            line(f"{target}, r = {function_name(kind)}(n, r)")
        elif width is not None:
            chunk = self._cut(width)
            line(f"{target} = {self._expression(inner, chunk, 0)}")
        elif isinstance(inner, Text):
            line(f"{target}, r = read_text(n, r, {inner.lo}, {inner.hi})")
        elif isinstance(inner, Octets):
            line(f"{target}, r = read_octets(n, r, {inner.lo}, {inner.hi}, {inner.extensible})")
        elif isinstance(inner, Int):
            line(f"{target}, r = read_extensible(n, r, {inner.lo}, {inner.hi})")
        else:
            self.compound(inner, target)

    def compound(self, kind: Type, target: str) -> None:
        """Write what reads a sequence, a choice or a list."""
        match kind:
            case Seq():
                self._seq(kind, target)
            case Choice():
                self._choice(kind, target)
            case ListOf():
                self._list(kind, target)

    def _cut(self, width: int) -> str:
        chunk = self._source.name("c")
        self._source.line(f"r -= {width}")
        self._source.line(f"{chunk} = n >> r & {(1 << width) - 1:#x}")
        return chunk

    def _expression(self, kind: Type, chunk: str, shift: int) -> str:
        """Return the expression of a fixed value that ends `shift` bits above the end of a chunk."""
        inner = bare(kind)
        width = fixed_width(inner) or 0
        if isinstance(inner, Seq):
            return self._object(inner.fields, chunk, shift + width)
        moved = f"{chunk} >> {shift}" if shift else chunk
        raw = f"{moved} & {(1 << width) - 1:#x}"
        match inner:
            case Int(lo, hi):
                return self._int(raw, lo, (hi - lo), full=(hi - lo) == (1 << width) - 1)
            case Enum(names):
                return f"{names!r}[{raw}]"
            case Bits(size, extensible):
                return self._bits(raw, size, extensible=extensible)
            case Octets(lo):
                return f"device_id_text({raw})" if lo == 8 else f"({raw}).to_bytes({lo}, 'big').hex()"
            case Flag():
                return f"({raw}) == 1"
        raise TypeError(inner)

    def _int(self, raw: str, lo: int, span: int, *, full: bool) -> str:
        if not full:
            name = self._source.name("i")
            self._source.line(f"{name} = {raw}")
            with self._source.block(f"if {name} > {span}:"):
                self._source.line("raise Rare")
            raw = name
        return f"({raw}) + {lo}" if lo > 0 else f"({raw}) - {-lo}" if lo else raw

    def _bits(self, raw: str, size: int, *, extensible: bool) -> str:
        if extensible:
            name = self._source.name("b")
            self._source.line(f"{name} = {raw}")
            with self._source.block(f"if {name} >> {size}:"):
                self._source.line("raise Rare")
            raw = name
        return f'f"{{{raw}:0{size}b}}"'

    def _object(self, fields: tuple[Field, ...], chunk: str, end: int) -> str:
        items = []
        for field in fields:
            end -= fixed_width(field.type) or 0
            items.append(f"{field.name!r}: {self._expression(field.type, chunk, end)}")
        return "{" + ", ".join(items) + "}"

    def _seq(self, kind: Seq, target: str) -> None:
        optional = [field for field in kind.fields if field.optional]
        run, rest = _leading(kind.fields)
        width = sum(fixed_width(field.type) or 0 for field in run)
        head = kind.extensible + len(optional)
        value, flags = self._source.name("v"), self._source.name("f")
        if head + width:
            chunk = self._cut(head + width)
            if kind.extensible:
                with self._source.block(f"if {chunk} >> {head + width - 1}:"):
                    self._source.line("raise Rare")
            if optional:
                self._source.line(f"{flags} = {chunk} >> {width}" if width else f"{flags} = {chunk}")
            self._source.line(f"{value} = {self._object(run, chunk, width)}")
        else:
            self._source.line(f"{value} = {{}}")
        self._members(rest, optional, value, flags)
        self._source.line(f"{target} = {value}")

    def _members(self, fields: tuple[Field, ...], optional: list[Field], value: str, flags: str) -> None:
        while fields:
            run, rest = _leading(fields)
            if run:
                width = sum(fixed_width(field.type) or 0 for field in run)
                chunk = self._cut(width)
                for field in run:
                    width -= fixed_width(field.type) or 0
                    self._source.line(f"{value}[{field.name!r}] = {self._expression(field.type, chunk, width)}")
                fields = rest
                continue
            field, *others = fields
            fields = tuple(others)
            if field.optional:
                bit = 1 << (len(optional) - 1 - optional.index(field))
                with self._source.block(f"if {flags} & {bit}:"):
                    self.assign(field.type, f"{value}[{field.name!r}]")
            elif isinstance(field.type, Open):
                self._open(field, field.type, value)
            else:
                self.assign(field.type, f"{value}[{field.name!r}]")

    def _open(self, field: Field, kind: Open, value: str) -> None:
        contents = ", ".join(f"{key}: {function_name(content)}" for key, content in kind.table)
        self._source.line(f"{value}[{field.name!r}], r = read_open(n, r, {{{contents}}}[{value}[{kind.key!r}]])")

    def _choice(self, kind: Choice, target: str) -> None:
        width = (len(kind.alternatives) - 1).bit_length()
        index = self._source.name("k")
        if kind.extensible:
            self._source.line("r -= 1")
            with self._source.block("if n >> r & 1:"):
                self._added(kind, target)
            with self._source.block("else:"):
                self._alternatives(kind, target, index, width)
        else:
            self._alternatives(kind, target, index, width)

    def _added(self, kind: Choice, target: str) -> None:
        if len(kind.additions) != 1 or not isinstance(kind.additions[0].type, Named):
            self._source.line("raise Rare")
            return
        self._source.line("r -= 7")
        with self._source.block("if n >> r & 0x7f:"):
            self._source.line("raise Rare")
        inner = self._source.name("o")
        self._source.line(f"{inner}, r = read_open(n, r, {function_name(kind.additions[0].type)})")
        self._source.line(f"{target} = {{{kind.additions[0].name!r}: {inner}}}")

    def _alternatives(self, kind: Choice, target: str, index: str, width: int) -> None:
        self._source.line(f"r -= {width}")
        self._source.line(f"{index} = n >> r & {(1 << width) - 1}")
        inner = self._source.name("a")
        for number, field in enumerate(kind.alternatives):
            with self._source.block(f"{'el' if number else ''}if {index} == {number}:"):
                self.assign(field.type, inner)
                self._source.line(f"{target} = {{{field.name!r}: {inner}}}")
        with self._source.block("else:"):
            self._source.line("raise Rare")

    def _list(self, kind: ListOf, target: str) -> None:
        count, entries, entry = self._source.name("s"), self._source.name("l"), self._source.name("e")
        if kind.hi is None:
            self._source.line(f"{count}, r = read_length(n, r)")
        else:
            width = (kind.hi - kind.lo).bit_length()
            self._source.line(f"r -= {width}")
            self._source.line(f"{count} = (n >> r & {(1 << width) - 1}) + {kind.lo}")
            with self._source.block(f"if {count} > {kind.hi}:"):
                self._source.line("raise Rare")
        self._source.line(f"{entries} = []")
        with self._source.block(f"for _ in range({count}):"):
            self.assign(kind.element, entry)
            self._source.line(f"{entries}.append({entry})")
        self._source.line(f"{target} = {entries}")


def _leading(fields: tuple[Field, ...]) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
    """Split off the mandatory fields of fixed width at the beginning."""
    count = 0
    while count < len(fields) and not fields[count].optional and fixed_width(fields[count].type) is not None:
        count += 1
    return fields[:count], fields[count:]
